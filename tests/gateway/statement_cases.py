"""Settled bills of today, and what a hospital says of them when it reconciles."""

from datetime import UTC, date, datetime
from typing import Any

from contracts.clock import shanghai_date_of
from contracts.delivery import bulk
from participants.treatment.domain.keeping import KEEPING
from participants.treatment.domain.packed import pack, rows_of, unpack
from participants.treatment.services import files
from participants.treatment.services.files import Upload
from tests.gateway.cases import PSN_NO, outpatient_bill, split
from tests.gateway.street import HOSPITAL, Street

OFFICE = "310101"
RESULT = (
    "psn_no", "mdtrt_id", "setl_id", "msgid", "stmt_rslt", "refd_setl_flag", "memo",
    "medfee_sumamt", "fund_pay_sumamt", "acct_pay",
)  # fmt: skip


def today() -> str:
    return shanghai_date_of(datetime.now(UTC)).isoformat()


def settled(street: Street, number: int, total: str) -> dict[str, Any]:
    """1000.00 is 400.00 from the fund, 60.00 account; 2000.00 is 1200.00 and 80.00."""
    node = outpatient_bill(f"MZ{number:04d}", total, **split(0, 0, 0, total))
    reply = street.call("2207", node)
    assert reply["infcode"] == 0, reply
    found: dict[str, Any] = reply["output"]["setlinfo"]
    return found


def cancelled(street: Street, info: dict[str, Any]) -> None:
    which = {"psn_no": PSN_NO, "setl_id": info["setl_id"], "mdtrt_id": info["mdtrt_id"]}
    reply = street.call("2208", which)
    assert reply["infcode"] == 0, reply


def moved_to(street: Street, day: date, setl_ids: list[str] | None = None) -> None:
    """As if everything had been settled, and refunded, at ten o'clock of that day in China."""
    at = f"{day.isoformat()} 02:00:00+00"
    update = (
        "UPDATE settlements SET settled_at = %s,"
        " reversed_at = CASE WHEN reversed_at IS NULL THEN NULL ELSE %s::timestamptz END"
    )
    with street.engine.begin() as tx:
        bulk.run(tx, update, (at, at))


def row(info: dict[str, Any], **changes: Any) -> dict[str, str]:
    """A line of the file as the hospital's own books have it."""
    names = ("setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "fund_pay_sumamt", "acct_pay")
    return {name: str(info[name]) for name in names} | {"refd_setl_flag": "0"} | changes


def refund(info: dict[str, Any]) -> dict[str, str]:
    names = ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")
    return row(info, refd_setl_flag="1", **{name: f"-{info[name]}" for name in names})


def uploaded(street: Street, rows: list[dict[str, str]]) -> str:
    content = pack("mx", [list(one.values()) for one in rows])
    with street.engine.begin() as tx:
        [kept] = files.upload(tx, [Upload(HOSPITAL, "mx.zip", content)], datetime.now(UTC))
    return kept.file_no  # type: ignore[union-attr]  # a sound file is not refused


def downloaded(street: Street, file_no: str) -> list[dict[str, str]]:
    with street.engine.begin() as tx:
        found = files.of(tx, [file_no], datetime.now(UTC))[file_no]
    return rows_of(unpack(found.content, KEEPING), RESULT)
