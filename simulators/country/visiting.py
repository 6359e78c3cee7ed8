"""One visit from the door to the cash desk, with whatever habit its hospital has."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.refusal import RefusalCode
from simulators.country.desk import PASSING, Desk
from simulators.country.notebook import Notebook
from simulators.country.tally import Settled, Tally
from simulators.demo.stage import fen
from simulators.hospital import Reply, Visit
from simulators.world.country import DrawnVisit
from simulators.world.habits import NEED_A_VISIT, Habit

ASK_AGAIN_MAX = 4


@dataclass(slots=True)
class Going:
    """A visit under way. `msgid` and `content` are those of its last settlement."""

    desk: Desk
    tally: Tally
    notebook: Notebook
    visit: Visit | None = None
    msgid: str = ""
    content: Mapping[str, Any] | None = None
    reply: Reply | None = None
    settled: Settled | None = None

    def settle(self) -> Reply:
        """Ask under a new message id, until the answer is certain."""
        self.content = self.desk.content_of(self.visit)
        self.msgid = self.desk.new_msgid()
        return self.ask_until_certain()

    def ask_until_certain(self) -> Reply:
        """The settlement's reply; what the patient waited for it began with the first asking."""
        assert self.content is not None, "what is asked again was asked before"
        began = time.perf_counter()
        self.reply = self.said_until_certain(self.desk.settles_as(), self.content, self.msgid)
        if self.reply.code in PASSING:
            self.tally.not_known()
        elif self.reply.ok:
            self._settled(self.reply, time.perf_counter() - began)
        else:
            self.tally.refuse(self.reply.code)
        return self.reply

    def said_until_certain(
        self, infno: str, content: Mapping[str, Any], msgid: str, about: str = ""
    ) -> Reply:
        """The same message again and again, as long as what is told is not final."""
        for _ in range(ASK_AGAIN_MAX):
            reply = self.desk.say(infno, content, msgid, about)
            if reply.code not in PASSING:
                break
        return reply

    def undo(self, infno: str, content: Mapping[str, Any]) -> Reply:
        """Cancel or withdraw the last settlement."""
        return self.said_until_certain(infno, content, self.desk.new_msgid(), about=self.msgid)

    def setl_id(self) -> str:
        return str(self.reply.setlinfo["setl_id"]) if self.reply and self.reply.ok else ""

    def named(self) -> dict[str, Any]:
        """How the settlement is named when something is asked about it."""
        mdtrt_id = self.visit.mdtrt_id if self.visit else self._told_mdtrt_id()
        data = {"setl_id": self.setl_id(), "mdtrt_id": mdtrt_id, "psn_no": self.desk.psn_no}
        return {"data": data}

    def _told_mdtrt_id(self) -> str:
        return str(self.content["data"]["mdtrt_id"]) if self.content else ""

    def _settled(self, reply: Reply, waited_s: float) -> None:
        info, drawn = reply.setlinfo, self.desk.drawn
        self.notebook.write(drawn, info)
        total_fen, cash_fen = fen(info["medfee_sumamt"]), fen(info["psn_cash_pay"])
        pair = (drawn.traveller.home, drawn.traveller.away)
        self.settled = Settled(drawn.kind, pair, total_fen, total_fen - cash_fen, waited_s)
        self.tally.settle(self.settled)


def treat(desk: Desk, tally: Tally, notebook: Notebook) -> None:
    """The whole visit; what no hospital should hear is noted as odd."""
    drawn = desk.drawn
    tally.begin(drawn.habit, at_midnight=drawn.at_midnight)
    going = Going(desk, tally, notebook)
    if _comes_with_lines(drawn) and not _opened(going):
        return
    HABITS[drawn.habit](going)


def _comes_with_lines(drawn: DrawnVisit) -> bool:
    return drawn.uploads_lines or drawn.habit in NEED_A_VISIT


def _opened(going: Going) -> bool:
    """Register the visit and upload its lines; whether that worked."""
    opened, visit = going.desk.opened()
    if not _heard_yes(going, opened):
        return False
    going.visit = visit
    if going.desk.drawn.habit is Habit.LATE_LINES:
        return True
    return _heard_yes(going, going.desk.hospital.upload_lines(visit))


