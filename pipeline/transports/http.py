"""The polite fetcher: one HTTP client for feeds and pages.

It says who it is, keeps a pace per host, heeds robots.txt, follows redirects one by one and looks
at every hop, bounds everything by time and size, and connects to public addresses only.  It keeps
no cookies and takes nothing from the environment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self
from urllib.parse import urljoin

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from connectors.base import Answer, Request
from pipeline import limits, urls
from pipeline.clock import utc_now
from pipeline.errors import Reject, Retry, Skip, TocsinError
from pipeline.transports import status as statuses
from pipeline.transports.codings import ACCEPTED, decoded
from pipeline.transports.guard import Guard, Lookup, Resolver, SystemLookup
from pipeline.transports.pace import Pace
from pipeline.transports.robots import AGENT, Robots

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
# what may go on to another origin; the rest may be a secret
_HARMLESS = frozenset({"accept", "accept-language", "if-none-match", "if-modified-since"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How we behave: the ``[http]`` of the configuration; ``delay`` is in seconds."""

    contact: str
    version: str
    allow: tuple[str, ...] = ()
    delay: float = 1.0
    connections: int = 2
    robots: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The limits of one request; see :mod:`pipeline.limits` for their reasons."""

    fetch_seconds: float = limits.FETCH_SECONDS
    connect_seconds: float = limits.CONNECT_SECONDS
    wait_seconds: float = limits.HOST_WAIT_SECONDS
    wire_bytes: int = limits.WIRE_BYTES
    header_bytes: int = limits.HEADER_BYTES
    robots_bytes: int = limits.ROBOTS_BYTES
    redirects: int = limits.REDIRECTS


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one request wants: the most bytes, whether robots.txt counts, whether to cut."""

    limit: int
    robots: bool
    cut: bool = False


