"""Sound requests of every transaction, made from its own field table and from what was answered."""

import base64
import io
import zipfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from random import Random
from typing import Any

from contracts.clock import shanghai_date_of
from participants.gateway.wire.dictionaries import dictionaries
from participants.gateway.wire.fields import Field, FieldType, Node, shapes
from tests.gateway.cases import (
    PSN_NO,
    TODAY,
    admission,
    chronic_disease,
    designation,
    inpatient_bill,
    line,
    outpatient_bill,
    own_visit,
    referral,
    registration,
    split,
)
from tests.gateway.other_party import WANG
from tests.gateway.stays import AMOXICILLIN, LEVOFLOXACIN
from tests.gateway.test_preflight import question

KEPT_MAX = 60
# What an answer names and a later request may ask for.
LEARNT = frozenset({
    "omsgid", "otransid", "clr_appy_evt_id", "warn_rslt_id", "fixmedins_hilist_id",
    "mdtrt_id", "setl_id", "sign_no", "file_qury_no", "trt_dcla_detl_sn", "inf_refmsgid",
    "feedetl_sn", "chrg_bchno", "oth_trt_id", "appy_evt_id", "jr_id", "rule_id", "jr_rslt_id",
})  # fmt: skip
SAME_AS = {"jr_id": "warn_rslt_id", "jr_rslt_id": "warn_rslt_id"}
MEANT: Mapping[str, Sequence[Any]] = {
    "psn_no": [PSN_NO],
    "mdtrt_cert_type": ["02"],
    "mdtrt_cert_no": [WANG.certno],
    "psn_cert_type": ["01"],
    "certno": [WANG.certno],
    "psn_name": [WANG.name],
    "patn_name": [WANG.name],
    "insutype": ["310"],
    "med_type": ["11", "21"],
    "insuplc_admdvs": ["340100"],
    "mdtrtarea_admvs": ["310101"],
    "insu_optins": ["340100"],
    "med_list_codg": [AMOXICILLIN, LEVOFLOXACIN],
    "hilist_code": [AMOXICILLIN, LEVOFLOXACIN],
    "page_num": [1, "1", 2],
    "page_size": [1, "10", 100],
    "ver": ["0", "1"],
    "biz_appy_type": ["03", "08"],
    "type": ["insutype", "med_type"],
    "oinfno": ["2207", "2304", "2208"],
    "opter_no": ["001"],
    "ym": ["202611", "202403"],
    "setlym": ["202611", "202403"],
    "insu_admdvs": ["340100"],
    "cum_ym": ["202403"],
    "plafbizcode": ["1"],
    "diag_srt_no": [1, 2, 3],
    "mdtrtarea_admdvs": ["440100"],
    "trt_year": ["2026"],
    "trt_month": ["11"],
    "begndate": [TODAY],
    "enddate": [TODAY, "2026-12-31"],
    "stmt_begndate": [TODAY],
    "stmt_enddate": [TODAY],
    "chfpdr_code": ["D1"],
}
Known = Mapping[str, Sequence[str]]


class Learnt:
    """Numbers that answers gave, the last ones of each name."""

    def __init__(self) -> None:
        self._known: dict[str, deque[str]] = {}

    def hear(self, tree: Any) -> None:
        """An output, or an input that was accepted."""
        for name, value in _leaves(tree):
            if name in LEARNT and value:
                self.note(SAME_AS.get(name, name), value)

    def note(self, name: str, value: str) -> None:
        self._known.setdefault(name, deque(maxlen=KEPT_MAX)).append(value)

    def known(self) -> Known:
        return {name: tuple(values) for name, values in self._known.items()}


def _leaves(tree: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tree, list):
        for one in tree:
            yield from _leaves(one)
    elif isinstance(tree, dict):
        for name, value in tree.items():
            if isinstance(value, str):
                yield name, value
            else:
                yield from _leaves(value)


def sound_input(infno: str, random: Random, known: Known, institution: str) -> dict[str, Any]:
    """An input as a hospital could send it; a third of the time as its table alone has it.

    What has a number of its own has the same one everywhere in it.
    """
    known = {name: (random.choice(values),) for name, values in sorted(known.items())}
    known["fixmedins_code"] = (institution,)
    if infno in _WRITTEN and random.random() < 0.7:
        return dict(_WRITTEN[infno](random, known))
    return {node.name: _content(node, random, known) for node in shapes()[infno].nodes}


