"""Bodies of requests to the hub that would be right on the books of tests.support.hub_api."""

from typing import Any

from tests.support.hub_books import settlement_id

AN_ADJUSTMENT: dict[str, Any] = {
    "adjustment_id": "00000000-0000-4000-8000-000000000007",
    "insured_area": "430000",
    "treatment_area": "310000",
    "insurance_kind": "310",
    "visit_kind": "inpatient",
    "fund": "pool",
    "amount_fen": -100,
    "reason": "audit",
    "cause": "超范围收费",
    "settlement_id": str(settlement_id(1)),
}
AN_ANSWER: dict[str, Any] = {
    "version": 1,
    "total_fen": 50_00,
    "answers": [
        {
            "insured_area": "430000",
            "treatment_area": "310000",
            "insurance_kind": "310",
            "visit_kind": "inpatient",
            "verdict": "confirmed",
            "payable_fen": 50_00,
        }
    ],
}
A_SLIP: dict[str, Any] = {
    "bank_name": "工商银行长沙分行",
    "serial": "20260331-1",
    "on": "2026-03-31",
    "amount_fen": 50_00,
}
