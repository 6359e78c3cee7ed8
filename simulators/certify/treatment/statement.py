"""The file in which a hospital hands in its own books of a day (9101), for 3202 to compare."""

import base64
import io
import zipfile
from collections.abc import Sequence

from contracts.money import yuan_from_fen
from simulators.certify.treatment.outside import Wish

# setl_id, mdtrt_id, psn_no, medfee_sumamt, fund_pay_sumamt, acct_pay, refd_setl_flag
NO_REFUND = "0"


def lines(wish: Wish, settlement: str) -> list[Sequence[str]]:
    """The one bill that the hospital says was settled, all of it by the fund; none without it."""
    if not settlement:
        return []
    total = yuan_from_fen(wish.bill.total_fen)
    return [(settlement, wish.visit, wish.person_id, total, total, "0", NO_REFUND)]


def packed(rows: Sequence[Sequence[str]]) -> str:
    """A ZIP of one text, a row a line, TABs between; as base64."""
    text = "".join("\t".join(row) + "\n" for row in rows)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("certify.txt", text)
    return base64.b64encode(content.getvalue()).decode()
