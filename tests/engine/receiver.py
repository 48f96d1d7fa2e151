"""A receiver of webhooks on loopback: keeps what it is sent, and answers as the test says."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from freezegun import freeze_time
from standardwebhooks import Webhook

from empower.engine import Engine

from .house import Clock


class Got(NamedTuple):
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str, clock: Clock) -> Any:
        """What it says, once its signature holds; freezegun sets the time that the library looks at."""
        with freeze_time(clock.moment):
            return Webhook(secret).verify(self.body, self.headers)


class Receiver:
    """Answers 204 unless `answer` says otherwise: a status, or what writes to the handler itself."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[Got] = []
        self.answer: Callable[[Got], int | Callable[[BaseHTTPRequestHandler], None]] = lambda _got: 204

    def ids(self) -> list[str]:
        return [got.headers["webhook-id"] for got in self.got]


@contextmanager
def receiving(tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """A receiver that listens until the context ends, over TLS if it is given any."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, self.rfile.read(int(headers["content-length"])))
            with lock:
                receiver.got.append(got)
                said = receiver.answer(got)
            if callable(said):
                said(self)
                return
            self.send_response(said)
            if 300 <= said < 400:
                self.send_header("Location", f"{receiver.url}/elsewhere")
            self.send_header("Set-Cookie", "tracked=1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Nothing on stderr."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 64

    lock = threading.Lock()
    with Server(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def add(engine: Engine, url: str, *events: str, at: str = "*") -> Any:
    """A webhook on loopback."""
    return engine.webhooks.add(url, at=[at], events=events, allow_private=True, by="test")
