"""Too much, at the door: who asks beyond a share waits, and new work is shed when it is full."""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from simulators.agency import wait_for
from tests.gateway.cases import outpatient_bill, own_visit, registration, split
from tests.gateway.street import Street, envelope, opened
from tests.support.databases import Databases

SHIPPED = files("participants.gateway").joinpath("data/fair_use.toml").read_text("utf-8")


@pytest.fixture
def limits(tmp_path: Path) -> Any:
    """A file of limits with these values in place of the shipped ones, everywhere."""

    def written(**values: int) -> Path:
        text = SHIPPED
        for name, value in values.items():
            text, found = re.subn(rf"(?m)^{name} = \d+", f"{name} = {value}", text)
            assert found, name
        file = tmp_path / "fair_use.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return written


def test_beyond_its_share_a_hospital_is_told_when_to_come_again(
    databases: Databases, limits: Any
) -> None:
    with opened(databases, fair_use_file=limits(per_second=1, burst=2)) as street:
        requests = [envelope("2201", registration()) for _ in range(3)]
        said = [street.post(_text(one)) for one in requests]
        assert [one.json()["infcode"] for one in said] == [0, 0, -1]
        last = said[-1].json()
        assert last["err_msg"].startswith("[2007] 请求过于频繁")
        assert last["retry_after"] == int(said[-1].headers["Retry-After"]) == 1
        # Nothing was remembered of it: the same message goes through when it comes again.
        wait_for("its second is over", lambda: _let_through(street, requests[-1]))


def test_undoing_and_finding_out_are_never_made_to_wait(databases: Databases, limits: Any) -> None:
    with opened(databases, fair_use_file=limits(per_second=1, burst=1)) as street:
        asked = {"psn_no": "P1", "setl_id": "S1", "mdtrt_id": "V1"}
        codes = {street.call("5203", asked)["err_msg"][:6] for _ in range(5)}
        assert codes == {"[3013]"}
        undone = {"psn_no": "P1", "omsgid": "M1", "oinfno": "2207"}
        assert [street.call("2601", undone)["infcode"] for _ in range(5)] == [0] * 5


def test_when_it_is_full_new_work_is_shed_unread_and_what_finds_out_comes_in(
    databases: Databases, limits: Any
) -> None:
    full = limits(least=1, initial=1, most=1)
    with opened(databases, fair_use_file=full, answer_within_s=0.5) as street:
        street.other.silent = True
        settling = [_settlement() for _ in range(6)]
        asking = envelope("5203", {"psn_no": "P1", "setl_id": "S1", "mdtrt_id": "V1"})
        *said, found_out = street.at_once([*settling, asking])
        assert found_out["err_msg"].startswith("[3013]")
        codes = [one["err_msg"][:6] for one in said]
        assert codes == ["[2004]", *["[2005]"] * 5]
        assert {one["retry_after"] for one in said[1:]} == {2}
        assert street.rows("SELECT count(*) FROM settlements") == [(1,)]
        street.other.silent = False
        assert street.said(settling[1])["infcode"] == 0


def _settlement() -> dict[str, Any]:
    bill = outpatient_bill(own_visit(), "100.00", **split(0, 0, 0, "100.00"))
    return envelope("2207", bill)


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document)


def _let_through(street: Street, document: dict[str, Any]) -> bool:
    return bool(street.said(document)["infcode"] == 0)
