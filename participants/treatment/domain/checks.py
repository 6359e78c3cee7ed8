"""The rule checks 智能审核: pure functions from a patient, the catalogue and history to findings."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from contracts.money import FEN_MAX
from participants.treatment.domain.catalogue import Catalogue, HospitalApproval, Item
from participants.treatment.domain.check_rule import Limit, Rule, Rulebook, RuleKind, limit_of
from participants.treatment.domain.finding import Finding, FoundItem, ItemKind
from participants.treatment.domain.prescription import Encounter, History, Order, Patient

_FEN_E8 = 10**8
_ONE_E4 = 10_000
TOLD_MAX = 500


@dataclass(frozen=True, slots=True)
class Sight:
    """All that one rule may look at."""

    rule: Rule
    patient: Patient
    encounter: Encounter
    catalogue: Catalogue
    book: Rulebook
    history: History

    def orders(self) -> Iterator[tuple[Order, Item | None]]:
        """Those that the rule is about, with their rows of the catalogue on their day."""
        for order in self.encounter.orders:
            item = self.catalogue.item_on(order.code, order.on)
            if self.rule.fits(order.code, item.charge_kind if item else ""):
                yield order, item

    def limited(self) -> Iterator[tuple[Order, Limit]]:
        for order, _ in self.orders():
            limit = limit_of(order.code, self.book.items)
            if limit is not None:
                yield order, limit


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule saw: the violating orders with the amounts in question, and those involved."""

    told: str
    violating: tuple[tuple[Order, int], ...] = ()
    involved: tuple[Order, ...] = ()


def find(
    patient: Patient, rules: tuple[Rule, ...], book: Rulebook, catalogue: Catalogue, past: History
) -> list[Finding]:
    """Every breach of these rules in what is under way, in the order of the rules.

    Orders that were given before and break a rule by themselves are not told again.
    """
    return [
        _finding(sight, hit)
        for rule in rules
        for encounter in patient.current()
        for sight in [Sight(rule, patient, encounter, catalogue, book, past)]
        for hit in KINDS[rule.kind](sight)
        if not hit.violating or any(order.is_current for order, _ in hit.violating)
    ]


def _finding(sight: Sight, hit: Hit) -> Finding:
    # A price by a count may be more than any amount can be told; what is kept must be tellable.
    violating = [(one, min(fen, FEN_MAX)) for one, fen in hit.violating]
    items = [FoundItem(ItemKind.VIOLATES, one.order_no, one.code, fen) for one, fen in violating]
    items += [FoundItem(ItemKind.INVOLVED, one.order_no, one.code, 0) for one in hit.involved]
    return Finding(
        rule_id=sight.rule.rule_id,
        severity=sight.rule.severity,
        patient_no=sight.patient.patient_no,
        visit_no=sight.encounter.visit_no,
        person_id=sight.patient.person_id,
        told=hit.told[:TOLD_MAX],
        amount_fen=min(sum(fen for _, fen in violating), FEN_MAX),
        items=tuple(items) or (FoundItem(ItemKind.VIOLATES, "", "", 0),),
    )


def _one(order: Order, told: str, fen: int | None = None) -> Hit:
    return Hit(told, ((order, max(order.total_fen if fen is None else fen, 0)),))


def _duplicate_line(sight: Sight) -> Iterator[Hit]:
    """The same item, price and count again on one day; a line that was refunded is none."""
    same: dict[object, list[Order]] = defaultdict(list)
    for order, _ in sight.orders():
        same[order.code, order.on, order.price_e6, abs(order.count_e4)].append(order)
    for orders in same.values():
        charged = [one for one in orders if one.count_e4 > 0]
        refunds = len(orders) - len(charged)
        again = charged[1 : len(charged) - refunds]
        if again:
            told = f"{charged[0].on}【{charged[0].name}】同一项目收费{len(again) + 1}次"
            yield Hit(told, tuple((one, one.total_fen) for one in again), (charged[0],))


