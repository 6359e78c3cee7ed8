"""Turns new work away before anything is built for it: refusing must cost less than serving.

While a desk is full, a request is only held: its bytes as they come, no scope's task, no answer's
stream. What is new work is told so with one write. All else goes on as if it had just come.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from participants.gateway.http.calls import Answer

if TYPE_CHECKING:
    from participants.gateway.http.gateway import Gateway

HELD_BYTES_MAX = 65_536
"""A settlement has a tenth of it. What is longer is a file or a stay's lines: served as ever."""


class Held(NamedTuple):
    """A request's body, as far as it has come."""

    path_infno: str
    body: bytearray


class SheddingProtocol(HttpToolsProtocol):
    """uvicorn's own way with a connection, but while the gateway of its application is full.

    What `uvicorn.Config` was given as the application has the gateway as `state.gateway`.
    """

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._gateway: Gateway = self.config.app.state.gateway  # type: ignore[union-attr]  # ours
        self._held: Held | None = None
        self._is_let_in = False  # the request whose body is coming
        self._inside = 0  # of this connection; several where they come one behind the other
        # Of these only the first is on its way: the gateway counts a connection once, or one that
        # sends thousands ahead would fill it for everybody.

    def on_message_begin(self) -> None:
        # What was told with one write may have the next request right behind it, in the same bytes.
        self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._is_over() or (self._gateway.is_full and self._is_plain_post()):
            path = self.url.partition(b"?")[0].rpartition(b"/")[2]
            self._held = Held(path.decode("ascii", errors="replace"), bytearray())
            return
        self._let_in()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
            return
        self._held.body.extend(body)
        if not self._is_over() and len(self._held.body) > HELD_BYTES_MAX:
            self._go_on(self._held)

    def on_message_complete(self) -> None:
        if self._held is not None and self._is_over():
            self._held = None
            return
        if self._held is not None:
            answer = self._gateway.shed(bytes(self._held.body), self._held.path_infno)
            if answer is not None:
                self._tell(answer)
                return
            self._go_on(self._held)
        super().on_message_complete()
        # Only now: who sends a head, and a body byte by byte, takes nobody's place meanwhile.
        if self._is_let_in and not self.cycle.response_complete:
            self._counted(self._inside + 1)
        self._is_let_in = False

    def _is_plain_post(self) -> bool:
        """Whether one write may answer it: nothing under way before it, nobody waits for 100.

        Who does not read what is written gets uvicorn's patience: it stops reading from them.
        """
        is_idle = self.cycle is None or self.cycle.response_complete
        waits = self.expect_100_continue or self.parser.should_upgrade()
        is_read = not self.flow.write_paused
        return is_idle and is_read and not waits and self.parser.get_method() == b"POST"

    def _is_over(self) -> bool:
        """Whether the connection ends with an answer given already: nobody hears another one."""
        return bool(self.transport.is_closing())

    def _go_on(self, held: Held) -> None:
        """As if its head had just been read, and then what came of its body."""
        self._held = None
        self._let_in()
        super().on_body(bytes(held.body))

    def _let_in(self) -> None:
        before = self.cycle
        super().on_headers_complete()
        self._is_let_in = self.cycle is not before  # who changes the protocol makes no request

    def on_response_complete(self) -> None:
        self._counted(max(0, self._inside - 1))
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._counted(0)
        super().connection_lost(exc)

    def _counted(self, inside: int) -> None:
        self._gateway.inside += (inside > 0) - (self._inside > 0)
        self._inside = inside

    def _tell(self, answer: Answer) -> None:
        self._held = None
        stays = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self.transport.write(_written(answer, stays=stays))
        if stays:
            super().on_response_complete()  # it was never let in
        else:
            self.transport.close()


def _written(answer: Answer, *, stays: bool) -> bytes:
    """The whole response. Its head is ASCII by construction: numbers and our own media type."""
    lines = [
        f"content-type: {answer.media_type}",
        f"content-length: {len(answer.body)}",
        f"retry-after: {answer.retry_after_s}",
        *([] if stays else ["connection: close"]),
        "\r\n",
    ]
    return STATUS_LINE[answer.status] + "\r\n".join(lines).encode("ascii") + answer.body
