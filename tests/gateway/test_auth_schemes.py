"""Every scheme at the door: who gets in, and each way of being refused by its own code."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.clock import SHANGHAI
from contracts.refusal import RefusalCode
from participants.gateway.security import sm2
from participants.gateway.security.minting import mint
from participants.treatment.domain.institution_key import KeyScheme
from participants.treatment.services import institution_keys
from tests.gateway import speakers
from tests.gateway.cases import outpatient_bill, own_visit, split
from tests.gateway.speakers import NOW, hmac_headers, hubei, jilin, tif_headers
from tests.gateway.street import HOSPITAL, SEALER, Street, envelope, new_msgid, opened
from tests.support.databases import Databases

OTHER = "H31010100002"
MINUTES = timedelta(minutes=1)


@contextmanager
def open_to(databases: Databases, folder: Path, like: str, **more: Any) -> Iterator[Street]:
    """A street where everybody's profile is `like`, and nothing is believed for long."""
    file = folder / "profiles.toml"
    rows = "".join(f"{name} = {json.dumps(value)}\n" for name, value in more.items())
    file.write_text(f'[default]\nlike = "{like}"\n{rows}', "utf-8")
    with opened(databases, profiles_file=file, token_kept_for=timedelta(0)) as street:
        yield street


def question(infno: str = "2206", **changes: Any) -> dict[str, Any]:
    """A trial, sent now: it asks and changes nothing."""
    said = envelope(infno, outpatient_bill(own_visit(), 1900, **split(0, 0, 0, 1900)))
    now = NOW().astimezone(SHANGHAI)
    return said | {"inf_time": f"{now:%Y-%m-%d %H:%M:%S}"} | changes


def post(street: Street, said: Any, headers: Mapping[str, str], path: str = "/") -> httpx.Response:
    return street.post(json.dumps(said, ensure_ascii=False), path, **headers)


def code_of(response: httpx.Response) -> str:
    """Our four digits, or nothing when it went well."""
    assert response.status_code == 200
    reply = json.loads(response.text)
    assert str(reply["infcode"]) == ("-1" if reply["err_msg"] else "0")
    return str(reply["err_msg"])[1:5]


def untouched(street: Street) -> None:
    """Nobody who was refused left a trace."""
    *others, outbox = street.counts()
    assert sum(others) == 0
    assert outbox == 1  # what the area made known of itself


# ---- HMAC-SHA1 headers ---------------------------------------------------------------------


def test_hmac_headers_and_the_four_messages(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "hunan") as street:
        key = speakers.given(street.engine, KeyScheme.HMAC)
        others = speakers.given(street.engine, KeyScheme.HMAC, OTHER)
        over = speakers.given(street.engine, KeyScheme.HMAC, since=-2 * MINUTES, lasting=MINUTES)
        good = hmac_headers(key, "2206", NOW())
        missing = [
            (
                {name: value for name, value in good.items() if name != left_out},
                "缺少服务网关的请求头",
            )
            for left_out in good
        ]
        cases = [
            ({}, "缺少服务网关的请求头"),
            *missing,
            (hmac_headers(key, "2206", NOW() - 31 * MINUTES), "签名时间戳超时"),
            (hmac_headers(key, "2206", NOW() + 31 * MINUTES), "签名时间戳超时"),
            (good | {"_api_timestamp": "soon"}, "签名时间戳超时"),
            (good | {"_api_timestamp": good["_api_timestamp"][:10]}, "签名时间戳超时"),
            (good | {"_api_access_key": "nobody"}, "非法用户"),
            (hmac_headers(others, "2206", NOW()), "非法用户"),
            (hmac_headers(over, "2206", NOW()), "非法用户"),
            (good | {"_api_signature": "AAAA"}, "签名不一致"),
            (good | {"_api_version": "2.0.0"}, "签名不一致"),
            (hmac_headers(key, "1101", NOW()), "签名不一致"),
            (hmac_headers({"key_id": key["key_id"], "secret": "?"}, "2206", NOW()), "签名不一致"),
        ]
        for headers, message in cases:
            response = post(street, question(), headers)
            assert response.status_code == 401
            assert json.loads(response.text) == {"code": 401, "message": message}
        untouched(street)
        assert code_of(post(street, question(), good)) == ""
        old = hmac_headers(key, "2206", NOW() - 29 * MINUTES)
        assert code_of(post(street, question(), old)) == ""


