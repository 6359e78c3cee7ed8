"""Every bad input at every door: a stable code and Chinese words, nothing changed, no 500."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts import access
from contracts.access import AccessRole, Principal
from contracts.ids import new_id
from contracts.refusal import BY_CODE
from simulators.agency import wait_for
from simulators.hospital import Visit
from simulators.stack.servers import Servers
from tests.support.worlds import (
    HOME,
    PLACE,
    Country,
    as_bytes,
    consultation,
    country,
    stay_of,
    yes,
)

pytestmark = pytest.mark.slow

REGISTERED, STRANGER, EXPIRED, REFERRED = 0, 1, 2, 3
MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Street:
    """The country, with a patient in every plight that the cases need."""

    country: Country
    registered: Visit
    """Its lines are uploaded: it can be settled."""
    without_lines: Visit
    done: Visit
    """It was settled."""
    unregistered: Visit
    expired: Visit
    filed: str
    """The id of a registration in force."""
    waiting: str
    """The id of a registration that waits at the desk for a clerk."""
    tokens: Mapping[str, str]
    """Credentials that are good, but not for what the case asks."""

    def settlement(self, visit: Visit) -> dict[str, Any]:
        return self.country.hospital()._settlement(visit)

    def message(self, infno: str, content: Mapping[str, Any], **envelope: Any) -> dict[str, Any]:
        hospital = self.country.hospital()
        head = hospital._envelope(infno, self.country.person(REGISTERED), hospital._next_msgid())
        return {**head, "input": content, **envelope}

    def ask(self, infno: str, content: Mapping[str, Any], **envelope: Any) -> httpx.Response:
        return self.country.post(as_bytes(self.message(infno, content, **envelope)))

    def settle(self, visit: Visit, without: str = "", **changes: Any) -> httpx.Response:
        """2304 of a visit with a part of it changed, or left out."""
        data = {**self.settlement(visit), **changes}
        data.pop(without, None)
        return self.ask("2304", {"data": data})

    def identify(self, **changes: Any) -> httpx.Response:
        envelope = {name: changes.pop(name) for name in list(changes) if name in ENVELOPE}
        person = self.country.person(REGISTERED)
        data = {
            "mdtrt_cert_type": "02",
            "mdtrt_cert_no": person.certificate_number,
            "psn_cert_type": "01",
            "certno": person.certificate_number,
            "psn_name": person.name,
        }
        return self.ask("1101", {"data": {**data, **changes}}, **envelope)

    def line(self, **changes: Any) -> httpx.Response:
        """2301 of one fee line with a part of it changed."""
        visit = self.without_lines
        line = self.country.hospital()._line(visit, 99, visit.bill.lines[0])
        return self.ask("2301", {"feedetail": [{**line, **changes}]})


ENVELOPE = {"insuplc_admdvs", "mdtrtarea_admvs", "fixmedins_code", "msgid", "opter_name"}


@pytest.fixture(scope="module")
def street(stack: Servers) -> Iterator[Street]:
    with country(stack) as found:
        person, stranger, expired = (found.person(n) for n in (REGISTERED, STRANGER, EXPIRED))
        filed = found.register(person, "retired_resettled")
        found.register(expired, "other_temporary", begins=-400, ends=-30)
        yield Street(
            country=found,
            registered=found.visit(person, stay_of(3)),
            without_lines=found.opened(person, stay_of(2)),
            done=found.settled(person, stay_of(1)),
            unregistered=found.visit(stranger, stay_of(1)),
            expired=found.visit(expired, stay_of(1)),
            filed=str(filed),
            waiting=waiting_at_the_desk(found),
            tokens=tokens(found),
        )


def waiting_at_the_desk(found: Country) -> str:
    id_ = new_id()
    found.agency().submit(id_, found.registration(found.person(REFERRED), "referral", ends=300))
    wait_for("the review reaches the desk", lambda: found.desk.get("/reviews"))
    return str(id_)


def tokens(found: Country) -> dict[str, str]:
    """Issued as an administrator issues them."""
    principals = {
        "treatment agency at the desk": ("insured", AccessRole.TREATMENT_AGENCY, HOME),
        "another area's agency at the desk": ("insured", AccessRole.INSURED_AGENCY, PLACE),
        "watcher at the hub": ("hub", AccessRole.WATCHER, HOME),
    }
    issued = {}
    for name, (role, what, area) in principals.items():
        engine = found.engines["hub" if role == "hub" else f"insured.{HOME}"]
        with engine.begin() as tx:
            issued[name] = access.issue(
                tx,
                Principal(name, what, area),
                valid_for=timedelta(hours=1),
                now=found.clock.now(),
            )
    return issued


@pytest.fixture
def unchanged(street: Street) -> Iterator[None]:
    """Nothing differs after the test from what was there before it; and a good request works."""
    before = street.country.contents()
    yield
    assert street.country.contents() == before
    visit = street.country.visit(street.country.person(REGISTERED), consultation())
    assert yes(street.country.hospital().settle(visit)).setlinfo["medfee_sumamt"] == 20


Case = Callable[[Street], httpx.Response]

# fmt: off
AT_THE_GATEWAY: tuple[tuple[str, str, str, Case], ...] = (
    # What is wrong | the code | words that must stand in the answer | what is sent
    ("not JSON",                   "1001", "",                  lambda s: s.country.post(b'{"infno": "2304", ')),
    ("nothing at all",             "1001", "",                  lambda s: s.country.post(b"")),
    ("a list",                     "1001", "",                  lambda s: s.country.post(b"[1, 2]")),
    ("not UTF-8",                  "1001", "",                  lambda s: s.country.post(b"\xff\xfe\x00{")),
    ("not a number",               "1001", "",                  lambda s: s.country.post(b'{"infno": NaN}')),
    ("nested without end",         "1001", "",                  lambda s: s.country.post(b"[" * 100_000)),
    ("half a surrogate pair",      "1006", "",                  lambda s: s.settle(s.registered, psn_name="\ud800")),
    ("a NUL in a name",            "1006", "",                  lambda s: s.settle(s.registered, psn_name="张\x00三")),
    ("an unknown transaction",     "1003", "9999",              lambda s: s.ask("9999", {"data": {}})),
    ("no input",                   "1004", "input",             lambda s: s.country.post(as_bytes({**s.message("2304", {}), "input": None}))),
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
    ("a negative fee line",        "1008", "det_item_fee_sumamt", lambda s: s.line(det_item_fee_sumamt="-800.00")),
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
    ("one id, another body",       "1009", "",                  lambda s: s.country.post(as_bytes(s.message("2304", {"data": {**s.settlement(s.done), "medfee_sumamt": "401.00"}}, msgid=s.done.settle_msgid)))),
    ("an oversize body",           "1002", "1024KB",            lambda s: s.country.post(b" " * (MEBIBYTE + 1))),
    ("a very large body",          "1002", "1024KB",            lambda s: s.country.post(b" " * (20 * MEBIBYTE))),
)
# fmt: on


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


def at_hub(
    street: Street, method: str, path: str, token: str = "", **options: Any
) -> httpx.Response:
    """A request at the hub's API; without a token it is nobody's."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers |= options.pop("headers", {})
    url = f"{street.country.world.hub_api}{path}"
    return street.country.http.request(method, url, headers=headers, **options)


