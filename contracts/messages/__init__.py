"""What the parties say to each other, one module a noun."""

from contracts.message import Body
from contracts.messages import (
    advance,
    clearing,
    directory,
    enquiry,
    reconciliation,
    registration,
    repair,
    settlement,
    weather,
)

_MODULES = (
    advance,
    registration,
    settlement,
    enquiry,
    directory,
    reconciliation,
    repair,
    clearing,
    weather,
)


def kinds() -> dict[str, type[Body]]:
    """Every body by its KIND; two bodies of one KIND are our mistake."""
    found: dict[str, type[Body]] = {}
    for module in _MODULES:
        for item in vars(module).values():
            if (
                isinstance(item, type)
                and issubclass(item, Body)
                and item.__module__ == module.__name__
            ):
                assert item.KIND not in found, item.KIND
                found[item.KIND] = item
    return found