def test_two_keys_are_valid_at_once_and_a_revoked_one_is_not(
    databases: Databases, tmp_path: Path
) -> None:
    with open_to(databases, tmp_path, "hunan") as street:
        keys = [speakers.given(street.engine, KeyScheme.HMAC) for _ in range(2)]
        for key in keys:
            assert code_of(post(street, question(), hmac_headers(key, "2206", NOW()))) == ""
        with pytest.raises(institution_keys.TooManyKeys):
            speakers.given(street.engine, KeyScheme.HMAC)
        with street.engine.begin() as tx:
            assert institution_keys.revoke(tx, KeyScheme.HMAC, keys[0]["key_id"], NOW())
            assert not institution_keys.revoke(tx, KeyScheme.HMAC, keys[0]["key_id"], NOW())
        codes = [
            post(street, question(), hmac_headers(key, "2206", NOW())).status_code for key in keys
        ]
        assert codes == [401, 200]
        speakers.given(street.engine, KeyScheme.HMAC)
        with pytest.raises(institution_keys.InstitutionUnknown):
            speakers.given(street.engine, KeyScheme.HMAC, "H31010100099")


def test_an_institution_is_warned_before_its_key_ends(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "hunan") as street:
        day = timedelta(days=1)
        ending = speakers.given(street.engine, KeyScheme.HMAC, lasting=10 * day)
        reply = post(street, question(), hmac_headers(ending, "2206", NOW())).json()
        assert f"hmac密钥{ending['key_id']}将于" in reply["warn_msg"]
        assert street.run(street.client.get("/health")).json()["keys_ending"] == 1
        successor = speakers.given(street.engine, KeyScheme.HMAC, lasting=300 * day)
        for key in (ending, successor):
            reply = post(street, question(), hmac_headers(key, "2206", NOW())).json()
            assert "密钥" not in reply["warn_msg"]
        assert street.run(street.client.get("/health")).json()["keys_ending"] == 0


# ---- x-tif-* headers -----------------------------------------------------------------------


def test_tif_headers(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "guangdong") as street:
        key = speakers.given(street.engine, KeyScheme.TIF)
        others = speakers.given(street.engine, KeyScheme.TIF, OTHER)
        good = tif_headers(key, "n1", NOW())
        wrong = {"key_id": key["key_id"], "secret": "?"}
        cases = [
            ({}, RefusalCode.NOT_AUTHENTICATED),
            *(
                ({n: v for n, v in good.items() if n != left_out}, RefusalCode.NOT_AUTHENTICATED)
                for left_out in good
            ),
            (tif_headers(key, "n" * 65, NOW()), RefusalCode.NOT_AUTHENTICATED),
            (tif_headers(key, "n2", NOW() - 6 * MINUTES), RefusalCode.CLOCK_APART),
            (tif_headers(key, "n2", NOW() + 6 * MINUTES), RefusalCode.CLOCK_APART),
            (good | {"x-tif-timestamp": "soon"}, RefusalCode.CLOCK_APART),
            (good | {"x-tif-paasid": "nobody"}, RefusalCode.KEY_NOT_VALID),
            (tif_headers(others, "n2", NOW()), RefusalCode.KEY_NOT_VALID),
            (tif_headers(wrong, "n2", NOW()), RefusalCode.SIGNATURE_WRONG),
            (good | {"x-tif-nonce": "n9"}, RefusalCode.SIGNATURE_WRONG),
        ]
        for headers, code in cases:
            assert code_of(post(street, question(), headers)) == code.value, headers
        untouched(street)
        assert code_of(post(street, question(), good)) == ""
        assert code_of(post(street, question(), good)) == RefusalCode.REQUEST_REPEATED.value
        upper = tif_headers(key, "n3", NOW())
        upper["x-tif-signature"] = upper["x-tif-signature"].upper()
        assert code_of(post(street, question(), upper)) == ""


# ---- SM2 over the sorted envelope ----------------------------------------------------------


