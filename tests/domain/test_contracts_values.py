"""Money, ids, areas, refusals and person tokens: the words that every party shares."""

from datetime import UTC, date, datetime
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, area_of, areas
from contracts.ids import id_of_effect, id_of_short_text, new_id, short_text_of
from contracts.money import fen_from_yuan, share_of, yuan_from_fen
from contracts.person import masked, person_id_of
from contracts.refusal import BY_CODE, RefusalCode, Refused
from tests.support.tables import rows

YUAN = """
    text            fen
    0               0
    0.5             50
    0.05            5
    123.4           12340
    00012.34        1234
    9999999999.99   999999999999
"""
NO_YUAN = [
    "",
    " 1",
    "1 ",
    "1.",
    ".5",
    "1.234",
    "-1",
    "+1",
    "1e3",
    "1,000",
    "١",
    "12345678901",
    "NaN",
    "1.5\n",
]

SHARES = """
    amount_fen   rate_bp   share_fen
    100          8500      85
    1            5000      1
    1            4999      0
    3            5000      2
    10001        9000      9001
    10004        9000      9004
    10005        9000      9005
    0            10000     0
    12345        0         0
    12345        10000     12345
"""


@pytest.mark.parametrize("case", rows(YUAN), ids=lambda case: case["text"])
def test_yuan_are_read_as_fen(case: dict[str, str]) -> None:
    assert fen_from_yuan(case["text"]) == int(case["fen"])


@pytest.mark.parametrize("text", NO_YUAN)
def test_what_is_no_amount_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount"):
        fen_from_yuan(text)


@given(st.integers(0, 10**12 - 1))
def test_fen_are_written_as_yuan_and_read_back(amount_fen: int) -> None:
    assert fen_from_yuan(yuan_from_fen(amount_fen)) == amount_fen


def test_a_debt_the_other_way_has_its_sign_in_front() -> None:
    assert [yuan_from_fen(fen) for fen in (-1, -100, -12_340)] == ["-0.01", "-1.00", "-123.40"]


@pytest.mark.parametrize("case", rows(SHARES), ids=lambda c: f"{c['amount_fen']}@{c['rate_bp']}")
def test_a_share_is_rounded_half_up_to_a_whole_fen(case: dict[str, str]) -> None:
    assert share_of(int(case["amount_fen"]), int(case["rate_bp"])) == int(case["share_fen"])


@given(st.integers(0, 10**13), st.integers(0, 10_000))
def test_a_share_is_never_more_than_the_whole_and_off_by_half_a_fen_at_most(
    amount_fen: int, rate_bp: int
) -> None:
    share_fen = share_of(amount_fen, rate_bp)
    assert 0 <= share_fen <= amount_fen
    assert -10_000 < 2 * (share_fen * 10_000 - amount_fen * rate_bp) <= 10_000


def test_new_ids_are_version_7_differ_and_sort_by_age() -> None:
    ids = [new_id() for _ in range(1_000)]
    assert {(id_.version, id_.variant) for id_ in ids} == {(7, "specified in RFC 4122")}
    assert len(set(ids)) == 1_000
    ages = [id_.int >> 80 for id_ in ids]
    assert all(earlier <= later for earlier, later in pairwise(ages))


def test_the_same_cause_and_effect_give_the_same_id_and_others_another() -> None:
    cause, other = new_id(), new_id()
    same = {id_of_effect(cause, "asked to hub"), id_of_effect(cause, "asked to hub")}
    different = {id_of_effect(cause, "told to hub"), id_of_effect(other, "asked to hub")}
    assert (len(same), len(same | different)) == (1, 3)


@given(st.uuids())
def test_an_id_fits_thirty_characters_and_comes_back(id_: UUID) -> None:
    text = short_text_of(id_)
    assert (len(text), id_of_short_text(text)) == (26, id_)


@pytest.mark.parametrize(
    "text", ["", "A" * 25, "A" * 27, "a" * 26, "1" * 26, "A" * 25 + "B", "备" * 26]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base32 has words of its own
        id_of_short_text(text)


def test_there_are_32_areas_and_their_codes_are_theirs_alone() -> None:
    found = areas()
    assert (len(found), list(found)) == (32, sorted(found))
    assert len({area.name for area in found.values()}) == 32
    assert all(code == area.code for code, area in found.items())


DIVISIONS = """
    division   area
    340000     340000
    340100     340000
    321081     320000
    430299     430000
    660100     660000
    710000     -
    000000     -
    34010      -
    3401000    -
    34o100     -
    ３４０１００     -
"""


@pytest.mark.parametrize("case", rows(DIVISIONS), ids=lambda case: case["division"])
def test_a_division_belongs_to_the_area_of_its_first_two_digits(case: dict[str, str]) -> None:
    expected = None if case["area"] == "-" else AreaCode(case["area"])
    assert area_of(case["division"]) == expected


def test_refusal_codes_are_four_digits_in_five_families_and_differ() -> None:
    codes = [code.value for code in RefusalCode]
    assert len(codes) == len(set(codes)) == len(RefusalCode.__members__)
    assert all(len(code) == 4 and code[0] in "12345" and code.isdigit() for code in codes)
    assert codes == sorted(codes)


@pytest.mark.parametrize("code", list(RefusalCode), ids=lambda code: code.name)
def test_a_refusal_says_what_is_so_in_chinese_and_in_english(code: RefusalCode) -> None:
    assert any("一" <= character <= "鿿" for character in code.zh)
    assert code.en.isascii()
    assert code.en
    assert code.told().startswith(f"[{code.value}] {code.zh}")
    assert len(code.told("备" * 500)) == 200
    assert BY_CODE[code.value] is code


def test_two_refusals_never_have_the_same_words() -> None:
    for words in ([code.zh for code in RefusalCode], [code.en for code in RefusalCode]):
        assert len(words) == len(set(words))


def test_a_refusal_carries_its_code_and_detail() -> None:
    refused = Refused(RefusalCode.NO_POLICY, "2026")
    assert (refused.code, str(refused)) == (
        RefusalCode.NO_POLICY,
        f"[4012] {refused.code.zh}：2026",
    )


KEY = bytes(range(32))


def test_a_person_has_one_token_however_the_number_is_written() -> None:
    token = person_id_of("01", "11010519491231002X", KEY)
    assert person_id_of("01", " 11010519491231002x ", KEY) == token
    assert len(token) == 29
    assert "1101" not in token


def test_another_person_kind_of_paper_or_key_gives_another_token() -> None:
    tokens = {
        person_id_of("01", "11010519491231002X", KEY),
        person_id_of("01", "110105194912310021", KEY),
        person_id_of("02", "11010519491231002X", KEY),
        person_id_of("01", "11010519491231002X", KEY[::-1]),
    }
    assert len(tokens) == 4


MASKS = {
    "": "*",
    "张": "张*",
    "张三": "张*",
    "欧阳娜": "欧*娜",
    "11010519491231002X": "110************02X",
}


@pytest.mark.parametrize(("text", "shown"), MASKS.items())
def test_a_name_or_number_is_shown_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_the_day_is_shanghais() -> None:
    assert shanghai_date_of(datetime(2026, 3, 1, 15, 59, 59, tzinfo=UTC)) == date(2026, 3, 1)
    assert shanghai_date_of(datetime(2026, 3, 1, 16, 0, tzinfo=UTC)) == date(2026, 3, 2)
    with pytest.raises(AssertionError):
        shanghai_date_of(datetime(2026, 3, 1))  # noqa: DTZ001 - that is what is refused
