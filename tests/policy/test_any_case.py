"""Whatever is given as a case, for whichever policy: an answer that adds up, or a refusal."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from participants.policy.benefits import CareKind, Elsewhere
from participants.policy.cases.answer import Answer, answer_of
from participants.policy.cases.file import case_of_json
from participants.policy.cases.keys import KEYS, TOP
from participants.policy.explain import explain
from participants.policy.loader import library
from participants.policy.model import CaseRefused, Policy
from participants.policy.reading.world import known_flags

policies = st.sampled_from(list(library().values()))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
yuan = st.integers(0, 500_000) | st.integers(0, 10**10 - 1)


@st.composite
def sound_cases(draw: st.DrawFn, policy: Policy) -> dict[str, Any]:
    total = draw(yuan)
    in_scope = draw(st.integers(0, total))
    return {
        "insured": {
            "person_type": draw(st.sampled_from(sorted(policy.person_types))),
            "age": draw(st.integers(0, 130)),
            "years_insured": draw(st.integers(0, 12)),
        },
        "visit": {
            "kind": draw(st.sampled_from(CareKind)),
            "level": draw(st.integers(0, 4)),
            "stay_in_year": draw(st.integers(1, 9)),
            "out_of_area": draw(st.none() | st.sampled_from(Elsewhere)),
            "flags": draw(st.lists(st.sampled_from(sorted({*known_flags(), *policy.classes})))),
            "month": draw(st.sampled_from([None, "2026-05"])),
            "days_before_new_year": draw(st.integers(0, 3)),
            "days_after_new_year": draw(st.integers(0, 3)),
        },
        "amounts_yuan": {"total": total, "in_scope": in_scope},
        "in_scope_by_class_yuan": dict.fromkeys(policy.fee_classes, in_scope // 5),
        "year_to_date_yuan": draw(st.dictionaries(st.sampled_from(["pool", "in_scope"]), yuan)),
        "account_yuan": draw(yuan),
    }


def answered_or_refused_for(policy: Policy, case: Any, fields: set[str]) -> Answer | None:
    try:
        return answer_of(policy, case)
    except CaseRefused as refused:
        if refused.field not in fields:
            raise
    return None


@given(policy=policies, data=st.data())
def test_a_sound_case_is_answered_to_the_last_fen_or_is_outside_the_policys_world(
    policy: Policy, data: st.DataObject
) -> None:
    case = data.draw(sound_cases(policy))
    answer = answered_or_refused_for(policy, case, {"kind", "hospital_level", "age_years"})
    if answer is None:
        return
    result = answer.result
    assert sum(result.shares.values()) + result.cash_fen == result.total_fen
    assert min([result.cash_fen, *result.shares.values()]) >= 0
    json.dumps(answer.as_json(), ensure_ascii=False).encode()
    assert len(explain(result)) == len(result.steps) + 2


@given(policy=policies, key=st.sampled_from(sorted(TOP)) | st.text(max_size=8), value=anything)
def test_no_value_of_a_key_is_a_fault_of_ours(policy: Policy, key: str, value: Any) -> None:
    with suppress(CaseRefused):
        case_of_json(policy, {key: value})


@given(
    policy=policies,
    place=st.sampled_from([(part, name) for part, names in KEYS.items() for name in names]),
    value=anything,
)
def test_no_value_of_an_inner_key_is_a_fault_of_ours(
    policy: Policy, place: tuple[str, str], value: Any
) -> None:
    part, name = place
    with suppress(CaseRefused):
        answer_of(policy, {part: {name: value}})
