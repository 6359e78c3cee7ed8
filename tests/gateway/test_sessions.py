"""9001 and 9002: operators sign in and out, and a session holds no longer than it may."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from participants.gateway.wire import jsontext
from participants.gateway.wire.conformity import departures
from participants.gateway.wire.fields import shapes
from participants.treatment.domain.keeping import Keeping
from participants.treatment.domain.session import Session, SignOut
from participants.treatment.services import housekeeping, sessions
from tests.gateway.street import HOSPITAL, Street
from tests.support.tables import rows

OTHER = "H31010100002"


def sign_in(street: Street, **changes: Any) -> dict[str, Any]:
    node = {"opter_no": "0001", "mac": "00-16-3E-00-00-01", "ip": "10.0.0.8", **changes}
    return street.call("9001", input={"signIn": node})


def sign_out(street: Street, sign_no: str, operator: str = "0001", **changes: Any) -> Any:
    return street.call(
        "9002", input={"signOut": {"sign_no": sign_no, "opter_no": operator}}, **changes
    )


def valid(street: Street, sign_no: str, later: timedelta, institution: str = HOSPITAL) -> set[str]:
    with street.engine.begin() as tx:
        return sessions.valid(tx, institution, [sign_no, "none"], datetime.now(UTC) + later)


def test_an_operator_signs_in_works_and_signs_out(street: Street) -> None:
    reply = sign_in(street)
    assert reply["infcode"] == 0, reply
    said = reply["output"]["signinoutb"]
    assert list(said) == ["sign_time", "sign_no"]
    sign_no = said["sign_no"]
    assert len(sign_no) <= 30
    now = timedelta()
    assert valid(street, sign_no, now) == {sign_no}
    assert valid(street, sign_no, now, OTHER) == set()
    out = sign_out(street, sign_no)
    assert list(out["output"]) == ["sign_time"]
    assert out["output"]["sign_time"]["sign_time"] >= said["sign_time"]
    assert valid(street, sign_no, now) == set()


def test_what_is_answered_is_what_the_tables_say(street: Street) -> None:
    reply = sign_in(street)
    out = sign_out(street, reply["output"]["signinoutb"]["sign_no"])
    for infno, one in (("9001", reply), ("9002", out)):
        tree = jsontext.loads(jsontext.encode(one["output"]))
        assert departures(shapes()[infno], tree) == []


def test_a_session_ends_once_and_stays_as_it_ended(street: Street) -> None:
    sign_no = sign_in(street)["output"]["signinoutb"]["sign_no"]
    first = sign_out(street, sign_no)
    with street.engine.begin() as tx:
        [later] = sessions.sign_out(
            tx,
            [SignOut(HOSPITAL, "0001", sign_no)],
            datetime.now(UTC) + timedelta(hours=1),
        )
    assert isinstance(later, Session)
    assert sign_out(street, sign_no)["output"] == first["output"]


def test_a_session_expires_by_itself_and_is_forgotten_later(street: Street) -> None:
    sign_no = sign_in(street)["output"]["signinoutb"]["sign_no"]
    keeping = Keeping()
    assert valid(street, sign_no, keeping.session_for - timedelta(minutes=1)) == {sign_no}
    assert valid(street, sign_no, keeping.session_for) == set()
    with street.engine.begin() as tx:
        now = datetime.now(UTC)
        assert housekeeping.forget(tx, now + keeping.session_for, keeping) == 0
        assert housekeeping.forget(tx, now + timedelta(days=31), keeping) == 1


def test_nobody_signs_out_who_is_not_signed_in(street: Street) -> None:
    sign_no = sign_in(street)["output"]["signinoutb"]["sign_no"]
    refused = [
        sign_out(street, "A" * 26),
        sign_out(street, sign_no, "0002"),
        sign_out(street, sign_no, fixmedins_code=OTHER),
    ]
    assert [one["err_msg"][:6] for one in refused] == ["[1019]"] * 3
    assert valid(street, sign_no, timedelta()) == {sign_no}


FIELDS = """
    field    | value                  | code
    opter_no | -                      | 1004
    mac      | -                      | 1004
    ip       | -                      | 1004
    opter_no | 123456789012345678901  | 1005
    ip       | 123456789012345678901  | 1005
"""


@pytest.mark.parametrize("case", rows(FIELDS), ids=lambda case: f"{case['field']} {case['value']}")
def test_wrong_fields_are_named(street: Street, case: dict[str, str]) -> None:
    reply = sign_in(street, **{case["field"]: case["value"].strip("-")})
    assert reply["err_msg"].startswith(f"[{case['code']}]"), reply
    assert case["field"] in reply["err_msg"]
    assert street.rows("SELECT count(*) FROM sessions") == [(0,)]