def test_sm2_over_the_sorted_envelope(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "hubei") as street:
        assert code_of(post(street, question(), {})) == RefusalCode.KEY_NOT_VALID.value
        key = speakers.given(street.engine, KeyScheme.SM2)
        others = speakers.given(street.engine, KeyScheme.SM2, OTHER)
        good = hubei(question(), key)
        old = NOW().astimezone(SHANGHAI) - 6 * MINUTES
        nameless = {name: value for name, value in question().items() if name != "infno"}
        wrong = RefusalCode.SIGNATURE_WRONG
        cases = [
            (question(), wrong),
            (question(cainfo=None), wrong),
            (good | {"cainfo": "医院"}, wrong),
            (good | {"cainfo": good["cainfo"][:-2]}, wrong),
            (good | {"cainfo": "0" * 128}, wrong),
            (good | {"msgid": new_msgid()}, wrong),
            (good | {"opter": "9999"}, wrong),
            (good | {"more": "x"}, wrong),
            (hubei(question(), others), wrong),
            (good | {"fixmedins_code": OTHER}, wrong),
            (hubei(question(inf_time=f"{old:%Y-%m-%d %H:%M:%S}"), key), RefusalCode.CLOCK_APART),
            (hubei(question(inf_time="soon"), key), RefusalCode.CLOCK_APART),
        ]
        for said, code in cases:
            assert code_of(post(street, said, {})) == code.value, said
        # The number in the path alone would be out of the signature's reach.
        assert code_of(post(street, hubei(nameless, key), {}, "/2206")) == wrong.value
        untouched(street)
        response = post(street, good, {})
        assert code_of(response) == ""
        reply = json.loads(response.text)
        signed = speakers.sorted_text(reply, {"cainfo", "output"})
        ours = bytes.fromhex(key["our_public_key"])
        cainfo = bytes.fromhex(reply["cainfo"])
        assert speakers.is_signed(ours, "1234567812345678", signed, cainfo)
        assert reply["signtype"] == "SM2"


def test_a_refusal_of_what_was_signed_is_signed_too(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "hubei") as street:
        key = speakers.given(street.engine, KeyScheme.SM2)
        reply = post(street, hubei(question("9999"), key), {}).json()
        assert reply["err_msg"].startswith("[1003]")
        signed = speakers.sorted_text(reply, {"cainfo", "output"})
        ours = bytes.fromhex(key["our_public_key"])
        cainfo = bytes.fromhex(reply["cainfo"])
        assert speakers.is_signed(ours, "1234567812345678", signed, cainfo)


@pytest.mark.parametrize("form", ["raw", "der"])
@pytest.mark.parametrize("text", ["base64", "hex"])
def test_a_signature_may_be_spelt_in_other_ways(
    databases: Databases, tmp_path: Path, form: str, text: str
) -> None:
    ways = {"signature_form": form, "signature_text": text, "sm2_user_id": HOSPITAL}
    with open_to(databases, tmp_path, "hubei", **ways) as street:
        key = speakers.given(street.engine, KeyScheme.SM2)
        said = question()
        public, private = key.pair
        signed = speakers.sorted_text(said, {"cainfo", "input"}).encode()
        der = sm2.sign(sm2.KeyPair(public, private), HOSPITAL.encode(), signed)
        spelling = sm2.SignatureForm(form), sm2.SignatureText(text)
        assert code_of(post(street, said | {"cainfo": sm2.written(der, *spelling)}, {})) == ""


def test_an_institution_may_bring_its_own_public_key(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "hubei") as street:
        own = sm2.new_pair()
        now = NOW()
        minted = mint(
            KeyScheme.SM2, HOSPITAL, sealer=SEALER, valid_from=now - MINUTES,
            valid_for=timedelta(days=9), public_key="04" + own.public.hex(),
        )  # fmt: skip
        assert set(minted.shown) == {"key_id", "our_public_key"}
        with street.engine.begin() as tx:
            institution_keys.add(tx, minted.key, now)
        key = speakers.Given({"public_key": own.public.hex(), "private_key": own.private.hex()})
        assert code_of(post(street, hubei(question(), key), {})) == ""


# ---- OAuth2, SM2 over the input, SM4 -------------------------------------------------------


class Jilin:
    """A hospital of Jilin's kind, with its client and its pair."""

    def __init__(self, street: Street, institution: str = HOSPITAL) -> None:
        self.street, self.institution = street, institution
        self.client = speakers.given(street.engine, KeyScheme.OAUTH, institution)
        self.key = speakers.given(street.engine, KeyScheme.SM2, institution)
        self.client_id = self.client["key_id"]

    def ask_token(self, basic: str | None = None, **changes: str) -> httpx.Response:
        form = {
            "grant_type": "password",
            "username": self.institution,
            "password": self.client["password"],
            "scope": "server",
        }
        pair = f"{self.client_id}:{self.client['secret']}" if basic is None else basic
        return self.street.post(
            urlencode(form | changes),
            "/auth/oauth/token",
            authorization="Basic " + base64.b64encode(pair.encode()).decode(),
            **{"content-type": "application/x-www-form-urlencoded"},
        )

    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.ask_token().json()['access_token']}"}

    def said(self, **changes: Any) -> dict[str, Any]:
        return jilin(question(**changes), self.client_id, self.key)


