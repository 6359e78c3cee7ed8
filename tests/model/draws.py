"""What the machine draws: people, papers, bills and answers of a small world, sound and unsound."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from contracts.codes import Channel, Fund, InsuranceKind, VisitKind
from contracts.codes import MaterialKind as M
from contracts.codes import RegistrationCategory as C
from contracts.ids import RegistrationId, SettlementId
from contracts.message import Body
from contracts.messages.registration import Material, RegistrationSubmitted, Wanted
from contracts.messages.settlement import Care, SettlementRequested
from contracts.messages.values import Bill, SharesTold
from contracts.refusal import RefusalCode
from tests.model import world

NO_ID = "00000000-0000-0000-0000-000000000000"
DAY = timedelta(days=1)


def _one_in(count: int) -> st.SearchStrategy[bool]:
    return st.integers(0, count - 1).map(lambda n: n == count - 1)


SELDOM, RARELY, MOSTLY = _one_in(4), _one_in(12), _one_in(6).map(lambda it_is: not it_is)
PERSON = st.sampled_from(world.PEOPLE)
INSURED_IN = st.sampled_from(["340100", "340100", "340100", "430100"])
TREATED_IN = st.sampled_from(["310115", "320500", "320100"])
PLACE = st.sampled_from(["310115", "310115", "320500", "320500", "320000"])
INSURANCE = st.sampled_from([InsuranceKind.EMPLOYEE] * 4 + [InsuranceKind.RESIDENT])
FILERS = st.sampled_from(
    ["treatment.310000"] * 3
    + ["insured.340000", "insured.430000", "treatment.320000", "insured.650000"]
)
NOES = st.just(RefusalCode.NO_POLICY)
PROOFS = {
    C.LONG_TERM_RESIDENT: M.RESIDENCE_PROOF,
    C.REFERRAL: M.REFERRAL_LETTER,
    C.OTHER_TEMPORARY: M.FORM,
    C.EMERGENCY: M.EMERGENCY_PROOF,
}


def _papers(*kinds: M) -> tuple[Material, ...]:
    return tuple(Material(kind=kind) for kind in kinds)


PAPERS = st.lists(st.sampled_from([*M]), max_size=3).map(lambda kinds: _papers(*kinds))


def a_submission(**changes: Any) -> RegistrationSubmitted:
    """Sound, from Anhui to Shanghai, since the month before, unless changed."""
    category = changes.get("category", C.REFERRAL)
    usual: dict[str, Any] = {
        "registration_id": NO_ID,
        "person_id": world.PEOPLE[0],
        "insured_division": "340100",
        "insurance_kind": InsuranceKind.EMPLOYEE,
        "category": category,
        "place": "310115",
        "begins_on": world.FIRST_DAY - timedelta(days=40),
        "ends_on": None,
        "materials": _papers(M.CREDENTIAL, PROOFS[category]),
        "channel": Channel.HOSPITAL,
    }
    return RegistrationSubmitted(wanted=Wanted(**usual | changes), by="H31011500001")


@st.composite
def submissions(draw: st.DrawFn) -> RegistrationSubmitted:
    """Mostly sound; one in three has something wrong with it."""
    category = draw(st.sampled_from([*PROOFS]))
    begins_on = world.FIRST_DAY + timedelta(days=draw(st.integers(-40, 40)))
    changes: dict[str, Any] = {
        "person_id": draw(PERSON),
        "insured_division": draw(INSURED_IN),
        "insurance_kind": draw(INSURANCE),
        "category": category,
        "place": draw(PLACE),
        "begins_on": begins_on,
    }
    if draw(st.booleans()) and category is not C.REFERRAL:
        changes["materials"] = _papers(M.CREDENTIAL, M.COMMITMENT)
    if draw(_one_in(3)):
        changes |= draw(_odd_about_a_registration(begins_on))
    return a_submission(**changes)


def _odd_about_a_registration(begins_on: date) -> st.SearchStrategy[dict[str, Any]]:
    ends = st.sampled_from([-1, 30, 178, 179, 180, 181, 182, 183, 184, 185, 400])
    return st.one_of(
        ends.map(lambda days: {"ends_on": begins_on + timedelta(days=days)}),
        st.sampled_from(["340100", "650100", "990100", None]).map(lambda place: {"place": place}),
        st.sampled_from(["650100", "990100", "310115"]).map(lambda d: {"insured_division": d}),
        PAPERS.map(lambda papers: {"materials": papers}),
        st.just({"replaces": RegistrationId(NO_ID)}),  # type: ignore[arg-type]  # pydantic reads it
    )


@st.composite
def requests(draw: st.DrawFn) -> SettlementRequested:
    """A bill of a visit; one in three has something wrong with it."""
    total_fen = draw(st.sampled_from([1, 99, 1_000, 1_003, 999_999_99]))
    admitted_on = world.FIRST_DAY + timedelta(days=draw(st.integers(-30, 30)))
    care: dict[str, Any] = {
        "person_id": draw(PERSON),
        "insured_division": draw(INSURED_IN),
        "treatment_division": draw(TREATED_IN),
        "insurance_kind": draw(INSURANCE),
        "visit_kind": draw(st.sampled_from(VisitKind)),
        "hospital_code": "H31011500001",
        "hospital_level": 3,
        "admitted_on": admitted_on,
        "discharged_on": admitted_on + timedelta(days=draw(st.sampled_from([0, 1, 10]))),
        "flags": ("emergency",) if draw(_one_in(3)) else (),
    }
    own_fen = draw(st.integers(0, total_fen))
    bill = a_bill(total_fen, own_fen)
    if draw(_one_in(3)):
        care |= draw(st.sampled_from(ODD_CARE))
        bill = draw(st.sampled_from([bill, bill, a_bill(0, 0), _apart(bill)]))
    return SettlementRequested(settlement_id=SettlementId(NO_ID), care=Care(**care), bill=bill)  # type: ignore[arg-type]  # pydantic reads it


ODD_CARE: tuple[dict[str, Any], ...] = (
    {"treatment_division": "340200"},
    {"insured_division": "650100"},
    {"insured_division": "990100"},
    {"treatment_division": "650100"},
    {"discharged_on": date(2026, 1, 1)},
    {"flags": ("third_party",)},
    {"flags": ("trauma",)},
    {"flags": ("trauma", "no_third_party", "emergency")},
)


def a_bill(total_fen: int, own_fen: int) -> Bill:
    return Bill(
        total_fen=total_fen,
        fully_own_fen=own_fen,
        over_ceiling_fen=0,
        first_self_pay_fen=0,
        in_scope_fen=total_fen - own_fen,
    )


def fitting(
    asked: SettlementRequested, wanted: Wanted, today: date, settlement_id: Any
) -> SettlementRequested:
    """As asked, but for somebody who filed this, where and when he said; and a sound bill."""
    on = min(wanted.begins_on + DAY, today)
    care = asked.care.model_copy(
        update={
            "person_id": wanted.person_id,
            "insured_division": wanted.insured_division,
            "insurance_kind": wanted.insurance_kind,
            "treatment_division": "310115" if wanted.place == "310000" else wanted.place,
            "flags": (),
            "admitted_on": on,
            "discharged_on": max(on, asked.care.discharged_on, today),
        }
    )
    total_fen = asked.bill.total_fen or 1_000
    bill = a_bill(total_fen, total_fen // 3)
    return SettlementRequested(settlement_id=settlement_id, care=care, bill=bill)


def _apart(bill: Bill) -> Bill:
    return bill.model_copy(update={"first_self_pay_fen": bill.first_self_pay_fen + 1})


@dataclass(frozen=True, slots=True)
class Answer:
    """How an insured area splits a bill: in hundredths of it, and so many fen beside the mark."""

    pool: int
    account: int
    large_sum: int
    hospital: int | None
    beside_fen: int
    deductible: int
    balance_fen: int | None

    def shares(self, total_fen: int) -> SharesTold:
        """A hospital's part that is blank is what nobody else bears."""
        told = {
            name: total_fen * getattr(self, name) // 100
            for name in ("pool", "account", "large_sum")
        }
        named = {f"{Fund(name)}_fen": fen for name, fen in told.items()}
        rest_fen = total_fen - sum(told.values())
        if self.hospital is None:
            return SharesTold(**named, cash_fen=rest_fen * 2 // 3 + self.beside_fen)
        hospital_fen = rest_fen * self.hospital // 100
        cash_fen = max(0, rest_fen - hospital_fen + self.beside_fen)
        return SharesTold(**named, cash_fen=cash_fen, hospital_fen=hospital_fen)

    def deductible_fen(self, total_fen: int) -> int:
        return total_fen * self.deductible // 100


def answers() -> st.SearchStrategy[Answer]:
    return st.builds(
        Answer,
        pool=st.integers(0, 60),
        account=st.sampled_from([0, 0, 10]),
        large_sum=st.sampled_from([0, 0, 30]),
        hospital=st.sampled_from([None, 0, 0, 50]),
        beside_fen=st.sampled_from([0, 0, 0, 0, 0, 1, -1]).map(lambda fen: max(fen, 0)),
        deductible=st.sampled_from([0, 0, 10, 10, 100, 101]),
        balance_fen=st.sampled_from([None, None, 5_000]),
    )


def astray(sender: str, is_astray: bool) -> str:
    """Another area speaks in its place, in the same role: in another nothing of it is read."""
    role, _, area = sender.partition(".")
    other = "430000" if area == "320000" else "320000"
    return f"{role}.{other}" if is_astray else sender


def tampered(body: Body) -> Body:
    """The same message with a word changed, as nobody may send it."""
    for name, value in body:
        if isinstance(value, bool):
            return body.model_copy(update={name: not value})
        if name in {"detail", "reason", "by"} and type(value) is str:
            return body.model_copy(update={name: value + "改"})
        if name == "bill":
            return body.model_copy(update={name: a_bill(value.total_fen + 1, 0)})
        if name == "deductible_fen":
            return body.model_copy(update={name: value + 1})
        if name == "treatment_area":
            return body.model_copy(update={name: "320000"})
    return body
