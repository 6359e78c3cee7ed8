"""The tables of clearing cycles: which run a pair day belongs to, and work that was due."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Uuid,
)

from hub.domain.due import WorkState
from hub.store.tables import metadata, one_of


def _pair_day() -> tuple[Column[object], ...]:
    begun = ForeignKey("reconciliations.business_date")
    return (
        Column("business_date", Date, begun, primary_key=True),
        Column("insured_area", String(6), primary_key=True),
        Column("treatment_area", String(6), primary_key=True),
    )


pair_days = Table(  # A pair day belongs to at most one run: it is the key.
    "clearing_pair_days",
    metadata,
    *_pair_day(),
    Column("run_id", Uuid, ForeignKey("clearing_runs.run_id"), nullable=False),
    Column("is_late", Boolean, nullable=False),
)
Index("clearing_pair_days_run_id", pair_days.c.run_id)

Table(  # A pair day past its time that two persons let in all the same: the next run takes it.
    "clearing_admissions",
    metadata,
    *_pair_day(),
    Column("why", String(200), nullable=False),
    Column("admitted_by", String(100), nullable=False),
    Column("second_person", String(100), nullable=False),
    Column("admitted_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("admitted_by <> second_person", name="clearing_admissions_take_two"),
)

Table(  # Work with a date: a row is written when it is done, or when it was tried and must wait.
    "job_runs",
    metadata,
    Column("job", String(60), primary_key=True),
    Column("due_on", Date, primary_key=True),
    Column("subject", String(40), primary_key=True),
    Column("state", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_at", DateTime(timezone=True), nullable=False),
    Column("done_at", DateTime(timezone=True)),
    Column("why", String(200), nullable=False),
    one_of("job_runs", "state", WorkState),
    CheckConstraint(
        "(state = 'done') = (done_at IS NOT NULL)", name="job_runs_done_has_an_instant"
    ),
    CheckConstraint("tries > 0", name="job_runs_were_tried"),
)