def plain_question(random: Random) -> dict[str, Any]:
    """A pre-flight without the envelope."""
    return question(med_type=random.choice(["11", "21"]))


def _content(node: Node, random: Random, known: Known) -> Any:
    if not node.many:
        return _row(node, random, known)
    return [_row(node, random, known) for _ in range(random.choice([0, 1, 1, 2, 5]))]


def _row(node: Node, random: Random, known: Known) -> dict[str, Any]:
    told = [field for field in node.fields if field.required or random.random() < 0.4]
    row: dict[str, Any] = {field.name: _value(field, random, known) for field in told}
    return row | {inner.name: _content(inner, random, known) for inner in node.nodes}


def _value(field: Field, random: Random, known: Known) -> Any:
    if field.name in known and random.random() < 0.9:
        return random.choice(known[field.name])
    if field.name in MEANT:
        return random.choice(MEANT[field.name])
    if field.dictionary:
        return random.choice(sorted(dictionaries()[field.dictionary].codes))
    return _OF_TYPE[field.type](field, random)


def _number(field: Field, random: Random) -> Any:
    most = 10 ** max(0, field.length - field.scale - 1)
    whole = most if random.random() < 0.02 else min(most, random.choice([0, 1, 12, 2000]))
    text = f"{whole}.{'5' * field.scale}" if field.scale else str(whole)
    return random.choice([text, whole])


def _days(random: Random) -> date:
    return random.choice([date.fromisoformat(TODAY), shanghai_date_of(datetime.now(UTC))])


_OF_TYPE: Mapping[FieldType, Callable[[Field, Random], Any]] = {
    FieldType.TEXT: lambda field, random: "医" * min(field.length, random.choice([1, 3, 30])),
    FieldType.NUMBER: _number,
    FieldType.DATE: lambda _field, random: f"{_days(random)}",
    FieldType.DATETIME: lambda _field, random: f"{_days(random)} 10:00:00",
    FieldType.INTEGER: lambda _field, random: random.choice([0, 1, "7"]),
    FieldType.DIGITS: lambda field, _random: "1" * min(field.length, 9),
    FieldType.BYTES: lambda _field, random: _file(random),
    FieldType.FLAG: lambda _field, random: random.choice([True, False]),
}


def _file(random: Random) -> Any:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("明细.txt", f"S{random.randrange(9)}\tM1\t100.00\n")
    found = content.getvalue()
    return random.choice([base64.b64encode(found).decode(), list(found)])


def _visit(random: Random, known: Known) -> str:
    visits = known.get("mdtrt_id", ())
    return random.choice(visits) if visits and random.random() < 0.6 else own_visit()


def _lines(random: Random, known: Known) -> dict[str, Any]:
    visit, first = _visit(random, known), random.randrange(1, 10**9)
    amounts = ["36.80 × 50 = 1840.00", "0.40 × 10 = 4.00", "36.80 × -10 = -368.00"]
    rows = [
        line(visit, first + n, LEVOFLOXACIN, random.choice(amounts), chrg_bchno=f"B{first}")
        for n in range(random.choice([1, 2, 20]))
    ]
    return {"feedetail": rows}


def _outpatient(random: Random, known: Known) -> dict[str, Any]:
    total = random.choice(["2000.00", "1840.00", "0.01", 35])
    return {"data": outpatient_bill(_visit(random, known), total, **split(0, 0, 0, total))}


def _inpatient(random: Random, known: Known) -> dict[str, Any]:
    total = random.choice(["1840.00", "4.00"])
    mid = random.choice(["0", "1"])
    return {"data": inpatient_bill(_visit(random, known), total, mid_setl_flag=mid)}


_WRITTEN: Mapping[str, Callable[[Random, Known], dict[str, Any]]] = {
    "2201": lambda _random, _known: {"data": registration()},
    "2204": _lines,
    "2206": _outpatient,
    "2207": _outpatient,
    "2301": _lines,
    "2303": _inpatient,
    "2304": _inpatient,
    "2401": lambda _random, _known: admission(),
    "2501": lambda _random, _known: referral(),
    "2503": lambda _random, _known: {"data": chronic_disease()},
    "2505": lambda _random, _known: {"data": designation()},
}
