"""What the hub says when a clearing run is issued: one statement an area, in each of its roles."""

from collections.abc import Sequence

from contracts import topics
from contracts.codes import AreaCode, Role
from contracts.ids import id_of_effect
from contracts.message import Outgoing, originate
from contracts.messages.clearing import ClearingIssued, ClearingLine
from hub.domain.clearing import ClearingRun, area_in, lines_of


def statements(
    issued: ClearingRun, lines: Sequence[ClearingLine], before: Sequence[ClearingLine] = ()
) -> list[Outgoing]:
    """One statement for each area in each of its roles that has a line.

    `before`: the lines it was told last. Who had one and has none any more is told an empty one.
    """
    parties = {(role, area_in(line, role)) for line in [*before, *lines] for role in Role}
    return [_statement(issued, role, area, lines) for role, area in sorted(parties)]


def _statement(
    issued: ClearingRun, role: Role, area: AreaCode, lines: Sequence[ClearingLine]
) -> Outgoing:
    assert issued.issued_at is not None, issued.run_id
    mine = lines_of(lines, role, area)
    total_fen = sum(line.payable_fen for line in mine)
    body = ClearingIssued(
        run_id=issued.run_id,
        version=issued.version,
        month=issued.cycle,
        issued_at=issued.issued_at,
        payable_fen=total_fen if role is Role.INSURED else 0,
        receivable_fen=total_fen if role is Role.TREATMENT else 0,
        lines=tuple(mine),
    )
    topic = topics.notices(role, area)
    return originate(
        body,
        message_id=id_of_effect(issued.run_id, f"{body.KIND} {issued.version} to {topic}"),
        topic=topic,
        key=area,
        sender=topics.HUB,
        at=issued.issued_at,
    )
