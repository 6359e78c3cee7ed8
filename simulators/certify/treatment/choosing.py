"""Which outside a run uses: our HTTP gateway's interface, or a class that somebody wrote."""

from importlib import import_module

import typer

from simulators.certify.hub import Hub
from simulators.certify.treatment.gateway import Gateway
from simulators.certify.treatment.outside import Outside


def outside_of(hub: Hub, gateway: str, token: str, named: str) -> Outside:
    """typer.BadParameter when neither or both are given, or there is no such class. Unexpected
    when nothing listens where the gateway should.

    `named`: 'module:Class'; the class is called with the area's code.
    """
    if bool(gateway) == bool(named):
        raise typer.BadParameter("--gateway 与 --outside 须给出其一")
    if gateway:
        found = Gateway(hub.area, gateway.rstrip("/"), hub, token)
        found.expect_there()
        return found
    module, _, name = named.partition(":")
    try:
        made: Outside = getattr(import_module(module), name)(hub.area)
    except (ImportError, AttributeError, ValueError) as error:
        raise typer.BadParameter(f"没有这个类：{named}") from error
    return made
