"""The tables of docs/proof.md that are the code's own: run as a program, it writes them anew."""

from collections.abc import Callable, Mapping
from pathlib import Path

from simulators.truths import TRUTHS
from tests.simulation.planted import PLANTED

DOCUMENT = Path(__file__).parents[2] / "docs" / "proof.md"


def truths() -> str:
    rows = [
        f"| {truth.promise} | `{name}` | {truth.says} |"
        for name, truth in sorted(TRUTHS.items(), key=lambda item: item[1].promise)
    ]
    return "\n".join(["| promise | truth | what it says |", "|---|---|---|", *rows])


def planted() -> str:
    rows = [
        f"| {name} | {one.says} | {' or '.join(map(_named, one.found))} | {one.seeds} |"
        for name, one in PLANTED.items()
    ]
    heads = "| planted | what is wrong | found by | within seeds |"
    return "\n".join([heads, "|---|---|---|---|", *rows])


def _named(found: str) -> str:
    """A truth as code; what is looked at beside them, of the run itself, in italics."""
    return f"`{found}`" if found in TRUTHS else f"*{found}*"


TABLES: Mapping[str, Callable[[], str]] = {"truths": truths, "planted": planted}


def page(text: str) -> str:
    """The document with its tables as the code has them now, between their two marks."""
    for name, table in TABLES.items():
        begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
        head, _, rest = text.partition(begin)
        _, found, tail = rest.partition(end)
        assert found, f"{DOCUMENT.name} has no place for {name}"
        text = f"{head}{begin}\n\n{table()}\n\n{end}{tail}"
    return text


if __name__ == "__main__":
    DOCUMENT.write_text(page(DOCUMENT.read_text("utf-8")), "utf-8")
