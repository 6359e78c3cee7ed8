"""The chapters of care: one stay told in full, and everyday traffic."""

from contracts.money import yuan_from_fen
from contracts.person import masked
from simulators.demo.stage import Stage, area_name, expect, fen, must, paid, yuan
from simulators.world.population import draw_bill


def treat_the_teacher(stage: Stage) -> None:
    """One stay from identity check to the cash desk, told in full."""
    person, hospital = stage.plot.teacher, stage.at(stage.plot.teacher_hospital)
    stage.narrator.chapter("住院", "A retired teacher of Hefei falls ill in Shanghai")
    psn_no = stage.psn_no(hospital, person)
    stage.narrator.say(f"1101 {masked(person.name)}，{area_name(person.area)}职工医保，退休。")
    bill = draw_bill(stage.plot.teacher_bill, stage.random)
    opened, visit = hospital.open_visit(person, psn_no, bill)
    must(opened)
    stage.narrator.say(
        f"2401 入院：{hospital.institution.name}，{bill.diagnosis_name}，{bill.days} 天。"
    )
    lines = must(hospital.upload_lines(visit))
    rows = [
        (
            line.name,
            str(line.count),
            *(
                yuan(row[name])
                for name in (
                    "det_item_fee_sumamt",
                    "fulamt_ownpay_amt",
                    "overlmt_amt",
                    "preselfpay_amt",
                    "inscp_scp_amt",
                )
            ),
        )
        for line, row in zip(bill.lines, lines.output["result"], strict=True)
    ]
    columns = ("2301 费用明细", ">数量", ">金额", ">全自费", ">超限价", ">先行自付", ">范围内")
    stage.narrator.table(columns, rows)
    trial = must(hospital.trial(visit))
    stage.narrator.say(f"2303 预结算：{paid(trial)}。一切未变 (a trial changes nothing)。")
    settled = must(hospital.settle(visit))
    stage.narrator.say(f"2304 结算：  {paid(settled)}。")
    stage.narrator.say("她在窗口只付自己的一份 (she pays her own share only, at the desk)。")
    expect(paid(trial) == paid(settled), "the trial and the settlement differ")
    stage.teacher_visit = visit
    stage.narrator.step()


def everyday(stage: Stage) -> None:
    """Visits of everybody with a registration in force, drawn by the seed."""
    stage.narrator.chapter(
        "日常", f"{stage.visits} visits settle between {len(stage.plot.areas)} areas"
    )
    travellers = stage.travellers()
    names, weights = zip(*stage.plot.traffic.items(), strict=True)
    totals = {"总额": 0, "基金": 0, "账户": 0, "现金": 0}
    for number in range(stage.visits):
        # Everybody once, in order, so that every pair of areas has something to clear.
        planned = travellers[number % len(travellers)]
        hospital = stage.at(stage.random.choice(stage.plot.hospitals_in(planned.place)))
        bill = stage.random.choices(names, weights)[0]
        reply = must(hospital.settle(stage.prepare(hospital, planned.person, bill)))
        info = reply.setlinfo
        for name, field_ in zip(
            totals,
            ("medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay"),
            strict=True,
        ):
            totals[name] += fen(info[field_])
        stage.narrator.step()
    told = "，".join(f"{name} {yuan_from_fen(value)}" for name, value in totals.items())
    stage.narrator.say(f"共 {stage.visits} 笔：{told} 元。")
