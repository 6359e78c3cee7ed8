"""Fee lines split by the catalogue: a clerk's table, and what holds for every line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.money import yuan_from_fen
from contracts.refusal import RefusalCode
from participants.treatment.domain.catalogue import (
    Catalogue,
    FeeLine,
    HospitalApproval,
    Item,
    ItemLevel,
    LineRefused,
    Reason,
    bill_of,
    split,
)
from participants.treatment.domain.catalogue_file import (
    COLUMNS,
    CatalogueFileWrong,
    load_catalogue,
)
from tests.support.tables import rows

DAY = date(2024, 5, 6)

CATALOGUE = """
    code    | level | self_pay | ceiling | restricted | valid_from | valid_to
    a       | 01    | 0        | -       | no         | 2020-01-01 | -
    a-cap   | 01    | 0        | 10.00   | no         | 2020-01-01 | -
    b       | 02    | 1000     | -       | no         | 2020-01-01 | -
    b-cap   | 02    | 1000     | 10.00   | no         | 2020-01-01 | -
    c       | 03    | 10000    | -       | no         | 2020-01-01 | -
    b-rest  | 02    | 1000     | -       | yes        | 2020-01-01 | -
    old     | 01    | 0        | -       | no         | 2020-01-01 | 2024-05-05
    today   | 01    | 0        | -       | no         | 2024-05-06 | 2024-05-06
    new     | 01    | 0        | -       | no         | 2024-05-07 | -
    changed | 01    | 0        | -       | no         | 2020-01-01 | 2024-05-05
    changed | 02    | 2000     | -       | no         | 2024-05-06 | -
    fine    | 02    | 3333     | 0.000001 | no        | 2020-01-01 | -
"""

# appr: hosp_appr_flag. count × price = total; own + over + first + in_scope = total.
LINES = """
    code    | appr | count   | price     | total  | own    | over  | first | in_scope | reason
    a       | 0    | 2       | 12.50     | 25.00  | 0.00   | 0.00  | 0.00  | 25.00    | in_scope
    a       | 1    | 2       | 12.50     | 25.00  | 0.00   | 0.00  | 0.00  | 25.00    | in_scope
    a       | 2    | 2       | 12.50     | 25.00  | 25.00  | 0.00  | 0.00  | 0.00     | refused
    a       | 0    | 0       | 0.00      | 0.00   | 0.00   | 0.00  | 0.00  | 0.00     | in_scope
    a       | 0    | 0.3333  | 10.00     | 3.33   | 0.00   | 0.00  | 0.00  | 3.33     | in_scope
    a       | 0    | 1       | 10.005    | 10.01  | 0.00   | 0.00  | 0.00  | 10.01    | in_scope
    a-cap   | 0    | 3       | 10.00     | 30.00  | 0.00   | 0.00  | 0.00  | 30.00    | in_scope
    a-cap   | 0    | 3       | 12.50     | 37.50  | 0.00   | 7.50  | 0.00  | 30.00    | in_scope
    a-cap   | 0    | 3       | 10.001    | 30.00  | 0.00   | 0.00  | 0.00  | 30.00    | in_scope
    a-cap   | 0    | 5       | 10.001    | 50.01  | 0.00   | 0.01  | 0.00  | 50.00    | in_scope
    b       | 0    | 1       | 100.00    | 100.00 | 0.00   | 0.00  | 10.00 | 90.00    | in_scope
    b       | 0    | 1       | 0.05      | 0.05   | 0.00   | 0.00  | 0.01  | 0.04     | in_scope
    b       | 0    | 1       | 0.04      | 0.04   | 0.00   | 0.00  | 0.00  | 0.04     | in_scope
    b-cap   | 0    | 2       | 15.00     | 30.00  | 0.00   | 10.00 | 2.00  | 18.00    | in_scope
    b-cap   | 0    | 1       | 12.346    | 12.35  | 0.00   | 2.35  | 1.00  | 9.00     | in_scope
    c       | 0    | 1       | 88.00     | 88.00  | 88.00  | 0.00  | 0.00  | 0.00     | class_c
    c       | 1    | 1       | 88.00     | 88.00  | 88.00  | 0.00  | 0.00  | 0.00     | class_c
    b-rest  | 0    | 1       | 100.00    | 100.00 | 100.00 | 0.00  | 0.00  | 0.00     | restricted
    b-rest  | 1    | 1       | 100.00    | 100.00 | 0.00   | 0.00  | 10.00 | 90.00    | in_scope
    b-rest  | 2    | 1       | 100.00    | 100.00 | 100.00 | 0.00  | 0.00  | 0.00     | refused
    nowhere | 1    | 1       | 9.90      | 9.90   | 9.90   | 0.00  | 0.00  | 0.00     | unknown_item
    old     | 0    | 1       | 9.90      | 9.90   | 9.90   | 0.00  | 0.00  | 0.00     | outside_dates
    today   | 0    | 1       | 9.90      | 9.90   | 0.00   | 0.00  | 0.00  | 9.90     | in_scope
    new     | 0    | 1       | 9.90      | 9.90   | 9.90   | 0.00  | 0.00  | 0.00     | outside_dates
    changed | 0    | 1       | 10.00     | 10.00  | 0.00   | 0.00  | 2.00  | 8.00     | in_scope
    fine    | 0    | 1       | 0.01      | 0.00   | 0.00   | 0.00  | 0.00  | 0.00     | in_scope
