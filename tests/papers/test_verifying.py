"""A sealed paper is verified without the hub, and no single bit of it can change unseen."""

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest

from contracts.codes import Role
from contracts.messages.advance import NoticeKind
from hub.domain.advance import Change, ChangeState
from hub.domain.advance_notice import notices_of
from hub.domain.netting import Netting
from hub.domain.papers import Audience
from hub.domain.payments import Obligation
from hub.domain.proof import bucket_roots, lines_from, proved
from hub.papers import advance, bundle, statements
from hub.papers.bundle import Contents, File
from hub.papers.seal_key import SealKey, new_key_text
from hub.papers.statements import Issue
from participants import statement
from participants.statement import NotGenuine, verify
from tests.support.papers import (
    ANHUI,
    FIRST,
    HUNAN,
    KEY,
    LAST,
    PAIR,
    ROWS,
    SHANGHAI,
    an_issue,
    first_column,
    in_order,
    of_pair,
)

OTHER_KEY = SealKey.from_text(new_key_text())


def _small() -> bytes:
    """A bundle with proofs and a detail, but nothing heavy."""
    issue = an_issue().between(PAIR)
    detail = statements.detail(issue, PAIR, of_pair())
    light = [file for file in detail.files if file.name == "detail.csv"]
    return bundle.sealed(replace(detail, files=light), KEY)


def test_each_paper_of_a_run_is_verified_with_the_published_key() -> None:
    issue = an_issue(state="confirmed", confirmed_at=an_issue().seal.issued_at)
    contents = [
        statements.national(issue),
        statements.statement(issue, Role.INSURED, HUNAN),
        statements.statement(issue, Role.TREATMENT, SHANGHAI),
        statements.detail(issue, PAIR, of_pair()),
        statements.detail(
            issue, Audience(ANHUI, SHANGHAI), of_pair(pair=Audience(ANHUI, SHANGHAI))
        ),
        statements.notice(issue, Role.INSURED, HUNAN, ()),
    ]
    found = [verify(bundle.sealed(each, KEY), KEY.public_hex) for each in contents]
    # 50.00 + 35.00 for Hunan's own days; a late 11.00, an audit of -7.00, a correction of 3.00.
    assert [(one.lines, one.rows, one.totals["payable_fen"]) for one in found] == [
        (4, 0, 103_00),
        (2, 0, 92_00),
        (3, 0, 0),
        (2, 7, 92_00),
        (1, 1, 2_00),
        (2, 0, 92_00),
    ]
    assert found[2].totals["receivable_fen"] == 94_00
    assert {one.seal_sha256 for one in found} == {issue.seal.sha256()}


def test_no_bit_of_a_paper_can_change_unseen() -> None:
    genuine = _small()
    assert verify(genuine, KEY.public_hex).rows == 7
    for at in range(len(genuine)):
        for bit in range(8):
            if bit and at % 7:  # every byte once, and every bit of each seventh byte
                continue
            changed = bytearray(genuine)
            changed[at] ^= 1 << bit
            with pytest.raises(NotGenuine):
                verify(bytes(changed))


@pytest.mark.parametrize("change", [b"", b"x", b"\n"])
def test_a_paper_that_is_cut_or_longer_is_refused(change: bytes) -> None:
    genuine = _small()
    with pytest.raises(NotGenuine):
        verify(genuine + change if change else genuine[:-1])
    with pytest.raises(NotGenuine):
        verify(change + genuine[1:])


def test_who_signs_with_another_key_is_found_out_by_the_published_one() -> None:
    issue = an_issue().between(PAIR)
    forged = bundle.sealed(statements.detail(issue, PAIR, of_pair()), OTHER_KEY)
    assert verify(forged).public_key == OTHER_KEY.public_hex
    with pytest.raises(NotGenuine, match="不是用所给公钥签发的"):
        verify(forged, KEY.public_hex)


def _rewritten(contents: Contents, old: bytes, new: bytes) -> Contents:
    files = [
        File(file.name, file.title_zh, file.content.replace(old, new)) for file in contents.files
    ]
    return replace(contents, files=files)


