"""Runs of the time before versions: the broken ones become versions of their month's last."""

from importlib.resources import as_file, files
from uuid import UUID

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from hub.store.db import migrate
from tests.support.databases import Databases

ISSUED, LONE = UUID(int=2), UUID(int=3)
# March broke once and was then issued; April is broken still.
BEFORE = """
    INSERT INTO business_days VALUES ('2026-03-31', 'closed', now(), now());
    INSERT INTO reconciliations VALUES ('2026-03-31', now());
    INSERT INTO daily_totals (business_date, insured_area, treatment_area, insurance_kind,
        visit_kind, count, visits, total_fen, digest, pool_fen, civil_servant_fen, enterprise_fen,
        critical_illness_fen, large_sum_fen, veterans_fen, medical_aid_fen, other_fen,
        account_fen, cash_fen, hospital_fen)
    VALUES ('2026-03-31', '430000', '310000', '310', 'inpatient', 1, 1, 5, '', 5, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0);
    INSERT INTO clearing_runs VALUES
        ('00000000-0000-0000-0000-000000000001', '2026-03', 'frozen', '2026-04-21', NULL, 0, 0),
        ('00000000-0000-0000-0000-000000000003', '2026-04', 'frozen', '2026-05-21', NULL, 0, 0);
    INSERT INTO clearing_differences SELECT run_id, '430000', '310000', 5, 6 FROM clearing_runs;
    INSERT INTO clearing_lines SELECT '00000000-0000-0000-0000-000000000001', insured_area,
        treatment_area, insurance_kind, visit_kind, count, total_fen, pool_fen, civil_servant_fen,
        enterprise_fen, critical_illness_fen, large_sum_fen, veterans_fen, medical_aid_fen,
        other_fen, account_fen, cash_fen, hospital_fen, 5 FROM daily_totals;
    UPDATE clearing_runs SET state = 'broken', payable_fen = 5, receivable_fen = 6;
    INSERT INTO clearing_runs VALUES
        ('00000000-0000-0000-0000-000000000002', '2026-03', 'frozen', '2026-04-22', NULL, 0, 0);
    INSERT INTO clearing_lines SELECT '00000000-0000-0000-0000-000000000002', insured_area,
        treatment_area, insurance_kind, visit_kind, count, total_fen, pool_fen, civil_servant_fen,
        enterprise_fen, critical_illness_fen, large_sum_fen, veterans_fen, medical_aid_fen,
        other_fen, account_fen, cash_fen, hospital_fen, payable_fen FROM clearing_lines;
    INSERT INTO clearing_run_days VALUES ('2026-03-31', '00000000-0000-0000-0000-000000000002');
    UPDATE clearing_runs
    SET state = 'issued', issued_at = now(), payable_fen = 5, receivable_fen = 5
    WHERE state = 'frozen';
"""


def _until(tx: Connection, revision: str) -> None:
    with as_file(files("hub.store").joinpath("migrations")) as folder:
        config = Config(attributes={"connection": tx})
        config.set_main_option("script_location", str(folder))
        config.set_main_option("path_separator", "os")
        command.upgrade(config, revision)


def test_runs_of_before_become_versions_and_keep_their_lines(databases: Databases) -> None:
    engine = databases.fresh("hub_of_before", lambda _url: None)
    with engine.begin() as tx:
        _until(tx, "0006")
        tx.execute(text(BEFORE))
    migrate(engine.url.render_as_string(hide_password=False))
    with engine.begin() as tx:
        runs = tx.execute(
            text(
                "SELECT run_id, cycle, first_day::text, last_day::text, version, state, netting"
                " FROM clearing_runs ORDER BY cycle"
            )
        ).all()
        lines = tx.execute(text("SELECT run_id, version, payable_fen FROM clearing_lines"))
        apart = tx.execute(text("SELECT run_id, version FROM clearing_differences ORDER BY 1"))
        days = tx.execute(text("SELECT run_id, insured_area FROM clearing_pair_days"))
        steps = tx.execute(
            text("SELECT event, version FROM clearing_steps WHERE run_id = :id ORDER BY position"),
            {"id": ISSUED},
        )
        assert runs == [
            (ISSUED, "2026-03", "2026-03-01", "2026-03-31", 2, "issued", "gross"),
            (LONE, "2026-04", "2026-04-01", "2026-04-30", 1, "broken", "gross"),
        ]
        assert sorted(lines) == [(ISSUED, 1, 5), (ISSUED, 2, 5)]
        assert apart.all() == [(ISSUED, 1), (LONE, 1)]
        assert days.all() == [(ISSUED, "430000")]
        assert steps.all() == [
            ("freeze", 1),
            ("differ", 1),
            ("freeze", 2),
            ("balance", 2),
            ("issue", 2),
        ]
