"""How the demonstrations end when they cannot go on: one clear sentence, and not zero."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from contracts.programs import ending
from contracts.programs.ending import Trouble
from simulators.agency import Unexpected
from simulators.bench.crowd import CrowdNotRegistered
from simulators.bench.spy import NoPySpy
from simulators.bench.verdict import RunInvalid
from simulators.running.embedded import ThreadDied
from simulators.running.parts import PartFailed
from simulators.stack.servers import NoKafka, NoPostgres

FORESEEN = (
    Unexpected,
    CrowdNotRegistered,
    RunInvalid,
    NoPySpy,
    ThreadDied,
    PartFailed,
    NoKafka,
    NoPostgres,
)
TROUBLES: tuple[Trouble, ...] = tuple(
    (kind, lambda error: f"未能完成 (could not finish): {error}") for kind in FORESEEN
)


@contextmanager
def said_plainly() -> Iterator[None]:
    """Foreseen troubles are told without a traceback; anything else is a fault of ours."""
    try:
        with ending.said_plainly(TROUBLES):
            yield
    except KeyboardInterrupt as error:
        typer.echo("已中断 (interrupted)", err=True)
        raise typer.Exit(130) from error