class Http:
    """The client; an asynchronous context manager, of one event loop."""

    def __init__(
        self,
        manners: Manners,
        now: Callable[[], datetime] = utc_now,
        *,
        bounds: Bounds | None = None,
        pace: Pace | None = None,
        lookup: Lookup | None = None,
    ) -> None:
        self._manners = manners
        self._now = now
        self._bounds = bounds or Bounds()
        self._pace = pace or Pace(
            manners.delay, manners.connections, wait=self._bounds.wait_seconds
        )
        self._threads = SystemLookup()
        self._guard = Guard(manners.allow)
        self._resolver = Resolver(self._guard, lookup or self._threads)
        self._robots = Robots(self._robots_txt, self._pace.monotonic)

    async def __aenter__(self) -> Self:
        """Open the client in the running event loop."""
        bounds = self._bounds
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            # one look-up per connection: what was checked is what is connected to
            use_dns_cache=False,
            socket_factory=self._guard.socket,
            limit=0,  # the pace limits, where waiting costs no deadline
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=bounds.connect_seconds),
            max_line_size=bounds.header_bytes,
            max_field_size=bounds.header_bytes,
            max_headers=limits.HEADER_LINES,
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self._robots.close()
        await self._session.close()
        self._threads.close()

    async def get(
        self, request: Request, *, limit: int = limits.PAGE_BYTES, robots: bool = True
    ) -> Answer:
        """The answer if it is a good one (2xx or 304), decompressed, from the URL after redirects.

        Raises:
            Skip: ``robots``, ``gone`` (404, 410), ``refused``, ``too-large`` or ``not-text``.
            Retry: no answer, or one that says later; not counted while the host may not be asked.
            Reject: the URL is none, or leads to an address that may not be connected to.
        """
        return statuses.checked(await self.ask(request, limit=limit, robots=robots))

    async def ask(
        self, request: Request, *, limit: int = limits.PAGE_BYTES, robots: bool = True
    ) -> Answer:
        """As :meth:`get`, but with the answer whatever its status; over 399 it has no body.

        Raises:
            Skip: ``robots``, ``refused`` (too many redirects), ``too-large`` or ``not-text``.
            Retry: no answer; not counted while the host may not be asked.
            Reject: the URL is none, or leads to an address that may not be connected to.
        """
        plan = _Plan(limit, robots and self._manners.robots)
        try:
            async with asyncio.timeout(self._bounds.fetch_seconds + self._bounds.wait_seconds):
                return await self._follow(request, plan)
        except TimeoutError:
            raise Retry("no answer in time, redirects and waiting included") from None

    async def _robots_txt(self, url: str) -> Answer:
        plan = _Plan(self._bounds.robots_bytes, robots=False, cut=True)
        return await self._follow(Request(url=url), plan)

    async def _follow(self, request: Request, plan: _Plan) -> Answer:
        """Hop by hop; the time of all hops together is bounded, waiting for turns apart."""
        url = _cleaned(request.url)
        headers = request.headers
        left = self._bounds.fetch_seconds
        clock = asyncio.get_running_loop().time
        for _ in range(self._bounds.redirects + 1):
            await self._admit(url, plan)
            async with self._pace.turn(urls.host(url)):
                begun = clock()
                answer = await self._hop(url, headers, plan, left)
                left -= clock() - begun
            location = answer.headers.get("location")
            if answer.status not in statuses.REDIRECTS or location is None:
                return answer
            target = _target(url, location)
            if urls.origin(target) != urls.origin(url):
                headers = {k: v for k, v in headers.items() if k.lower() in _HARMLESS}
            url = target
        raise Skip("refused", f"more than {self._bounds.redirects} redirects")

    async def _admit(self, url: str, plan: _Plan) -> None:
        host = urls.host(url)
        self._guard.check_url(host, urls.port(url))
        if plan.robots:
            delay = await self._robots.check(url)
            if delay is not None:
                self._pace.slow(host, delay)

    async def _hop(
        self, url: str, headers: Mapping[str, str], plan: _Plan, seconds: float
    ) -> Answer:
        try:
            async with asyncio.timeout(seconds):
                return await self._once(url, self._headers(headers), plan)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(error) from error

    async def _once(self, url: str, headers: CIMultiDict[str], plan: _Plan) -> Answer:
        async with self._session.get(
            URL(url, encoded=True), headers=headers, allow_redirects=False
        ) as response:
            names = {name.lower(): _text(value) for name, value in response.headers.items()}
            answer = Answer(url=url, status=response.status, headers=names, time=self._now())
            self._rest(answer)
            if not 200 <= response.status < 300:
                return answer
            body = await self._body(response, plan)
        coding = answer.headers.get("content-encoding", "")
        body = decoded(body, coding, plan.limit, cut=plan.cut)
        return Answer(url=url, status=answer.status, headers=names, body=body, time=self._now())

    async def _body(self, response: aiohttp.ClientResponse, plan: _Plan) -> bytes:
        """The bytes on the wire; too many are not read."""
        room = self._bounds.wire_bytes
        if "content-encoding" not in response.headers:
            room = min(room, plan.limit)
        if (response.content_length or 0) > room and not plan.cut:
            raise Skip("too-large", f"Content-Length {response.content_length}")
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > room and not plan.cut:
                raise Skip("too-large", f"more than {room} bytes")
            if len(body) > room:
                break
        return bytes(body[:room])

    def _headers(self, wanted: Mapping[str, str]) -> CIMultiDict[str]:
        headers = CIMultiDict({"Accept": _ACCEPT})
        headers.update(wanted)
        contact = f" (+{self._manners.contact})" if self._manners.contact else ""
        headers["User-Agent"] = f"{AGENT}/{self._manners.version}{contact}"
        headers["Accept-Encoding"] = ACCEPTED
        return headers

    def _rest(self, answer: Answer) -> None:
        after = statuses.retry_after(answer)
        if answer.status == 429 or (answer.status == 503 and after is not None):
            rest = limits.BUSY_SECONDS if after is None else after
            self._pace.rest(urls.host(answer.url), rest)


def _cleaned(url: str) -> str:
    try:
        return urls.clean(url)
    except ValueError as error:
        raise Reject(f"{url[:200]!r} cannot be fetched: {error}") from error


def _target(url: str, location: str) -> str:
    """Where a redirect leads: http or https only; https to http is followed, as browsers do."""
    try:
        return urls.clean(urljoin(url, location.strip()))
    except ValueError as error:
        raise Reject(f"{url[:200]} redirects to {location[:200]!r}: {error}") from error


def _translated(error: Exception) -> TocsinError:
    if isinstance(error, TimeoutError):
        return Retry("no answer in time")
    if isinstance(error, aiohttp.ClientResponseError):
        large = "headers" in error.message or "Got more than" in error.message
        if large:
            return Skip("too-large", "headers of the answer")
        return Retry(f"no HTTP that can be understood: {error.message[:200]}")
    sendable = not isinstance(error, aiohttp.InvalidURL)
    if sendable and isinstance(error, aiohttp.ClientError | OSError):
        cause = getattr(error, "os_error", error)  # aiohttp's own text hides it
        return Retry(f"{type(error).__name__}: {str(cause)[:200]}")
    return Reject(f"the request cannot be sent: {str(error)[:200]}")


def _text(value: str) -> str:
    """A header without the surrogates that stand for bytes outside UTF-8."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