def test_oauth_gives_tokens_for_the_right_secret_and_password(
    databases: Databases, tmp_path: Path
) -> None:
    with open_to(databases, tmp_path, "jilin") as street:
        hospital = Jilin(street)
        secret = hospital.client["secret"]
        cases: list[tuple[dict[str, Any], int, str]] = [
            ({"basic": f"{hospital.client_id}:?"}, 401, "invalid_client"),
            ({"basic": f"nobody:{secret}"}, 401, "invalid_client"),
            ({"basic": "\0:\0"}, 401, "invalid_client"),
            ({"basic": ""}, 401, "invalid_client"),
            ({"password": "?"}, 400, "invalid_grant"),
            ({"username": OTHER}, 400, "invalid_grant"),
            ({"grant_type": "implicit"}, 400, "unsupported_grant_type"),
            ({"grant_type": ""}, 400, "unsupported_grant_type"),
        ]
        for changes, status, error in cases:
            response = hospital.ask_token(**changes)
            assert (response.status_code, response.json()["error"]) == (status, error), changes
        told = hospital.ask_token().json()
        assert (told["token_type"], told["scope"]) == ("bearer", "server")
        assert told["expires_in"] == 7_200
        assert hospital.ask_token(grant_type="client_credentials").status_code == 200
        in_form = hospital.ask_token(
            "", grant_type="client_credentials", client_id=hospital.client_id, client_secret=secret
        )
        assert in_form.status_code == 200
        for body in (b"\xff\xfe", b"a=1&" * 100, b""):
            assert street.post(body, "/auth/oauth/token").status_code == 400


def test_what_jilins_clients_send_is_opened_and_answered_in_kind(
    databases: Databases, tmp_path: Path
) -> None:
    with open_to(databases, tmp_path, "jilin") as street:
        hospital = Jilin(street)
        reply = post(street, hospital.said(), hospital.bearer()).json()
        assert reply["infcode"] == "0"
        assert (reply["signtype"], reply["enctype"]) == ("SM2", "SM4")
        output = speakers.unlocked(hospital.client_id, reply["output"])
        assert "setlinfo" in json.loads(output)
        ours = bytes.fromhex(hospital.key["our_public_key"])
        cainfo = base64.b64decode(reply["cainfo"])
        assert speakers.is_signed(ours, hospital.client_id, output, cainfo)


def test_each_failure_of_oauth_signature_and_cipher(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "jilin") as street:
        hospital, other = Jilin(street), Jilin(street, OTHER)
        bearer, good = hospital.bearer(), hospital.said()
        broken, wrong = RefusalCode.CIPHERTEXT_BROKEN, RefusalCode.SIGNATURE_WRONG
        another = speakers.locked(hospital.client_id, json.dumps({"data": {"psn_no": "1"}}))
        cases = [
            (good, {}, RefusalCode.NOT_AUTHENTICATED),
            (good, {"authorization": "Bearer nonsense"}, RefusalCode.NOT_AUTHENTICATED),
            (good, other.bearer(), RefusalCode.NOT_ALLOWED),
            (question(), bearer, broken),
            (good | {"input": ""}, bearer, broken),
            (good | {"input": None}, bearer, broken),
            (good | {"input": "医院"}, bearer, broken),
            (good | {"input": good["input"][:-8]}, bearer, broken),
            (good | {"input": speakers.locked("k" * 16, "{}")}, bearer, broken),
            (good | {"input": another}, bearer, wrong),
            (good | {"cainfo": ""}, bearer, wrong),
            (good | {"cainfo": "!"}, bearer, wrong),
            (jilin(question(), hospital.client_id, other.key), bearer, wrong),
        ]
        for said, headers, code in cases:
            assert code_of(post(street, said, headers)) == code.value, said
        untouched(street)
        assert code_of(post(street, good, bearer)) == ""
        with street.engine.begin() as tx:
            institution_keys.revoke(tx, KeyScheme.OAUTH, hospital.client_id, NOW())
        assert code_of(post(street, good, bearer)) == RefusalCode.NOT_AUTHENTICATED.value
        assert hospital.ask_token().status_code == 401