def file_(street: Street, without: str = "", **changes: Any) -> httpx.Response:
    """A registration filed by Anhui's agency, with a part of it changed, or left out."""
    person = street.country.person(changes.pop("person", STRANGER))
    key = changes.pop("key", str(new_id()))
    token = changes.pop("token", street.country.agency().token)
    body = {**street.country.registration(person, "posted_worker"), **changes}
    body.pop(without, None)
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    return at_hub(street, "POST", "/registrations", token, headers=headers, content=as_bytes(body))


def file_raw(street: Street, content: bytes) -> httpx.Response:
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    token = street.country.agency().token
    return at_hub(street, "POST", "/registrations", token, headers=headers, content=content)


def operate_as_agency(street: Street, method: str, path: str, **options: Any) -> httpx.Response:
    return at_hub(street, method, path, street.country.agency().token, **options)


def operate(street: Street, method: str, path: str, **options: Any) -> httpx.Response:
    return at_hub(street, method, path, street.country.operator.token, **options)


def close_day(street: Street, day: str, token: str) -> httpx.Response:
    return at_hub(street, "POST", "/business-days/close", token, json={"business_date": day})


# fmt: off
AT_THE_HUB: tuple[tuple[str, int, str, Case], ...] = (
    ("no token",                    401, "1012", lambda s: at_hub(s, "GET", "/business-days")),
    ("a token of nobody",           401, "1012", lambda s: at_hub(s, "GET", "/business-days", "x" * 43)),
    ("a token of the desk",         401, "1012", lambda s: at_hub(s, "GET", "/business-days", s.country.desk.token)),
    ("an endless token",            401, "1012", lambda s: at_hub(s, "GET", "/business-days", "x" * 20_000)),
    ("an agency that closes days",  403, "1013", lambda s: close_day(s, str(s.country.today()), s.country.agency().token)),
    ("an agency that clears",       403, "1013", lambda s: at_hub(s, "POST", f"/clearing/{s.country.today():%Y-%m}", s.country.agency().token)),
    ("an operator that files",      403, "1013", lambda s: file_(s, token=s.country.operator.token)),
    ("a watcher that files",        403, "1013", lambda s: file_(s, token=s.tokens["watcher at the hub"])),
    ("another area's person",       403, "1013", lambda s: file_(s, token=s.country.agency(PLACE).token)),
    ("another area's registration", 403, "1013", lambda s: at_hub(s, "GET", f"/registrations/{s.filed}", s.country.agency(PLACE).token)),
    ("not JSON",                    400, "1001", lambda s: file_raw(s, b'{"place": ')),
    ("not UTF-8",                   400, "1001", lambda s: file_raw(s, b"\xff\xfe")),
    ("nested without end",          400, "1001", lambda s: file_raw(s, b"[" * 100_000)),
    ("a list",                      422, "1006", lambda s: file_raw(s, b"[1]")),
    ("nothing at all",              422, "1004", lambda s: file_raw(s, b"")),
    ("a missing field",             422, "1004", lambda s: file_(s, without="place")),
    ("no idempotency key",          422, "1004", lambda s: operate_as_agency(s, "POST", "/registrations", json=s.country.registration(s.country.person(STRANGER), "posted_worker"))),
    ("an over-long field",          422, "1005", lambda s: file_(s, materials=["证" * 201])),
    ("a NUL in a material",         422, "1006", lambda s: file_(s, materials=["证\x00明"])),
    ("half a surrogate pair",       422, "1006", lambda s: file_(s, materials=["\ud800"])),
    ("a category that is not one",  422, "1006", lambda s: file_(s, category="holiday")),
    ("a field of the caller's own", 422, "1006", lambda s: file_(s, wish="soon")),
    ("a day that is not one",       422, "1006", lambda s: file_(s, begins_on="2026-02-30")),
    ("a day beyond all days",       422, "1006", lambda s: file_(s, ends_on="9999-12-31")),
    ("a key that is not one",       422, "1006", lambda s: file_(s, key="one")),
    ("it ends before it begins",    422, "3006", lambda s: file_(s, begins_on="2026-05-01", ends_on="2026-04-01")),
    ("an unknown insured area",     403, "1013", lambda s: file_(s, insured_division="990100", place="990000")),
    ("an unknown place",            422, "3001", lambda s: file_(s, place="990000")),
    ("a place not connected",       422, "3003", lambda s: file_(s, place="320000")),
    ("one id, another body",        409, "1009", lambda s: file_(s, key=s.filed)),
    ("an overlap",                  409, "4013", lambda s: file_(s, person=REGISTERED)),
    ("an oversize body",            413, "1002", lambda s: file_raw(s, b" " * (MEBIBYTE + 1))),
    ("an unknown path",             404, "1003", lambda s: operate(s, "GET", "/nothing")),
    ("another method",              404, "1003", lambda s: operate(s, "DELETE", "/business-days")),
    ("an id that is not one",       422, "1006", lambda s: operate(s, "GET", "/registrations/one")),
    ("an unknown registration",     404, "4018", lambda s: operate(s, "GET", f"/registrations/{new_id()}")),
    ("an unknown settlement",       404, "3013", lambda s: operate(s, "GET", f"/settlements/{new_id()}")),
    ("a day that is not open",      409, "5001", lambda s: close_day(s, "2020-01-01", s.country.operator.token)),
    ("a month that is not one",     422, "1006", lambda s: operate(s, "POST", "/clearing/2026-13")),
    ("a month that is not over",    409, "5003", lambda s: operate(s, "POST", "/clearing/2099-01")),
)


