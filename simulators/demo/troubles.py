"""The chapter in which things go wrong: each trouble ends in one known state."""

from simulators.agency import wait_for
from simulators.demo.books import released_after_expiry
from simulators.demo.stage import Stage, expect, must, yuan
from simulators.running.world import DESK_AREA
from simulators.world.population import Resident, residents


def go_wrong(stage: Stage) -> None:
    """Refusals, a duplicate, a cancellation, a withdrawal, and an area that does not answer."""
    stage.narrator.chapter("意外", "Things go wrong, and each ends in one known state")
    for trouble in TROUBLES:
        trouble(stage)
        stage.world.check()
        stage.narrator.step()


def _unregistered(stage: Stage) -> None:
    person, place = _stranger(stage), "440100"
    hospital = stage.at(stage.plot.hospitals_in(place)[0])
    reply = hospital.settle(stage.prepare(hospital, person, "pneumonia"))
    stage.refused(reply, "4001", "未备案的参保人")


def _registration_over(stage: Stage) -> None:
    over = next(one for one in stage.plot.registrations if (one.ends or 1) < 0)
    hospital = stage.at(stage.plot.hospitals_in(over.place)[0])
    reply = hospital.settle(stage.prepare(hospital, over.person, "outpatient-cold"))
    stage.refused(reply, "4003", "备案已过有效期")


def _total_differs(stage: Stage) -> None:
    hospital, visit = stage.prepared("pneumonia")
    reply = hospital.settle(visit, total_fen=visit.bill.total_fen() + 1)
    stage.refused(reply, "3011", "总额比明细合计多一分")


def _third_decimal(stage: Stage) -> None:
    hospital, visit = stage.prepared("outpatient-cold")
    data = {"psn_no": visit.psn_no, "mdtrt_id": visit.mdtrt_id, "medfee_sumamt": "88.888"}
    reply = hospital.call("2207", {"data": data}, visit.person)
    expect(not reply.ok and reply.code.startswith("100"), reply.text)
    stage.narrator.say(f"2207 金额有三位小数、缺必填项 → {reply.text}")


def _duplicate(stage: Stage) -> None:
    hospital, visit = stage.prepared("outpatient-cold")
    first = must(hospital.settle(visit))
    again = must(hospital.settle(visit, msgid=first.msgid))
    expect(again.setlinfo == first.setlinfo, "a replay was answered differently")
    stage.narrator.say("2207 同一报文发两次 → 同一答案，只结算一次 (same id, same answer)。")
    other = hospital.settle(visit, msgid=first.msgid, total_fen=1)
    stage.refused(other, "1009", "同一报文ID，内容不同")


def _cancelled(stage: Stage) -> None:
    hospital, visit = stage.prepared("appendectomy")
    must(hospital.settle(visit))
    reply = must(hospital.cancel(visit))
    total = reply.setlinfo["medfee_sumamt"]
    stage.narrator.say(f"2305 撤销结算 → 医疗费总额 {yuan(total)}，待遇累计已退回。")


def _answer_lost(stage: Stage) -> None:
    hospital, visit = stage.prepared("chronic-diabetes")
    must(hospital.settle(visit))
    reply = must(hospital.withdraw(visit))
    asked = must(hospital.ask(visit))
    expect(str(asked.setlinfo["refd_setl_flag"]) == "1", f"{asked.setlinfo}")
    stage.narrator.say(f"2207 的应答丢失，医院冲正 {reply.infno} → 已冲正，5203 同样答复。")


def _area_hangs(stage: Stage) -> None:
    """The insured area is held still for longer than the deadline, then comes back."""
    planned = next(one for one in stage.plot.registrations if one.person.area == DESK_AREA)
    hospital = stage.at(stage.plot.hospitals_in(planned.place)[0])
    visit = stage.prepare(hospital, planned.person, "outpatient-cold")
    stage.world.pause(DESK_AREA)
    try:
        reply = hospital.settle(visit)
    finally:
        stage.world.resume(DESK_AREA)
    stage.refused(reply, "2006", "参保地系统停顿")
    engine = stage.world.deployment.hub_engine("story")
    try:
        wait_for("the late answer is absorbed", lambda: released_after_expiry(engine))
    finally:
        engine.dispose()
    stage.narrator.say("  参保地恢复后，迟到的结果被吸收，待遇已释放 (absorbed and released)。")


def _next_good_request(stage: Stage) -> None:
    hospital, visit = stage.prepared("outpatient-cold")
    must(hospital.settle(visit))
    stage.narrator.say("下一笔正常请求照常结算 (the next good request settles)。")


def _stranger(stage: Stage) -> Resident:
    """Insured, known, and registered nowhere."""
    registered = {one.person for one in stage.plot.registrations}
    everybody = residents(DESK_AREA)
    return next(one for one in everybody if one not in registered and one.in_force)


TROUBLES = (
    _unregistered,
    _registration_over,
    _total_differs,
    _third_decimal,
    _duplicate,
    _cancelled,
    _answer_lost,
    _area_hangs,
    _next_good_request,
)
