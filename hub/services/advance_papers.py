"""Papers of the advance fund: each notice that was issued becomes a sealed bundle, once."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Connection

from contracts.message import Outgoing
from hub.domain.advance_notice import Notice, notices_of
from hub.domain.papers import PAPER, Audience, Paper, PaperKind
from hub.papers import advance, bundle
from hub.papers.seal_key import SealKey
from hub.store import advance as advance_store
from hub.store import papers as store


def make_due(tx: Connection, _now: datetime, *, key: SealKey) -> Sequence[Outgoing]:
    """Make the notices of the oldest issue that has no papers. Says nothing to anybody."""
    for issue_id in store.advance_issues_without_papers(tx, 1):
        make(tx, issue_id, key)
    return ()


def make(tx: Connection, issue_id: UUID, key: SealKey) -> int:
    """The papers of one issue; how many came anew."""
    changes = advance_store.listed(tx, advance_store.Wanted(issue_id=issue_id))
    return sum(_keep(tx, notice, key) for notice in notices_of(changes))


def _keep(tx: Connection, notice: Notice, key: SealKey) -> bool:
    content = bundle.sealed(advance.contents_of(notice), key)
    paper = Paper(
        paper_id=uuid5(PAPER, notice.number),
        kind=PaperKind.ADVANCE,
        issue=notice.issue_id,
        version=1,
        # The fund is the province's as a whole: it is for its agency in either role.
        audience=Audience(notice.area, notice.area),
        name=f"{notice.number}.zip",
        title_zh=notice.title_zh,
        made_at=advance.made_at(notice),
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        public_key=key.public_hex,
    )
    return store.add(tx, paper, None, content)
