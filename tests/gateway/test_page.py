"""The generated page: everything a hospital must build, and worked examples that hold."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

from typer.testing import CliRunner

from contracts.refusal import RefusalCode
from participants.gateway.http import page
from participants.gateway.http import worked_examples as worked
from participants.gateway.http.calls import Call
from participants.gateway.http.paths import PATHS
from participants.gateway.main import app
from participants.gateway.security import sm2, sm4
from participants.gateway.security.headers import hmac_key, tif_key
from participants.gateway.security.keyring import HeldKey
from participants.gateway.serving.requests import Effect
from participants.gateway.transactions.table import TRANSACTIONS
from participants.gateway.wire.dictionaries import dictionaries
from participants.gateway.wire.fields import FieldType, shapes
from participants.treatment.domain.institution_key import InstitutionKey, KeyScheme
from tests.gateway.street import Street

AT = datetime.fromtimestamp(int(worked.STAMP_S), UTC)


class Outline(HTMLParser):
    """The ids and the links of a page, and whether every element is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.sources: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        self.ids |= {told["id"] or ""} if "id" in told else set()
        self.links |= {(told["href"] or "")} if "href" in told else set()
        self.sources += [tag] if tag in {"script", "link", "img"} or "src" in told else []
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


def test_it_is_one_sound_file_that_needs_no_other() -> None:
    outline = Outline(page.written())
    assert outline.open == []
    assert outline.sources == []
    assert {link.removeprefix("#") for link in outline.links} <= outline.ids


def test_it_tells_every_transaction_with_every_field_and_every_code() -> None:
    text = page.written()
    for infno in TRANSACTIONS:
        shape = shapes()[infno]
        start = text.index(f"<section id='t{infno}'>")
        section = text[start : text.index("</section>", start)]
        assert f"{infno} {shape.name}" in section
        for node in (*shape.nodes, *shape.out):
            for field in node.fields:
                assert f"<code>{field.name}</code></td><td>{field.zh}" in section, field
    for code in RefusalCode:
        assert f"<td>{code.value}</td><td>{code.zh}" in text
    for name, one in dictionaries().items():
        assert f"id='d-{name}'" in text
        assert all(f"<td>{code}</td>" in text for code in one.codes)
    for path in PATHS:
        assert f"<code>{path}</code>" in text
    assert set(page.EFFECTS_TOLD) == set(Effect)
    assert set(page.TYPES_TOLD) == set(FieldType)


def test_it_is_served_and_written_by_a_command(street: Street, tmp_path: Path) -> None:
    response = street.run(street.client.get("/docs"))
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.text == page.written()
    file = tmp_path / "page.html"
    assert CliRunner().invoke(app, ["page", str(file)]).exit_code == 0
    assert file.read_text("utf-8") == page.written()
    assert CliRunner().invoke(app, ["page"]).stdout.strip() == page.written().strip()


def held(scheme: KeyScheme, key_id: str) -> HeldKey:
    until = AT + timedelta(days=365)
    key = InstitutionKey(scheme, key_id, "H31010000001", "", None, AT - timedelta(days=1), until)
    return HeldKey(key, {"secret": worked.SECRET})


def test_the_worked_examples_of_the_headers_are_let_in() -> None:
    given = {name: dict(lines) for name, lines in worked.examples().items()}
    minute = timedelta(minutes=1)
    key = held(KeyScheme.HMAC, worked.ACCESS_KEY)
    assert hmac_key(Call(b"", headers=given["hunan"]), [key], "5203", minute, AT) is key
    key = held(KeyScheme.TIF, worked.PAASID)
    call = Call(b"", headers=given["guangdong"])
    assert tif_key(call, [key], minute, AT) == (key, worked.NONCE)


def test_the_worked_signatures_hold_and_the_ciphertext_opens() -> None:
    given = {name: dict(lines) for name, lines in worked.examples().items()}
    public = bytes.fromhex(worked.PUBLIC_KEY)
    raw, cainfo = sm2.SignatureForm.RAW, "cainfo（每次不同）"
    jilin = sm2.read(given["jilin"][cainfo], raw, sm2.SignatureText.BASE64)
    assert jilin is not None
    client_id = worked.CLIENT_ID.encode()
    assert sm2.is_signed_by(public, client_id, worked.INPUT.encode(), jilin)
    assert sm4.opened(client_id, given["jilin"]["input（密文）"]) == worked.INPUT
    hubei = sm2.read(given["hubei"][cainfo], raw, sm2.SignatureText.UPPER_HEX)
    assert hubei is not None
    user_id = worked.SORTED_USER_ID.encode()
    assert sm2.is_signed_by(public, user_id, worked.ENVELOPE.encode(), hubei)


def test_no_name_of_a_machine_or_person_is_in_it() -> None:
    assert not re.search(r"/work|/root|/home|127\.0\.0\.1", page.written())
