"""One use case over a batch in which some requests are refused before they reach it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from contracts.refusal import Refused
from participants.gateway.serving.requests import Request, Step
from participants.gateway.wire.envelope import Reply
from participants.treatment.domain.results import Refusal

Wish = TypeVar("Wish")
Result = TypeVar("Result")


def batched(
    requests: Sequence[Request],
    wish_of: Callable[[Request], Wish],
    run: Callable[[list[Wish]], Sequence[Result | Refusal]],
    step_of: Callable[[Request, Wish, Result], Step],
) -> list[Step]:
    """Each request's wish, all wishes at once, each result's step; a Refused is its own step."""
    steps: list[Step | None] = [None] * len(requests)
    wishes: list[tuple[int, Wish]] = []
    for n, request in enumerate(requests):
        try:
            wishes.append((n, wish_of(request)))
        except Refused as no:
            steps[n] = Reply(code=no.code, detail=no.detail)
    results = run([wish for _, wish in wishes]) if wishes else []
    for (n, wish), result in zip(wishes, results, strict=True):
        if isinstance(result, Refusal):
            steps[n] = Reply(
                code=result.code, detail=result.detail, retry_after_s=result.retry_after_s
            )
        else:
            steps[n] = step_of(requests[n], wish, result)
    assert None not in steps, "a request without a step"
    return [step for step in steps if step is not None]
