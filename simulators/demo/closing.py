"""The closing chapters: the day, the month, and how a share was worked out."""

from datetime import date, timedelta

from contracts.ids import id_of_short_text
from contracts.money import yuan_from_fen
from simulators.agency import wait_for
from simulators.demo.stage import Stage, area_name, expect

CLEARING_COLUMNS = (
    "参保省",
    "就医省",
    "险种",
    "类别",
    "人次",
    "医疗费总额",
    "统筹",
    "大病/大额",
    "个人账户",
    "应清算金额",
)


def close_the_day(stage: Stage) -> date:
    """Close today, and see the hub, the insured and the treatment areas agree."""
    stage.narrator.chapter("日终对账", "The business day closes; three sides compare totals")
    today = date.fromisoformat(stage.operator.get("/business-days")[0]["business_date"])
    stage.operator.post("/business-days/close", {"business_date": str(today)})
    found = wait_for("the three sides agree", lambda: stage.agreed(today))
    rows = [
        (
            area_name(side["area"]),
            "参保地" if side["role"] == "insured" else "就医地",
            str(side["hub_count"]),
            str(side["reported_count"]),
            yuan_from_fen(side["hub_fen"]),
            yuan_from_fen(side["reported_fen"]),
            side["state"],
        )
        for side in sorted(found["sides"], key=lambda side: (side["area"], side["role"]))
    ]
    columns = ("地区", "角色", ">枢纽笔数", ">报送笔数", ">枢纽金额", ">报送金额", "结果")
    stage.narrator.table(columns, rows, title=f"结算日 {today}：三方对账")
    stage.narrator.step()
    return today


def clear_the_month(stage: Stage, today: date) -> tuple[int, int]:
    """Close what is left of the month, clear it, print the table: (payable, receivable)."""
    stage.narrator.chapter("清算", "The month is cleared, gross per ordered pair of areas")
    last = _last_of_month(today)
    for day in _days(today + timedelta(days=1), last):
        stage.operator.post("/business-days/close", {"business_date": str(day)})
    if last > today:
        left = (last - today).days
        stage.narrator.say(f"本月余下 {left} 天没有业务，逐日日终 (closed, one by one, empty)。")
    for day in _days(today, last):
        wait_for(f"{day} is compared", lambda day=day: stage.agreed(day))  # type: ignore[misc]
    month = f"{today:%Y-%m}"
    run = stage.operator.post(f"/clearing/{month}")
    expect(run["state"] == "issued", f"{run}")
    shown = stage.operator.get(f"/clearing/{month}")
    heading, *rows = shown["table"]
    wanted = [heading.index(name) for name in CLEARING_COLUMNS]
    columns = [f">{name}" if n > 3 else name for n, name in enumerate(CLEARING_COLUMNS)]
    table = [[row[column] for column in wanted] for row in rows]
    stage.narrator.table(columns, table, title=f"{month} {shown['title_zh']}（元）")
    payable, receivable = int(run["payable_fen"]), int(run["receivable_fen"])
    stage.narrator.say(
        f"应付合计 payable {yuan_from_fen(payable)} = 应收合计 receivable "
        f"{yuan_from_fen(receivable)} 元（由清算表与分录分别求得）。"
    )
    stage.narrator.step()
    return payable, receivable


def explain(stage: Stage) -> None:
    """One patient's calculation, as the desk of her area sees it; then the hub's own proof."""
    stage.narrator.chapter("说明", "How the teacher's share was worked out, line by line")
    visit = stage.teacher_visit
    assert visit is not None, "the teacher has been treated"
    settlement_id = id_of_short_text(visit.setl_id)
    grant = stage.desk.get(f"/people/{visit.psn_no}/grants/{settlement_id}")
    stage.narrator.say(f"{grant['person']['name']}，政策 {grant['policy_id']}：")
    for line in grant["working"]:
        stage.narrator.say(f"  {line}")
    proof = stage.operator.get("/verification")
    expect(bool(proof["holds"]), f"{proof['findings']}")
    checks = len(proof["checks"])
    stage.narrator.say(f"枢纽核验：{checks} 项承诺全部成立 ({checks} promises hold)。")
    stage.narrator.step()


def _last_of_month(day: date) -> date:
    first_of_next = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
    return first_of_next - timedelta(days=1)


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
