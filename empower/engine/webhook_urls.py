"""Where a webhook may lead: an address of the web, and never by surprise into the house's own network."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urlsplit

from empower.core.errors import FieldError, InputError

LONGEST_URL = 2000
LARGEST_PORT = 65535
_NAT64 = IPv6Network("64:ff9b::/96")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*\.?")
_PATH = re.compile(r"[!$-;=?-\[\]_a-z{}~%^|`]*")


def check_url(text: str, *, allow_private: bool) -> SplitResult:
    """A webhook's URL; raises `InputError` for one that is none, or leads where nothing may be sent.

    Plain HTTP is for a private network alone. Names are looked up when something is sent.
    """
    try:
        found = urlsplit(text)
        port = found.port
    except ValueError:
        raise _refused("is no URL") from None
    schemes = ("https", "http") if allow_private else ("https",)
    if len(text) > LONGEST_URL or not text.isascii() or not _PATH.fullmatch(found.path + found.query):
        raise _refused(f"is no URL: at most {LONGEST_URL} characters of ASCII, others percent-encoded")
    if found.scheme not in schemes:
        raise _refused("must begin with `https://`; plain HTTP is taken with `--allow-private` alone")
    if found.username is not None or found.fragment or port == 0:
        raise _refused("may not have a user, a fragment, or port 0: what is sent is signed")
    host = found.hostname or ""
    literal = _address(host)
    if literal is None and (not _HOST.fullmatch(host) or host.rsplit(".", 1)[-1].isdigit()):
        raise _refused("has no host")
    if literal is not None:
        why = why_refused([host], allow_private=allow_private)
        if why:
            raise _refused(f"leads to {why}")
    return found


def _refused(why: str) -> InputError:
    message = f"the URL {why}"
    return InputError(message, code="webhook_url", errors=[FieldError("/url", message)])


def origin(text: str) -> str:
    """Scheme, host and port of a URL: what may be told of it, since a path may hold a token."""
    found = urlsplit(text)
    return f"{found.scheme}://{found.netloc}"


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def why_refused(addresses: Iterable[str], *, allow_private: bool) -> str | None:
    """Why nothing may be sent to a host of these addresses; None where it may.

    One that may not be reached is enough: who answers with a public and a private address wants the private one.
    """
    found = [_real(ip_address(text.partition("%")[0])) for text in addresses]
    if not found:
        return "no address"
    for address in found:
        if address.is_multicast or address.is_unspecified or str(address) == "255.255.255.255":
            return f"{address}, which is no host's"
        if not allow_private and not address.is_global:
            return f"{address}, which is private: allow it with `--allow-private`"
    return None


def _real(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, Teredo, NAT64): there the packets go."""
    if isinstance(address, IPv4Address):
        return address
    inside = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
    if address in _NAT64:
        inside = IPv4Address(int(address) & 0xFFFF_FFFF)
    return inside or address
