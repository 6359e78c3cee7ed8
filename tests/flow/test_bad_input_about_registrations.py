"""Bad input at every new door: a stable code and Chinese words, nothing changed, no 500."""

# ruff: noqa: E501 - tables: a row stays a row

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from contracts.access import AccessRole
from contracts.ids import new_id, short_text_of
from contracts.refusal import BY_CODE
from simulators.agency import Client
from simulators.stack.servers import Servers
from simulators.world.population import Resident
from tests.flow.plights import Care, Plights, plights
from tests.support.worlds import HOME, as_bytes, yes

pytestmark = pytest.mark.slow

MEBIBYTE = 1_048_576
NOBODY = "A" * 29
Doc = dict[str, Any]


@dataclass(frozen=True, slots=True, repr=False)
class Doors:
    """Everybody who asks, and what there is to ask about."""

    world: Plights
    person: Resident
    """With a registration in force, with which everything good is tried."""
    stranger: Resident
    filed: UUID
    waiting: UUID
    mine: Client
    channel: Client
    treatment_agency: Client

    def hub(
        self,
        method: str,
        path: str,
        body: Any = None,
        client: Client | None = None,
        *,
        key: bool = False,
    ) -> httpx.Response:
        headers = {"Idempotency-Key": str(new_id())} if key else {}
        return self._at(client or self.world.country.agency(), method, path, body, headers)

    def desk(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return self._at(self.world.country.desk, method, path, body, {})

    def file(
        self, client: Client | None = None, without: str = "", **changes: Any
    ) -> httpx.Response:
        wanted = self.world.wanted(self.stranger, "other_temporary")
        body = {name: value for name, value in wanted.items() if name != without} | changes
        return self.hub("POST", "/registrations", body, client, key=True)

    def change(
        self, change: str, client: Client | None = None, id_: Any = None, **more: Any
    ) -> httpx.Response:
        body = {"change": change, "reason": "本人要求"} | more
        path = f"/registrations/{id_ or self.filed}/changes"
        return self.hub("POST", path, body, client, key=True)

    def session(self, **changes: Any) -> httpx.Response:
        known = {"certificate_kind": "01", "certificate_number": self.person.certificate_number}
        return self.hub("POST", "/person-sessions", known | changes, self.channel)

    def wish(self, change: str, id_: Any = None, **body: Any) -> httpx.Response:
        return self.desk("POST", f"/reviews/{id_ or self.filed}/changes/{change}", body)

    def decisions(self, **body: Any) -> httpx.Response:
        return self.desk("POST", "/decisions", body)

    def preflight(self, without: str = "", **changes: Any) -> httpx.Response:
        question = self.world.question(self.person, Care()) | changes
        return self.raw({n: v for n, v in question.items() if n != without}, "/preflight")

    def raw(self, body: Any, path: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else as_bytes(body)
        return self.world.country.http.post(
            f"{self.world.country.world.gateway}{path}", content=content
        )

    def call(
        self, infno: str, node: str = "data", without: str = "", **changes: Any
    ) -> httpx.Response:
        """One transaction of the national interface, its usual input changed."""
        usual = {n: v for n, v in self._usual(infno).items() if n != without}
        request = self.world.hospital().request(infno, {node: usual | changes}, self.person)
        return self.raw(request, "/")

    def _usual(self, infno: str) -> Doc:
        day, psn_no = self.world.day(0).isoformat(), self.world.psn_no(self.stranger)
        insured = {"psn_no": psn_no, "insutype": "310", "insu_optins": "340100", "begndate": day}
        doctor = {"hosp_ide_date": day, "diag_dr_codg": "D1", "diag_dr_name": "李医生"}
        where = {"fixmedins_code": "H31010000002", "fixmedins_name": "静安示例区中心医院"}
        taken_back = {
            "trt_dcla_detl_sn": short_text_of(self.filed),
            "psn_no": psn_no,
            "memo": "撤销",
        }
        refl = {"refl_type": "3", "refl_date": day, "refl_rea": "无设备", "refl_opnn": "同意"}
        to = {
            "reflin_medins_no": "H31010000002",
            "reflin_medins_name": "某医院",
            "mdtrtarea_admdvs": "310100",
        }
        ill = {"diag_code": "C34.900", "diag_name": "肺恶性肿瘤"}
        by = {"ide_fixmedins_no": "H31010000002", "ide_fixmedins_name": "某医院"}
        inputs = {
            "2501": insured | ill | to | refl,
            "2503": insured
            | doctor
            | by
            | {"opsp_dise_code": "M03900", "opsp_dise_name": "高血压"},
            "2505": insured | where | {"biz_appy_type": "08", "fix_srt_no": "1"},
            "2001": {
                "psn_no": psn_no,
                "insutype": "310",
                "fixmedins_code": "H31010000002",
                "med_type": "11",
                "begntime": f"{day} 09:00:00",
            },
        }
        return inputs.get(infno, taken_back)

    def _at(
        self, client: Client, method: str, path: str, body: Any, headers: Doc
    ) -> httpx.Response:
        options: Doc = (
            {} if body is None else {"content": body if isinstance(body, bytes) else as_bytes(body)}
        )
        said = {"Content-Type": "application/json", "Authorization": f"Bearer {client.token}"}
        return client.http.request(method, f"{client.url}{path}", headers=said | headers, **options)


def bad(token: str, client: Client) -> Client:
    return Client(client.url, token, client.http)


Case = Callable[[Doors], httpx.Response]
LONG = "长" * 201
PAPER = {"kind": "credential"}

# fmt: off
AT_THE_HUB: tuple[tuple[str, int, str, Case], ...] = (
    # What is wrong                    | status | the code | what is sent
    ("a material of no kind",            422, "1006", lambda d: d.file(materials=[{"kind": "promise"}])),
    ("a material that is a text",        422, "1006", lambda d: d.file(materials=["credential"])),
    ("a material without its kind",      422, "1004", lambda d: d.file(materials=[{"reference": "1"}])),
    ("a material's endless number",      422, "1005", lambda d: d.file(materials=[PAPER | {"reference": LONG}])),
    ("a NUL in a material's number",     422, "1006", lambda d: d.file(materials=[PAPER | {"reference": "证\x00"}])),
    ("too many materials",               422, "1005", lambda d: d.file(materials=[PAPER] * 21)),
    ("a channel that is not one",        422, "1006", lambda d: d.file(channel="pigeon")),
    ("a window of a person's own",       422, "1006", lambda d: d.file(d.mine, without="certificate_number", certificate_kind=None, channel="window")),
    ("half a certificate",               422, "1006", lambda d: d.file(without="certificate_number")),
    ("two persons",                      422, "1006", lambda d: d.file(person_id=NOBODY)),
    ("no person",                        422, "1004", lambda d: d.file(without="certificate_number", certificate_kind=None)),
    ("a token that is not one",          422, "1006", lambda d: d.file(without="certificate_number", certificate_kind=None, person_id="P1")),
    ("a version of what is no id",       422, "1006", lambda d: d.file(replaces="one")),
    ("a version of nothing",             404, "4018", lambda d: d.file(replaces=str(new_id()))),
    ("a version of another person's",    404, "4018", lambda d: d.file(replaces=str(d.filed))),
    ("a disease with a NUL",             422, "1006", lambda d: d.file(category="chronic_disease", place=None, disease_code="M\x00")),
    ("a disease outside the table",      422, "4022", lambda d: d.file(category="chronic_disease", place=None, disease_code="M99900")),
    ("a disease at a place",             422, "4027", lambda d: d.file(category="chronic_disease", disease_code="M03900")),
    ("a channel's own filing",           403, "1013", lambda d: d.file(d.channel)),
    ("a person for another",             403, "1013", lambda d: d.file(d.mine)),
    ("a change that is not one",         422, "1006", lambda d: d.change("burn")),
    ("a change without a reason",        422, "1004", lambda d: d.change("cancel", reason="")),
    ("an endless reason",                422, "1005", lambda d: d.change("cancel", reason=LONG)),
    ("a NUL in the reason",              422, "1006", lambda d: d.change("cancel", reason="不\x00")),
    ("a line break in the reason",       422, "1006", lambda d: d.change("cancel", reason="不\n予")),
    ("a supplement of nothing",          422, "1004", lambda d: d.change("supplement")),
    ("a supplement of everything",       422, "1005", lambda d: d.change("supplement", materials=[PAPER | {"reference": str(n)} for n in range(20)])),
    ("a field of the caller's own",      422, "1006", lambda d: d.change("cancel", soon=True)),
    ("a change of nothing",              404, "4018", lambda d: d.change("cancel", id_=new_id())),
    ("a change of what is no id",        422, "1006", lambda d: d.change("cancel", id_="one")),
    ("a change without a key",           422, "1004", lambda d: d.hub("POST", f"/registrations/{d.filed}/changes", {"change": "cancel", "reason": "本人"})),
    ("a resume of what counts",          409, "5001", lambda d: d.change("resume")),
    ("a person that suspends",           403, "1013", lambda d: d.change("suspend", d.mine)),
    ("another area that cancels",        403, "1013", lambda d: d.change("cancel", d.treatment_agency)),
    ("a channel that cancels",           403, "1013", lambda d: d.change("cancel", d.channel)),
    ("not JSON to a change",             400, "1001", lambda d: d.hub("POST", f"/registrations/{d.filed}/changes", b'{"change": ', key=True)),
    ("an oversize change",               413, "1002", lambda d: d.hub("POST", f"/registrations/{d.filed}/changes", b" " * (MEBIBYTE + 1), key=True)),
    ("a session with no number",         422, "1004", lambda d: d.hub("POST", "/person-sessions", {"certificate_kind": "01"}, d.channel)),
    ("a session with a wild number",     422, "1006", lambda d: d.session(certificate_number="3401'; --")),
    ("a session with a wild kind",       422, "1006", lambda d: d.session(certificate_kind="身份证")),
    ("an agency's own session",          403, "1013", lambda d: d.hub("POST", "/person-sessions", {"certificate_kind": "01", "certificate_number": "1"})),
    ("a session that was never opened",  401, "1012", lambda d: d.hub("GET", "/registrations", None, bad("x" * 43, d.mine))),
    ("institutions of nowhere",          422, "1004", lambda d: d.hub("GET", "/institutions")),
    ("institutions of what is no area",  422, "1006", lambda d: d.hub("GET", "/institutions?area=3101")),
    ("an endless page",                  422, "1006", lambda d: d.hub("GET", "/institutions?area=310000&size=100000")),
    ("no page at all",                   422, "1006", lambda d: d.hub("GET", "/institutions?area=310000&size=0")),
    ("a cursor that is none of ours",    422, "1006", lambda d: d.hub("GET", "/institutions?area=310000&cursor=eHg")),
    ("a cursor with a quote",            422, "1006", lambda d: d.hub("GET", "/institutions?area=310000&cursor=%27")),
    ("a day that is not one",            422, "1006", lambda d: d.hub("GET", "/institutions?area=310000&open_on=2026-02-30")),
    ("a NUL in a name",                  422, "1006", lambda d: d.hub("GET", "/institutions?area=310000&name=%00")),
    ("a role that is not one",           422, "1006", lambda d: d.hub("GET", "/agencies?role=king")),
    ("a visit of no kind",               422, "1006", lambda d: d.hub("GET", "/pooling-areas?visit_kind=party")),
    ("costs of nobody",                  422, "1004", lambda d: d.hub("GET", "/costs")),
    ("costs of another person",          403, "1013", lambda d: d.hub("GET", f"/costs?person_id={NOBODY}", None, d.mine)),
    ("costs of a year beyond",           422, "1006", lambda d: d.hub("GET", f"/costs?person_id={NOBODY}&year=9999")),
    ("costs for a channel",              403, "1013", lambda d: d.hub("GET", f"/costs?person_id={NOBODY}", None, d.channel)),
    ("another area's registrations",     403, "1013", lambda d: d.hub("GET", "/registrations/of-area/insured/310000")),
    ("registrations in no state",        422, "1006", lambda d: d.hub("GET", f"/registrations/of-area/insured/{HOME}?state=lost")),
)

AT_THE_DESK: tuple[tuple[str, int, str, Case], ...] = (
    ("a state that is not one",    422, "1006", lambda d: d.desk("GET", "/reviews?state=lost")),
    ("an endless page",            422, "1006", lambda d: d.desk("GET", "/reviews?most=100000")),
    ("after nothing",              404, "4018", lambda d: d.desk("GET", f"/reviews?after={new_id()}")),
    ("a filter of one's own",      422, "1006", lambda d: d.desk("GET", "/reviews?mood=good")),
    ("a review of nothing",        404, "4018", lambda d: d.desk("GET", f"/reviews/{new_id()}")),
    ("a change that is not one",   422, "1006", lambda d: d.wish("burn", reason="核查")),
    ("a change without a reason",  422, "1004", lambda d: d.wish("suspend")),
    ("an endless reason",          422, "1005", lambda d: d.wish("suspend", reason=LONG)),
    ("a NUL in the reason",        422, "1006", lambda d: d.wish("suspend", reason="核\x00查")),
    ("half a surrogate pair",      422, "1006", lambda d: d.wish("suspend", reason="\ud800")),
    ("a change of nothing",        404, "4018", lambda d: d.wish("suspend", new_id(), reason="核查")),
    ("a resume of what counts",    409, "5001", lambda d: d.wish("resume", reason="核查")),
    ("a suspension of what waits", 409, "5001", lambda d: d.wish("suspend", d.waiting, reason="核查")),
    ("a supplement of nothing",    409, "4016", lambda d: d.wish("supplement", reason="补材料")),
    ("a material of no kind",      422, "1006", lambda d: d.wish("supplement", reason="补", materials=[{"kind": "promise"}])),
    ("too many materials",         422, "1006", lambda d: d.wish("supplement", reason="补", materials=[PAPER] * 21)),
    ("a NUL in a material",        422, "1006", lambda d: d.wish("supplement", reason="补", materials=[PAPER | {"reference": "\x00"}])),
    ("no word on many",            422, "1004", lambda d: d.decisions(ids=[str(new_id())])),
    ("another word on many",       422, "1006", lambda d: d.decisions(decision="maybe", ids=[str(new_id())])),
    ("a no without a reason",      422, "1006", lambda d: d.decisions(decision="reject", ids=[str(d.waiting)])),
    ("nobody at all",              422, "1006", lambda d: d.decisions(decision="accept")),
    ("an empty list",              422, "1006", lambda d: d.decisions(decision="accept", ids=[])),
    ("too many at once",           422, "1006", lambda d: d.decisions(decision="accept", ids=[str(new_id())] * 501)),
    ("a list and a filter",        422, "1006", lambda d: d.decisions(decision="accept", ids=[str(d.waiting)], matching={})),
    ("ids that are none",          422, "1006", lambda d: d.decisions(decision="accept", ids=["one"])),
    ("diseases of no token",       422, "1006", lambda d: d.desk("GET", "/people/P1/eligibilities")),
    ("not JSON",                   400, "1001", lambda d: d.desk("POST", "/decisions", b'{"ids": ')),
    ("an oversize body",           413, "1002", lambda d: d.desk("POST", "/decisions", b" " * (MEBIBYTE + 1))),
)

AT_THE_GATEWAY: tuple[tuple[str, str, str, Case], ...] = (
    # What is wrong              | the code | words that must stand in the answer | what is sent
    ("2501 of nobody",             "1004", "psn_no",           lambda d: d.call("2501", "refmedin", without="psn_no")),
    ("2501 of no token",           "1006", "psn_no",           lambda d: d.call("2501", "refmedin", psn_no="12345")),
    ("2501 in another node",       "1004", "psn_no",           lambda d: d.call("2501", "data")),
    ("2501 in the province",       "3002", "refl_type",        lambda d: d.call("2501", "refmedin", refl_type="1")),
    ("2501 of no type",            "1006", "refl_type",        lambda d: d.call("2501", "refmedin", refl_type="9")),
    ("2501 to nowhere",            "3001", "mdtrtarea_admdvs", lambda d: d.call("2501", "refmedin", mdtrtarea_admdvs="990100")),
    ("2501 to a place not open",   "3003", "",                 lambda d: d.call("2501", "refmedin", mdtrtarea_admdvs="440100")),
    ("2501 without consent",       "4016", "",                 lambda d: d.call("2501", "refmedin", hosp_agre_refl_flag="0")),
    ("2501 on no day",             "1006", "refl_date",        lambda d: d.call("2501", "refmedin", refl_date="2026-02-30")),
    ("2501 for an endless reason", "1005", "refl_rea",         lambda d: d.call("2501", "refmedin", refl_rea="长" * 101)),
    ("2501 too short",             "4015", "",                 lambda d: d.call("2501", "refmedin", enddate=d.world.day(30).isoformat())),
    ("2503 without a disease",     "1004", "opsp_dise_code",   lambda d: d.call("2503", without="opsp_dise_code")),
    ("2503 outside the table",     "4022", "",                 lambda d: d.call("2503", opsp_dise_code="M99900")),
    ("2503 with a NUL",            "1006", "",                 lambda d: d.call("2503", opsp_dise_code="M\x00")),
    ("2503 of a wild insurance",   "1006", "insutype",         lambda d: d.call("2503", insutype="510")),
    ("2505 of another business",   "1006", "biz_appy_type",    lambda d: d.call("2505", biz_appy_type="03")),
    ("2505 for nowhere",           "3001", "fixmedins_code",   lambda d: d.call("2505", fixmedins_code="X99")),
    ("2505 with an end",           "4026", "",                 lambda d: d.call("2505", enddate=d.world.day(900).isoformat())),
    ("2505 at home",               "3002", "",                 lambda d: d.call("2505", fixmedins_code="H34010000001")),
    ("2502 of nothing",            "4018", "",                 lambda d: d.call("2502", trt_dcla_detl_sn="A" * 26)),
    ("2502 of what is no number",  "4018", "",                 lambda d: d.call("2502", trt_dcla_detl_sn="7")),
    ("2504 of an agency's own",    "4018", "",                 lambda d: d.call("2504")),
    ("2506 without a reason",      "1004", "memo",             lambda d: d.call("2506", without="memo")),
    ("2001 of another hospital",   "1006", "fixmedins_code",   lambda d: d.call("2001", fixmedins_code="H31010000001")),
    ("2001 of a wild kind",        "1006", "med_type",         lambda d: d.call("2001", med_type="ZZ")),
    ("2001 of undeclared trauma",  "4024", "REL_TTP_FLAG",     lambda d: d.call("2001", exp_content='{"TRUM_FLAG": "1"}')),
    ("2001 on no day",             "1006", "begntime",         lambda d: d.call("2001", begntime="yesterday")),
)

AT_PREFLIGHT: tuple[tuple[str, int, str, str, Case], ...] = (
    ("not JSON",              400, "1001", "",               lambda d: d.raw(b'{"psn_no": ', "/preflight")),
    ("not UTF-8",             400, "1001", "",               lambda d: d.raw(b"\xff\xfe", "/preflight")),
    ("a list",                400, "1001", "",               lambda d: d.raw(b"[1]", "/preflight")),
    ("nothing at all",        400, "1001", "",               lambda d: d.raw(b"", "/preflight")),
    ("nested without end",    400, "1001", "",               lambda d: d.raw(b"[" * 100_000, "/preflight")),
    ("nobody",                422, "1004", "psn_no",         lambda d: d.preflight(without="psn_no")),
    ("no kind of visit",      422, "1004", "visit_kind",     lambda d: d.preflight(visit_kind="")),
    ("a visit of no kind",    422, "1006", "visit_kind",     lambda d: d.preflight(visit_kind="party")),
    ("no insurance",          422, "1004", "insutype",       lambda d: d.preflight(without="insutype")),
    ("a wild insurance",      422, "1006", "insutype",       lambda d: d.preflight(insutype="510")),
    ("a day that is not one", 422, "1006", "admitted_on",    lambda d: d.preflight(admitted_on="2026-02-30")),
    ("flags that are a text", 422, "1006", "flags",          lambda d: d.preflight(flags="emergency")),
    ("a flag of one's own",   422, "1006", "flags",          lambda d: d.preflight(flags=["vip"])),
    ("an endless disease",    422, "1005", "disease_code",   lambda d: d.preflight(disease_code="M" * 31)),
    ("a NUL in the disease",  422, "1006", "",               lambda d: d.preflight(disease_code="M\x00")),
    ("an area that is none",  422, "3001", "",               lambda d: d.preflight(insuplc_admdvs="990100")),
    ("another gateway's",     422, "3003", "",               lambda d: d.preflight(mdtrtarea_admvs="320100")),
    ("an oversize body",      413, "1002", "",               lambda d: d.raw(b" " * (MEBIBYTE + 1), "/preflight")),
)
# fmt: on


@pytest.fixture(scope="module")
def doors(stack: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    folder: Path = tmp_path_factory.mktemp("area")
    with plights(stack, folder, people_max=20) as world:
        person, waits = world.person(), world.person()
        filed = world.filed(person, "other_temporary")
        waiting = world.filed(waits, "referral", until="submitted")
        for id_ in (filed, waiting):
            world.at_desk(id_)
        agency = world.token("hub", AccessRole.TREATMENT_AGENCY, "330000")
        yield Doors(
            world=world,
            person=person,
            stranger=world.person(),
            filed=filed,
            waiting=waiting,
            mine=world.session(person),
            channel=world.channel(),
            treatment_agency=Client(world.country.world.hub_api, agency, world.country.http),
        )


@pytest.fixture
def unchanged(doors: Doors) -> Iterator[None]:
    """Nothing differs after the test from what was there before it; and a good request works."""
    before = doors.world.country.contents()
    yield
    assert doors.world.country.contents() == before
    assert doors.world.preflight(doors.person, Care())["will_settle"]
    assert doors.hub("GET", "/registrations", None, doors.mine).json()["items"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("status", "code", "send"),
    [
        pytest.param(*row[1:], id=f"{door}: {row[0]}")
        for door, cases in (("hub", AT_THE_HUB), ("desk", AT_THE_DESK))
        for row in cases
    ],
)
def test_the_hub_and_the_desk_refuse(doors: Doors, status: int, code: str, send: Case) -> None:
    answer = send(doors)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["title"] == BY_CODE[code].zh


@pytest.mark.parametrize(
    ("code", "words", "send"), [pytest.param(*row[1:], id=row[0]) for row in AT_THE_GATEWAY]
)
def test_the_gateway_refuses(doors: Doors, code: str, words: str, send: Case) -> None:
    """What the hub's rules refuse is kept as rejected; it is nobody's registration all the same."""
    alive = "SELECT count(*) FROM registrations WHERE state <> 'rejected'"
    before = doors.world.country.count("hub", alive)
    answer = send(doors)
    assert answer.status_code == httpx.codes.OK
    body = answer.json()
    assert str(body["infcode"]) == "-1"
    assert body["err_msg"].startswith(f"[{code}] {BY_CODE[code].zh}"), body
    assert words in body["err_msg"]
    assert len(body["err_msg"]) <= 200
    doors.world.country.settle_down()
    assert doors.world.country.count("hub", alive) == before
    assert doors.world.preflight(doors.person, Care())["will_settle"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("status", "code", "words", "send"), [pytest.param(*row[1:], id=row[0]) for row in AT_PREFLIGHT]
)
def test_pre_flight_refuses(doors: Doors, status: int, code: str, words: str, send: Case) -> None:
    answer = send(doors)
    document = answer.json()
    assert (answer.status_code, document["code"]) == (status, code), document
    assert document["zh"].startswith(f"[{code}] {BY_CODE[code].zh}")
    assert words in document["zh"]


def test_after_all_that_everybody_can_still_do_what_they_may(doors: Doors) -> None:
    world = doors.world
    world.decide(doors.waiting)
    assert doors.file().status_code == httpx.codes.CREATED
    assert doors.change("supplement", materials=[{"kind": "other"}]).is_success
    assert doors.session().status_code == httpx.codes.CREATED
    yes(world.settle(doors.person, Care()))
    assert doors.call("2001").json()["infcode"] in {0, "0"}
