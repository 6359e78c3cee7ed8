"""Verifies a sealed clearing paper offline: this one file and `cryptography`, nothing of the hub.

It is written apart from the hub on purpose, and shares no line with what makes the papers: a
province copies this file, and runs it with the hub's published key.
"""

import csv
import hashlib
import io
import json
import re
import struct
import sys
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COMMENT = re.compile(rb"yidi-seal/1 ed25519 key=([0-9a-f]{64}) signature=([0-9a-f]{128})")
COMMENT_BYTES = 227
FORMAT = "yidi-statement/1"
MANIFEST, PROOFS, ROWS = "manifest.json", "proofs.json", "detail.csv"
BYTES_MAX = 2**31  # of what a paper unpacks to
PARTS = 11
FUNDS = 9  # the first of the parts: what is cleared
LINE = ("insured_area", "treatment_area", "insurance_kind", "visit_kind")
KINDS = {"结算": ("", 1), "撤销": ("", -1), "审核扣款": ("audit", 0), "更正": ("correction", 0)}
INSURANCE = {"职工": "310", "居民": "390"}
VISITS = {"住院": "inpatient", "普通门诊": "outpatient"}
VISITS |= {"门诊慢特病": "chronic", "药店购药": "pharmacy"}
FIRST_AMOUNT = 14  # the column of the total; the parts follow
_EMPTY = hashlib.sha256(b"").digest()
_YUAN = re.compile(r"(-?)(\d+)\.(\d\d)", re.ASCII)


# What reading a file raises that somebody signed and the hub never made.
MALFORMED = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, RuntimeError, StopIteration),
    *(TypeError, ValueError, csv.Error, struct.error, zipfile.BadZipFile, zlib.error),
)


class NotGenuine(Exception):
    """The file is not what the hub sealed: says in Chinese what does not hold."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What holds: who signed, which run and version, what it adds up to, what was recomputed."""

    public_key: str
    kind: str
    seal: dict[str, Any]
    seal_sha256: str
    audience: dict[str, str]
    totals: dict[str, int]
    marks: tuple[str, ...]
    files: tuple[str, ...]
    lines: int
    rows: int


def verify(content: bytes, key: str | None = None, previous: bytes | None = None) -> Verified:
    """Check one paper's bytes; NotGenuine on the first thing that does not hold.

    `key`: 64 hex digits, as the hub published it; without it only the file's own key is checked.
    `previous`: a paper of the version before, to check that this one continues its chain.
    """
    published = None if key is None else key.strip().lower()
    try:
        return _checked(content, published, previous)
    except MALFORMED as error:
        raise NotGenuine("不是清算中心签发的格式") from error


def _checked(content: bytes, key: str | None, previous: bytes | None) -> Verified:
    signed_by = _signature(content, key)
    files = _unpacked(content)
    manifest = json.loads(files[MANIFEST])
    if manifest["format"] != FORMAT or manifest["public_key"] != signed_by:
        raise NotGenuine("清单与签名不符")
    _check_files(files, manifest["files"])
    seal = manifest["seal"]
    if seal is None:  # a paper of no run: an advance notice is signed, not chained
        if previous is not None:
            raise NotGenuine("该单据不属于清算批次，没有封印链可核对")
        return _verified(manifest, signed_by, 0, 0)
    if hashlib.sha256(_canonical(seal)).hexdigest() != manifest["seal_sha256"]:
        raise NotGenuine("批次封印与其内容不符")
    lines = json.loads(files[PROOFS])
    _check_lines(lines, seal, manifest["audience"])
    _check_totals(lines, manifest["control_totals"])
    rows = _check_rows(files[ROWS], lines, seal) if ROWS in files else 0
    if previous is not None:
        _check_chain(seal, previous, key)
    return _verified(manifest, signed_by, len(lines), rows)


def told(found: Verified, *, is_key_given: bool) -> str:
    """The result for a clerk, in Chinese."""
    seal, totals = found.seal, found.totals
    said = ["验证通过：文件自签发后未被改动。"]
    if seal:
        said += [
            f"清算期 {seal['cycle']}　批次 {seal['run_id']}　版次 {seal['version']}",
            f"签发 {seal['issued_at']}　封印序号 {seal['position']}　封印 {found.seal_sha256}",
            f"应付 {_yuan(totals['payable_fen'])} 元　应收 {_yuan(totals['receivable_fen'])} 元",
            f"已重算：清算明细 {found.lines} 行，结算记录 {found.rows} 行",
        ]
    said += [f"文件：{name}" for name in found.files]
    said += [f"注意：{mark}" for mark in found.marks]
    said.append(f"公钥 {found.public_key}")
    if not is_key_given:
        said.append("未指定公钥：请将上面的公钥与清算中心公布的公钥核对。")
    return "\n".join(said)


