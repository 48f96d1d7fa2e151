"""Where a webhook may lead."""

import pytest

from empower.core.errors import InputError
from empower.engine.webhook_urls import check_url, origin, why_refused


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("hooks.example.com/x", "must begin with `https://`"),
        ("http://hooks.example.com/", "must begin with `https://`"),
        ("ftp://hooks.example.com/", "must begin with `https://`"),
        ("https:///x", "has no host"),
        ("https://exa mple.com/", "has no host"),
        ("https://user:pass@hooks.example.com/", "may not have a user"),
        ("https://hooks.example.com/#x", "may not have a user, a fragment"),
        ("https://hooks.example.com:99999/", "is no URL"),
        ("https://[::1/", "is no URL"),
        ("https://hooks.example.com/\r\nX: y", "is no URL"),
        ("https://hooks.example.com/" + "x" * 2000, "is no URL"),
        ("https://127.0.0.1/", "is private"),
        ("https://10.1.2.3/", "is private"),
        ("https://169.254.169.254/", "is private"),
        ("https://[::1]/", "is private"),
        ("https://[::ffff:10.0.0.1]/", "is private"),
        ("https://[fe80::1]/", "is private"),
        ("https://[64:ff9b::7f00:1]/", "is private"),
        ("https://2130706433/", "has no host"),
        ("https://127.1/", "has no host"),
        ("https://0.0.0.0/", "is no host's"),
        ("https://224.0.0.1/", "is no host's"),
    ],
)
def test_what_is_no_webhooks_url_is_told(url: str, why: str) -> None:
    with pytest.raises(InputError) as raised:
        check_url(url, allow_private=False)
    assert why in raised.value.detail
    assert [error.pointer for error in raised.value.errors] == ["/url"]


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com:8443/a/b?c=d&e=%20",
        "https://xn--bcher-kva.example/x",
        "https://93.184.216.34/",
        "https://[2606:4700:4700::1111]/",
    ],
)
def test_an_address_of_the_web_is_taken(url: str) -> None:
    assert check_url(url, allow_private=False).geturl() == url


@pytest.mark.parametrize("url", ["http://localhost:9000/x", "http://10.0.0.8/", "https://[::1]:8443/", "http://hooks"])
def test_a_private_one_where_it_is_allowed(url: str) -> None:
    check_url(url, allow_private=True)


@pytest.mark.parametrize("address", ["224.0.0.1", "0.0.0.0", "255.255.255.255", "ff02::1", "::", "::ffff:0.0.0.0"])  # noqa: S104
def test_what_is_no_hosts_is_never_allowed(address: str) -> None:
    assert "no host's" in str(why_refused([address], allow_private=True))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1%eth0",
        "fc00::1", "::ffff:127.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)  # fmt: skip
def test_a_private_address_in_any_dress_is_refused_even_beside_a_public_one(address: str) -> None:
    assert "is private" in str(why_refused(["93.184.216.34", address], allow_private=False))
    assert why_refused([address], allow_private=True) is None


def test_a_host_without_an_address_is_refused() -> None:
    assert why_refused([], allow_private=True) == "no address"


def test_of_a_url_only_its_origin_is_told() -> None:
    assert origin("https://hooks.example.com:8443/services/T0/token?x=y") == "https://hooks.example.com:8443"
