"""Forty days in accelerated time: every chapter took place, and its figures and papers hold."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from participants import statement
from simulators.main import app
from tests.flow.leftovers import yidi

SEED = "7"
TIMEOUT_S = 600
TOLD_ONCE = (
    "备案",
    "日间连续对账",
    "对账差错",
    "清算后撤销",
    "预付金",
    "黄色预警",
    "红色预警",
    "费用协查",
    "费用协查答复",
    "核验",
)
OF_EVERY_RUN = ("清算预览", "各地答复", "确认", "拨付", "关账与单据")
SETTLED = ("pending", "open_breaks", "ledger_sum_fen")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("months") / "papers"


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    ended = yidi(
        "demo", "--days", "40", "--json", "--seed", SEED, "--papers", str(folder),
        timeout_s=TIMEOUT_S,
    )  # fmt: skip
    assert ended.exit_code == 0, ended.stderr
    assert ended.left_running == ()
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.slow
def test_every_chapter_took_place_and_the_days_ended_in_agreement(told: dict[str, Any]) -> None:
    runs = told["runs"]
    chapters = dict.fromkeys(TOLD_ONCE, 1) | dict.fromkeys(OF_EVERY_RUN, len(runs))
    assert told["chapters"] == chapters
    assert (told["areas"], told["agreed_days"], told["verified"]) == (6, 40, True)
    assert [told[name] for name in SETTLED] == [0, 0, 0]
    # Every cancellation of the story, and what was planted or repaired has undone none.
    assert told["settled"] + told["reversed"] == told["visits"]
    assert told["reversed"] == told["cancelled"] > 1
    assert len(told["break_classes"]) >= 4
    assert told["breaks"] == told["planted"] == len(told["break_classes"])
    assert (told["repairs"], told["repairs_undone"]) == (told["breaks"] + 1, 1)
    assert told["repaired_by_sheet"] == 1
    assert told["found_after_s"] < 60
    assert (told["warned_yellow"], told["warned_red"], told["advances"]) == (1, 1, 2)
    assert told["top_up_fen"] > 0


@pytest.mark.slow
def test_the_runs_add_up_whether_netted_or_not(told: dict[str, Any]) -> None:
    gross, bilateral, multilateral = told["runs"][:3]
    assert [run["netting"] for run in (gross, bilateral, multilateral)] == [
        "gross",
        "bilateral",
        "multilateral",
    ]
    for run in told["runs"]:
        assert run["moved_fen"] + run["spared_fen"] == run["payable_fen"] > 0
        assert run["recomputed_papers"] > 0
    assert (gross["spared_fen"], gross["version"]) == (0, 2)
    # What was contested waits for the next cycle, and comes there as late.
    assert gross["gross_fen"] - gross["payable_fen"] == bilateral["late_fen"] > 0
    assert bilateral["is_overridden"]
    assert 0 < multilateral["transfers"] < bilateral["transfers"] < gross["transfers"]
    assert (multilateral["audit_fen"], told["case_fen"]) == (told["case_fen"], -86_000)
    assert told["late_reversal_in"] == bilateral["cycle"]
    assert told["payable_fen"] == told["receivable_fen"]
    assert told["payable_fen"] == sum(run["payable_fen"] for run in told["runs"])


@pytest.mark.slow
def test_the_named_folder_holds_papers_that_verify_and_none_that_was_changed(
    told: dict[str, Any], folder: Path
) -> None:
    assert told["papers_folder"] == str(folder)
    papers = sorted(folder.glob("*/*.zip"))
    assert len(papers) == told["papers"]
    assert {paper.parent.name for paper in papers} == {
        *(run["cycle"] for run in told["runs"]),
        "预付金",
    }
    found = [statement.verify(paper.read_bytes(), told["public_key"]) for paper in papers]
    overridden = next(run["cycle"] for run in told["runs"] if run["is_overridden"])
    marked = {one.seal["cycle"] for one in found if one.marks}
    assert marked == {overridden}
    payable = {
        one.seal["cycle"]: one.totals["payable_fen"] for one in found if one.kind == "national"
    }
    assert payable == {run["cycle"]: run["payable_fen"] for run in told["runs"]}
    content = bytearray(papers[0].read_bytes())
    content[len(content) // 3] ^= 4
    with pytest.raises(statement.NotGenuine):
        statement.verify(bytes(content))
    assert folder.joinpath("差错表.xlsx").is_file()


REFUSED: tuple[tuple[Sequence[str], int, str], ...] = (
    (("--days", "9"), 2, "to 10"),
    (("--days", "401"), 2, "to 400"),
    (("--days", "40", "--kafka"), 2, "--kafka"),
    (("--papers", "."), 2, "--days"),
    (("--days", "40", "--papers", __file__), 2, "is a file"),
    (("--days", "40", "--papers", str(Path(__file__).parent)), 1, "不是空的"),
)


@pytest.mark.slow
def test_options_that_make_no_sense_are_refused_in_a_sentence() -> None:
    for arguments, exit_code, said in REFUSED:
        ended = CliRunner().invoke(app, ["demo", *arguments])
        assert (ended.exit_code, ended.stdout) == (exit_code, ""), arguments
        assert said in ended.stderr, arguments
        assert "Traceback" not in ended.stderr
