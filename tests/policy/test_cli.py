"""`yidi policy`, as a clerk and a program use it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from participants.policy.cases.file import case_of_json, result_as_json
from participants.policy.engine import calculate
from participants.policy.loader import library
from simulators.main import app

CLERK = CliRunner()
YIZHENG = "yizheng-employee-2010"
STAY = {"amounts_yuan": {"total": "12000.00", "in_scope": "10000.00"}}
SHIPPED = Path(__file__).resolve().parents[2] / "participants/policy/library"


def said(arguments: Sequence[str], given: Any = None) -> Result:
    text = given if isinstance(given, str | bytes) else json.dumps(given)
    return CLERK.invoke(app, ["policy", *arguments], input=text)


def answered(arguments: Sequence[str], given: Any = None) -> Any:
    result = said(arguments, given)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def changed_copy(tmp_path: Path) -> Path:
    """The policy of Yizheng under another id, with level 1 paid at 84 instead of 83 percent."""
    text = (SHIPPED / f"{YIZHENG}.toml").read_text("utf-8")
    assert '"83%"' in text
    text = text.replace(f'id = "{YIZHENG}"', 'id = "yizheng-employee-next"')
    path = tmp_path / "yizheng-employee-next.toml"
    path.write_text(text.replace('"83%"', '"84%"'), "utf-8")
    return path


def test_all_shipped_policies_are_listed() -> None:
    rows = answered(["list", "--json"])
    assert {row["id"] for row in rows} == set(library())
    assert set(rows[0]) == {
        *("id", "title", "area", "insurance", "valid_from", "valid_to", "source"),
    }
    table = said(["list"]).stdout.splitlines()
    assert table[0].startswith("编号")
    assert len(table) == 1 + len(library())


def test_a_result_is_the_engines() -> None:
    policy = library()[YIZHENG]
    case, year = case_of_json(policy, STAY)
    expected = result_as_json(calculate(policy, case, year))
    assert answered(["calculate", YIZHENG, "--json"], STAY) == expected


def test_an_empty_case_is_a_case() -> None:
    for policy_id in library():
        assert answered(["calculate", policy_id, "--json"], {})["total"] == "0.00"


def test_a_clerk_reads_who_pays_what() -> None:
    lines = said(["calculate", YIZHENG], STAY).stdout.splitlines()
    assert any(line.split() == ["统筹基金", "8201.00"] for line in lines)
    assert any(line.split() == ["个人现金", "3799.00"] for line in lines)
    assert any(line.split() == ["合计", "12000.00"] for line in lines)


def test_the_working_is_told_in_words() -> None:
    told = said(["explain", YIZHENG], STAY).stdout
    assert "统筹基金" in told
    assert "83%" in told
    assert answered(["explain", YIZHENG, "--json"], STAY)["lines"] == told.splitlines()


def test_a_policy_may_be_a_file(changed_copy: Path) -> None:
    result = answered(["calculate", str(changed_copy), "--json"], STAY)
    assert result["pool"] == "8248.00"  # 47 yuan more than at 83 %: 4,700 × 1 %


@pytest.mark.parametrize(
    ("arguments", "given", "field"),
    [
        (["calculate", YIZHENG], {"amounts_yuan": {"total": "-1"}}, "amounts_yuan.total"),
        (["calculate", YIZHENG], {"visit": {"kind": "x"}}, "visit.kind"),
        (["calculate", YIZHENG], {"insured": {"age": 200}}, "insured.age"),
        (["calculate", YIZHENG], {"unheard_of": 1}, "unheard_of"),
        (["calculate", YIZHENG], "", "case"),
        (["calculate", YIZHENG], b"\xff", "case"),
        (["calculate", "nowhere-2026"], {}, "policy"),
        (["calculate", "nowhere-2026", "--batch"], "", "policy"),
        (["calculate", "missing.toml"], {}, "policy"),
        (["explain", YIZHENG], {"visit": {"level": 7}}, "visit.level"),
        (["diff", YIZHENG, "nowhere-2026"], {}, "policy"),
        (["what-if", YIZHENG, "--set", "visit.level=7"], {}, "visit.level"),
        (["what-if", YIZHENG, "--set", "visit"], {}, "--set"),
    ],
)
def test_a_refusal_is_one_sentence_and_an_object(
    arguments: list[str], given: Any, field: str
) -> None:
    result = said([*arguments, "--json"], given)
    assert result.exit_code == 2
    error = json.loads(result.stdout)["error"]
    assert set(error) == {"code", "field", "text"}
    assert error["field"] == field
    assert result.stderr == f"{field}：{error['text']}\n"


def test_a_refusal_without_json_says_nothing_else() -> None:
    result = said(["calculate", YIZHENG], {"insured": {"age": -3}})
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("insured.age：")
    assert result.stderr.count("\n") == 1


def test_a_batch_answers_line_by_line_and_goes_on_after_a_bad_one() -> None:
    lines = [
        json.dumps(STAY),
        "{",
        "",
        json.dumps({"amounts_yuan": {"total": "-1"}}),
        "   ",
        json.dumps(STAY),
    ]
    result = said(["calculate", YIZHENG, "--batch"], "\n".join(lines))
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 2
    assert [answer.get("pool") for answer in answers] == ["8201.00", None, None, "8201.00"]
    assert [answer.get("line") for answer in answers] == [None, 2, 4, None]
    assert answers[1]["error"]["code"] == "1001"
    assert answers[2]["error"]["field"] == "amounts_yuan.total"
    assert answers[0] == answered(["calculate", YIZHENG, "--json"], STAY)


def test_a_sound_batch_ends_well() -> None:
    result = said(["calculate", YIZHENG, "--batch", "--json"], f"{json.dumps(STAY)}\n" * 50)
    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 50


def test_sound_files_are_said_to_be_sound() -> None:
    files = [str(path) for path in sorted(SHIPPED.glob("*.toml"))]
    result = said(["check", *files])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("正确") == len(files)
    assert all(row["sound"] for row in answered(["check", "--json", *files]))


def test_a_wrong_file_is_refused_by_line_and_the_others_are_still_checked(
    changed_copy: Path,
) -> None:
    text = changed_copy.read_text("utf-8").replace('"84%"', '"184%"')
    changed_copy.write_text(text, "utf-8")
    line = 1 + text[: text.index('"184%"')].count("\n")
    sound = SHIPPED / f"{YIZHENG}.toml"
    result = said(["check", str(changed_copy), str(sound)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{changed_copy}:{line}: ")
    assert "正确" in result.stdout
    first = json.loads(said(["check", "--json", str(changed_copy), str(sound)]).stdout)[0]
    assert (first["sound"], first["line"]) == (False, line)


def test_files_that_hold_at_the_same_time_are_refused(changed_copy: Path) -> None:
    result = said(["check", str(SHIPPED / f"{YIZHENG}.toml"), str(changed_copy)])
    assert result.exit_code == 1
    assert ":10: valid_from: " in result.stderr
    assert "yizheng-employee-next" in result.stderr
    assert result.stdout.count("正确") == 1


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"id = ", b"", b"\x00"])
def test_what_is_no_policy_file_is_refused_without_a_traceback(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "strange.toml"
    if content is not None:
        path.write_bytes(content)
    result = said(["check", str(path)])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"{path}:")
    assert "Traceback" not in result.output


def test_a_wrong_policy_file_calculates_nothing(changed_copy: Path) -> None:
    text = changed_copy.read_text("utf-8").replace('"84%"', '"184%"')
    changed_copy.write_text(text, "utf-8")
    result = said(["calculate", str(changed_copy), "--json"], STAY)
    assert result.exit_code == 2
    assert "184%" in json.loads(result.stdout)["error"]["text"]


def test_two_policies_are_compared_on_one_bill(changed_copy: Path) -> None:
    both = answered(["diff", YIZHENG, str(changed_copy), "--json"], STAY)
    shares = {row["share"]: row for row in both["shares"]}
    assert shares["pool"] == {
        "share": "pool",
        "left": "8201.00",
        "right": "8248.00",
        "difference": "47.00",
    }
    assert shares["cash"]["difference"] == "-47.00"
    assert both["left"]["pool"] == "8201.00"
    assert len(both["steps"]) >= 2
    told = said(["diff", YIZHENG, str(changed_copy)], STAY).stdout
    assert any(
        line.split() == ["统筹基金", "8201.00", "8248.00", "+47.00"] for line in told.splitlines()
    )


def test_a_policy_does_not_differ_from_itself() -> None:
    both = answered(["diff", YIZHENG, YIZHENG, "--json"], STAY)
    assert both["steps"] == []
    assert {row["difference"] for row in both["shares"]} == {"0.00"}
    assert "没有差别" in said(["diff", YIZHENG, YIZHENG], STAY).stdout


def test_one_person_is_asked_what_if() -> None:
    both = answered(["what-if", YIZHENG, "--json", "--set", "visit.out_of_area=referral"], STAY)
    assert (both["left"]["deductible"], both["right"]["deductible"]) == ("300.00", "1000.00")
    told = said(["what-if", YIZHENG, "--set", "visit.out_of_area=referral"], STAY).stdout
    assert any(
        line.split() == ["其中起付线", "300.00", "1000.00", "+700.00"] for line in told.splitlines()
    )


def test_the_benchmark_tells_figures() -> None:
    figures = answered(["bench", "--seconds", "1", "--json"])
    assert figures["policy"] == YIZHENG
    assert all(isinstance(fen, int) for name, fen in figures.items() if name.endswith("_second"))
