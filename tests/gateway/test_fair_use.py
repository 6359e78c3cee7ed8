"""Fair use as a table of moments, and the limits' file with everything that can be wrong in it."""

from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.refusal import RefusalCode
from participants.gateway.http.fair_use import Buckets, FairUseUnsound, Rate, load_fair_use
from participants.gateway.http.gate import Gate
from participants.gateway.wire.envelope import Envelope

SHIPPED = files("participants.gateway").joinpath("data/fair_use.toml").read_text("utf-8")


def test_a_burst_goes_through_and_then_the_rate_counts() -> None:
    buckets = Buckets(Rate(per_second=2, burst=3))
    moments = [0.0, 0.0, 0.0, 0.0, 0.25, 0.5, 0.5, 1.0]
    # Three at once; then the next half a second later; who asks at 0.25 waits another quarter.
    assert [buckets.take("H1", at) for at in moments] == [0, 0, 0, 0.5, 0.25, 0, 0.5, 0]


def test_one_that_asks_too_much_costs_the_others_nothing() -> None:
    buckets = Buckets(Rate(per_second=1, burst=1))
    assert buckets.take("H1", 0.0) == 0
    assert buckets.take("H1", 0.0) > 0
    assert buckets.take("H2", 0.0) == 0


@given(
    st.lists(st.floats(min_value=0, max_value=2), min_size=1, max_size=200),
    st.integers(min_value=1, max_value=50),
    st.integers(min_value=1, max_value=20),
)
def test_never_more_than_the_burst_and_what_the_rate_gives(
    pauses: list[float], per_second: int, burst: int
) -> None:
    buckets, now, passed = Buckets(Rate(per_second, burst)), 0.0, 0
    for pause in pauses:
        now += pause
        passed += buckets.take("H1", now) == 0.0
    assert passed <= burst + now * per_second + 1e-6


@given(st.floats(min_value=0, max_value=5))
def test_whoever_waits_as_long_as_told_is_let_in(asked_again: float) -> None:
    buckets = Buckets(Rate(per_second=3, burst=1))
    buckets.take("H1", 0.0)
    wait = buckets.take("H1", asked_again)
    assert wait == 0 or buckets.take("H1", asked_again + wait + 1e-9) == 0


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("per_second = 60", "per_second = 0", "institution.per_second"),
        ("burst = 300\n", "\n", "burst is missing"),
        ("least = 40", 'least = "40"', "admission.least"),
        ("least = 40", "least = 500", "least <= initial"),
        ("cut_percent = 85", "cut_percent = 100", "cut_percent below 100"),
        ("[admission]", "[admissions]", "admission is missing"),
        ("exempt = [", "exempt = ", "Invalid|Expected|Cannot"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_its_key(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    assert before in SHIPPED
    file = tmp_path / "fair_use.toml"
    file.write_text(SHIPPED.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(FairUseUnsound, match=told):
        load_fair_use(file)


@pytest.mark.parametrize(
    ("body", "path", "new", "institution", "area"),
    [
        (b'{"infno":"2207","fixmedins_code":"H31010000001"}', "", True, "H31010000001", "310000"),
        (b'{"infno" : "5203", "mdtrtarea_admvs":"340100"}', "", False, "", "340000"),
        (b'{"input":{}}', "2601", False, "", None),
        (b"\xff\xfe not a body", "", True, "", None),
        (b"", "", True, "", None),
    ],
)
def test_a_glance_tells_what_begins_something_from_what_ends_it(
    body: bytes, path: str, new: bool, institution: str, area: str | None
) -> None:
    glance = Gate(load_fair_use()).glance(body, path)
    assert (glance.is_new_work, glance.institution_code, glance.area) == (new, institution, area)


def envelope(institution: str = "H31010000001", infno: str = "2207") -> Envelope:
    return Envelope(
        infno=infno,
        msgid="M1",
        institution_code=institution,
        institution_name="",
        treatment_division="310000",
        insured_division="340100",
        operator="",
        operator_name="",
        sent_at=datetime(2026, 11, 22, tzinfo=UTC),
        input={},
        sign_no="",
    )


def test_only_who_asks_too_much_is_told_to_wait_and_never_who_undoes_or_finds_out() -> None:
    gate = Gate(replace(load_fair_use(), institution=Rate(per_second=1, burst=2)))
    said = [gate.passed(envelope(), 0.0) for _ in range(3)]
    assert said[:2] == [None, None]
    assert said[2] is not None
    assert (said[2].code, said[2].retry_after_s) == (RefusalCode.RATE_LIMITED, 1)
    assert gate.passed(envelope(infno="2601"), 0.0) is None
    assert gate.passed(envelope("H31010000002"), 0.0) is None
    assert gate.passed(envelope(), 1.0) is None
