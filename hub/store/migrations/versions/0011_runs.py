"""The life of a clearing run: states and versions, answers, obligations, payments, receipts.

Frozen: a later change of a table is a later migration.
"""

# ruff: noqa: E501  # a constraint stays one line

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

STATES = (
    "'open', 'frozen', 'broken', 'reconciled', 'issued', 'contested', 'confirmed', 'paid', 'closed'"
)
EVENTS = "'freeze', 'differ', 'balance', 'issue', 'contest', 'withdraw', 'confirm', 'override', 'pay', 'close'"
ISSUED = "'issued', 'contested', 'confirmed', 'paid', 'closed'"
STANDING = "'confirmed', 'paid', 'closed'"
LEGAL_STEPS = (
    ("open", "freeze", "frozen"),
    ("frozen", "differ", "broken"),
    ("frozen", "balance", "reconciled"),
    ("broken", "freeze", "frozen"),
    ("reconciled", "issue", "issued"),
    ("issued", "contest", "contested"),
    ("contested", "contest", "contested"),
    ("contested", "withdraw", "issued"),
    ("contested", "freeze", "frozen"),
    ("issued", "confirm", "confirmed"),
    ("issued", "override", "confirmed"),
    ("contested", "override", "confirmed"),
    ("confirmed", "pay", "paid"),
    ("paid", "close", "closed"),
)
# What a run of a month was before is now a version of it: broken ones came before the last.
_NUMBER = """
    CREATE TEMPORARY TABLE runs_before ON COMMIT DROP AS
    SELECT run_id, month, row_number() OVER so_far AS version,
        last_value(run_id) OVER (PARTITION BY month ORDER BY frozen_at, run_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS kept
    FROM clearing_runs WINDOW so_far AS (PARTITION BY month ORDER BY frozen_at, run_id)
"""
# The last run first: its lines take a version that no other has.
_MERGE = tuple(
    f"UPDATE {table} SET run_id = kept, version = runs_before.version"  # noqa: S608 - names of ours
    f" FROM runs_before WHERE {table}.run_id = runs_before.run_id"
    f" AND (kept = runs_before.run_id) = {is_last}"
    for table in ("clearing_lines", "clearing_differences")
    for is_last in (True, False)
)
_DROP_MERGED = "DELETE FROM clearing_runs USING runs_before WHERE clearing_runs.run_id = runs_before.run_id AND kept <> runs_before.run_id"
_FILL = """
    UPDATE clearing_runs SET cycle = clearing_runs.month,
        first_day = to_date(clearing_runs.month, 'YYYY-MM'),
        last_day = (to_date(clearing_runs.month, 'YYYY-MM') + interval '1 month - 1 day')::date,
        version = runs_before.version, opened_at = frozen_at
    FROM runs_before WHERE runs_before.run_id = clearing_runs.run_id
"""
_STEPS_BEFORE = """
    INSERT INTO clearing_steps
        (run_id, position, from_state, event, to_state, version, "by", why, at)
    SELECT run_id, row_number() OVER (PARTITION BY run_id ORDER BY one.version, one.position),
        one.from_state, one.event, one.to_state, one.version, 'migration', '', frozen_at
    FROM clearing_runs CROSS JOIN LATERAL (
        SELECT numbered.version, step.* FROM generate_series(1, clearing_runs.version) AS numbered (version)
        CROSS JOIN LATERAL (VALUES
            (1, CASE numbered.version WHEN 1 THEN 'open' ELSE 'broken' END, 'freeze', 'frozen'),
            (2, 'frozen', 'differ', 'broken'), (2, 'frozen', 'balance', 'reconciled'),
            (3, 'reconciled', 'issue', 'issued')
        ) AS step (position, from_state, event, to_state)
        WHERE step.position = 1 OR (step.event = 'differ')
            = (numbered.version < clearing_runs.version OR clearing_runs.state = 'broken')
    ) AS one
"""
# A run moves by its table's steps only. What it says is fixed while it is frozen, and a closed one
# never changes. The next version begins with the next freeze.
_RUN_MOVES = """
    CREATE FUNCTION refuse_other_moves_of_run() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF NEW.state = 'open' THEN RETURN NEW; END IF;
        ELSIF TG_OP = 'UPDATE' AND OLD.state <> 'closed'
            AND (NEW.run_id, NEW.cycle, NEW.first_day, NEW.last_day, NEW.opened_at)
                = (OLD.run_id, OLD.cycle, OLD.first_day, OLD.last_day, OLD.opened_at)
            AND EXISTS (SELECT FROM clearing_legal_steps
                WHERE from_state = OLD.state AND to_state = NEW.state)
            AND NEW.version = OLD.version + (NEW.state = 'frozen')::int
            AND (NEW.state IN ('frozen', 'broken', 'reconciled')
                OR (NEW.payable_fen, NEW.receivable_fen, NEW.netting, NEW.frozen_at)
                    = (OLD.payable_fen, OLD.receivable_fen, OLD.netting, OLD.frozen_at))
        THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'clearing run % is %: % refused', OLD.run_id, OLD.state, TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
"""
_CONTENT_IS_FIXED = """
    CREATE FUNCTION refuse_change_after_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP <> 'INSERT' OR NOT EXISTS (SELECT FROM clearing_runs
            WHERE run_id = NEW.run_id AND version = NEW.version AND state = 'frozen') THEN
            RAISE EXCEPTION '% of a clearing run: % refused', TG_TABLE_NAME, TG_OP
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
_ANSWERS_TO_WHAT_IS_ISSUED = """
    CREATE FUNCTION refuse_answer_to_another_version() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT EXISTS (SELECT FROM clearing_runs WHERE run_id = NEW.run_id
            AND version = NEW.version AND state IN ('reconciled', 'issued', 'contested')) THEN
            RAISE EXCEPTION '% of version % of a clearing run: % refused',
                TG_TABLE_NAME, NEW.version, TG_OP USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
