"""Which papers a clearing run has, and what stands on each of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.clock import shanghai_date_of
from contracts.codes import AreaCode, Role, areas
from contracts.messages.clearing import ClearingLine
from hub.domain.clearing import COLUMNS, TITLE_ZH, ClearingRun, area_in, payable_by_pair
from hub.domain.netting import Netting, transfers_of
from hub.domain.papers import EVERYBODY, Audience, PaperKind, seen_as
from hub.domain.payments import Obligation
from hub.domain.proof import ProvedLine, Row, Seal
from hub.papers import pdf, rows_csv, rows_parquet, xlsx
from hub.papers.bundle import Contents, File
from hub.papers.capitals import in_capitals
from hub.papers.sheet import CellKind, Heading, Sheet

DETAIL_XLSX_ROWS_MAX = 20_000
"""More rows than that are told as CSV and Parquet alone: no clerk pages through them."""
NETTING_ZH = {"gross": "全额清算", "bilateral": "双边轧差", "multilateral": "多边轧差"}
_WEIGHTS = {"insured_area": 11, "treatment_area": 11, "insurance_kind": 5, "count": 7, "month": 8}


@dataclass(frozen=True, slots=True)
class Issue:
    """A version of a run with its seal and its proved lines: what all of its papers say."""

    run: ClearingRun
    seal: Seal
    lines: Sequence[ProvedLine]

    def of(self, role: Role, area: AreaCode) -> "Issue":
        """As far as it concerns an area in one of its roles."""
        mine = [proof for proof in self.lines if area_in(proof.line, role) == area]
        return replace(self, lines=mine)

    def between(self, audience: Audience) -> "Issue":
        """As far as it concerns a pair."""
        wanted = (audience.insured_area, audience.treatment_area)
        mine = [
            proof
            for proof in self.lines
            if (proof.line.insured_area, proof.line.treatment_area) == wanted
        ]
        return replace(self, lines=mine)


def title_of(kind: PaperKind, audience: Audience) -> str:
    """The official name of a paper of a run; what is for a payer is 应付, for a payee 应收."""
    owes = _OWES[Role.TREATMENT if audience.insured_area is None else Role.INSURED]
    return TITLES_ZH[kind].format(owes=owes)


def national(issue: Issue) -> Contents:
    """全国跨省异地就医费用清算表."""
    sheet = _lines_sheet(issue, TITLE_ZH, ())
    return _contents(PaperKind.NATIONAL, issue, EVERYBODY, _printed("清算表", sheet))


def statement(issue: Issue, role: Role, area: AreaCode) -> Contents:
    """The lines of a province in one of its roles; `issue` may be the whole run's."""
    mine = issue.of(role, area)
    sheet = _lines_sheet(
        mine,
        title_of(PaperKind.STATEMENT, seen_as(role, area)),
        ((_ROLES[role], areas()[area].name),),
    )
    return _contents(PaperKind.STATEMENT, mine, seen_as(role, area), _printed("清算明细表", sheet))


def detail(issue: Issue, audience: Audience, rows: Sequence[Row]) -> Contents:
    """What a pair's lines consist of, settlement by settlement."""
    mine = issue.between(audience)
    files = [
        File("detail.csv", "结算明细（CSV）", rows_csv.written(rows)),
        File("detail.parquet", "结算明细（Parquet）", rows_parquet.written(rows)),
    ]
    if len(rows) <= DETAIL_XLSX_ROWS_MAX:
        files.append(File("detail.xlsx", "结算明细（XLSX）", xlsx.written(_rows_sheet(mine, rows))))
    return _contents(PaperKind.DETAIL, mine, audience, files)


def notice(issue: Issue, role: Role, area: AreaCode, obligations: Sequence[Obligation]) -> Contents:
    """应付 or 应收医疗费用清算通知书: what is owed by counterpart, and what is to be paid at all.

    The run must be confirmed. Under netting the transfers differ from the lines; both are told.
    """
    run, mine = issue.run, issue.of(role, area)
    assert run.confirmed_at is not None, "a notice follows the confirmation"
    marks = _marks(run)
    sheet = _notice_sheet(mine, role, area, obligations, run.confirmed_at)
    files = _printed("清算通知书", replace(sheet, marks=marks))
    contents = _contents(PaperKind.NOTICE, mine, seen_as(role, area), files)
    return replace(contents, made_at=run.confirmed_at, marks=marks)


