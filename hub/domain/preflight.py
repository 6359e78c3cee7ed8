"""Will it settle 结算预检: the acceptance rules told as checks, each no with its fix."""

from collections.abc import Sequence
from datetime import date

from contracts.messages.enquiry import Check, CheckName
from contracts.messages.settlement import Basis, Standing
from contracts.messages.weather import Condition
from contracts.refusal import RefusalCode
from hub.domain.acceptance import Facts, Rule, refusals, standing
from hub.domain.fixes import Note, fix_for, note

OURS = (CheckName.INSTITUTION, CheckName.AREAS, CheckName.REQUEST, CheckName.REGISTRATION)
"""What the hub's rules judge; the route it knows too, and the rest is the insured area's."""
_ORDER = {name: position for position, name in enumerate(CheckName)}


def standing_of(facts: Facts) -> Standing | None:
    """On what a settlement would be routed; None when it would be refused."""
    return None if refusals(facts) else standing(facts)


def checks_of(facts: Facts) -> list[Check]:
    """One check for each thing looked at, or one for each rule that refuses it."""
    refusing = _told(refusals(facts))
    found = [_refused(rule, facts.today) for rule in refusing]
    failed = {rule.check for rule in refusing}
    return found + [_passed(name, facts) for name in OURS if name not in failed]


def route_check(condition: Condition, day: date) -> Check:
    """A slow route passes with a word of warning: a settlement is sent all the same."""
    if condition is Condition.DOWN:
        return _no(CheckName.ROUTE, RefusalCode.AREA_UNAVAILABLE, day)
    fix = note(Note.SLOW) if condition is Condition.SLOW else ""
    return Check(name=CheckName.ROUTE, passed=True, fix=fix)


def changed_meanwhile(day: date) -> Check:
    """The insured area judged on a standing that is not the present one any more."""
    return _no(CheckName.REGISTRATION, RefusalCode.OUT_OF_STEP, day)


def of_the_area(checks: Sequence[Check]) -> list[Check]:
    """What the insured area may say: a yes to its own questions only, a no to any."""
    return [one for one in checks if not one.passed or one.name not in {*OURS, CheckName.ROUTE}]


def together(checks: Sequence[Check]) -> tuple[Check, ...]:
    """In the order of telling; where a no is said, a yes of the same name is not."""
    failed = {one.name for one in checks if not one.passed}
    told = [one for one in checks if not one.passed or one.name not in failed]
    return tuple(sorted(told, key=lambda one: _ORDER[one.name]))


def _told(refusing: Sequence[Rule]) -> list[Rule]:
    """Every reason, but of those about the areas the first: the others follow from it."""
    about_areas = [rule for rule in refusing if rule.check is CheckName.AREAS]
    return about_areas[:1] + [rule for rule in refusing if rule.check is not CheckName.AREAS]


def _refused(rule: Rule, day: date) -> Check:
    return _no(rule.check, rule.code, day)


def _no(name: CheckName, code: RefusalCode, day: date) -> Check:
    return Check(name=name, passed=False, code=code, fix=fix_for(code, day))


def _passed(name: CheckName, facts: Facts) -> Check:
    stands = standing(facts) if name is CheckName.REGISTRATION else None
    return Check(name=name, passed=True, fix="" if stands is None else _beside(stands))


def _beside(stands: Standing) -> str:
    if stands.basis is Basis.DEEMED:
        return note(Note.DEEMED)
    return note(Note.BY_COMMITMENT) if stands.by_commitment else ""