# What is owed is written when a run is confirmed; afterwards only what was paid of it grows, but
# for what two persons withdrew.
_OBLIGATIONS_STAND = """
    CREATE FUNCTION refuse_change_of_obligation() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'INSERT' THEN
            IF (NEW.paid_fen, NEW.received_fen) = (0, 0) AND EXISTS (
                SELECT FROM clearing_runs WHERE run_id = NEW.run_id AND version = NEW.version
                    AND state = 'confirmed') THEN
                RETURN NEW;
            END IF;
        ELSIF TG_OP = 'UPDATE' THEN
            IF (NEW.obligation_id, NEW.run_id, NEW.version, NEW.position, NEW.from_area,
                    NEW.to_area, NEW.amount_fen)
                = (OLD.obligation_id, OLD.run_id, OLD.version, OLD.position, OLD.from_area,
                    OLD.to_area, OLD.amount_fen)
                AND NEW.received_fen >= OLD.received_fen
                AND (NEW.paid_fen >= OLD.paid_fen OR NEW.paid_fen = (
                    SELECT coalesce(sum(amount_fen), 0) FROM clearing_payments AS paid
                    WHERE paid.obligation_id = NEW.obligation_id AND NOT EXISTS (
                        SELECT FROM clearing_withdrawals AS gone
                        WHERE gone.payment_id = paid.payment_id))) THEN
                RETURN NEW;
            END IF;
        END IF;
        RAISE EXCEPTION '% of a clearing run: % refused', TG_TABLE_NAME, TG_OP
            USING ERRCODE = 'restrict_violation';
    END $$
"""
# What was received is not withdrawn, and what was withdrawn is not received. A serial comes again
# only in place of an entry that was withdrawn.
_ENTRIES_STAND = """
    CREATE FUNCTION refuse_entry_that_contradicts() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_TABLE_NAME = 'clearing_receipts' AND EXISTS (
                SELECT FROM clearing_withdrawals WHERE payment_id = NEW.payment_id)
            OR TG_TABLE_NAME = 'clearing_withdrawals' AND EXISTS (
                SELECT FROM clearing_receipts WHERE payment_id = NEW.payment_id) THEN
            RAISE EXCEPTION '% of payment %: refused', TG_TABLE_NAME, NEW.payment_id
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
_SERIAL_AGAIN = """
    CREATE FUNCTION refuse_serial_that_stands() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NEW.entry > 1 AND NOT EXISTS (
            SELECT FROM clearing_payments JOIN clearing_withdrawals USING (payment_id)
            WHERE (bank_name, serial, entry) = (NEW.bank_name, NEW.serial, NEW.entry - 1)) THEN
            RAISE EXCEPTION 'entry % of %: refused', NEW.entry, NEW.serial
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END $$
"""
APPEND_ONLY = (
    "clearing_legal_steps",
    "clearing_steps",
    "clearing_answers",
    "clearing_payments",
    "clearing_receipts",
    "clearing_withdrawals",
)
ROW_TRIGGERS = (
    (
        "clearing_runs_moves",
        "INSERT OR UPDATE OR DELETE",
        "clearing_runs",
        "refuse_other_moves_of_run",
    ),
    (
        "clearing_lines_frozen",
        "INSERT OR UPDATE OR DELETE",
        "clearing_lines",
        "refuse_change_after_frozen",
    ),
    (
        "clearing_differences_frozen",
        "INSERT OR UPDATE OR DELETE",
        "clearing_differences",
        "refuse_change_after_frozen",
    ),
    ("clearing_answers_issued", "INSERT", "clearing_answers", "refuse_answer_to_another_version"),
    (
        "obligations_stand",
        "INSERT OR UPDATE OR DELETE",
        "obligations",
        "refuse_change_of_obligation",
    ),
    ("clearing_receipts_stand", "INSERT", "clearing_receipts", "refuse_entry_that_contradicts"),
    (
        "clearing_withdrawals_stand",
        "INSERT",
        "clearing_withdrawals",
        "refuse_entry_that_contradicts",
    ),
    ("clearing_payments_entry", "INSERT", "clearing_payments", "refuse_serial_that_stands"),
)


def upgrade() -> None:
    _drop_old_guards()
    _runs()
    _steps()
    _answers()
    _obligations()
    _withdrawals()
    for function in (
        _RUN_MOVES,
        _CONTENT_IS_FIXED,
        _ANSWERS_TO_WHAT_IS_ISSUED,
        _OBLIGATIONS_STAND,
        _ENTRIES_STAND,
        _SERIAL_AGAIN,
    ):
        op.execute(function)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for table in ("clearing_runs", "obligations"):
        op.execute(
            f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    for name, changes, table, function in ROW_TRIGGERS:
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {changes} ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {function}()"
        )


def _drop_old_guards() -> None:
    op.execute("DROP TRIGGER clearing_runs_final ON clearing_runs")
    for table in ("clearing_lines", "clearing_differences"):
        op.execute(f"DROP TRIGGER {table}_frozen ON {table}")
    op.execute("DROP FUNCTION refuse_change_of_final_run")
    op.execute("DROP FUNCTION refuse_change_after_frozen")


def _runs() -> None:
    op.drop_index("clearing_runs_one_a_month", "clearing_runs")
    for name in ("month_is_one", "issued_has_an_instant", "state_is_known", "balance"):
        op.drop_constraint(f"clearing_runs_{name}", "clearing_runs", type_="check")
    op.add_column("clearing_differences", sa.Column("version", sa.SmallInteger()))
    for column in (
        sa.Column("cycle", sa.String(length=20)),
        sa.Column("first_day", sa.Date()),
        sa.Column("last_day", sa.Date()),
        sa.Column("version", sa.SmallInteger()),
        sa.Column("netting", sa.String(length=20), nullable=False, server_default="gross"),
        sa.Column("opened_at", sa.DateTime(timezone=True)),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("paid_at", sa.DateTime(timezone=True)),
        sa.Column("closed_at", sa.DateTime(timezone=True)),
        sa.Column("override_proposal", sa.Uuid()),
        sa.Column("override_reason", sa.String(length=500), nullable=False, server_default=""),
    ):
        op.add_column("clearing_runs", column)
    op.drop_constraint("clearing_differences_pkey", "clearing_differences", type_="primary")
    for statement in (_NUMBER, *_MERGE, _DROP_MERGED, _FILL):
        op.execute(statement)
    # Otherwise checks of foreign keys would still wait when the table is altered.
    op.execute("SET CONSTRAINTS ALL IMMEDIATE")
    op.create_primary_key(
        "clearing_differences_pkey",
        "clearing_differences",
        ["run_id", "version", "insured_area", "treatment_area"],
    )
    op.create_check_constraint(
        "clearing_differences_differ", "clearing_differences", "payable_fen <> receivable_fen"
    )
    op.drop_column("clearing_runs", "month")
    op.alter_column("clearing_runs", "frozen_at", nullable=True)
    for name in ("cycle", "first_day", "last_day", "version", "opened_at"):
        op.alter_column("clearing_runs", name, nullable=False)
    for name in ("netting", "override_reason"):
        op.alter_column("clearing_runs", name, server_default=None)
    op.create_unique_constraint("clearing_runs_one_a_cycle", "clearing_runs", ["cycle"])
    op.execute(
        "ALTER TABLE clearing_runs ADD CONSTRAINT clearing_runs_never_overlap"
        " EXCLUDE USING gist (daterange(first_day, last_day, '[]') WITH &&)"
    )
    for name, condition in (
        ("state_is_known", f"state IN ({STATES})"),
        ("netting_is_known", "netting IN ('gross', 'bilateral', 'multilateral')"),
        ("cycle_is_one", r"cycle ~ '^20[0-9]{2}-[0-9]{2}(-[0-9]{2}\.\.[0-9]{2})?$'"),
        ("days_in_order", "first_day <= last_day"),
        ("frozen_is_a_version", "(state = 'open') = (version = 0)"),
        ("frozen_has_an_instant", "(state = 'open') = (frozen_at IS NULL)"),
        ("issued_has_an_instant", f"NOT state IN ({ISSUED}) OR issued_at IS NOT NULL"),
        ("confirmed_has_an_instant", f"(state IN ({STANDING})) = (confirmed_at IS NOT NULL)"),
        ("paid_has_an_instant", "(state IN ('paid', 'closed')) = (paid_at IS NOT NULL)"),
        ("closed_has_an_instant", "(state = 'closed') = (closed_at IS NOT NULL)"),
        ("balance", f"NOT state IN ('reconciled', {ISSUED}) OR payable_fen = receivable_fen"),
        ("override_has_a_reason", "(override_proposal IS NOT NULL) = (override_reason <> '')"),
        ("override_confirms", f"override_proposal IS NULL OR state IN ({STANDING})"),
    ):
        op.create_check_constraint(f"clearing_runs_{name}", "clearing_runs", condition)


def _steps() -> None:
    legal = op.create_table(
        "clearing_legal_steps",
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            f"from_state IN ({STATES})", name="clearing_legal_steps_from_state_is_known"
        ),
        sa.CheckConstraint(f"event IN ({EVENTS})", name="clearing_legal_steps_event_is_known"),
        sa.CheckConstraint(
            f"to_state IN ({STATES})", name="clearing_legal_steps_to_state_is_known"
        ),
        sa.PrimaryKeyConstraint("from_state", "event", "to_state"),
    )
    columns = ("from_state", "event", "to_state")
    op.bulk_insert(legal, [dict(zip(columns, row, strict=True)) for row in LEGAL_STEPS])
    op.create_table(
        "clearing_steps",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=20), nullable=False),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["clearing_runs.run_id"]),
        sa.ForeignKeyConstraint(
            list(columns),
            [f"clearing_legal_steps.{name}" for name in columns],
            name="clearing_steps_are_legal",
        ),
        sa.PrimaryKeyConstraint("run_id", "position"),
    )
    op.execute(_STEPS_BEFORE)


def _answers() -> None:
    line = ("run_id", "version", "insured_area", "treatment_area", "insurance_kind", "visit_kind")
    op.create_table(
        "clearing_answers",
        sa.Column("answer_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("insured_area", sa.String(length=6), nullable=False),
        sa.Column("treatment_area", sa.String(length=6), nullable=False),
        sa.Column("insurance_kind", sa.String(length=3), nullable=False),
        sa.Column("visit_kind", sa.String(length=20), nullable=False),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("payable_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("carried_from", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(
            "insurance_kind IN ('310', '390')", name="clearing_answers_insurance_kind_is_known"
        ),
        sa.CheckConstraint(
            "visit_kind IN ('inpatient', 'outpatient', 'chronic', 'pharmacy')",
            name="clearing_answers_visit_kind_is_known",
        ),
        sa.CheckConstraint(
            "role IN ('insured', 'treatment')", name="clearing_answers_role_is_known"
        ),
        sa.CheckConstraint(
            "verdict IN ('confirmed', 'contested')", name="clearing_answers_verdict_is_known"
        ),
        sa.CheckConstraint(
            "(verdict = 'contested') = (reason <> '')",
            name="clearing_answers_contest_has_a_reason",
        ),
        sa.CheckConstraint("carried_from < version", name="clearing_answers_carried_forward"),
        sa.ForeignKeyConstraint(
            list(line),
            [f"clearing_lines.{name}" for name in line],
            name="clearing_answers_of_a_line",
        ),
        sa.PrimaryKeyConstraint("answer_id"),
    )
    op.create_index("clearing_answers_of_a_version", "clearing_answers", ["run_id", "version"])


def _obligations() -> None:
    op.create_table(
        "obligations",
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("from_area", sa.String(length=6), nullable=False),
        sa.Column("to_area", sa.String(length=6), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("from_area <> to_area", name="obligations_between_two_areas"),
        sa.CheckConstraint("amount_fen > 0", name="obligations_amount_is_positive"),
        sa.CheckConstraint(
            "paid_fen BETWEEN 0 AND amount_fen", name="obligations_never_paid_too_much"
        ),
        sa.CheckConstraint(
            "received_fen BETWEEN 0 AND paid_fen", name="obligations_received_after_paid"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["clearing_runs.run_id"]),
        sa.PrimaryKeyConstraint("obligation_id"),
        sa.UniqueConstraint("run_id", "position", name="obligations_numbered"),
    )
    op.create_table(
        "clearing_payments",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("obligation_id", sa.Uuid(), nullable=False),
        *_slip("paid_on"),
        sa.Column("entry", sa.SmallInteger(), nullable=False),
        sa.CheckConstraint("entry > 0", name="clearing_payments_entries_are_numbered"),
        sa.CheckConstraint("amount_fen > 0", name="clearing_payments_amount_is_positive"),
        sa.CheckConstraint(
            "bank_name <> '' AND serial <> ''", name="clearing_payments_name_a_slip"
        ),
        sa.ForeignKeyConstraint(["obligation_id"], ["obligations.obligation_id"]),
        sa.PrimaryKeyConstraint("payment_id"),
        sa.UniqueConstraint("bank_name", "serial", "entry", name="clearing_payments_serial_once"),
    )
    op.create_index("ix_clearing_payments_obligation_id", "clearing_payments", ["obligation_id"])
    op.create_table(
        "clearing_receipts",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        *_slip("received_on"),
        sa.CheckConstraint("amount_fen > 0", name="clearing_receipts_amount_is_positive"),
        sa.ForeignKeyConstraint(["payment_id"], ["clearing_payments.payment_id"]),
        sa.PrimaryKeyConstraint("payment_id"),
        sa.UniqueConstraint("bank_name", "serial", name="clearing_receipts_serial_once"),
    )


def _withdrawals() -> None:
    op.create_table(
        "clearing_withdrawals",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("why", sa.String(length=500), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("second_person", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint('"by" <> second_person', name="clearing_withdrawals_take_two"),
        sa.ForeignKeyConstraint(["payment_id"], ["clearing_payments.payment_id"]),
        sa.PrimaryKeyConstraint("payment_id"),
    )


def _slip(day: str) -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("bank_name", sa.String(length=100), nullable=False),
        sa.Column("serial", sa.String(length=50), nullable=False),
        sa.Column(day, sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
