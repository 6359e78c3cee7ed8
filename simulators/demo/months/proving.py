"""Papers are what they say: chained, sealed against a flipped bit, and recomputed to the byte."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator

from hub.services import recomputing
from participants import statement
from simulators.demo.months.matters import Run
from simulators.demo.months.scene import Scene
from simulators.demo.stage import expect

REVERSED = "撤销"


def chained(scene: Scene, run: Run, national: bytes) -> None:
    """The seal of each run names the one of the run before it."""
    if scene.last_national is not None:
        statement.verify(national, previous=scene.last_national)
        scene.say(f"{run.cycle} 的封印与上一批次相连。")
    scene.last_national = national


def tampered(scene: Scene, content: bytes) -> None:
    """One bit of one byte, in the middle of the file, is seen."""
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    try:
        statement.verify(changed)
    except statement.NotGenuine as error:
        scene.say(f"改动其中一位的单据 → 验证未通过：{error}")
        scene.figures["tampered_refused"] = scene.figures.get("tampered_refused", 0) + 1
        return
    expect(holds=False, told="a paper with a flipped bit was taken for genuine")


def recomputed(scene: Scene, run: Run) -> None:
    """As `yidi recompute-run` does: from the rows of settlements, to the same bytes."""
    with scene.engines["hub"].connect() as tx:
        found = recomputing.of_cycle(tx, run.cycle)
    expect(not found.differences, "；".join(found.differences))
    run.facts["recomputed_papers"] = found.papers
    scene.say(
        f"重算 {run.cycle}：由 {found.rows} 行结算记录得到 {found.lines} 行明细、"
        f"{found.papers} 份单据，逐字节相同。"
    )


def late_reversal(scene: Scene, run: Run, papers: Iterable[bytes]) -> None:
    """A settlement of a closed run that was cancelled later stands here as a negative row."""
    if scene.reversed_after_clearing is None or "late_reversal_in" in scene.figures:
        return
    wanted, on = scene.reversed_after_clearing
    if on > run.last_day:
        return
    for row in _rows(papers):
        if row[1].replace("-", "") == wanted.hex and row[2] == REVERSED:
            amount = row[statement.FIRST_AMOUNT]
            expect(amount.startswith("-"), f"{row}")
            scene.figures["late_reversal_in"] = run.cycle
            scene.say(f"上期已清算、其后撤销的一笔，在本期结算明细中为负数行：{amount} 元。")
            return
    expect(holds=False, told=f"{wanted} is not among the rows of {run.cycle}")


def _rows(papers: Iterable[bytes]) -> Iterator[list[str]]:
    for content in papers:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if statement.ROWS in archive.namelist():
                text = archive.read(statement.ROWS).decode("utf-8-sig")
                yield from list(csv.reader(io.StringIO(text, newline="")))[1:]