def _duplicate_visit(sight: Sight) -> Iterator[Hit]:
    """The same item at another visit within the last days, here or at another hospital."""
    days = sight.rule.parameters["days"]
    for order, _ in sight.orders():
        others = [
            past
            for past in sight.history.items
            if past.code == order.code
            and past.visit_no != sight.encounter.visit_no
            and timedelta(0) <= order.on - past.on <= timedelta(days=days)
            and past.count_e4 > 0
        ]
        if others and order.count_e4 > 0:
            last = max(others, key=lambda past: past.on)
            same = last.hospital_code == sight.encounter.hospital_code
            where = "本机构" if same else "其他医药机构"
            told = f"【{order.name}】{last.on}已在{where}的另一次就诊中开具，间隔不足{days}天"
            yield _one(order, told)


def _over_ceiling(sight: Sight) -> Iterator[Hit]:
    for order, item in sight.orders():
        if item and item.ceiling_e6 is not None and order.price_e6 > item.ceiling_e6:
            excess_e10 = (order.price_e6 - item.ceiling_e6) * max(order.count_e4, 0)
            price, ceiling = _yuan(order.price_e6), _yuan(item.ceiling_e6)
            told = f"【{order.name}】单价{price}元，超过限价{ceiling}元"
            yield _one(order, told, (excess_e10 + _FEN_E8 // 2) // _FEN_E8)


def _restricted(sight: Sight) -> Iterator[Hit]:
    """限制使用 (lmt_used_flag), a fund is to pay, and no approval is known (hosp_appr_flag)."""
    approved = {
        past.code
        for past in sight.history.items
        if past.is_approved and past.visit_no == sight.encounter.visit_no
    }
    for order, item in sight.orders():
        is_open = order.approval is HospitalApproval.NONE and order.code not in approved
        if item and item.restricted and is_open and order.is_funded:
            yield _one(order, f"【{order.name}】为限制使用项目，未经医院审批，不予支付")


def _indication(sight: Sight) -> Iterator[Hit]:
    for order, limit in sight.limited():
        fits = any(code.startswith(limit.indications) for code in sight.encounter.diagnoses)
        if limit.indications and order.is_funded and not fits:
            wanted = "、".join(limit.indications)
            yield _one(order, f"【{order.name}】限定支付范围为诊断{wanted}，本次诊断不在其中")


def _sex(sight: Sight) -> Iterator[Hit]:
    gender = sight.patient.gender
    for order, limit in sight.limited():
        if not limit.is_for_sex(gender):
            yield _one(order, f"【{order.name}】仅限{_SEX[limit.sex]}使用，与患者性别不符")
    for code in sight.encounter.diagnoses:
        about = limit_of(code, sight.book.diagnoses)
        if about is not None and not about.is_for_sex(gender):
            yield Hit(f"诊断{code}（{about.name}）仅见于{_SEX[about.sex]}，与患者性别不符")


def _age(sight: Sight) -> Iterator[Hit]:
    for order, limit in sight.limited():
        years = sight.patient.age_years_on(order.on)
        if not limit.is_for_age(years):
            yield _one(order, f"【{order.name}】{_ages(limit)}使用，患者{years}周岁")


def _bearing(sight: Sight) -> Iterator[Hit]:
    state = sight.encounter.bearing
    for order, limit in sight.limited():
        if state in limit.not_for:
            yield _one(order, f"【{order.name}】{_BEARING[state]}禁用")


def _per_day(sight: Sight) -> Iterator[Hit]:
    """All orders of an item on one day; without a limit of its own, by the unit it is counted in."""
    by_day: dict[object, list[tuple[Order, int]]] = defaultdict(list)
    for order, item in sight.orders():
        most_e4 = _most_a_day(sight, order, item)
        if most_e4 is not None:
            by_day[order.code, order.on].append((order, most_e4))
    for found in by_day.values():
        (first, most_e4), count_e4 = found[0], sum(order.count_e4 for order, _ in found)
        if count_e4 > most_e4:
            counts = f"{_count(count_e4)}，超过每日{_count(most_e4)}"
            told = f"{first.on}【{first.name}】合计数量{counts}"
            over = _over(tuple(order for order, _ in found), most_e4)
            yield Hit(told, over, tuple(o for o, _ in found if o not in dict(over)))


def _most_a_day(sight: Sight, order: Order, item: Item | None) -> int | None:
    limit = limit_of(order.code, sight.book.items)
    if limit is not None and limit.daily_max_e4 is not None:
        return limit.daily_max_e4
    most = sight.book.units_per_day.get(item.unit) if item else None
    return None if most is None else most * _ONE_E4


def _over(orders: tuple[Order, ...], most_e4: int) -> tuple[tuple[Order, int], ...]:
    """The orders beyond the limit, each with its share of its own amount."""
    over: list[tuple[Order, int]] = []
    for order in orders:
        within_e4 = max(min(most_e4, order.count_e4), 0)
        most_e4 -= order.count_e4
        beyond_e4 = order.count_e4 - within_e4
        if beyond_e4 > 0:
            over.append((order, order.total_fen * beyond_e4 // order.count_e4))
    return tuple(over)


def _combination(sight: Sight) -> Iterator[Hit]:
    orders = [order for order, _ in sight.orders() if order.count_e4 > 0]
    for pair in sight.book.combinations:
        firsts = {one.on: one for one in orders if one.code.startswith(pair.first)}
        for order in orders:
            other = firsts.get(order.on)
            if other is not None and order.code.startswith(pair.second):
                told = f"{order.on}【{order.name}】与【{other.name}】不得同日收费：{pair.why}"
                yield Hit(told, ((order, order.total_fen),), (other,))


def _stay_overlap(sight: Sight) -> Iterator[Hit]:
    """Another stay on the same days; who moves on is discharged and admitted on one day."""
    here = sight.encounter
    if not here.is_stay:
        return
    last = here.ends_on or max((order.on for order in here.orders), default=here.begins_on)
    for past in sight.history.stays:
        is_other = past.visit_no != here.visit_no
        still_there = past.ends_on is None or past.ends_on > here.begins_on
        if is_other and still_there and past.begins_on < max(last, here.begins_on):
            same = past.hospital_code == here.hospital_code
            where = "本机构" if same else "其他医药机构"
            until = past.ends_on or "至今"
            yield Hit(f"患者{past.begins_on}至{until}在{where}住院，与本次住院期间重叠")


def _outside_stay(sight: Sight) -> Iterator[Hit]:
    here = sight.encounter
    slack = timedelta(days=sight.rule.parameters.get("days", 0))
    for order, _ in sight.orders():
        is_early = order.on < here.begins_on - slack
        is_late = here.last_day is not None and order.on > here.last_day + slack
        if is_early or is_late:
            yield _one(order, f"【{order.name}】医嘱日期{order.on}不在本次就诊期间")


def _outside_dates(sight: Sight) -> Iterator[Hit]:
    for order, item in sight.orders():
        if item is None and order.code in sight.catalogue.items and order.is_funded:
            yield _one(order, f"【{order.name}】{order.on}不在医保目录有效期内，不予支付")


KINDS: Mapping[RuleKind, Callable[[Sight], Iterator[Hit]]] = {
    RuleKind.DUPLICATE_LINE: _duplicate_line,
    RuleKind.DUPLICATE_VISIT: _duplicate_visit,
    RuleKind.OVER_CEILING: _over_ceiling,
    RuleKind.RESTRICTED: _restricted,
    RuleKind.INDICATION: _indication,
    RuleKind.SEX: _sex,
    RuleKind.AGE: _age,
    RuleKind.BEARING: _bearing,
    RuleKind.PER_DAY: _per_day,
    RuleKind.COMBINATION: _combination,
    RuleKind.STAY_OVERLAP: _stay_overlap,
    RuleKind.OUTSIDE_STAY: _outside_stay,
    RuleKind.OUTSIDE_DATES: _outside_dates,
}
"""What each kind of rule looks for."""

_SEX = {"1": "男性", "2": "女性"}
_BEARING = {"1": "妊娠期", "2": "哺乳期"}


def _ages(limit: Limit) -> str:
    if limit.age_to is None:
        return f"限{limit.age_from}周岁及以上"
    if limit.age_from is None:
        return f"限{limit.age_to}周岁及以下"
    return f"限{limit.age_from}至{limit.age_to}周岁"


def _yuan(price_e6: int) -> str:
    whole, rest = divmod(price_e6, 10**6)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals}"


def _count(count_e4: int) -> str:
    whole, rest = divmod(count_e4, _ONE_E4)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")
