"""On which line each key of a TOML text stands."""

import tomllib
from itertools import count
from pathlib import Path as File

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.policy.reading.lines import Path, lines_of, spelled

LIBRARY = sorted((File(__file__).parents[2] / "participants/policy").glob("**/*.toml"))

TEXT = '''
# a comment with = and [brackets]
a = 1
b.c = "x # no comment" # but this is
  b . d = """
two lines ] } "quoted" \\"""
""""
[t] # header
e = [
  1, # one
  [2, 3],
  { f = 'it''s',g = 2010-09-27 10:00:00 },
]
'h.i' = \'\'\'a
b\'\'\'
[[r]]
k = true
[r.s]
l = 1.5
[[r]]
[[r.m]]
n = { o.p = [], "q r" = {} }
[u.v.w]
x = 0
[u]
y = 0
'''.replace("'it''s'", "'its'")

WHERE = """
    a 3 | b 4 | b.c 4 | b.d 5 | t 8 | t.e 9 | t.e[0] 10 | t.e[1] 11 | t.e[1][0] 11 | t.e[1][1] 11
    t.e[2] 12 | t.e[2].f 12 | t.e[2].g 12 | t.h.i 14 | r 16 | r[0] 16 | r[0].k 17 | r[0].s 18
    r[0].s.l 19 | r[1] 20 | r[1].m 21 | r[1].m[0] 21 | r[1].m[0].n 22 | r[1].m[0].n.o 22
    r[1].m[0].n.o.p 22 | r[1].m[0].n.q r 22 | u.v 23 | u.v.w 23 | u.v.w.x 24 | u 25 | u.y 26
"""


def test_every_kind_of_key_is_found_on_its_line() -> None:
    entries = [entry.strip() for line in WHERE.splitlines() for entry in line.split("|")]
    expected = {key: int(line) for key, line in (e.rsplit(" ", 1) for e in entries if e)}
    found = {spelled(path): line for path, line in lines_of(TEXT).items() if path}
    assert found == expected
    assert set(lines_of(TEXT)) == paths(tomllib.loads(TEXT))


@pytest.mark.parametrize("file", LIBRARY, ids=lambda file: file.name)
def test_the_keys_found_are_those_that_a_toml_reader_finds(file: File) -> None:
    text = file.read_text(encoding="utf-8")
    assert set(lines_of(text)) == paths(tomllib.loads(text))


KEYS = st.sampled_from(["a", "b-1", "C_2", '"d e"', "'f.#'", '"g\\"="'])
PLAIN = st.sampled_from(["1", "-1.5", "true", "2010-09-27", "2010-09-27 01:02:03", '"#]}"', "''"])
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
Value = str | list["Value"] | dict[str, "Value"]


@given(
    st.dictionaries(KEYS, VALUES, max_size=4), st.lists(st.dictionaries(KEYS, VALUES), max_size=3)
)
def test_any_text_is_indexed_as_it_was_written(
    head: dict[str, Value], rows: list[dict[str, Value]]
) -> None:
    """The writer notes the line of each key as it writes; every array element gets its own."""
    text, noted = Writer(), Noted({(): 1})
    for key, value in head.items():
        text.pair(key, value, (), noted)
    for place, row in enumerate(rows):
        noted.setdefault(("rows",), text.line)
        noted["rows", place] = text.line
        text.put("[[ rows ]] # [x]\n")
        for key, value in row.items():
            text.pair(key, value, ("rows", place), noted)
    assert lines_of(text.text) == noted
    assert set(noted) == paths(tomllib.loads(text.text))


Noted = dict[Path, int]


class Writer:
    """Writes TOML with comments and gaps, and knows on which line it is."""

    def __init__(self) -> None:
        self.text = ""

    @property
    def line(self) -> int:
        return self.text.count("\n") + 1

    def put(self, text: str) -> None:
        self.text += text

    def pair(self, key: str, value: Value, above: Path, noted: Noted, end: str = "\n\n") -> None:
        path = (*above, *tomllib.loads(f"{key} = 1"))
        noted[path] = self.line
        self.put(f"{key} = ")
        self.value(value, path, noted)
        self.put(end)

    def value(self, value: Value, path: Path, noted: Noted) -> None:
        if isinstance(value, str):
            self.put(value)
        elif isinstance(value, list):
            self.put("[")
            for place, one in enumerate(value):
                self.put(" # ]\n  ")
                noted[*path, place] = self.line
                self.value(one, (*path, place), noted)
                self.put(",")
            self.put("\n]")
        else:
            self.put("{")
            marks = (", " if place else "" for place in count())
            for mark, (key, one) in zip(marks, value.items(), strict=False):
                self.put(mark)
                self.pair(key, one, path, noted, end="")
            self.put("}")


def paths(value: object, above: Path = ()) -> set[Path]:
    """All keys of a value that a TOML reader gave."""
    found: set[Path] = {above}
    if isinstance(value, dict):
        return found.union(*(paths(one, (*above, key)) for key, one in value.items()))
    if isinstance(value, list):
        return found.union(*(paths(one, (*above, place)) for place, one in enumerate(value)))
    return found