def totals_of(lines: Sequence[ClearingLine], audience: Audience) -> dict[str, int]:
    """The control totals of a paper: what it owes and is owed, from where it stands."""
    owed = sum(line.payable_fen for line in lines)
    only_receives = audience.insured_area is None and audience.treatment_area is not None
    only_pays = audience.treatment_area is None and audience.insured_area is not None
    return {
        "lines": len(lines),
        "count": sum(line.count for line in lines),
        "total_fen": sum(line.total_fen for line in lines),
        "audit_fen": sum(line.audit_fen for line in lines),
        "late_fen": sum(line.late_fen for line in lines),
        "payable_fen": 0 if only_receives else owed,
        "receivable_fen": 0 if only_pays else owed,
    }


TITLES_ZH: dict[PaperKind, str] = {
    PaperKind.NATIONAL: TITLE_ZH,
    PaperKind.STATEMENT: "跨省异地就医{owes}医疗费用清算明细表",
    PaperKind.DETAIL: "跨省异地就医费用结算明细",
    PaperKind.NOTICE: "{owes}医疗费用清算通知书",
}
_OWES = {Role.INSURED: "应付", Role.TREATMENT: "应收"}
_ROLES = {Role.INSURED: "参保省", Role.TREATMENT: "就医省"}


def _contents(kind: PaperKind, issue: Issue, audience: Audience, files: Sequence[File]) -> Contents:
    assert issue.run.issued_at is not None, "only what is issued has papers"
    named = {"insured_area": audience.insured_area, "treatment_area": audience.treatment_area}
    return Contents(
        kind=kind.value,
        seal=issue.seal,
        made_at=issue.seal.issued_at,
        audience={name: code for name, code in named.items() if code},
        totals=totals_of([proof.line for proof in issue.lines], audience),
        lines=issue.lines,
        files=files,
    )


def _printed(name: str, sheet: Sheet) -> list[File]:
    return [
        File(f"{name}.xlsx", f"{sheet.title_zh}（XLSX）", xlsx.written(sheet)),
        File(f"{name}.pdf", f"{sheet.title_zh}（PDF）", pdf.written(sheet)),
    ]


def _lines_sheet(issue: Issue, title_zh: str, facts: tuple[tuple[str, str], ...]) -> Sheet:
    cycle = issue.seal.cycle
    return Sheet(
        title_zh=title_zh,
        facts=_facts(issue, issue.seal.issued_at) + facts,
        headings=tuple(
            Heading(column.zh, _kind(column.name, column.is_sum), _WEIGHTS.get(column.name, 10))
            for column in COLUMNS
        ),
        rows=[
            tuple(column.value(cycle, proof.line) for column in COLUMNS) for proof in issue.lines
        ],
        made_at=issue.seal.issued_at,
        footer=_footer(issue.seal),
    )


def _kind(name: str, is_sum: bool) -> CellKind:
    if is_sum:
        return CellKind.YUAN
    return CellKind.COUNT if name == "count" else CellKind.TEXT


def _rows_sheet(issue: Issue, rows: Sequence[Row]) -> Sheet:
    words = tuple(Heading(zh, CellKind.TEXT) for zh in rows_csv.TEXTS_ZH)
    amounts = rows_csv.HEADINGS[len(words) :]
    return Sheet(
        title_zh=title_of(PaperKind.DETAIL, EVERYBODY),
        facts=_facts(issue, issue.seal.issued_at),
        headings=(*words, *(Heading(zh, CellKind.YUAN) for zh in amounts)),
        rows=[(*rows_csv.texts_of(row), *rows_csv.amounts_of(row)) for row in rows],
        made_at=issue.seal.issued_at,
        footer=_footer(issue.seal),
    )


