"""Reads the tables that a test writes out."""


def rows(text: str) -> list[dict[str, str]]:
    """Read a table written out in a test: a header line, then one case a line."""
    lines = [line.replace("|", " ").split() for line in text.splitlines() if line.strip()]
    header, *cases = lines
    assert all(len(case) == len(header) for case in cases), "ragged table"
    return [dict(zip(header, case, strict=True)) for case in cases]
