"""House rules that a machine can keep, as tables; each says what to do instead."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch

OURS = ("contracts", "hub", "participants")
ALL = (*OURS, "simulators")


@dataclass(frozen=True, slots=True)
class Ban:
    """A call that is not made in these rooms; `but_in` are path patterns where it is right."""

    call: str
    instead: str
    rooms: tuple[str, ...] = ALL
    but_in: tuple[str, ...] = ()


# fmt: off
BANS: tuple[Ban, ...] = (
    Ban("datetime.now",    "take `now` as an argument; an edge asks its clock", but_in=("contracts/clock.py",)),
    Ban("datetime.utcnow", "it is naive: take `now` as an argument"),
    Ban("datetime.today",  "take `now` as an argument"),
    Ban("date.today",      "take the day as an argument; contracts.clock.shanghai_date_of"),
    Ban("time.time",       "take `now` as an argument"),
    Ban("time.time_ns",    "contracts.ids.new_id, or take `now`", OURS, ("contracts/ids.py",)),
    Ban("time.sleep",      "threading.Event.wait, so that a stop is heard", OURS, ("contracts/delivery/kafka.py",)),
    Ban("uuid.uuid4",      "contracts.ids.new_id: ids sort by age"),
    Ban("uuid4",           "contracts.ids.new_id: ids sort by age"),
    Ban("float",           "count fen in int, rates in basis points", OURS),
    Ban("round",           "contracts.money.share_of", OURS),
    Ban("Decimal",         "fen as int; contracts.money.fen_from_yuan", OURS, ("participants/gateway/*",)),
    Ban("print",           "logging; the command line echoes with typer", OURS),
    Ban("breakpoint",      "nothing: take it out"),
    Ban("tx.commit",       "the edge that opened the transaction ends it"),
    Ban("tx.rollback",     "raise; the edge that opened the transaction ends it"),
    Ban("*.tx.commit",     "the edge that opened the transaction ends it"),
    Ban("*.tx.rollback",   "raise; the edge that opened the transaction ends it"),
    Ban("json.loads",      "contracts.delivery.codec on the wire; pydantic elsewhere", ("contracts", "hub")),
    Ban("os.getenv",       "settings.py", OURS),
)
# fmt: on

NAMES = re.compile(r"(^|_)(utils?|common|helpers?|base|misc)$")
LINES_MAX = {"contracts": 350, "hub": 350, "participants": 350, "simulators": 350, "tests": 600}
GENERATED = ("*/migrations/versions/*",)

# Written so that this file does not find itself.
MACHINE = {
    "a path of one machine": re.compile(r"/(?:[w]ork|[r]oot|[h]ome/\w+|[U]sers/\w+|[o]pt/wheels)/"),
    "a package registry": re.compile(
        r"(?i)index[-_][u]rl|find[-_][l]inks|extra[-_][i]ndex|[a]rtifactory|[n]exus[./]|[/.][m]irrors?\.|"
        r"files\.[p]ythonhosted\.|//(?:[\w-]+\.)?pypi\.org/simple"
    ),
}


def faults_of_module(path: str, source: str) -> list[str]:
    """What is wrong with a module; `path` is relative to the repository, with slashes."""
    tree = ast.parse(source)
    return [
        *_faults_of_name(path),
        *_faults_of_shape(path, source, tree),
        *(fault for node in ast.walk(tree) for fault in _faults_of_node(path, node)),
        *_undescribed_members(path, source, tree),
    ]


def faults_of_text(text: str) -> list[str]:
    """Lines of a tracked text file that only make sense on the machine they were written on."""
    return [
        f"{number}: {what}: {line.strip()[:80]}"
        for number, line in enumerate(text.splitlines(), start=1)
        for what, pattern in MACHINE.items()
        if pattern.search(line)
    ]


def _room(path: str) -> str:
    return path.split("/", maxsplit=1)[0]


def _faults_of_name(path: str) -> Iterator[str]:
    for part in path.removesuffix(".py").split("/"):
        if NAMES.search(part):
            yield f"{part}: name a module after what lives there"


def _faults_of_shape(path: str, source: str, tree: ast.Module) -> Iterator[str]:
    if any(fnmatch(path, pattern) for pattern in GENERATED):
        return
    if source.strip() and ast.get_docstring(tree) is None:
        yield "1: open with one docstring sentence that says what lives here"
    lines, most = source.count("\n"), LINES_MAX[_room(path)]
    if lines > most:
        yield f"{lines} lines: cut it along its nouns; {most} is too long already"


def _faults_of_node(path: str, node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        for ban in BANS:
            if _is_banned(ban, path, name):
                yield f"{node.lineno}: {name}: {ban.instead}"
    in_a_domain = _room(path) in OURS and "/domain/" in path
    if in_a_domain and isinstance(node, ast.Constant) and isinstance(node.value, float):
        yield f"{node.lineno}: {node.value}: no float in a domain"


def _is_banned(ban: Ban, path: str, name: str) -> bool:
    return (
        _room(path) in ban.rooms
        and (fnmatch(name, ban.call) or name.endswith("datetime." + ban.call))
        and not any(fnmatch(path, pattern) for pattern in ban.but_in)
    )


def _undescribed_members(path: str, source: str, tree: ast.Module) -> Iterator[str]:
    """Every member of an enum has its meaning: a comment on its line, or words in its value.

    Where there is a table of steps, its last column says what each state and event means.
    """
    if _room(path) not in OURS or "Step(" in source:
        return
    lines = source.splitlines()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(b) for b in node.bases):
            for item in node.body:
                says_so = isinstance(item, ast.Assign) and isinstance(item.value, ast.Tuple)
                if (
                    isinstance(item, ast.Assign)
                    and not says_so
                    and "#" not in lines[item.lineno - 1]
                ):
                    yield f"{item.lineno}: {ast.unparse(item)}: one line of meaning, as a comment"
