"""Wires that lose what is sent over them: before PostgreSQL, and before `empower serve`.

What a client sends may be held up, or never arrive; what it is told may be held up, torn in the middle, or lost. A
request over HTTP may also arrive twice, at once or long after it was answered. PostgreSQL's wire is one connection of
TCP, or of a socket, which repeats nothing: there, a loss is the end of the connection.
"""

import random
import re
import socket
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from sqlalchemy import URL, make_url

Address = tuple[str, int] | str
"""Of TCP, or a socket's path."""

COMMIT = re.compile(rb"\x00COMMIT\x00|^Q....COMMIT\x00", re.DOTALL)
PREPARED = re.compile(rb"P....([^\x00]+)\x00COMMIT\x00", re.DOTALL)
"""A client that asks for the same again and again gives it a name."""


class Luck:
    """What goes wrong, from a seed, and how often it did; safe for threads."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self.seen: Counter[str] = Counter()

    def strikes(self, what: str, chance: float) -> bool:
        """Whether it goes wrong this time."""
        with self._lock:
            struck = not self._over.is_set() and self._random.random() < chance
            self.seen[what] += struck
        return struck

    def hold_up(self, what: str, chance: float, most_seconds: float) -> None:
        """Wait for a moment, if that is how it goes."""
        if self.strikes(what, chance):
            with self._lock:
                seconds = self._random.uniform(0, most_seconds)
            self._over.wait(seconds)

    def choice(self, among: Sequence[int]) -> int:
        """Any of them."""
        with self._lock:
            return self._random.choice(among)

    def end(self) -> None:
        """Nothing goes wrong any more."""
        self._over.set()


class Wire:
    """Listens, and has each connection handled in a thread of its own."""

    def __init__(self, listener: socket.socket, luck: Luck) -> None:
        self.luck = luck
        self._listener = listener
        self._listener.listen(128)
        self._ends: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self.spawn(self._accept)

    def spawn(self, body: Callable[..., object], *words: object) -> None:
        """Run in a thread, which is waited for at the end."""
        thread = threading.Thread(target=body, args=words, daemon=True)
        thread.start()
        with self._lock:
            self._threads = [other for other in self._threads if other.is_alive()] + [thread]

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._ends.add(client)
                self.spawn(self.handle, client)

    def handle(self, client: socket.socket) -> None:
        """One connection."""

    def connect(self, address: Address) -> socket.socket:
        """A connection that ends with the wire."""
        end = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
        self._ends.add(end)
        end.connect(address)
        return end

    def hang_up(self, *ends: socket.socket) -> None:
        """Both sides learn that it is over."""
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._ends.discard(end)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.luck.end()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)


class DatabaseWire(Wire):
    """Before PostgreSQL; a folder has its socket."""

    def __init__(self, url: str, luck: Luck) -> None:
        """Before the server of a store's `url`."""
        known = make_url(url)
        host = str(known.query.get("host") or known.host or "127.0.0.1")
        port = int(str(known.query.get("port") or known.port or 5432))
        self._server: Address = f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)
        self.folder = Path(tempfile.mkdtemp(prefix="empower-wire-"))
        self.url = _through(known, self.folder, port)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(self.folder / f".s.PGSQL.{port}"))
        super().__init__(listener, luck)

    def handle(self, client: socket.socket) -> None:
        try:
            server = self.connect(self._server)
        except OSError:
            self.hang_up(client)
            return
        self.spawn(self._told, server, client)
        self._asked(client, server)

    def _asked(self, client: socket.socket, server: socket.socket) -> None:
        luck, names = self.luck, set[bytes]()
        with suppress(OSError):
            while data := client.recv(65536):
                luck.hold_up("statement held up", 0.02, 0.03)
                names |= {b"\x00" + name + b"\x00" for name in PREPARED.findall(data)}
                commits = COMMIT.search(data) or any(name in data for name in names)
                if commits and luck.strikes("commit lost", 0.02):
                    break
                if luck.strikes("statement lost", 0.001):
                    break
                server.sendall(data)
        self.hang_up(client, server)

    def _told(self, server: socket.socket, client: socket.socket) -> None:
        luck = self.luck
        with suppress(OSError):
            while data := server.recv(65536):
                luck.hold_up("result held up", 0.01, 0.03)
                if b"COMMIT\x00" in data and luck.strikes("commit's answer lost", 0.02):
                    break
                if luck.strikes("result torn", 0.0005):
                    client.sendall(data[: len(data) // 2])
                    break
                client.sendall(data)
        self.hang_up(server, client)

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        for name in self.folder.iterdir():
            name.unlink()
        self.folder.rmdir()


def _through(url: URL, folder: Path, port: int) -> str:
    moved = url.set(host="", port=None).update_query_dict({"host": str(folder), "port": str(port)})
    return moved.render_as_string(hide_password=False)


class HttpWire(Wire):
    """Before servers, of which each request goes to any; a connection carries one request."""

    def __init__(self, servers: Sequence[int], port: int, luck: Luck) -> None:
        """Listens on `port`, and hands on to those of the servers."""
        self._servers = servers
        self.port = port
        listener = socket.create_server(("127.0.0.1", port))
        super().__init__(listener, luck)

    def handle(self, client: socket.socket) -> None:
        luck = self.luck
        with suppress(OSError):
            asked = message(client)
            luck.hold_up("request held up", 0.05, 0.05)
            if asked and not luck.strikes("request lost", 0.04):
                self._hand_on(client, asked)
        self.hang_up(client)

    def _hand_on(self, client: socket.socket, asked: bytes) -> None:
        luck = self.luck
        if luck.strikes("request twice at once", 0.05):
            self.spawn(self._ask, asked)
        if luck.strikes("request again later", 0.05):
            self.spawn(self._ask_later, asked)
        told = self._ask(asked)
        if luck.strikes("request twice", 0.03):
            told = self._ask(asked)
        luck.hold_up("answer held up", 0.05, 0.05)
        if luck.strikes("answer torn", 0.02):
            client.sendall(told[: len(told) // 2])
        elif not luck.strikes("answer lost", 0.05):
            client.sendall(told)

    def _ask(self, asked: bytes) -> bytes:
        server = self.connect(("127.0.0.1", self.luck.choice(self._servers)))
        try:
            server.sendall(asked)
            return message(server)
        finally:
            self.hang_up(server)

    def _ask_later(self, asked: bytes) -> None:
        self.luck.hold_up("", 1, 1.0)
        with suppress(OSError):
            self._ask(asked)


def message(end: socket.socket) -> bytes:
    """A whole message of HTTP/1.1 (RFC 9112) whose length is told; what there is of it, where the connection ends."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = end.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    told = re.search(rb"(?im)^content-length: *(\d+)", head)
    left = (int(told[1]) if told else 0) - len(body)
    while left > 0 and (more := end.recv(65536)):
        data, left = data + more, left - len(more)
    return data
