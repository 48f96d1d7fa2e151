"""Tills that ask a server over HTTP/1.1, as many at once as there are connections, and as cheaply as may be.

All requests are bytes before the clock runs, each connection is kept alive and asks again as soon as it is answered,
and one thread serves them all: so the server's core is busy, and not the one that asks.
"""

import resource
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import orjson

STALLED_SECONDS = 60.0
"""Nobody is answered for so long: something is wrong."""
HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Load(NamedTuple):
    """What came of a round."""

    answers: int
    seconds: float
    waits: list[float]
    """Seconds from each request to its answer."""
    busy: float
    """The share of a core that the tills took."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


def posted(path: str, body: dict[str, Any], **headers: str) -> bytes:
    """A request as bytes; `idempotency_key` stands for `idempotency-key`."""
    said = orjson.dumps(body)
    fields = {"host": "till", "content-type": "application/json", "content-length": str(len(said)), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + said


class Till:
    """A connection, and what it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.began = 0.0
        self._heard = b""

    def ask(self, request: bytes) -> None:
        self.began = time.perf_counter()
        self.socket.sendall(request)

    def hear(self) -> bytes | None:
        """The answer, if it is whole."""
        said = self.socket.recv(1 << 16)
        if not said:
            raise ConnectionError("the server hung up")
        heard = self._heard = self._heard + said if self._heard else said
        end = heard.find(HEAD_END)
        if end < 0 or len(heard) < end + len(HEAD_END) + _length(heard[:end].lower()):
            return None
        self._heard = b""
        return heard


def _length(head: bytes) -> int:
    start = head.index(LENGTH) + len(LENGTH)
    return int(head[start : head.find(b"\r", start) if b"\r" in head[start:] else None])


def drive(port: int, requests: Sequence[bytes], connections: int, *, expect: bytes, within: bytes = b"") -> Load:
    """Ask all of `requests`; each answer begins with `expect` and has `within` in it, or it is an `AssertionError`."""
    tills = {till.socket.fileno(): till for till in (Till(port) for _ in range(min(connections, len(requests))))}
    left = iter(requests)
    waits: list[float] = []
    try:
        with select.epoll() as poll:
            for number in tills:
                poll.register(number, select.EPOLLIN)
            began, used = time.perf_counter(), _used()
            for till in tills.values():
                till.ask(next(left))
            for till in _ready(poll, tills, len(requests)):
                answer = till.hear()
                if answer is None:
                    continue
                waits.append(time.perf_counter() - till.began)
                assert answer.startswith(expect), answer
                assert within in answer, answer
                request = next(left, None)
                if request is not None:
                    till.ask(request)
                if len(waits) == len(requests):
                    break
            seconds = time.perf_counter() - began
    finally:
        for till in tills.values():
            till.socket.close()
    return Load(len(waits), seconds, waits, (_used() - used) / seconds)


def _ready(poll: select.epoll, tills: dict[int, Till], most: int) -> Iterator[Till]:
    """Whoever has something to hear, again and again."""
    while most:
        found = poll.poll(STALLED_SECONDS)
        assert found, "nobody is answered"
        for number, _event in found:
            yield tills[number]


def _used() -> float:
    """Seconds of a core that this process has had."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