def test_even_the_hub_itself_cannot_sign_rows_that_do_not_make_its_lines() -> None:
    """The key is right here, so that only the proof can object."""
    issue = an_issue().between(PAIR)
    detail = statements.detail(issue, PAIR, of_pair())
    lies = {
        "another amount": _rewritten(detail, b",100.00,50.00,", b",100.00,60.00,"),
        "another settlement": _rewritten(detail, str(ROWS[0].row_id).encode(), b"0" * 32),
        "a row left out": statements.detail(issue, PAIR, of_pair()[1:]),
        "a row twice": statements.detail(issue, PAIR, [*of_pair(), of_pair()[0]]),
        "another total": replace(detail, totals={**detail.totals, "payable_fen": 1}),
        "a line of another run": replace(detail, lines=an_issue(ROWS[1:]).between(PAIR).lines),
        "another seal": replace(detail, seal=replace(issue.seal, merkle_root="0" * 64)),
    }
    for what, lie in lies.items():
        with pytest.raises(NotGenuine):
            pytest.fail(f"{what}: {verify(bundle.sealed(lie, KEY))}")


def test_a_paper_is_held_against_the_run_before_it() -> None:
    first = an_issue()
    second = an_issue(ROWS[:3], position=2, previous=first.seal.sha256(), cycle="2026-04")
    papers = [bundle.sealed(statements.national(each), KEY) for each in (first, second)]
    assert verify(papers[1], KEY.public_hex, papers[0]).seal["position"] == 2
    stranger = an_issue(ROWS[:2], position=2, previous="1" * 64)
    with pytest.raises(NotGenuine, match="不相连"):
        verify(bundle.sealed(statements.national(stranger), KEY), None, papers[0])


def test_only_papers_of_runs_are_held_against_a_run_before() -> None:
    first = bundle.sealed(statements.national(an_issue()), KEY)
    second = an_issue(ROWS[:3], position=2, previous=an_issue().seal.sha256(), cycle="2026-04")
    later = bundle.sealed(statements.national(second), KEY)
    unchained = bundle.sealed(replace(statements.national(second), seal=None), KEY)
    for paper, before in ((later, unchained), (unchained, first)):
        with pytest.raises(NotGenuine, match="封印"):
            verify(paper, KEY.public_hex, before)


def test_a_published_key_may_be_given_in_either_case_and_with_blanks() -> None:
    assert verify(_small(), f" {KEY.public_hex.upper()}\n").public_key == KEY.public_hex


def test_a_line_of_others_is_found_in_a_paper() -> None:
    """The hub itself gives Anhui's lines to Hunan: the root holds, the audience does not."""
    statement_of_hunan = statements.statement(an_issue(), Role.INSURED, HUNAN)
    lie = replace(
        statements.statement(an_issue(), Role.INSURED, ANHUI),
        audience=statement_of_hunan.audience,
    )
    with pytest.raises(NotGenuine, match="不属于"):
        verify(bundle.sealed(lie, KEY), KEY.public_hex)