def _notice_sheet(
    issue: Issue, role: Role, area: AreaCode, obligations: Sequence[Obligation], at: datetime
) -> Sheet:
    other = Role.TREATMENT if role is Role.INSURED else Role.INSURED
    by_counterpart: dict[AreaCode, list[ClearingLine]] = {}
    for proof in issue.lines:
        by_counterpart.setdefault(area_in(proof.line, other), []).append(proof.line)
    owed = sum(proof.line.payable_fen for proof in issue.lines)
    return Sheet(
        title_zh=title_of(PaperKind.NOTICE, seen_as(role, area)),
        facts=_facts(issue, at),
        headings=(
            Heading(_ROLES[other], CellKind.TEXT, 16),
            Heading("人次", CellKind.COUNT, 8),
            Heading("医疗费总额", CellKind.YUAN, 14),
            Heading("审核扣款", CellKind.YUAN, 12),
            Heading("往期补报", CellKind.YUAN, 12),
            Heading(f"{_OWES[role]}金额", CellKind.YUAN, 14),
        ),
        rows=[
            (areas()[code].name, *_summed(lines)) for code, lines in sorted(by_counterpart.items())
        ],
        made_at=at,
        words=_notice_words(issue, role, area, owed, obligations),
        signed_by=("清算中心（盖章）", "经办人", "复核人", "日期"),
        footer=_footer(issue.seal),
    )


def _summed(lines: Sequence[ClearingLine]) -> tuple[int, ...]:
    totals = totals_of(lines, EVERYBODY)
    return tuple(
        totals[name] for name in ("count", "total_fen", "audit_fen", "late_fen", "payable_fen")
    )


def _notice_words(
    issue: Issue, role: Role, area: AreaCode, owed: int, obligations: Sequence[Obligation]
) -> tuple[str, ...]:
    name, verb = areas()[area].name, _OWES[role]
    confirmed = f"{issue.seal.cycle}清算期跨省异地就医直接结算费用已经清算确认"
    said = [
        f"{name}医疗保障经办机构：",
        f"　　{confirmed}，{verb}医疗费用合计人民币（大写）{in_capitals(owed)}。",
        f"　　清算方式：{NETTING_ZH[issue.run.netting.value]}。据此实际划转：",
    ]
    moved = _moved(issue, area, obligations)
    for one in moved:
        way, counterpart = ("向", one.to_area) if one.from_area == area else ("自", one.from_area)
        verb_zh = "付款" if one.from_area == area else "收款"
        amount = in_capitals(one.amount_fen)
        said.append(f"　　{one.position}. {way}{areas()[counterpart].name}{verb_zh}{amount}。")
    return (*said, *(() if moved else ("　　本期无须划转。",)))


def _moved(issue: Issue, area: AreaCode, obligations: Sequence[Obligation]) -> list[Obligation]:
    """The transfers of an area: all it has under netting, but gross only those of these lines."""
    found = [one for one in obligations if area in {one.from_area, one.to_area}]
    if issue.run.netting is not Netting.GROSS:
        return found
    owed = payable_by_pair(proof.line for proof in issue.lines)
    mine = {(t.payer, t.payee, t.amount_fen) for t in transfers_of(owed, Netting.GROSS)}
    return [one for one in found if (one.from_area, one.to_area, one.amount_fen) in mine]


def _marks(run: ClearingRun) -> tuple[str, ...]:
    """An override is told on every notice: two persons confirmed in place of the areas."""
    if run.override_proposal is None:
        return ()
    proposal = f"复核事项 {run.override_proposal}"
    said = f"本批次经清算中心双人复核强制确认（{proposal}）"
    return said, f"理由：{run.override_reason}"


def _facts(issue: Issue, at: datetime) -> tuple[tuple[str, str], ...]:
    seal = issue.seal
    return (
        ("清算期", f"{seal.cycle}（{seal.first_day.isoformat()} 至 {seal.last_day.isoformat()}）"),
        ("编制日期", shanghai_date_of(at).isoformat()),
        ("批次", str(seal.run_id)),
        ("版次", f"第 {seal.version} 版"),
        ("金额单位", "元"),
    )


def _footer(seal: Seal) -> str:
    return f"封印序号 {seal.position}　封印 {seal.sha256()}　验证：yidi verify-statement"
