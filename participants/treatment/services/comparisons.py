"""3202 对明细账: a hospital's file of a period beside our rows, and the file of what differs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import Connection

from contracts.ids import new_id
from participants.treatment.domain.booking import total_of
from participants.treatment.domain.comparison import Difference, OurRow, compared, explained
from participants.treatment.domain.hospital_statement import NewStatement, Stated
from participants.treatment.domain.keeping import KEEPING, Keeping
from participants.treatment.domain.statement_file import COLUMNS, result_line, said_rows
from participants.treatment.domain.stored_file import StoredFile
from participants.treatment.services import files
from participants.treatment.store import booked_rows, hospital_breaks, hospital_statements

DIFFERENCES_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it: the file for 9102, how many differences, and what was odd in the request."""

    file: StoredFile
    differences: int
    warning: str


def compare(
    tx: Connection, one: NewStatement, file_no: str, now: datetime, keeping: Keeping = KEEPING
) -> Compared:
    """Compare the uploaded file with our rows of the period, store and offer the differences.

    Differences found before in this scope, and not now, are resolved. Needs a transaction of its
    own: 200,000 rows take some seconds. Refused FILE_UNKNOWN or FILE_MALFORMED.
    """
    hospital_code = one.scope.hospital_code
    rows = files.stream_rows(tx, hospital_code, file_no, COLUMNS, now, keeping=keeping)
    hospital_breaks.load_said(tx, said_rows(rows))
    count, total_fen, fund_fen, has_refunds, has_settled = hospital_breaks.said_totals(tx)
    # The file itself shows what it holds, whatever flag came with it.
    others = has_refunds if one.sign == 1 else has_settled
    sign = None if others else one.sign
    statement_id = new_id()
    compared_as = replace(one, sign=sign)
    found = _Found(tx, statement_id, compared_as, now)
    name = f"DZ{one.scope.begins_on:%Y%m%d}{one.scope.ends_on:%Y%m%d}.zip"
    offered = files.offer(tx, hospital_code, name, found.lines(), now, keeping=keeping)
    hospital_breaks.resolve_others(tx, statement_id, compared_as, now)
    said = one.said
    is_as_said = (count, total_fen, fund_fen) == (said.count, said.total_fen, said.fund_fen)
    warning = "" if is_as_said else f"文件共{count}行，其笔数或合计与申报不一致，已按文件比对"
    return Compared(offered, found.count, warning)


class _Found:
    """The differences as they come: explained, stored, and written into the result."""

    def __init__(
        self, tx: Connection, statement_id: UUID, one: NewStatement, now: datetime
    ) -> None:
        self._tx, self._id, self._one, self._now = tx, statement_id, one, now
        self.count = 0

    def lines(self) -> Iterator[tuple[str, ...]]:
        self._begin()
        found = compared(hospital_breaks.said(self._tx), self._ours())
        while some := list(islice(found, DIFFERENCES_AT_ONCE)):
            told = self._explained(some)
            hospital_breaks.add(self._tx, self._id, self._one, told, self._now)
            self.count += len(told)
            yield from map(result_line, told)

    def _ours(self) -> Iterator[OurRow]:
        if self._one.office != self._one.own_office:
            return iter(())
        return booked_rows.streamed(self._tx, self._one.scope, self._one.sign)

    def _explained(self, found: list[Difference]) -> list[Difference]:
        asked = [one.said.key for one in found if one.said is not None and one.ours is None]
        known = booked_rows.known(self._tx, self._one.scope.hospital_code, asked)
        return [explained(one, known.get(one.row.key)) for one in found]

    def _begin(self) -> None:
        """The statement comes before its differences, and says what the books say."""
        [groups] = booked_rows.sums(self._tx, [self._one.scope])
        same_office = self._one.office == self._one.own_office
        ours = total_of(g for g in groups if same_office and self._one.sign in (None, g.sign))
        stated = Stated(self._one.said.fits(ours), "", ours)
        hospital_statements.add(self._tx, [(self._id, self._one, stated)], self._now)
