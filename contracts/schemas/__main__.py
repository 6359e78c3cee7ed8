"""`python -m contracts.schemas` writes the documents again and removes those nobody needs."""

from pathlib import Path

from contracts.schemas.documents import documents


def write(folder: Path) -> None:
    found = documents()
    for stale in set(folder.glob("*.json")) - {folder / name for name in found}:
        stale.unlink()
    for name, text in found.items():
        (folder / name).write_text(text, "utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