def _verified(manifest: dict[str, Any], signed_by: str, lines: int, rows: int) -> Verified:
    return Verified(
        signed_by,
        manifest["kind"],
        manifest["seal"] or {},
        manifest["seal_sha256"] or "",
        manifest["audience"],
        manifest["control_totals"],
        tuple(manifest["marks"]),
        tuple(file["name"] for file in manifest["files"]),
        lines,
        rows,
    )


def _signature(content: bytes, key: str | None) -> str:
    """The public key whose signature stands over every byte before it."""
    match = COMMENT.fullmatch(content[-COMMENT_BYTES:])
    if match is None:
        raise NotGenuine("没有签名，或签名已被改动")
    named = match[1].decode()
    if key is not None and key != named:
        raise NotGenuine("不是用所给公钥签发的")
    try:
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(named))
        public.verify(bytes.fromhex(match[2].decode()), content[:-COMMENT_BYTES])
    except (InvalidSignature, ValueError) as error:
        raise NotGenuine("签名不符：文件已被改动") from error
    return named


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        if len({entry.filename for entry in entries}) < len(entries):
            raise NotGenuine("文件名重复")
        if sum(entry.file_size for entry in entries) > BYTES_MAX:
            raise NotGenuine("文件过大")
        return {entry.filename: archive.read(entry) for entry in entries}


def _check_files(files: dict[str, bytes], listed: list[dict[str, Any]]) -> None:
    if {MANIFEST, *(file["name"] for file in listed)} != files.keys():
        raise NotGenuine("文件与清单不一致")
    for file in listed:
        if hashlib.sha256(files[file["name"]]).hexdigest() != file["sha256"]:
            raise NotGenuine(f"{file['name']} 与清单中的摘要不符")


def _check_lines(
    lines: list[dict[str, Any]], seal: dict[str, Any], audience: dict[str, str]
) -> None:
    """Every line is the audience's own, adds up, and its path leads to the root of the run."""
    for line in lines:
        if any(line[role] != area for role, area in audience.items()):
            raise NotGenuine(f"清算明细不属于收件方：{_name(line)}")
        owed = sum(line["parts_fen"][:FUNDS]) + line["audit_fen"] + line["late_fen"]
        if sum(line["parts_fen"]) != line["total_fen"] or owed != line["payable_fen"]:
            raise NotGenuine(f"清算明细不平：{_name(line)}")
        path = [bytes.fromhex(step) for step in line["path"]]
        root = _root_by(_line_leaf(line), line["index"], line["size"], path)
        if line["size"] != seal["lines"] or root.hex() != seal["merkle_root"]:
            raise NotGenuine(f"清算明细不属于本批次：{_name(line)}")
    if len({line["index"] for line in lines}) < len(lines):
        raise NotGenuine("清算明细重复")


def _check_totals(lines: list[dict[str, Any]], totals: dict[str, int]) -> None:
    names = ("count", "total_fen", "audit_fen", "late_fen", "payable_fen")
    *found, owed = (sum(line[name] for line in lines) for name in names)
    told = [totals[name] for name in ("lines", *names[:-1])]
    sides = {totals["payable_fen"], totals["receivable_fen"]}
    if told != [len(lines), *found] or sides not in ({owed}, {0, owed}):
        raise NotGenuine("控制总数与清算明细不符")


def _check_rows(content: bytes, lines: list[dict[str, Any]], seal: dict[str, Any]) -> int:
    """Rebuild every line of a detail from its rows: amounts, and the root that the line names."""
    by_line: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    read = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    next(read)
    rows = [_row(cells) for cells in read]
    for row in rows:
        by_line[row["line"]].append(row)
    if set(by_line) - {_key(line) for line in lines}:
        raise NotGenuine("明细中有不属于清算明细的行")
    for line in lines:
        _check_line(line, by_line[_key(line)], seal)
    return len(rows)


def _check_line(line: dict[str, Any], rows: list[dict[str, Any]], seal: dict[str, Any]) -> None:
    rows.sort(key=lambda row: (row["day"], *row["order"]))
    buckets = [_bucket(day, line, list(each)) for day, each in groupby(rows, lambda r: r["day"])]
    first, last = seal["first_day"], seal["last_day"]
    own = [row for row in rows if not row["reason"] and first <= row["day"] <= last]
    audit = sum(_owed(row) for row in rows if row["reason"] == "audit")
    found = (
        sum(row["sign"] for row in own),
        sum(row["total"] for row in own),
        [sum(row["parts"][at] for row in own) for at in range(PARTS)],
        audit,
        sum(_owed(row) for row in rows) - audit - sum(_owed(row) for row in own),
        _root(buckets).hex(),
    )
    names = ("count", "total_fen", "parts_fen", "audit_fen", "late_fen", "rows_root")
    if found != tuple(line[name] for name in names):
        raise NotGenuine(f"结算记录与清算明细不符：{_name(line)}")


