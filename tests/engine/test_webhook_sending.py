"""Sending over TLS and by name: to the very address that was checked, with the certificate held against the name."""

import asyncio
import datetime as dt
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from empower.engine import Engine
from empower.engine.webhook_courier import Courier, Sent
from empower.engine.webhook_sending import Sender

from .house import House, ask
from .receiver import Receiver, receiving

NAME = "hooks.example.com"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate of a name, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2120, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def receiver(certificate: Path) -> Iterator[Receiver]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with receiving(tls) as found:
        yield found


class Names:
    """A name server that answers as the test says, each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def deliver(engine: Engine, names: Names, certificate: Path) -> Sent:
    sender = Sender(resolve=names, tls=ssl.create_default_context(cafile=str(certificate)))
    return asyncio.run(Courier(engine.webhooks, sender).once())


def hook(engine: Engine, receiver: Receiver, host: str = NAME, *, allow_private: bool = True) -> None:
    url = receiver.url.replace("http://127.0.0.1", f"https://{host}")
    engine.webhooks.add(f"{url}/x", at=["*"], allow_private=allow_private, by="test")
    engine.request(ask(1000))


def error(engine: Engine) -> str:
    [found] = engine.webhooks.listed()
    return str(found.last_error)


def test_by_name_over_tls(engine: Engine, receiver: Receiver, certificate: Path) -> None:
    hook(engine, receiver)
    names = Names(["127.0.0.1"])
    assert deliver(engine, names, certificate) == Sent(1, 0)
    assert names.asked == [NAME]
    assert receiver.got[0].headers["host"].startswith(f"{NAME}:")


def test_a_certificate_of_another_name_is_refused(engine: Engine, receiver: Receiver, certificate: Path) -> None:
    hook(engine, receiver, "other.example.com")
    assert deliver(engine, Names(["127.0.0.1"]), certificate) == Sent(0, 1)
    assert "certificate" in error(engine).lower()
    assert receiver.got == []


def test_a_certificate_that_nobody_vouches_for_is_refused(engine: Engine, receiver: Receiver) -> None:
    hook(engine, receiver)
    sender = Sender(resolve=Names(["127.0.0.1"]))
    assert asyncio.run(Courier(engine.webhooks, sender).once()) == Sent(0, 1)
    assert receiver.got == []


@pytest.mark.parametrize("addresses", [["10.0.0.8"], ["93.184.216.34", "127.0.0.1"], ["::1"], []])
def test_a_name_that_leads_into_the_house_is_not_followed(
    engine: Engine, receiver: Receiver, certificate: Path, addresses: list[str]
) -> None:
    hook(engine, receiver, allow_private=False)
    assert deliver(engine, Names(addresses), certificate) == Sent(0, 1)
    assert error(engine).startswith(f"`{NAME}` leads to ")
    assert receiver.got == []


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(
    engine: Engine, receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked up once: the connection goes to the address that was checked."""
    hook(engine, receiver)
    names = Names(["127.0.0.1"], ["127.0.0.99"])
    assert deliver(engine, names, certificate) == Sent(1, 0)
    assert names.asked == [NAME]


def test_of_several_addresses_one_that_answers_is_found(
    house: House, engine: Engine, receiver: Receiver, certificate: Path
) -> None:
    hook(engine, receiver)
    assert deliver(engine, Names(["127.0.0.2", "127.0.0.1"]), certificate) == Sent(1, 0)


def test_a_name_that_nobody_knows(engine: Engine, receiver: Receiver, certificate: Path) -> None:
    hook(engine, receiver)

    async def unknown(_host: str, _port: int) -> list[str]:
        raise OSError(-2, "Name or service not known")

    assert asyncio.run(Courier(engine.webhooks, Sender(resolve=unknown)).once()) == Sent(0, 1)
    assert "cannot be looked up" in error(engine)


def test_a_name_server_that_hangs(
    engine: Engine, receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("empower.engine.webhook_sending.TIMEOUT_SECONDS", 0.05)
    hook(engine, receiver)

    async def hangs(_host: str, _port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    assert asyncio.run(Courier(engine.webhooks, Sender(resolve=hangs)).once()) == Sent(0, 1)
    assert "cannot be looked up" in error(engine)


def test_no_proxy_of_the_surroundings_is_used(
    engine: Engine, receiver: Receiver, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    hook(engine, receiver)
    assert deliver(engine, Names(["127.0.0.1"]), certificate) == Sent(1, 0)
