"""How a verification of the books reads: a table for people, an object for programs."""

import json
from collections.abc import Sequence
from typing import Any

from hub.services.verification import CHECKS, Finding

ROWS_SHOWN = 10


def as_json(found: Sequence[Finding]) -> str:
    """{"holds", "checks", "findings": [{"name", "zh", "en", "rows"}]}, rows in full."""
    findings = [{"name": f.name, "zh": f.zh, "en": f.en, "rows": list(f.rows)} for f in found]
    said = {"holds": not found, "checks": [c.name for c in CHECKS], "findings": findings}
    return json.dumps(said, ensure_ascii=False, default=str, indent=2)


def as_table(found: Sequence[Finding]) -> str:
    """One line a promise, and under what does not hold the rows that break it."""
    broken = {one.name: one for one in found}
    lines = [line for check in CHECKS for line in _told(check.zh, broken.get(check.name))]
    ending = f"{len(found)} 项不成立" if found else "全部成立"
    return "\n".join([*lines, f"共核验 {len(CHECKS)} 项：{ending}"])


def _told(zh: str, finding: Finding | None) -> list[str]:
    if finding is None:
        return [f"  通过  {zh}"]
    rows = [f"          {_row(row)}" for row in finding.rows[:ROWS_SHOWN]]
    more = len(finding.rows) - len(rows)
    return [
        f"不成立  {zh} ({finding.name})",
        *rows,
        *([f"          …… 另有 {more} 行"] if more else []),
    ]


def _row(row: dict[str, Any]) -> str:
    return "  ".join(f"{name}={value}" for name, value in row.items() if value is not None)
