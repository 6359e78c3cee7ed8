"""mdtrt_id: ours is the short text of a visit's id; another text is a visit never opened here."""

from contracts.ids import VisitId, id_of_short_text


def visit_id_of(mdtrt_id: str) -> VisitId | None:
    """The visit behind an mdtrt_id that we gave, or None for a number of the hospital's own."""
    try:
        return VisitId(id_of_short_text(mdtrt_id))
    except ValueError:
        return None
