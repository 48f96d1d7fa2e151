"""Books over HTTP: only from where the configuration says, and nothing believed that is not an answer of a book."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from empower.core.errors import EmpowerError
from empower.evidence.remote import remote


class Answers(BaseHTTPRequestHandler):
    """Answers what the test says, by path."""

    said: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012  set by each test
    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Authorization", "")))
        status, data = self.said.get(self.path, (404, b"{}"))
        self.send_response(status)
        if status == 302:
            self.send_header("Location", data.decode())
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_given) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Answers.said, Answers.asked = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}"
        made.shutdown()
        thread.join()


def says(path: str, value: object, status: int = 200) -> None:
    Answers.said[f"/v1/{path}"] = (status, value if isinstance(value, bytes) else json.dumps(value).encode())


def code_of(attempt, *given) -> str:
    with pytest.raises(EmpowerError) as caught:
        attempt(*given)
    return caught.value.code


def test_heads_and_proofs_are_read_with_the_key(server):
    says("locations", {"items": [{"id": "soho"}], "next": None})
    says("books/soho/checkpoint", {"note": "n", "statements": ["s"]})
    says("books/soho/consistency?from=1&to=2", {"proof": ["AAAA"]})
    books = remote(server + "/", "emp_x")
    assert books.name == server
    assert books.locations() == ["soho"]
    assert books.checkpoint("soho") == ("n", ["s"])
    assert books.consistency("soho", 1, 2) == [b"\x00\x00\x00"]
    assert {key for _, key in Answers.asked} == {"Bearer emp_x"}


def test_nobody_is_sent_elsewhere(server):
    Answers.said["/v1/locations"] = (302, f"{server}/v1/elsewhere".encode())
    assert code_of(remote(server, "emp_x").locations) == "unreachable"
    assert [path for path, _ in Answers.asked] == ["/v1/locations"]


@pytest.mark.parametrize("data", [b"", b"x", b"[]", b"7", b"{" * 100, b'"' + b"x" * 1_000_001 + b'"'])
def test_what_is_no_answer_of_a_book_is_told(server, data):
    says("locations", data)
    assert code_of(remote(server, "emp_x").locations) == "unreachable"


@pytest.mark.parametrize("proof", [None, "AAAA", [1], ["?"], [None], {}])
def test_what_is_no_proof_is_told(server, proof):
    says("books/soho/consistency?from=1&to=2", {"proof": proof})
    assert code_of(remote(server, "emp_x").consistency, "soho", 1, 2) == "malformed_proof"


@pytest.mark.parametrize("status", [401, 403, 404, 422, 500, 503])
def test_a_refusal_is_told_as_the_book_told_it(server, status):
    says("books/soho/checkpoint", {"detail": "because", "code": "that"}, status)
    with pytest.raises(EmpowerError, match="because") as caught:
        remote(server, "emp_x").checkpoint("soho")
    assert caught.value.code == "that"


def test_nobody_there_and_no_address_are_told():
    assert code_of(remote("http://127.0.0.1:9", "emp_x").locations) == "unreachable"
    assert code_of(remote, "file:///etc/passwd", "emp_x") == "invalid_input"
    assert code_of(remote, "ftp://127.0.0.1", "emp_x") == "invalid_input"
