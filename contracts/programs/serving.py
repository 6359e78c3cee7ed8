"""Serves HTTP until the program is told to stop, and comes back, so that it can end in order."""

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Literal

from contracts.programs.ending import NotServing

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server

log = logging.getLogger(__name__)

GRACE_S = 10  # for the requests at hand

HttpProtocol = type[asyncio.Protocol] | Literal["auto"]
"""What speaks HTTP on a connection: uvicorn's own unless a program has a better one."""


def serve(
    application: "ASGIApp",
    host: str,
    port: int,
    stop: threading.Event,
    http: HttpProtocol = "auto",
) -> None:
    """Return when `stop` is set, the requests at hand are answered and the lifespan has ended.

    Port 0 is any free one. NotServing when it does not come up; the log has the reason.

    The server runs in a thread of its own. In the main thread it would catch the signals itself,
    and raise them again at its end: what stands after it, the outbox above all, would never close.
    """
    import uvicorn

    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            http=http,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nobody asks from where a caller comes: keys say who it is
            log_config=None,  # the program's own, contracts.programs.logs
            timeout_graceful_shutdown=GRACE_S,
        )
    )
    thread = threading.Thread(target=_serve, args=(server, stop), name="http")
    thread.start()
    stop.wait()
    server.should_exit = True
    thread.join()
    if not server.started:
        raise NotServing(f"{host}:{port}")


def _serve(server: "Server", stop: threading.Event) -> None:
    try:
        server.run()
    except SystemExit:
        log.error("the server did not come up")  # noqa: TRY400 - its reason stands above
    finally:
        stop.set()  # Whoever waits for it must hear that there is nothing to wait for.
