"""预付金 notices as papers: 额度调整 and 紧急调增, 付款 and 收款."""

from datetime import UTC, datetime, time

from contracts.clock import SHANGHAI
from contracts.codes import areas
from contracts.messages.advance import Direction
from hub.domain.advance_notice import Notice
from hub.domain.papers import PaperKind
from hub.papers import pdf, xlsx
from hub.papers.bundle import Contents, File
from hub.papers.capitals import in_capitals
from hub.papers.sheet import CellKind, Heading, Sheet

_VERBS = {Direction.PAY: "支付", Direction.COLLECT: "收取"}
HEADINGS = (
    Heading("参保省", CellKind.TEXT, 16),
    Heading("就医省", CellKind.TEXT, 16),
    Heading("原额度", CellKind.YUAN, 14),
    Heading("调整金额", CellKind.YUAN, 14),
    Heading("调整后额度", CellKind.YUAN, 14),
)


def contents_of(notice: Notice) -> Contents:
    """A notice as XLSX and PDF, dated the day it was issued; it belongs to no clearing run."""
    sheet = _sheet(notice)
    return Contents(
        kind=PaperKind.ADVANCE.value,
        seal=None,
        made_at=made_at(notice),
        audience={"area": notice.area},
        totals={"lines": len(notice.lines), "total_fen": notice.total_fen},
        lines=(),
        files=[
            File("预付金通知书.xlsx", f"{notice.title_zh}（XLSX）", xlsx.written(sheet)),
            File("预付金通知书.pdf", f"{notice.title_zh}（PDF）", pdf.written(sheet)),
        ],
    )


def made_at(notice: Notice) -> datetime:
    """The beginning of the day of issue in China."""
    return datetime.combine(notice.issued_on, time(), SHANGHAI).astimezone(UTC)


def _sheet(notice: Notice) -> Sheet:
    return Sheet(
        title_zh=notice.title_zh,
        facts=(
            ("文号", notice.number),
            ("年度", str(notice.year)),
            ("签发日期", notice.issued_on.isoformat()),
            ("单位", areas()[notice.area].name),
        ),
        headings=HEADINGS,
        rows=[
            (
                *(areas()[area].name for area in line.pair),
                line.before_fen,
                line.amount_fen,
                line.before_fen + line.amount_fen,
            )
            for line in notice.lines
        ],
        made_at=made_at(notice),
        words=_words(notice),
        signed_by=("清算中心（盖章）", "经办人", "复核人", "日期"),
        footer=f"{notice.number}　验证：yidi verify-statement",
    )


def _words(notice: Notice) -> tuple[str, ...]:
    amount = f"应{_VERBS[notice.direction]}人民币（大写）{in_capitals(notice.total_fen)}"
    finance_by, pay_by = notice.finance_by.isoformat(), notice.pay_by.isoformat()
    return (
        f"{areas()[notice.area].name}医疗保障经办机构：",
        f"　　按下表调整跨省异地就医预付金，{amount}。",
        f"　　请于 {finance_by} 前报送财政部门，于 {pay_by} 前完成划转。银行费用不得由预付金列支。",
    )
