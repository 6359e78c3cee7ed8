"""How a run is told: a bar while it lasts, then one sentence, and the report's two files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from simulators.certify.report import ROLE_ZH, as_html, as_json
from simulators.certify.run import Certificate, Tell

TOLD_MAX = 20


@contextmanager
def bar() -> Iterator[Tell]:
    """A progress bar on standard error, with the case that runs beside it."""
    stderr, now = typer.get_text_stream("stderr"), [""]
    made: Any = typer.progressbar(
        length=1, label="认证", file=stderr, item_show_func=lambda _one: now[0], show_eta=False
    )
    with made as shown:

        def tell(done: int, of: int, next_: str) -> None:
            shown.length, now[0] = of, next_
            shown.update(done - shown.pos)

        yield tell


def written(found: Certificate, file: Path | None) -> Path:
    """Write the report and the JSON beside it; where the report is."""
    path = file or Path(f"certificate-{found.role}-{found.area}.html")
    path.write_text(as_html(found), "utf-8")
    path.with_suffix(".json").write_text(as_json(found), "utf-8")
    return path


def sentence(found: Certificate, file: Path) -> str:
    """The verdict, what failed, and where the report is."""
    who = f"{ROLE_ZH[found.role]} {found.area}"
    passed = len(found.outcomes) - len(found.failed)
    head = f"{who}：{passed} 个用例通过，{len(found.failed)} 个未通过"
    if found.left_out:
        head += f"，{found.left_out} 个未运行"
    lines = [f"  {one.case.id} {one.case.zh}：{one.why}" for one in found.failed[:TOLD_MAX]]
    return "\n".join([head, *lines, f"报告 report: {file}"])
