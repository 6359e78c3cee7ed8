"""Loads policy files and checks that they add up; a file that does not is never a policy."""

import re
import tomllib
from collections.abc import Iterable
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Any

from contracts.codes import InsuranceKind
from participants.policy.benefits import Reading, YearBoundary
from participants.policy.model import Policy
from participants.policy.reading.aid import account_of, aids_of
from participants.policy.reading.beyond_pool import large_sums_of, supplements_of
from participants.policy.reading.clinic import clinics_of
from participants.policy.reading.elsewhere import elsewhere_of
from participants.policy.reading.lines import lines_of, spelled
from participants.policy.reading.maternity import maternity_of
from participants.policy.reading.section import PolicyFileWrong, Section, Source
from participants.policy.reading.stay import stay_of
from participants.policy.reading.world import World, world_of

__all__ = ["PolicyFileWrong", "check_together", "library", "load", "policy_of"]

_AREA = re.compile(r"\d{6}", re.ASCII)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_AT_LINE = re.compile(r"at line (\d+)")


@cache
def library() -> dict[str, Policy]:
    """The policies shipped with the product, by id; PolicyFileWrong when two hold at once."""
    folder = Path(str(files("participants.policy").joinpath("library")))
    policies = {policy.id: policy for policy in map(load, sorted(folder.glob("*.toml")))}
    check_together(policies.values())
    return policies


def load(path: Path) -> Policy:
    """The policy in `path`; PolicyFileWrong names the file, the line, the key and the reason."""
    policy = policy_of(path.name, _text_of(path))
    if policy.id != path.stem:
        reason = f"the file's name says {path.stem}"
        raise PolicyFileWrong(path.name, line_of(path, "id"), "id", reason)
    return policy


def line_of(path: Path, key: str) -> int:
    """The line of a key at the top of a file that has loaded."""
    return lines_of(_text_of(path))[(key,)]


def policy_of(file: str, text: str) -> Policy:
    """The policy that a file's text describes; `file` is its name in what is refused."""
    table = _parsed(file, text)
    source = Source(file, lines_of(text))
    top = Section(source, (), table)
    policy = _policy(top, source)
    if not any(
        (policy.stay, policy.clinics, policy.maternity, policy.large_sum, policy.supplements)
    ) and not (policy.aids or policy.account.kinds):
        raise PolicyFileWrong(file, 1, "-", "no part says what is paid")
    if policy.valid_to is not None and policy.valid_to < policy.valid_from:
        top.wrong("valid_to", "lies before valid_from")
    top.done()
    return policy


def check_together(policies: Iterable[Policy]) -> None:
    """Two policies of one area and insurance on one day: PolicyFileWrong, naming both."""
    for one, other in combinations(policies, 2):
        if (one.area, one.insurance) != (other.area, other.insurance):
            continue
        if _ends(one) >= other.valid_from and _ends(other) >= one.valid_from:
            later = max(one, other, key=lambda policy: policy.valid_from)
            raise PolicyFileWrong(
                f"{later.id}.toml",
                1,
                "valid_from",
                f"{one.id} and {other.id} would both hold for area {one.area}, "
                f"insurance {one.insurance}",
            )


def _text_of(path: Path) -> str:
    """The text without the mark that some editors put before it."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise PolicyFileWrong(path.name, line, "-", f"not UTF-8: {error.reason}") from error
    except (OSError, ValueError) as error:
        # A name with a zero byte in it is a ValueError.
        raise PolicyFileWrong(path.name, 1, "-", str(error)) from error


def _parsed(file: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        # tomllib says the line in words only; at the end of the document it says none.
        found = _AT_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise PolicyFileWrong(file, line, "-", str(error)) from error
    except (ValueError, RecursionError) as error:
        reason = "a number of thousands of digits, or brackets nested without end"
        raise PolicyFileWrong(file, 1, "-", reason) from error


def _policy(top: Section, source: Source) -> Policy:
    world, valid_from = world_of(top), top.day("valid_from")
    stay = stay_of(top.section("inpatient"), world) if top.has("inpatient") else None
    aids, combined_aid_limit = aids_of(top, world)
    return Policy(
        id=_id(top),
        title=top.text("title"),
        source=top.text("source"),
        area=_area(top),
        insurance=top.code("insurance", InsuranceKind),
        valid_from=valid_from,
        valid_to=top.day("valid_to") if top.has("valid_to") else None,
        waiting_months=top.count("waiting_months") if top.has("waiting_months") else 0,
        pays_in_arrears=top.flag("pays_in_arrears", default=False),
        year_boundary=_year_boundary(top),
        stay=stay,
        clinics=clinics_of(top, world, None if stay is None else stay.limit),
        maternity=maternity_of(top, world),
        large_sum=large_sums_of(top, world, stay),
        supplements=supplements_of(top, world),
        aids=aids,
        combined_aid_limit=combined_aid_limit,
        account=account_of(top),
        elsewhere=elsewhere_of(top, world, valid_from),
        readings=_readings(top, source),
        **_of_world(world),
    )


def _of_world(world: World) -> dict[str, Any]:
    return {
        "person_types": world.people,
        "levels": world.levels,
        "level_used": world.level_used,
        "ages": world.ages,
        "exclusions": world.exclusions,
        "parameters": world.parameters,
        "defaults": world.defaults,
        "classes": world.classes,
        "fee_classes": world.fee_classes,
        "first_self_pay": world.first_self_pay,
    }


def _id(top: Section) -> str:
    value = top.text("id")
    if not _ID.fullmatch(value):
        top.wrong("id", f"a name such as city-employee-2024 is expected, not {value!r}")
    return value


def _area(top: Section) -> str:
    value = top.text("area")
    if not _AREA.fullmatch(value):
        top.wrong("area", f"a division of six digits is expected, not {value!r}")
    return value


def _year_boundary(top: Section) -> YearBoundary:
    if not top.has("year_boundary"):
        return YearBoundary.DISCHARGE_DATE
    return top.code("year_boundary", YearBoundary)


def _readings(top: Section, source: Source) -> tuple[Reading, ...]:
    """What the file decided where its text is ambiguous; each names a key that stands in it."""
    if not top.has("readings"):
        return ()
    keys = {spelled(path) for path in source.lines}
    return tuple(_reading(row, keys) for row in top.sections("readings"))


def _reading(row: Section, keys: set[str]) -> Reading:
    reading = Reading(
        row.text("parameter"), row.text("question"), row.text("taken"), row.text("why")
    )
    if reading.parameter not in keys:
        row.wrong("parameter", f"no such key in this file: {reading.parameter}")
    row.done()
    return reading


def _ends(policy: Policy) -> date:
    return policy.valid_to or date.max