def _signed_by_a_stranger(files: dict[str, bytes]) -> bytes:
    """Any archive, well signed: whoever gives no key meets such ones."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    body = held.getvalue()[:-2] + bundle.COMMENT_BYTES.to_bytes(2, "little")
    signed = {"key": OTHER_KEY.public_hex, "signature": OTHER_KEY.sign(body)}
    return body + bundle.COMMENT.format(**signed).encode()


def _manifest(**changes: object) -> bytes:
    whole = {"format": bundle.FORMAT, "public_key": OTHER_KEY.public_hex, "files": [], **changes}
    return json.dumps(whole).encode()


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"manifest.json": b"no JSON"},
        {"manifest.json": b"\xff"},
        {"manifest.json": b"[]"},
        {"manifest.json": b"[" * 100_000},
        {"manifest.json": _manifest()},
        {"manifest.json": _manifest(seal={})},
        {"manifest.json": _manifest(files=[1], seal=None)},
        {"manifest.json": _manifest(seal=None, kind="x")},
    ],
)
def test_whatever_a_stranger_signs_is_refused_in_words(files: dict[str, bytes]) -> None:
    with pytest.raises(NotGenuine):
        verify(_signed_by_a_stranger(files))


def test_what_is_signed_and_no_archive_is_refused_in_words() -> None:
    body = b"PK" + b"\0" * 50
    signed = {"key": OTHER_KEY.public_hex, "signature": OTHER_KEY.sign(body)}
    with pytest.raises(NotGenuine):
        verify(body + bundle.COMMENT.format(**signed).encode())


def test_a_gross_notice_tells_only_the_transfers_of_its_own_lines() -> None:
    """Shanghai pays Hunan and is paid by two: its payable notice is about what it pays."""
    issue = an_issue(state="confirmed", confirmed_at=an_issue().seal.issued_at)
    owed = [
        Obligation(UUID(int=n), issue.run.run_id, 1, n, payer, payee, fen)
        for n, (payer, payee, fen) in enumerate(
            [(SHANGHAI, HUNAN, 9_00), (ANHUI, SHANGHAI, 2_00), (HUNAN, SHANGHAI, 92_00)], 1
        )
    ]

    def said(issue: Issue, role: Role) -> list[str]:
        notice = statements.notice(issue, role, SHANGHAI, owed)
        book = next(file.content for file in notice.files if file.name.endswith(".xlsx"))
        return re.findall(r"\d\. [向自]..", " ".join(first_column(book)))

    assert said(issue, Role.INSURED) == ["1. 向湖南"]
    assert said(issue, Role.TREATMENT) == ["2. 自安徽", "3. 自湖南"]
    netted = replace(issue, run=replace(issue.run, netting=Netting.MULTILATERAL))
    assert len(said(netted, Role.INSURED)) == 3


def test_every_paper_says_the_unit_of_its_money() -> None:
    issue = an_issue(state="confirmed", confirmed_at=an_issue().seal.issued_at)
    made = [
        statements.national(issue),
        statements.statement(issue, Role.INSURED, HUNAN),
        statements.notice(issue, Role.INSURED, HUNAN, ()),
        statements.detail(issue, PAIR, of_pair()),
    ]
    for contents in made:
        book = next(file.content for file in contents.files if file.name.endswith(".xlsx"))
        assert "金额单位：元" in first_column(book)
    table = next(file.content for file in made[-1].files if file.name == "detail.csv")
    heads = table.decode("utf-8-sig").splitlines()[0].split(",")
    assert [head for head in heads if head.endswith("（元）")] == heads[14:]


def test_the_verifier_runs_alone_from_one_file(tmp_path: Path) -> None:
    file, tool = tmp_path / "paper.zip", tmp_path / "statement.py"
    tool.write_bytes(Path(statement.__file__).read_bytes())
    file.write_bytes(_small())
    said = subprocess.run(
        [sys.executable, "-I", str(tool), str(file), KEY.public_hex],
        capture_output=True,
        cwd=tmp_path,
        check=True,
    )
    assert "验证通过" in said.stdout.decode()
    file.write_bytes(_small()[:-2])
    ended = subprocess.run(
        [sys.executable, "-I", str(tool), str(file)], capture_output=True, check=False
    )
    assert ended.returncode == 1


def test_the_bytes_depend_on_nothing_but_what_the_paper_says() -> None:
    assert _small() == _small()
    lines, roots = lines_from(ROWS, FIRST, LAST), bucket_roots(in_order(ROWS))
    assert proved(lines, roots) == proved(lines[::-1], roots[::-1])


def test_an_override_is_marked_on_the_notice_and_told_by_the_verifier() -> None:
    at = an_issue().seal.issued_at
    issue = an_issue(
        state="confirmed",
        confirmed_at=at,
        override_proposal=UUID(int=9),
        override_reason="逾期未复",
    )
    owed = Obligation(UUID(int=1), UUID(int=7), 1, 1, HUNAN, SHANGHAI, 92_00)
    found = verify(bundle.sealed(statements.notice(issue, Role.INSURED, HUNAN, [owed]), KEY))
    assert found.marks[1] == "理由：逾期未复"
    assert "注意：本批次经清算中心双人复核强制确认" in statement.told(found, is_key_given=False)


def test_a_notice_of_the_advance_fund_is_sealed_though_it_belongs_to_no_run() -> None:
    change = Change(
        change_id=UUID(int=1),
        kind=NoticeKind.YEARLY,
        year=2026,
        pair=(HUNAN, SHANGHAI),
        before_fen=100_00,
        amount_fen=20_00,
        basis_fen=60_00,
        state=ChangeState.ISSUED,
        drafted_at=an_issue().seal.issued_at,
        issue_id=UUID(int=2),
        issued_on=date(2026, 1, 20),
        finance_by=date(2026, 1, 27),
        pay_by=date(2026, 2, 10),
    )
    for notice in notices_of([change]):
        sealed = bundle.sealed(advance.contents_of(notice), KEY)
        found = verify(sealed, KEY.public_hex)
        assert (found.kind, found.totals["total_fen"]) == ("advance", 20_00)
        with pytest.raises(NotGenuine):
            verify(sealed[:-300] + bytes([sealed[-300] ^ 1]) + sealed[-299:])
