"""Turns a folder of figures into plots and tables, and puts them where the documents show them."""

from pathlib import Path

from simulators.bench import tables
from simulators.bench.saving import saved
from simulators.bench.stage import Tell

BEGIN, END = "<!-- begin: written by yidi bench --to -->", "<!-- end -->"
DOCUMENT = "benchmarks.md"


def write(folder: Path, tell: Tell) -> None:
    """README.md in the folder, plots beside it, and the same tables in the document above.

    The document is `../../benchmarks.md`, if there is one with a place for it: the figures of the
    last folder that was written stand there.
    """
    figures = saved(folder)
    _draw(folder, figures, tell)
    (folder / "README.md").write_text(tables.page(figures, folder, ""), encoding="utf-8")
    document = folder.absolute().parent.parent / DOCUMENT
    if document.exists() and BEGIN in (text := document.read_text(encoding="utf-8")):
        head, _, rest = text.partition(BEGIN)
        prefix = f"{folder.absolute().parent.name}/{folder.name}/"
        within = tables.sections(figures, folder, prefix)
        document.write_text(f"{head}{BEGIN}\n\n{within}\n{END}{rest.partition(END)[2]}", "utf-8")


def _draw(folder: Path, figures: dict[str, object], tell: Tell) -> None:
    try:
        from simulators.bench import plots
    except ImportError:
        tell("no plots: matplotlib is missing; make bench installs it")
        return
    plots.draw(folder, figures)