def at_desk(street: Street, method: str, path: str, token: str = "", **options: Any) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"{street.country.world.desk}{path}"
    return street.country.http.request(method, url, headers=headers, **options)


def reject(street: Street, content: bytes, id_: str = "") -> httpx.Response:
    """A clerk's no to the registration that waits."""
    path = f"/reviews/{id_ or street.waiting}/reject"
    headers = {"Authorization": f"Bearer {street.country.desk.token}", "Content-Type": "application/json"}
    url = f"{street.country.world.desk}{path}"
    return street.country.http.post(url, headers=headers, content=content)


AT_THE_DESK: tuple[tuple[str, int, str, Case], ...] = (
    ("no token",                401, "1012", lambda s: at_desk(s, "GET", "/reviews")),
    ("a token of the hub",      401, "1012", lambda s: at_desk(s, "GET", "/reviews", s.country.agency().token)),
    ("another desk's token",    401, "1012", lambda s: at_desk(s, "GET", "/reviews", s.country.world.tokens.desks[PLACE])),
    ("another area's agency",   403, "1013", lambda s: at_desk(s, "GET", "/reviews", s.tokens["another area's agency at the desk"])),
    ("another role",            403, "1013", lambda s: at_desk(s, "POST", f"/reviews/{s.waiting}/accept", s.tokens["treatment agency at the desk"])),
    ("not JSON",                400, "1001", lambda s: reject(s, b'{"reason": ')),
    ("not UTF-8",               400, "1001", lambda s: reject(s, b"\xff\xfe")),
    ("nested without end",      400, "1001", lambda s: reject(s, b"[" * 100_000)),
    ("a list",                  422, "1006", lambda s: reject(s, b"[1]")),
    ("no reason",               422, "1004", lambda s: reject(s, b"{}")),
    ("an over-long reason",     422, "1005", lambda s: reject(s, as_bytes({"reason": "否" * 201}))),
    ("a NUL in the reason",     422, "1006", lambda s: reject(s, as_bytes({"reason": "不\x00予"}))),
    ("half a surrogate pair",   422, "1006", lambda s: reject(s, as_bytes({"reason": "\ud800"}))),
    ("an unknown registration", 404, "4018", lambda s: reject(s, as_bytes({"reason": "不予"}), str(new_id()))),
    ("an id that is not one",   422, "1006", lambda s: reject(s, as_bytes({"reason": "不予"}), "one")),
    ("an unknown grant",        404, "5002", lambda s: at_desk(s, "GET", f"/people/{s.done.psn_no}/grants/{new_id()}", s.country.desk.token)),
    ("an unknown path",         404, "1003", lambda s: at_desk(s, "GET", "/nothing")),
    ("an oversize body",        413, "1002", lambda s: reject(s, b" " * (MEBIBYTE + 1))),
)
# fmt: on


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
