"""A deployment's own terms of clearing: checked when read, and in use everywhere at once."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from contracts.programs.settings import SettingWrong
from hub.domain.clearing_terms import Due, all_terms, shipped_terms, terms_in_use
from hub.domain.cycle import cycle_on
from hub.services import clearing_dates
from hub.settings import Settings
from simulators.demo.months.cast import TERMS_FILE

DAY = date(2026, 3, 14)
WRONG = {
    "": "terms",
    "[[terms]]": "cannot be read",
    TERMS_FILE.read_text("utf-8").replace("length = 10", "length = 31"): "1 to 15 days",
    TERMS_FILE.read_text("utf-8").replace('step = "declare"', 'step = "pay"', 1): "every step once",
}


def test_without_a_file_the_shipped_terms_hold() -> None:
    assert Settings().clearing_terms() is None
    with terms_in_use(None):
        assert all_terms() is shipped_terms()


def test_its_cycles_and_dates_are_in_use_and_gone_afterwards() -> None:
    with terms_in_use(Settings(hub_clearing_file=TERMS_FILE).clearing_terms()):
        assert cycle_on(DAY, all_terms()).name == "2026-03-11..20"
        tens = _issued()
    assert tens == ["2026-03-01..10", "2026-03-11..20", "2026-03-21..31"]
    assert _issued() == ["2026-03"]
    assert cycle_on(DAY, all_terms()).name == "2026-03"


def test_a_file_that_makes_no_sense_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    file = tmp_path / "terms.toml"
    for text, said in WRONG.items():
        file.write_text(text, "utf-8")
        with pytest.raises(SettingWrong, match=f"YIDI_HUB_CLEARING_FILE.*{said}"):
            Settings(hub_clearing_file=file).clearing_terms()
    with pytest.raises(SettingWrong, match="YIDI_HUB_CLEARING_FILE"):
        Settings(hub_clearing_file=tmp_path / "none.toml").clearing_terms()


def _issued() -> list[str]:
    """The cycles of March that are due to be issued by the end of April."""
    found = clearing_dates._occasions(Due.ISSUE, timedelta(), DAY.replace(day=1), date(2026, 4, 30))
    return [one.subject for one in found if one.subject.startswith("2026-03")]
