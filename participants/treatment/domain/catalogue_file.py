"""Loads a catalogue file (CSV, one item a line) and refuses it by line and reason when wrong."""

import csv
import re
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from pathlib import Path

from participants.treatment.domain.catalogue import Catalogue, Item, ItemLevel

COLUMNS = (
    "code",
    "name",
    "level",
    "self_pay",
    "ceiling_yuan",
    "restricted",
    "charge_kind",
    "unit",
    "valid_from",
    "valid_to",
)
# The published forms of national codes, by their first letter; services are digits only.
CODE_FORMS = (
    re.compile(r"X[0-9A-Z]{22}"),  # western drugs
    re.compile(r"Z[0-9A-Z]{19}(?:[0-9A-Z]{3})?"),  # patent Chinese drugs
    re.compile(r"T[0-9]{9}"),  # herbal pieces
    re.compile(r"C[0-9]{19}(?:[0-9]{7})?"),  # consumables
    re.compile(r"[0-9]{15}(?:-[0-9]{9})?"),  # service items
)
CHARGE_KINDS = tuple(f"{number:02d}" for number in range(1, 15))
_PERCENT = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?%", re.ASCII)
_PRICE = re.compile(r"(\d{1,10})(?:\.(\d{1,6}))?", re.ASCII)


class CatalogueFileWrong(Exception):
    """A catalogue file does not add up: which file, which line (from 1), and why."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        super().__init__(f"{file}: line {line}: {reason}")
        self.file, self.line, self.reason = file, line, reason


def load_catalogue(path: Path | None = None) -> Catalogue:
    """The catalogue in `path`, or the one shipped; CatalogueFileWrong when it does not add up."""
    shipped = str(files("participants.treatment").joinpath("data/catalogue.csv"))
    path = Path(shipped) if path is None else path
    found: dict[str, tuple[Item, ...]] = {}
    try:
        for line, row in _rows(path):
            try:
                item = _item(row)
                found[item.code] = (*found.get(item.code, ()), item)
                _check_sequence(found[item.code])
            except ValueError as error:
                raise CatalogueFileWrong(path.name, line, str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogueFileWrong(path.name, 0, str(error)) from error
    if not found:
        raise CatalogueFileWrong(path.name, 0, "no item in the file")
    return Catalogue(found)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the number of its line; lines that begin with # are for the reader."""
    header: list[str] | None = None
    for line, text in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not text.strip() or text.startswith("#"):
            continue
        cells = _cells(path, line, text)
        if header is None:
            header = cells
            if tuple(header) != COLUMNS:
                raise CatalogueFileWrong(path.name, line, f"expected columns {','.join(COLUMNS)}")
            continue
        if len(cells) != len(COLUMNS):
            raise CatalogueFileWrong(path.name, line, f"{len(COLUMNS)} cells expected")
        yield line, dict(zip(COLUMNS, cells, strict=True))


def _cells(path: Path, line: int, text: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([text], strict=True))]
    except csv.Error as error:
        raise CatalogueFileWrong(path.name, line, str(error)) from error


def _item(row: dict[str, str]) -> Item:
    item = Item(
        code=_code(row["code"]),
        name=_text(row, "name"),
        level=ItemLevel(row["level"]),
        self_pay_bp=_rate_bp(row["self_pay"]),
        ceiling_e6=_price_e6(row["ceiling_yuan"]) if row["ceiling_yuan"] else None,
        restricted=_flag(row["restricted"]),
        charge_kind=row["charge_kind"],
        unit=_text(row, "unit"),
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )
    _check_item(item)
    return item


def _check_item(item: Item) -> None:
    fixed_bp = {ItemLevel.A: 0, ItemLevel.C: 10_000}.get(item.level, item.self_pay_bp)
    if item.self_pay_bp != fixed_bp:
        raise ValueError(f"level {item.level} has a self-pay share of {fixed_bp // 100}%")
    if item.charge_kind not in CHARGE_KINDS:
        raise ValueError(f"charge_kind 01 to 14 expected, not {item.charge_kind!r}")
    if item.valid_to is not None and item.valid_to < item.valid_from:
        raise ValueError("valid_to lies before valid_from")


def _check_sequence(items: tuple[Item, ...]) -> None:
    """Rows of one code follow each other in time; a gap is allowed, an overlap is not."""
    if len(items) > 1:
        before, last = items[-2:]
        if before.valid_to is None or before.valid_to >= last.valid_from:
            raise ValueError(f"{last.code} is in force already by an earlier line")


def _code(text: str) -> str:
    if not any(form.fullmatch(text) for form in CODE_FORMS):
        raise ValueError(f"not a national code: {text!r}")
    return text


def _text(row: dict[str, str], name: str) -> str:
    if not row[name]:
        raise ValueError(f"{name} is empty")
    return row[name]


def _flag(text: str) -> bool:
    if text not in {"0", "1"}:
        raise ValueError(f"restricted is 0 or 1, not {text!r}")
    return text == "1"


def _rate_bp(text: str) -> int:
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise ValueError(f"a rate such as 10% expected, not {text!r}")
    bp = int(match.group(1)) * 100 + int((match.group(2) or "").ljust(2, "0"))
    if bp > 10_000:
        raise ValueError(f"a rate over 100 %: {text}")
    return bp


def _price_e6(text: str) -> int:
    match = _PRICE.fullmatch(text)
    if match is None:
        raise ValueError(f"a price such as 12.50 expected, not {text!r}")
    return int(match.group(1)) * 10**6 + int((match.group(2) or "").ljust(6, "0"))
