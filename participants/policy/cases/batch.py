"""Answers cases as JSON lines: one line in, one line out, in order, however many there are."""

import json
from typing import BinaryIO

from participants.policy.cases.answer import answer_of
from participants.policy.cases.refusals import refusal_as_json
from participants.policy.cases.stream import parsed, read_lines
from participants.policy.model import CaseRefused, Policy


def answer_all(policy: Policy, cases: BinaryIO, answers: BinaryIO) -> int:
    """One answer for each line that is not blank, sent at once; how many were refused.

    A line that is refused is answered with `{"line", "error": {"code", "field", "text"}}`.
    """
    refused = 0
    for number, line in read_lines(cases):
        try:
            answer = answer_of(policy, parsed(line)).as_json()
        except CaseRefused as refusal:
            refused += 1
            answer = {"line": number, "error": refusal_as_json(refusal)}
        answers.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        answers.flush()
    return refused
