"""Tells the story: headings, sentences, tables and one progress bar. It decides nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table


class Narrator:
    """`aloud` prints the story to standard output; otherwise only the bar shows, on stderr."""

    def __init__(self, *, aloud: bool, console: Console | None = None) -> None:
        self._aloud = aloud
        self._console = console or Console(stderr=not aloud, highlight=False, width=_width())
        self._progress = Progress(
            TextColumn("[bold]{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._task: TaskID | None = None

    @contextmanager
    def telling(self, steps: int) -> Iterator[None]:
        """The bar is there from the first to the last of `steps`."""
        with self._progress:
            self._task = self._progress.add_task("…", total=steps)
            yield

    def chapter(self, chinese: str, english: str) -> None:
        self._describe(f"{chinese} {english}")
        self._print(f"\n[bold]■ {chinese}[/bold]  {english}")

    def say(self, text: str) -> None:
        self._print(f"  {text}")

    def step(self) -> None:
        if self._task is not None:
            self._progress.advance(self._task)

    def stepped(self, steps: int) -> None:
        """So many steps at once."""
        if self._task is not None:
            self._progress.advance(self._task, steps)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]], title: str = "") -> None:
        """Columns whose name begins with '>' are numbers and stand to the right."""
        table = Table(title=title or None, title_justify="left", header_style="bold")
        for column in columns:
            right = column.startswith(">")
            table.add_column(column.lstrip(">"), justify="right" if right else "left")
        for row in rows:
            table.add_row(*row)
        if self._aloud:
            self._console.print(table)

    def _describe(self, text: str) -> None:
        if self._task is not None:
            self._progress.update(self._task, description=text)

    def _print(self, text: str) -> None:
        if self._aloud:
            self._console.print(text)


def _width() -> int | None:
    """A pipe has no width: then a page of 120 characters; a terminal knows its own."""
    return None if Console().is_terminal else 120
