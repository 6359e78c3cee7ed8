"""A sealed bundle: one ordinary ZIP whose closing comment signs every byte before it."""

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.clock import SHANGHAI
from hub.domain.proof import ProvedLine, Seal, canonical
from hub.papers.seal_key import SealKey

FORMAT = "yidi-statement/1"
MANIFEST, PROOFS = "manifest.json", "proofs.json"
COMMENT = "yidi-seal/1 ed25519 key={key} signature={signature}"
COMMENT_BYTES = len(COMMENT.format(key="0" * 64, signature="0" * 128))
_LENGTH_BYTES = 2  # of the comment, the last thing before it in a ZIP
_PLAIN_FILE = 0o644 << 16
_UNIX = 3


@dataclass(frozen=True, slots=True)
class File:
    """One paper in a bundle: its name there, its title for a reader, its bytes."""

    name: str
    title_zh: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Contents:
    """What a bundle is about. `audience`: who it is for, in codes; `totals`: its control totals.

    `seal` None: a paper of no run, such as an advance notice, signed but not chained.

    `marks`: sentences that a reader must see, such as an override; `made_at` dates every file.
    """

    kind: str
    seal: Seal | None
    made_at: datetime
    audience: dict[str, str]
    totals: dict[str, int]
    lines: Sequence[ProvedLine]
    files: Sequence[File]
    marks: tuple[str, ...] = ()


def sealed(contents: Contents, key: SealKey) -> bytes:
    """The bundle. The same contents and key give the same bytes."""
    body = body_of(contents, key.public_hex)
    return body + COMMENT.format(key=key.public_hex, signature=key.sign(body)).encode()


def body_of(contents: Contents, public_hex: str) -> bytes:
    """All of a bundle but its signature: who checks a bundle needs no secret to make this again."""
    files = [*contents.files, File(PROOFS, "清算明细的证明", _proofs(contents.lines))]
    manifest = File(MANIFEST, "", _manifest(contents, files, public_hex))
    archive = _archive([manifest, *files], contents.made_at)
    # The length of the comment is signed too: it stands before it.
    return archive[:-_LENGTH_BYTES] + COMMENT_BYTES.to_bytes(_LENGTH_BYTES, "little")


def signed_part(bundle: bytes) -> bytes:
    """A bundle without its signature."""
    return bundle[:-COMMENT_BYTES]


def files_in(bundle: bytes) -> dict[str, bytes]:
    """The papers of a bundle of our own by their names, the manifest and proofs included."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _manifest(contents: Contents, files: Sequence[File], public_hex: str) -> bytes:
    return canonical(
        {
            "format": FORMAT,
            "kind": contents.kind,
            "seal": contents.seal and contents.seal.record(),
            "seal_sha256": contents.seal and contents.seal.sha256(),
            "made_at": contents.made_at.isoformat(),
            "audience": contents.audience,
            "control_totals": contents.totals,
            "marks": list(contents.marks),
            "public_key": public_hex,
            "files": [
                {
                    "name": file.name,
                    "title_zh": file.title_zh,
                    "bytes": len(file.content),
                    "sha256": hashlib.sha256(file.content).hexdigest(),
                }
                for file in files
            ],
        }
    )


def _proofs(lines: Sequence[ProvedLine]) -> bytes:
    return canonical(
        [
            {
                **proof.line.model_dump(mode="json"),
                "rows_root": proof.rows_root.hex(),
                "index": proof.index,
                "size": proof.size,
                "path": [step.hex() for step in proof.path],
            }
            for proof in lines
        ]
    )


def _archive(files: Sequence[File], at: datetime) -> bytes:
    local = at.astimezone(SHANGHAI)
    moment = (local.year, local.month, local.day, local.hour, local.minute, local.second)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for file in files:
            entry = zipfile.ZipInfo(file.name, date_time=moment)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, file.content, compresslevel=6)
    return written.getvalue()


def public_key_of(content: bytes) -> str:
    """The key that a bundle of our own names in its signature."""
    return content[-COMMENT_BYTES:].decode().split("key=")[1][:64]
