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

    def on_headers_complete(self) -> None:
        if self._gateway.is_full and self._is_plain_post():
            path = self.url.partition(b"?")[0].rpartition(b"/")[2]
            self._held = Held(path.decode("ascii", errors="replace"), bytearray())
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
            return
        self._held.body.extend(body)
        if len(self._held.body) > HELD_BYTES_MAX:
            self._go_on(self._held)

    def on_message_complete(self) -> None:
        if self._held is not None:
            answer = self._gateway.shed(bytes(self._held.body), self._held.path_infno)
            if answer is not None:
                self._tell(answer)
                return
            self._go_on(self._held)
        super().on_message_complete()

    def _is_plain_post(self) -> bool:
        """Whether one write may answer it: nothing under way before it, nobody waits for 100."""
        is_idle = self.cycle is None or self.cycle.response_complete
        waits = self.expect_100_continue or self.parser.should_upgrade()
        return is_idle and not waits and self.parser.get_method() == b"POST"

    def _go_on(self, held: Held) -> None:
        """As if its head had just been read, and then what came of its body."""
        self._held = None
        super().on_headers_complete()
        super().on_body(bytes(held.body))

    def _tell(self, answer: Answer) -> None:
        self._held = None
        stays = self.parser.get_http_version() != "1.0" and self.parser.should_keep_alive()
        self.transport.write(_written(answer, stays=stays))
        if stays:
            self.on_response_complete()
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
