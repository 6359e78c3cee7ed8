"""Reads an agency's CSV as it comes from a spreadsheet: UTF-8, a header, then lines."""

import csv
from pathlib import Path

from participants.insured.domain.cells import Fault, FileWrong


def lines_of(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header, and every line that is not empty with its number; FileWrong when it is no CSV."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = next(reader, [])
            return header, [(reader.line_num, cells) for cells in reader if cells]
    except UnicodeDecodeError as error:
        raise FileWrong([Fault(1, "文件不是 UTF-8 编码")]) from error
    except csv.Error as error:
        raise FileWrong([Fault(reader.line_num, "不是合法的 CSV 行")]) from error