"""

REFUSED = """
    count   | price      | total  | refusal
    -1      | 10.00      | 10.00  | 1008
    1       | -10.00     | 10.00  | 1008
    1       | 10.00      | -10.00 | 1008
    -1      | 10.00      | -10.00 | 1008
    1       | 10.00      | 10.02  | 3015
    1       | 10.00      | 9.98   | 3015
    1       | 10.005001  | 10.02  | 3015
    1       | 10.000001  | 9.99   | 3015
    0       | 10.00      | 10.00  | 3015
    1000000000000 | 0.00 | 0.00   | 1006
"""


@pytest.mark.parametrize("row", rows(LINES), ids=str)
def test_a_line_is_split_as_the_table_says(row: dict[str, str]) -> None:
    [found] = split([_line(row)], _catalogue(), DAY)
    parts = {
        "own": found.fully_own_fen,
        "over": found.over_ceiling_fen,
        "first": found.first_self_pay_fen,
        "in_scope": found.in_scope_fen,
    }
    assert {name: yuan_from_fen(fen) for name, fen in parts.items()} == {
        name: row[name] for name in parts
    }
    assert found.reason == row["reason"]


@pytest.mark.parametrize("row", rows(REFUSED), ids=str)
def test_a_line_that_contradicts_itself_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(LineRefused) as refused:
        split([_line({"code": "a", "appr": "0", **row})], _catalogue(), DAY)
    assert (refused.value.line_no, refused.value.code.value) == ("1", row["refusal"])


def test_a_fen_of_rounding_either_way_is_let_through() -> None:
    table = [{"price": "10.00", "total": total} for total in ("9.99", "10.00", "10.01")]
    lines = [_line({"code": "a", "appr": "0", "count": "1", **row}) for row in table]
    found = [split([line], _catalogue(), DAY)[0].in_scope_fen for line in lines]
    assert found == [999, 1000, 1001]


def test_a_line_number_may_not_come_twice() -> None:
    line = _line({"code": "a", "appr": "0", "count": "1", "price": "1.00", "total": "1.00"})
    with pytest.raises(LineRefused) as refused:
        split([line, line], _catalogue(), DAY)
    assert refused.value.code is RefusalCode.DUPLICATE_LINE


def test_the_bill_is_the_sum_of_its_lines() -> None:
    lines = [_line({**row, "no": str(no)}) for no, row in enumerate(rows(LINES))]
    bill = bill_of(split(lines, _catalogue(), DAY))
    assert bill.adds_up()
    assert bill.total_fen == sum(line.total_fen for line in lines)
    assert bill_of([]).total_fen == 0


items = st.builds(
    Item,
    code=st.just("x"),
    name=st.just("x"),
    level=st.sampled_from(ItemLevel),
    self_pay_bp=st.integers(0, 10_000),
    ceiling_e6=st.none() | st.integers(0, 10**10),
    restricted=st.booleans(),
    charge_kind=st.just("09"),
    unit=st.just("x"),
    valid_from=st.just(date(2020, 1, 1)),
    valid_to=st.none(),
)


@st.composite
def lines(draw: st.DrawFn) -> FeeLine:
    count_e4, price_e6 = draw(st.integers(0, 10**7)), draw(st.integers(0, 10**11))
    nearest_fen = (count_e4 * price_e6 + 5 * 10**7) // 10**8
    return FeeLine(
        line_no="1",
        code="x",
        count_e4=count_e4,
        price_e6=price_e6,
        total_fen=nearest_fen,
        approval=draw(st.sampled_from(HospitalApproval)),
    )


@given(item=items, line=lines())
def test_the_four_parts_add_up_and_none_is_negative(item: Item, line: FeeLine) -> None:
    [found] = split([line], Catalogue({"x": (item,)}), DAY)
    parts = (
        found.fully_own_fen,
        found.over_ceiling_fen,
        found.first_self_pay_fen,
        found.in_scope_fen,
    )
    assert sum(parts) == line.total_fen
    assert min(parts) >= 0
    assert found.fully_own_fen in {0, line.total_fen}
    assert (found.reason is Reason.IN_SCOPE) or found.in_scope_fen == 0


def test_the_catalogue_shipped_is_large_enough_to_be_of_use() -> None:
    found = [item for items in load_catalogue().items.values() for item in items]
    assert len(found) >= 60
    assert {item.level for item in found} == set(ItemLevel)
    assert {item.code[0] for item in found} == set("XZTC0")
    assert any(item.restricted for item in found)
    assert any(item.ceiling_e6 is None for item in found)


HEADER = ",".join(COLUMNS)
GOOD = "T001700512,黄芪,01,0%,0.38,0,10,克,2021-01-01,"
WRONG = [
    (GOOD.replace("T0017", "T17"), "national code"),
    (GOOD.replace("黄芪", ""), "name"),
    (GOOD.replace(",01,", ",04,"), "ItemLevel"),
    (GOOD.replace("0%", "10%"), "self-pay share of 0%"),
    (GOOD.replace(",01,0%", ",03,0%"), "self-pay share of 100%"),
    (GOOD.replace(",01,0%", ",02,101%"), "over 100 %"),
    (GOOD.replace(",01,0%", ",02,0.1"), "rate"),
    (GOOD.replace("0.38", "0.3800001"), "price"),
    (GOOD.replace("0.38", "-1"), "price"),
    (GOOD.replace(",0,10,", ",x,10,"), "restricted"),
    (GOOD.replace(",10,", ",15,"), "charge_kind"),
    (GOOD.replace("2021-01-01", "1.1.2021"), "isoformat"),
    (GOOD + "2020-12-31", "before valid_from"),
    (GOOD + "\n" + GOOD, "in force already"),
    (GOOD + ",", "10 cells"),
    ('"' + GOOD, "unexpected end"),
]


@pytest.mark.parametrize(("text", "reason"), WRONG)
def test_a_wrong_file_is_refused_by_line_and_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text(f"# for the reader\n{HEADER}\n{text}\n", encoding="utf-8")
    with pytest.raises(CatalogueFileWrong) as refused:
        load_catalogue(path)
    assert (refused.value.file, refused.value.line) == (path.name, 3 + text.count("\n"))
    assert reason in refused.value.reason


@pytest.mark.parametrize("text", ["", "# nothing\n", HEADER, "code,name\n"])
def test_a_file_without_items_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueFileWrong):
        load_catalogue(path)


def _catalogue() -> Catalogue:
    found: dict[str, tuple[Item, ...]] = {}
    for row in rows(CATALOGUE):
        found[row["code"]] = (*found.get(row["code"], ()), _item(row))
    return Catalogue(found)


def _item(row: dict[str, str]) -> Item:
    return Item(
        code=row["code"],
        name=row["code"],
        level=ItemLevel(row["level"]),
        self_pay_bp=int(row["self_pay"]),
        ceiling_e6=None if row["ceiling"] == "-" else _scaled(row["ceiling"], 6),
        restricted=row["restricted"] == "yes",
        charge_kind="09",
        unit="次",
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=None if row["valid_to"] == "-" else date.fromisoformat(row["valid_to"]),
    )


def _line(row: dict[str, str]) -> FeeLine:
    return FeeLine(
        line_no=row.get("no", "1"),
        code=row["code"],
        count_e4=_scaled(row["count"], 4),
        price_e6=_scaled(row["price"], 6),
        total_fen=_scaled(row["total"], 2),
        approval=HospitalApproval(row["appr"]),
    )


def _scaled(text: str, decimals: int) -> int:
    """'-12.5' with four decimals is -125000."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, rest = digits.partition(".")
    return sign * int(whole + rest.ljust(decimals, "0"))
