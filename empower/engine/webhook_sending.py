"""Sending to a webhook: signed, to an address that was looked up once and checked, and bounded in every way.

Standard Webhooks (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, `webhook-signature`, HMAC-SHA-256. The
host is looked up once for all that is sent in a row; the connection goes to the very address that was checked, while
the certificate is still held against the host's name. No redirect is followed, no proxy and no cookie is used, and of
an answer no more is read than its status and a few kilobytes.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx2
from standardwebhooks import Webhook as Signer

from empower.core.event import event_id
from empower.engine.webhook_urls import why_refused
from empower.store.webhooks import Delivery, Webhook

TIMEOUT_SECONDS = 10.0
"""From looking up the host, or from the first byte sent, to the end of the answer."""
MOST_READ = 4096
MOST_ADDRESSES = 3
Resolve = Callable[[str, int], Awaitable[list[str]]]


class Answer(NamedTuple):
    """What came of one try; `error` is None where it was taken."""

    error: str | None
    gone: bool = False


Post = Callable[[Delivery, datetime], Awaitable[Answer]]


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host, by the system; raises `OSError`."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


class Sender:
    """Sends to webhooks."""

    def __init__(self, *, resolve: Resolve = resolve, tls: ssl.SSLContext | None = None) -> None:
        """`resolve` looks hosts up; `tls` says whose certificates are trusted, the system's by default."""
        self._resolve = resolve
        self._tls = tls

    def _context(self, scheme: str) -> ssl.SSLContext:
        """Whom to trust: the system's certificates take long to read, so that is done once, and if need be."""
        if scheme != "https":
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._tls = self._tls or httpx2.create_ssl_context(trust_env=False)
        return self._tls

    @asynccontextmanager
    async def open(self, found: Webhook, secrets: list[str]) -> AsyncIterator[Post]:
        """What posts to a webhook, over connections that are used again; the host is looked up now."""
        target = httpx2.URL(found.url)
        split = urlsplit(found.url)
        host, port = split.hostname or "", split.port or {"http": 80}.get(split.scheme, 443)
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                addresses = await self._resolve(host, port)
            refused = why_refused(addresses, allow_private=found.allow_private)
            failed = f"`{host}` leads to {refused}" if refused else None
        except (OSError, TimeoutError, UnicodeError) as error:
            addresses, failed = [], f"`{host}` cannot be looked up: {_why(error)}"
        transport = httpx2.AsyncHTTPTransport(verify=self._context(split.scheme), trust_env=False)
        async with transport:
            signers = [Signer(secret) for secret in secrets]

            async def post(item: Delivery, now: datetime) -> Answer:
                if failed is not None:
                    return Answer(failed)
                headers = {**_headers(item, signers, now), "Host": split.netloc}
                return await _post(transport, target, addresses, headers, item.body, host)

            yield post


def _headers(item: Delivery, signers: list[Signer], now: datetime) -> dict[str, str]:
    """What says who sends it, and when."""
    identity, at = event_id(*item.key), now.astimezone(UTC)
    return {
        "Content-Type": "application/json",
        "User-Agent": f"empower/{version('empower')}",
        "webhook-id": identity,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signer.sign(identity, at, item.body) for signer in signers),
    }


async def _post(
    transport: httpx2.AsyncHTTPTransport,
    target: httpx2.URL,
    addresses: list[str],
    headers: dict[str, str],
    body: str,
    host: str,
) -> Answer:
    """One try, at the first address that takes a connection."""
    why: BaseException = OSError("it has no address")
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            for address in addresses[:MOST_ADDRESSES]:
                try:
                    return await _once(transport, target.copy_with(host=address), headers, body, host)
                except httpx2.ConnectError as error:
                    why = error
    except TimeoutError:
        return Answer(f"took longer than {TIMEOUT_SECONDS:g} seconds")
    except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as error:
        why = error
    return Answer(f"cannot be reached: {_why(why)}")


async def _once(
    transport: httpx2.AsyncHTTPTransport, target: httpx2.URL, headers: dict[str, str], body: str, host: str
) -> Answer:
    request = httpx2.Request("POST", target, headers=headers, content=body.encode(), extensions={"sni_hostname": host})
    response = await transport.handle_async_request(request)
    read = 0
    try:
        async for chunk in response.aiter_raw():
            read += len(chunk)
            if read > MOST_READ:
                break
    finally:
        await response.aclose()
    return _answer(response.status_code)


def _answer(status: int) -> Answer:
    if HTTPStatus(200) <= status < HTTPStatus(300):
        return Answer(None)
    if HTTPStatus(300) <= status < HTTPStatus(400):
        return Answer(f"answered {status}: redirects are not followed")
    return Answer(f"answered {status}", gone=status == HTTPStatus.GONE)


def _why(error: BaseException) -> str:
    """The kind of an error, and what it says: bounded, on one line."""
    said = " ".join(str(error).split())[:200]
    return said or type(error).__name__