def test_what_was_signed_is_what_is_used(databases: Databases, tmp_path: Path) -> None:
    """Two inputs in one body, in whatever case and order: never the one that was not signed."""
    more = {"encryption": "none", "signs_replies": False}
    with open_to(databases, tmp_path, "jilin", **more) as street:
        hospital = Jilin(street)
        signed = question()
        text = json.dumps(signed["input"], ensure_ascii=False)
        cainfo = speakers.raw_signature(hospital.key.pair, hospital.client_id, text)
        signed["cainfo"] = base64.b64encode(cainfo).decode()
        evil = json.dumps({"data": outpatient_bill("MZ0001", 9, **split(0, 0, 0, 9))})
        rest = json.dumps({name: value for name, value in signed.items() if name != "input"})[1:-1]
        bearer = hospital.bearer()
        for inputs in (
            f'"input":{text}', f'"INPUT" : {text} ', f'"input":{evil},"input":{text}',
            f'"input":{text},"input":{evil}', f'"input":{evil},"INPUT":{text}',
            f'"INPUT":{text},"input":{evil}', f'"input":{evil},"INPUT":{evil},"input":{text}',
        ):  # fmt: skip
            response = street.post(f"{{{inputs},{rest}}}", **bearer)
            reply = json.loads(response.text)
            if reply["err_msg"]:
                # Two spellings of one field are refused before anybody looks at a signature.
                is_spelt_twice = '"input"' in inputs and '"INPUT"' in inputs
                code = RefusalCode.FIELD_INVALID if is_spelt_twice else RefusalCode.SIGNATURE_WRONG
                assert reply["err_msg"][1:5] == code.value
            else:
                assert reply["output"]["setlinfo"]["medfee_sumamt"] == 1_900
        as_text = signed | {"input": text}
        assert code_of(post(street, as_text, bearer)) == ""


# ---- whatever comes ------------------------------------------------------------------------

NAMES = [
    "authorization", "_api_name", "_api_version", "_api_timestamp", "_api_access_key",
    "_api_signature", "x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature",
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(["", "Bearer x", "Basic x", "0" * 13, "1" * 10, HOSPITAL, "2206"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=80),
)


@pytest.fixture(scope="module", params=["hunan", "guangdong", "jilin", "hubei", "bearer"])
def guarded(
    database_server: Databases, tmp_path_factory: pytest.TempPathFactory, request: Any
) -> Iterator[Street]:
    with open_to(database_server, tmp_path_factory.mktemp("p"), request.param) as street:
        yield street
    database_server.take_back()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    headers=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6),
    changes=st.dictionaries(
        st.sampled_from(["cainfo", "input", "inf_time", "infno", "fixmedins_code", "signtype"]),
        st.one_of(st.text(max_size=60), st.integers(), st.none(), st.lists(st.text(), max_size=2)),
    ),
)
def test_no_header_and_no_signature_that_was_made_up_gets_in(
    guarded: Street, headers: dict[str, str], changes: dict[str, Any]
) -> None:
    response = guarded.post(json.dumps(question() | changes), **headers)
    assert response.status_code in {200, 401}
    document = json.loads(response.text)
    assert (document.get("infcode") in (-1, "-1")) == (response.status_code == 200)
    assert not document.get("err_msg", "").startswith("[2001]")
    assert guarded.counts()[0] == 0


def test_a_profile_may_ask_for_a_session(databases: Databases, tmp_path: Path) -> None:
    with open_to(databases, tmp_path, "plain", sign_no_required=True) as street:
        wrong = RefusalCode.NOT_SIGNED_IN.value
        assert code_of(post(street, question(), {})) == wrong
        assert code_of(post(street, question(sign_no="nobody's"), {})) == wrong
        signed = {"opter_no": "0001", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}
        reply = street.said(envelope("9001") | {"input": {"signIn": signed}})
        sign_no = reply["output"]["signinoutb"]["sign_no"]
        assert code_of(post(street, question(sign_no=sign_no), {})) == ""
        other = question(sign_no=sign_no, fixmedins_code=OTHER)
        assert code_of(post(street, other, {})) == wrong


def test_preflight_goes_by_the_same_headers(databases: Databases, tmp_path: Path) -> None:
    asked = {"institution": HOSPITAL, "mdtrtarea_admvs": "310101"}
    with open_to(databases, tmp_path, "guangdong") as street:
        key = speakers.given(street.engine, KeyScheme.TIF)
        assert post(street, asked, {}, "/preflight").status_code == 401
        allowed = post(street, asked, tif_headers(key, "p1", NOW()), "/preflight")
        assert allowed.json()["code"] == RefusalCode.FIELD_MISSING.value