def _row(cells: list[str]) -> dict[str, Any]:
    reason, sign = KINDS[cells[2]]
    amounts = [_fen(cell) for cell in cells[FIRST_AMOUNT : FIRST_AMOUNT + 1 + PARTS]]
    row = {
        "day": cells[0],
        "id": cells[1].replace("-", ""),
        "reason": reason,
        "sign": sign,
        "line": (cells[3], cells[5], INSURANCE[cells[7]], VISITS[cells[8]]),
        "total": amounts[0],
        "parts": amounts[1:],
    }
    if _owed(row) != _fen(cells[FIRST_AMOUNT + 1 + PARTS]):
        raise NotGenuine(f"结算记录不平：{cells[1]}")
    return {**row, "order": (reason, row["id"], sign)}


def _owed(row: dict[str, Any]) -> int:
    return sum(row["parts"][:FUNDS])


def _bucket(day: str, line: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    root = _root([_row_leaf(row) for row in rows])
    return _leaf("|".join([day, *_key(line), str(len(rows)), root.hex()]))


def _row_leaf(row: dict[str, Any]) -> bytes:
    # A reversal shows its amounts below zero; its leaf has them as they were settled.
    sign = row["sign"] or 1
    parts = ",".join(str(sign * part) for part in row["parts"])
    if row["reason"]:
        return _leaf(f"{row['id']}|{row['reason']}|{parts}")
    return _leaf(f"{row['id']}|{sign:+d}|{sign * row['total']}|{parts}")


def _line_leaf(line: dict[str, Any]) -> bytes:
    amounts = [line["count"], line["total_fen"], *line["parts_fen"]]
    amounts += [line["audit_fen"], line["late_fen"], line["payable_fen"]]
    return _leaf("|".join([*_key(line), *map(str, amounts), line["rows_root"]]))


def _check_chain(seal: dict[str, Any], previous: bytes, key: str | None) -> None:
    before = _checked(previous, key, None)
    if (before.seal.get("position"), before.seal_sha256) != (
        seal["position"] - 1,
        seal["previous"],
    ):
        raise NotGenuine("与上一批次的封印不相连")


def _leaf(text: str) -> bytes:
    return hashlib.sha256(b"\x00" + text.encode() + b"\n").digest()


def _root(leaves: list[bytes]) -> bytes:
    """RFC 9162: split at the largest power of two that is smaller than the number of leaves."""
    if len(leaves) < 2:
        return leaves[0] if leaves else _EMPTY
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return hashlib.sha256(b"\x01" + _root(leaves[:half]) + _root(leaves[half:])).digest()


def _root_by(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root that a path leads to, from the top down as RFC 9162 defines the path."""
    if size == 1 and index == 0 and not path:
        return leaf
    if not 0 <= index < size or not path:
        raise NotGenuine("清算明细的证明不完整")
    half = 1 << ((size - 1).bit_length() - 1)
    if index < half:
        left, right = _root_by(leaf, index, half, path[:-1]), path[-1]
    else:
        left, right = path[-1], _root_by(leaf, index - half, size - half, path[:-1])
    return hashlib.sha256(b"\x01" + left + right).digest()


def _key(line: dict[str, Any]) -> tuple[str, ...]:
    return tuple(line[name] for name in LINE)


def _name(line: dict[str, Any]) -> str:
    return " ".join(_key(line))


def _canonical(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _fen(text: str) -> int:
    match = _YUAN.fullmatch(text)
    if match is None:
        raise NotGenuine(f"金额格式错误：{text[:20]}")
    amount_fen = int(match[2]) * 100 + int(match[3])
    return -amount_fen if match[1] else amount_fen


def _yuan(amount_fen: int) -> str:
    sign, whole = ("-" if amount_fen < 0 else ""), abs(amount_fen)
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def main(arguments: list[str]) -> int:
    """FILE [KEY]: 0 when it is genuine, 1 with the reason when it is not."""
    key = arguments[1] if len(arguments) > 1 else None
    try:
        found = verify(Path(arguments[0]).read_bytes(), key)
    except NotGenuine as error:
        sys.stdout.write(f"验证未通过：{error}\n")
        return 1
    sys.stdout.write(told(found, is_key_given=key is not None) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
