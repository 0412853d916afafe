"""Which addresses may be connected to."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import pytest

from pipeline.errors import Reject
from pipeline.transports.guard import Guard, Resolver, SystemLookup, is_public

PRIVATE = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.9.9.9",
    "168.63.129.16", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.192",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1",
    "2001:db8::1", "3fff::1", "2001::1", "2001:2::1", "2001:10::1", "100::1", "5f00::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:0:127.0.0.1", "::127.0.0.1", "::8.8.8.8",
    "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::8.8.8.8",
    "2002:7f00:1::1", "2002:808:808::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "100.63.0.1", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.255",
    "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private(address: str) -> None:
    """No address but the public ones may be connected to, in no disguise."""
    assert not is_public(ipaddress.ip_address(address))
    with pytest.raises(Reject, match=r"http\.allow"):
        Guard().check("news.example", address)
    with pytest.raises(Reject, match=r"http\.allow"):
        Guard().check_url(address, 80)
    with pytest.raises(Reject, match=r"http\.allow"):
        Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80)))


@pytest.mark.parametrize("address", PUBLIC)
def test_public(address: str) -> None:
    """Public addresses may be connected to."""
    Guard().check("news.example", address)
    Guard().socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80))).close()


@pytest.mark.parametrize(
    ("allow", "host", "address"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "news.example", "127.0.0.1"),
        ("127.0.0.1", "news.example", "::ffff:127.0.0.1"),
        ("[::1]", "::1", "::1"),
        ("10.0.0.0/8", "news.example", "10.200.0.1"),
        ("fd00::/8", "news.example", "fd00::1"),
        ("News.Internal.", "news.internal", "192.168.0.5"),
        ("localhost", "localhost", "127.0.0.1"),
    ],
)
def test_allowed(allow: str, host: str, address: str) -> None:
    """http.allow lets through hosts, addresses and networks, up to the socket."""
    guard = Guard([allow])
    guard.check(host, address)
    guard.socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (address, 80))).close()


def test_a_name_allows_itself_only() -> None:
    """The address of an allowed name is open under that name only."""
    guard = Guard(["news.internal"])
    guard.check("news.internal", "10.0.0.5")
    with pytest.raises(Reject):
        guard.check("evil.example", "10.0.0.5")
    with pytest.raises(Reject):
        guard.check_url("10.0.0.5", 80)


def test_ports() -> None:
    """A port of another protocol is refused unless the host is allowed."""
    guard = Guard(["news.internal", "10.0.0.1"])
    for host, port in (("news.example", 8080), ("news.internal", 81), ("10.0.0.1", 81)):
        guard.check_url(host, port)
    with pytest.raises(Reject, match="port 25"):
        guard.check_url("news.example", 25)


def test_resolver_keeps_the_good() -> None:
    """Of several addresses only those that may be connected to are used."""

    async def lookup(_: str) -> Sequence[str]:
        return ["127.0.0.1", "8.8.8.8", "::1"]

    found = asyncio.run(Resolver(Guard(), lookup).resolve("news.example", 80))
    assert [result["host"] for result in found] == ["8.8.8.8"]


def test_system_lookup() -> None:
    """The system's resolver gives addresses, and OSError for a name that has none."""
    lookup = SystemLookup()
    assert "127.0.0.1" in asyncio.run(lookup("localhost"))
    with pytest.raises(OSError, match="looked up"):
        asyncio.run(lookup("a" * 70 + ".example"))
    lookup.close()
