"""Which addresses may be connected to: the public internet, and what ``http.allow`` names.

The check is made on the address that is connected to, twice: where a name is resolved (the
connection goes to the very address checked, so rebinding does not help) and where the socket is
made, which no way to a connection gets round.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

from pipeline.errors import Reject

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""From a host name to its addresses; raises OSError."""

# IANA special-purpose registries, RFC 6890 and after; Azure answers its metadata at 168.63.129.16.
_CLOSED4 = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32",
        "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
)  # fmt: skip
# Of IPv6 only global unicast is open, without Teredo and other protocol assignments (2001::/23),
# documentation and 6to4: old tunnels that carry an IPv4 address no firewall looks at.
_OPEN6 = ipaddress.IPv6Network("2000::/3")
_CLOSED6 = tuple(
    ipaddress.IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_WEB_PORTS = (80, 443)
_NAMED = 1_000  # addresses of allowed names that are remembered


class Guard:
    """Says of a host and its address whether they may be connected to.

    ``allow`` holds host names, addresses and networks; a name lets through every address it
    resolves to, an address or a network every name that resolves into it.
    """

    def __init__(self, allow: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[Network] = []
        self._named: dict[Address, None] = {}
        for entry in allow:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                self._names.add(entry.strip().lower().removesuffix("."))

    def check_url(self, host: str, port: int) -> None:
        """Look at what stands in the URL, before any name is resolved.

        Raises:
            Reject: it is a private address, or the port of another protocol.
        """
        address = _literal(host)
        if address is not None:
            self.check(host, str(address))
        known = host in self._names or (address is not None and self._listed(address))
        # below 1024 live SMTP, IMAP, Redis' likes: a GET there is an attack by our hand
        if port < 1024 and port not in _WEB_PORTS and not known:
            raise Reject(f"port {port} of {host} is not for the web; http.allow may name the host")

    def check(self, host: str, address: str) -> None:
        """May the host be connected to at this address?

        Raises:
            Reject: the address is not public and not allowed.
        """
        found = _unwrapped(ipaddress.ip_address(address))
        if is_public(found) or self._listed(found):
            return
        if host not in self._names:
            raise Reject(
                f"{host} is at {found}, which is not a public address; "
                "if it is meant, name the host or its network in http.allow"
            )
        while len(self._named) >= _NAMED:
            del self._named[next(iter(self._named))]
        self._named[found] = None

    def socket(self, place: tuple[int, int, int, str, tuple[object, ...]]) -> socket.socket:
        """A socket for the address that is about to be connected to.

        Raises:
            Reject: the address is not public and not allowed.
        """
        family, kind, protocol, _, target = place
        address = _unwrapped(ipaddress.ip_address(str(target[0])))
        if address not in self._named:
            self.check(str(target[0]), str(address))
        return socket.socket(family, kind, protocol)

    def _listed(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


class Resolver(AbstractResolver):
    """Names to addresses that the guard lets through; private ones among public ones are dropped.

    See :class:`aiohttp.abc.AbstractResolver`.
    """

    def __init__(self, guard: Guard, lookup: Lookup) -> None:
        self._guard = guard
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The addresses of the host that may be connected to.

        Raises:
            OSError: the name has no address.
            Reject: it has only addresses that are not public and not allowed.
        """
        good: list[ResolveResult] = []
        refused: Reject | None = None
        for address in await self._lookup(host):
            try:
                self._guard.check(host, address)
            except Reject as error:
                refused = error
            else:
                good.append(_result(host, address, port))
        if good:
            return good
        raise refused or OSError(f"{host} has no address")

    async def close(self) -> None:
        """Nothing is held."""


class SystemLookup:
    """Names by the system's resolver, in threads of its own: it blocks, and may hang for long."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="dns")

    async def __call__(self, host: str) -> Sequence[str]:
        """The addresses of the host.

        Raises:
            OSError: it has none.
        """
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host)
        return list(dict.fromkeys(found))

    def close(self) -> None:
        """Wait for no lookup."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def is_public(address: Address) -> bool:
    """Whether the address is one of the public internet; wrapped IPv4 is judged as IPv4."""
    address = _unwrapped(address)
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED4)
    return address in _OPEN6 and not any(address in network for network in _CLOSED6)


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside a mapped or NAT64 one; the latter is all an IPv6-only host sees."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _literal(host: str) -> Address | None:
    try:
        return _unwrapped(ipaddress.ip_address(host))
    except ValueError:
        return None


def _addresses(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # the resolver's own idea of a name
        raise OSError(f"{host} cannot be looked up") from error
    return [str(entry[4][0]) for entry in found]


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )
