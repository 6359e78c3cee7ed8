"""Every bad input at every door: a stable code and Chinese words, nothing changed, no 500."""

# ruff: noqa: E501 - tables: a row stays a row

from collections.abc import Callable, Iterator

import httpx
import pytest

from contracts.ids import new_id
from contracts.refusal import BY_CODE
from simulators.agency import wait_for
from simulators.stack.servers import Servers
from tests.flow.street import REGISTERED, Street, opened
from tests.support.worlds import as_bytes, consultation, yes

pytestmark = pytest.mark.slow

MEBIBYTE = 1_048_576
Case = Callable[[Street], httpx.Response]

# fmt: off
AT_THE_GATEWAY: tuple[tuple[str, str, str, Case], ...] = (
    # What is wrong | the code | words that must stand in the answer | what is sent
    ("not JSON",                   "1001", "",                  lambda s: s.post(b'{"infno": "2304", ')),
    ("nothing at all",             "1001", "",                  lambda s: s.post(b"")),
    ("a list",                     "1001", "",                  lambda s: s.post(b"[1, 2]")),
    ("not UTF-8",                  "1001", "",                  lambda s: s.post(b"\xff\xfe\x00{")),
    ("not a number",               "1001", "",                  lambda s: s.post(b'{"infno": NaN}')),
    ("nested without end",         "1001", "",                  lambda s: s.post(b"[" * 100_000)),
    ("half a surrogate pair",      "1006", "",                  lambda s: s.settle(s.registered, psn_name="\ud800")),
    ("a NUL in a name",            "1006", "",                  lambda s: s.settle(s.registered, psn_name="张\x00三")),
    ("an unknown transaction",     "1003", "9999",              lambda s: s.ask("9999", {"data": {}})),
    ("no input",                   "1004", "input",             lambda s: s.ask("2304", None)),
    ("no name in the envelope",    "1004", "opter_name",        lambda s: s.identify(opter_name="")),
    ("a missing field",            "1004", "人员姓名(psn_name)", lambda s: s.settle(s.registered, without="psn_name")),
    ("an over-long field",         "1005", "psn_name",          lambda s: s.settle(s.registered, psn_name="张" * 21)),
    ("an over-long message id",    "1005", "msgid",             lambda s: s.identify(msgid="M" * 31)),
    ("a code that does not exist", "1006", "insutype",          lambda s: s.settle(s.registered, insutype="999")),
    ("an object for a text",       "1006", "psn_name",          lambda s: s.settle(s.registered, psn_name={"a": 1})),
    ("a third decimal",            "1007", "medfee_sumamt",     lambda s: s.settle(s.registered, medfee_sumamt="1200.001")),
    ("a third decimal, a number",  "1007", "medfee_sumamt",     lambda s: s.settle(s.registered, medfee_sumamt=1200.001)),
    ("an exponent",                "1007", "medfee_sumamt",     lambda s: s.settle(s.registered, medfee_sumamt="1.2e3")),
    ("a negative amount",          "1008", "medfee_sumamt",     lambda s: s.settle(s.registered, medfee_sumamt="-1200.00")),
    ("a negative fee line",        "1008", "",                   lambda s: s.line(det_item_fee_sumamt="-800.00")),
    ("an amount beyond all money", "1005", "medfee_sumamt",     lambda s: s.settle(s.registered, medfee_sumamt="99999999999999.99")),
    ("an amount of zero",          "3005", "",                  lambda s: s.settle(s.without_lines, medfee_sumamt="0.00")),
    ("an unknown insured area",    "3001", "990100",            lambda s: s.identify(insuplc_admdvs="990100")),
    ("an unknown treatment area",  "3001", "990100",            lambda s: s.identify(mdtrtarea_admvs="990100")),
    ("an area of another gateway", "3003", "320100",            lambda s: s.identify(mdtrtarea_admvs="320100")),
    ("an area not connected",      "3003", "",                  lambda s: s.identify(insuplc_admdvs="320100")),
    ("insured where treated",      "3002", "",                  lambda s: s.identify(insuplc_admdvs="310100")),
    ("an unknown institution",     "1010", "H99",               lambda s: s.identify(fixmedins_code="H99010000001", mdtrtarea_admvs="310100")),
    ("an unknown person",          "4010", "",                  lambda s: s.identify(certno="340100190001010000", mdtrt_cert_no="340100190001010000")),
    ("another person's visit",     "3010", "",                  lambda s: s.settle(s.registered, psn_no="P" + "A" * 28)),
    ("an unknown visit",           "3010", "",                  lambda s: s.line(mdtrt_id="A" * 26)),
    ("an unregistered person",     "4001", "",                  lambda s: s.settle(s.unregistered)),
    ("an expired registration",    "4003", "",                  lambda s: s.settle(s.expired)),
    ("parts that do not add up",   "3004", "",                  lambda s: s.settle(s.without_lines, fulamt_ownpay_amt="0.01", inscp_scp_amt="800.00")),
    ("a total beside its lines",   "3011", "",                  lambda s: s.settle(s.registered, medfee_sumamt="1200.01")),
    ("price times count",          "3015", "",                  lambda s: s.line(pric="400.01")),
    ("a visit settled already",    "3012", "",                  lambda s: s.settle(s.done)),
    ("one id, another body",       "1009", "",                  lambda s: s.settle(s.done, msgid=s.done.settle_msgid, medfee_sumamt="401.00")),
    ("an oversize body",           "1002", "1024KB",            lambda s: s.post(b" " * (MEBIBYTE + 1))),
    ("a very large body",          "1002", "1024KB",            lambda s: s.post(b" " * (20 * MEBIBYTE))),
)

AT_THE_HUB: tuple[tuple[str, int, str, Case], ...] = (
    ("no token",                    401, "1012", lambda s: s.at_hub("GET", "/business-days")),
    ("a token of nobody",           401, "1012", lambda s: s.at_hub("GET", "/business-days", "x" * 43)),
    ("a token of the desk",         401, "1012", lambda s: s.at_hub("GET", "/business-days", s.clerk)),
    ("an endless token",            401, "1012", lambda s: s.at_hub("GET", "/business-days", "x" * 20_000)),
    ("an agency that closes days",  403, "1013", lambda s: s.close_day(s.today, s.agency)),
    ("an agency that clears",       403, "1013", lambda s: s.at_hub("POST", f"/clearing/{s.today[:7]}", s.agency)),
    ("an operator that files",      403, "1013", lambda s: s.file(token=s.operator)),
    ("a watcher that files",        403, "1013", lambda s: s.file(token=s.tokens["watcher at the hub"])),
    ("another area's person",       403, "1013", lambda s: s.file(token=s.agency_of_place)),
    ("another area's registration", 403, "1013", lambda s: s.at_hub("GET", f"/registrations/{s.filed}", s.agency_of_place)),
    ("not JSON",                    400, "1001", lambda s: s.file_bytes(b'{"place": ')),
    ("not UTF-8",                   400, "1001", lambda s: s.file_bytes(b"\xff\xfe")),
    ("nested without end",          400, "1001", lambda s: s.file_bytes(b"[" * 100_000)),
    ("a list",                      422, "1006", lambda s: s.file_bytes(b"[1]")),
    ("nothing at all",              422, "1004", lambda s: s.file_bytes(b"")),
    ("a missing field",             422, "1004", lambda s: s.file(without="begins_on")),
    ("no idempotency key",          422, "1004", lambda s: s.file(key="")),
    ("an over-long field",          422, "1005", lambda s: s.file(materials=[{"kind": "credential", "reference": "证" * 201}])),
    ("a NUL in a material",         422, "1006", lambda s: s.file(materials=[{"kind": "credential", "reference": "证\x00明"}])),
    ("half a surrogate pair",       422, "1006", lambda s: s.file(materials=[{"kind": "credential", "reference": "\ud800"}])),
    ("a category that is not one",  422, "1006", lambda s: s.file(category="holiday")),
    ("a field of the caller's own", 422, "1006", lambda s: s.file(wish="soon")),
    ("a day that is not one",       422, "1006", lambda s: s.file(begins_on="2026-02-30")),
    ("a day beyond all days",       422, "1006", lambda s: s.file(ends_on="9999-12-31")),
    ("a key that is not one",       422, "1006", lambda s: s.file(key="one")),
    ("it ends before it begins",    422, "3006", lambda s: s.file(begins_on="2026-05-01", ends_on="2026-04-01")),
    ("an unknown insured area",     403, "1013", lambda s: s.file(insured_division="990100", place="990000")),
    ("an unknown place",            422, "3001", lambda s: s.file(place="990000")),
    ("one id, another body",        409, "1009", lambda s: s.file(key=s.filed)),
    ("an overlap",                  409, "4013", lambda s: s.file(person=REGISTERED)),
    ("an oversize body",            413, "1002", lambda s: s.file_bytes(b" " * (MEBIBYTE + 1))),
    ("an unknown path",             404, "1003", lambda s: s.operate("GET", "/nothing")),
    ("another method",              404, "1003", lambda s: s.operate("DELETE", "/business-days")),
    ("an id that is not one",       422, "1006", lambda s: s.operate("GET", "/registrations/one")),
    ("an unknown registration",     404, "4018", lambda s: s.operate("GET", f"/registrations/{new_id()}")),
    ("an unknown settlement",       404, "3013", lambda s: s.operate("GET", f"/settlements/{new_id()}")),
    ("a day that is not open",      409, "5001", lambda s: s.close_day("2020-01-01", s.operator)),
    ("a month that is not one",     422, "1006", lambda s: s.operate("POST", "/clearing/2026-13")),
    ("a month that is not over",    409, "5003", lambda s: s.operate("POST", "/clearing/2099-01")),
)

AT_THE_DESK: tuple[tuple[str, int, str, Case], ...] = (
    ("no token",                401, "1012", lambda s: s.at_desk("GET", "/reviews")),
    ("a token of the hub",      401, "1012", lambda s: s.at_desk("GET", "/reviews", s.agency)),
    ("another desk's token",    401, "1012", lambda s: s.at_desk("GET", "/reviews", s.clerk_of_place)),
    ("another area's agency",   403, "1013", lambda s: s.at_desk("GET", "/reviews", s.tokens["another area's agency at the desk"])),
    ("another role",            403, "1013", lambda s: s.at_desk("POST", f"/reviews/{s.waiting}/accept", s.tokens["treatment agency at the desk"])),
    ("not JSON",                400, "1001", lambda s: s.reject(b'{"reason": ')),
    ("not UTF-8",               400, "1001", lambda s: s.reject(b"\xff\xfe")),
    ("nested without end",      400, "1001", lambda s: s.reject(b"[" * 60_000)),
    ("a list",                  422, "1006", lambda s: s.reject(b"[1]")),
    ("no reason",               422, "1004", lambda s: s.reject(b"{}")),
    ("an over-long reason",     422, "1005", lambda s: s.reject(as_bytes({"reason": "否" * 201}))),
    ("a NUL in the reason",     422, "1006", lambda s: s.reject(as_bytes({"reason": "不\x00予"}))),
    ("half a surrogate pair",   422, "1006", lambda s: s.reject(as_bytes({"reason": "\ud800"}))),
    ("an unknown registration", 404, "4018", lambda s: s.reject(as_bytes({"reason": "不予"}), str(new_id()))),
    ("an id that is not one",   422, "1006", lambda s: s.reject(as_bytes({"reason": "不予"}), "one")),
    ("an unknown grant",        404, "5002", lambda s: s.at_desk("GET", f"/people/{s.done.psn_no}/grants/{new_id()}", s.clerk)),
    ("an unknown path",         404, "1003", lambda s: s.at_desk("GET", "/nothing")),
    ("an oversize body",        413, "1002", lambda s: s.reject(b" " * (MEBIBYTE + 1))),
)
# fmt: on


@pytest.fixture(scope="module")
def street(stack: Servers) -> Iterator[Street]:
    with opened(stack) as found:
        yield found


@pytest.fixture
def unchanged(street: Street) -> Iterator[None]:
    """Nothing differs after the test from what was there before it; and a good request works."""
    before = street.country.contents()
    yield
    assert street.country.contents() == before
    visit = street.country.visit(street.country.person(REGISTERED), consultation())
    assert yes(street.country.hospital().settle(visit)).setlinfo["medfee_sumamt"] == 20


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("code", "words", "send"),
    [pytest.param(*row[1:], id=row[0]) for row in AT_THE_GATEWAY],
)
def test_the_gateway_refuses(street: Street, code: str, words: str, send: Case) -> None:
    answer = send(street)
    assert answer.status_code == httpx.codes.OK  # The interface says its no inside the envelope.
    body = answer.json()
    assert str(body["infcode"]) == "-1"
    assert body["err_msg"].startswith(f"[{code}] {BY_CODE[code].zh}")
    assert words in body["err_msg"]
    assert len(body["err_msg"]) <= 200


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("status", "code", "send"),
    [
        pytest.param(*row[1:], id=f"{door}: {row[0]}")
        for door, cases in (("hub", AT_THE_HUB), ("desk", AT_THE_DESK))
        for row in cases
    ],
)
def test_the_hub_and_the_desk_refuse(street: Street, status: int, code: str, send: Case) -> None:
    answer = send(street)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["title"] == BY_CODE[code].zh


def test_after_all_that_the_clerk_can_still_decide(street: Street) -> None:
    street.country.desk.post(f"/reviews/{street.waiting}/accept")

    def is_active() -> bool:
        found = street.country.agency().get(f"/registrations/{street.waiting}")
        return bool(found["state"] == "active")

    wait_for("the hub hears the clerk's yes", is_active)
