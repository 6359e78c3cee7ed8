"""A diagnosis 诊断 of a visit: said at admission or in the clinic, and once more at discharge."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.ids import VisitId


class Stage(StrEnum):
    """出入院诊断类别 inout_diag_type: when a diagnosis was said."""

    COMING = "1"  # at admission, or in the clinic
    LEAVING = "2"  # at discharge


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`position`: diag_srt_no; said again at the same stage and position it replaces the former.

    `kind`: diag_type, 1 western, 2 a disease and 3 a syndrome of Chinese medicine.
    """

    stage: Stage
    position: int
    kind: str
    is_main: bool
    code: str
    name: str
    condition: str
    department: str
    doctor_code: str
    doctor_name: str
    diagnosed_at: datetime
    is_valid: bool = True


@dataclass(frozen=True, slots=True)
class StoredDiagnosis:
    """A diagnosis with the visit it is of, and when it was last said."""

    visit_id: VisitId
    diagnosis: Diagnosis
    said_at: datetime