def _plain(going: Going) -> None:
    going.settle()


def _send_twice(going: Going) -> None:
    first = going.settle()
    assert going.content is not None, "settled"
    again = going.desk.say(going.desk.settles_as(), going.content, going.msgid)
    if first.ok and again.output != first.output:
        going.tally.odd(f"{going.msgid}: the same message was answered differently")


def _retry(going: Going) -> None:
    going.content, going.msgid = going.desk.content_of(going.visit), going.desk.new_msgid()
    going.desk.break_off(going.desk.settles_as(), going.content, going.msgid)
    going.ask_until_certain()


def _ask_again(going: Going) -> None:
    if going.settle().ok:
        asked = going.desk.say("5203", going.named(), about=going.msgid)
        if not asked.ok:
            going.tally.odd(f"5203: {asked.text}")


def _cancel(going: Going) -> None:
    if going.settle().ok:
        infno = "2305" if going.desk.settles_as() == "2304" else "2208"
        _undone(going, going.undo(infno, going.named()))


def _undone(going: Going, reply: Reply) -> bool:
    """Whether the last settlement is undone; the hospital takes it out of its books then."""
    if _heard_yes(going, reply):
        assert going.reply is not None, "something was settled"
        going.notebook.take_out(going.desk.drawn, going.reply.setlinfo, going.desk.today())
        going.tally.undo(going.settled)
    return reply.ok


def _cancel_and_settle(going: Going) -> None:
    _cancel(going)
    going.settle()


def _withdraw(going: Going) -> None:
    infno = going.desk.settles_as()
    if going.settle().ok:
        data = {"psn_no": going.desk.psn_no, "omsgid": going.msgid, "oinfno": infno}
        if _undone(going, going.undo("2601", {"data": data})):
            going.settle()


def _other_content(going: Going) -> None:
    if not going.settle().ok or going.content is None:
        return
    other = {"data": {**going.content["data"], "psn_name": "另一人"}}
    no = going.desk.say(going.desk.settles_as(), other, going.msgid)
    if no.code != RefusalCode.CONFLICTING_REPLAY:
        going.tally.odd(f"{going.msgid}: other content under the same id: {no.text or 'yes'}")


def _forget(_going: Going) -> None:
    """Lines are uploaded, and nobody ever settles them."""


def _late_lines(going: Going) -> None:
    """What is asked before all of its lines are there is refused; when they are, it settles."""
    visit, hospital = going.visit, going.desk.hospital
    assert visit is not None, "a visit comes first"
    first, *rest = hospital.fee_rows(visit)
    if rest and _heard_yes(going, hospital.upload(visit, [first])):
        no = going.settle()
        if no.code != RefusalCode.LINES_DIFFER_FROM_TOTAL and no.code not in PASSING:
            going.tally.odd(f"settled before its lines were there: {no.text or 'yes'}")
            return
    late = [row | {"chrg_bchno": "2"} for row in rest] or [first]
    if _heard_yes(going, hospital.upload(visit, late)):
        going.settle()


def _trial(going: Going) -> None:
    assert going.visit is not None, "a visit comes first"
    _heard_yes(going, going.desk.hospital.trial(going.visit))
    going.settle()


def _heard_yes(going: Going, reply: Reply) -> bool:
    if reply.code in PASSING:
        going.tally.not_known()
    elif not reply.ok:
        going.tally.odd(f"{reply.infno}: {reply.text}")
    return reply.ok


HABITS: Mapping[Habit | None, Callable[[Going], None]] = {
    None: _plain,
    Habit.SEND_TWICE: _send_twice,
    Habit.RETRY: _retry,
    Habit.ASK_AGAIN: _ask_again,
    Habit.CANCEL: _cancel,
    Habit.CANCEL_AND_SETTLE: _cancel_and_settle,
    Habit.WITHDRAW: _withdraw,
    Habit.OTHER_CONTENT: _other_content,
    Habit.FORGET: _forget,
    Habit.LATE_LINES: _late_lines,
    Habit.TRIAL: _trial,
}
