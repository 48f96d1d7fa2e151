"""A proxy before PostgreSQL that loses answers: the wire's messages are looked at, and the connection is cut."""

import socket
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Cut = Callable[[bytes], bool]


class Proxy:
    """Listens on a socket in a folder of its own, and hands on to a server's.

    `lose_request` says of what a client sends whether the connection is cut before it arrives; `lose_answer`, whether
    it arrives and the answer is cut off.
    """

    def __init__(self, server: Path) -> None:
        """`server` is PostgreSQL's socket."""
        self.server = server
        self.folder = Path(tempfile.mkdtemp(prefix="empower-proxy-"))
        self.lose_request: Cut = lambda _data: False
        self.lose_answer: Cut = lambda _data: False
        self.cuts = 0
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / server.name))
        self._listener.listen(64)
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def calm(self) -> None:
        """Lose nothing any more."""
        self.lose_request = self.lose_answer = lambda _data: False

    def cut_all(self) -> None:
        """Cut every connection there is, in the middle of whatever it does."""
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        for thread in self._threads:
            thread.join()
        for end in self._open:
            end.close()
        (self.folder / self.server.name).unlink(missing_ok=True)
        self.folder.rmdir()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            self._open += [client, server]
            try:
                server.connect(str(self.server))
            except OSError:
                client.shutdown(socket.SHUT_RDWR)
                continue
            muted = threading.Event()
            for words in ((client, server, muted, True), (server, client, muted, False)):
                self._threads.append(threading.Thread(target=self._hand_on, args=words, daemon=True))
                self._threads[-1].start()

    def _hand_on(self, source: socket.socket, target: socket.socket, muted: threading.Event, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asks and self.lose_request(data):
                    self.cuts += 1
                    break
                if asks and self.lose_answer(data):
                    self.cuts += 1
                    muted.set()
                if not asks and muted.is_set():
                    break
                target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
