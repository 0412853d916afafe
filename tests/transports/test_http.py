"""The polite fetcher against a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from connectors.base import Answer, Request
from pipeline.errors import Retry, Skip
from pipeline.transports.http import Bounds, Http, Manners
from pipeline.transports.pace import Pace
from pipeline.transports.status import StatusRetry, StatusSkip
from tests.web import Seen, Web, head, send

T = TypeVar("T")
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MANNERS = Manners(
    contact="https://bot.example/", version="9.9", allow=("127.0.0.1",), delay=0.0, robots=False
)
HTML = b"<html><title>Bridge</title><p>A convoy was stopped near the bridge.</html>"


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


def with_http(
    use: Callable[[Http], Awaitable[T]],
    *,
    manners: Manners = MANNERS,
    bounds: Bounds | None = None,
    pace: Pace | None = None,
    lookup: Callable[[str], Awaitable[Sequence[str]]] | None = None,
) -> T:
    """What ``use`` makes of an open client."""

    async def run() -> T:
        async with Http(manners, lambda: NOW, bounds=bounds, pace=pace, lookup=lookup) as http:
            return await use(http)

    return asyncio.run(run())


def get(url: str, *, bounds: Bounds | None = None, **headers: str) -> Answer:
    request = Request(url=url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    return with_http(lambda http: http.get(request), bounds=bounds)


def test_a_page(web: Web) -> None:
    """A page comes with its status, headers in lower case, URL and time; we say who we are."""
    url = web.page("/a?id=%D0%B0&b=1", HTML, headers={"X-Made-By": "caf\xe9"})
    answer = get(url + "#top")
    assert (answer.status, answer.body, answer.url, answer.time) == (200, HTML, url, NOW)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    seen = web.seen[0].headers
    assert seen["user-agent"] == "tocsin/9.9 (+https://bot.example/)"
    assert seen["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "cookie" not in seen


def test_conditional(web: Web) -> None:
    """The caller's validators go through, and 304 is an answer; our name cannot be changed."""
    url = web.page("/feed", HTML, headers={"ETag": '"v1"'})
    answer = get(url, if_none_match='"v1"', user_agent="Mozilla", accept="application/rss+xml")
    assert (answer.status, answer.body) == (304, b"")
    assert web.seen[0].headers["user-agent"].startswith("tocsin/")
    assert web.seen[0].headers["accept"] == "application/rss+xml"


def test_no_cookies_and_no_proxy(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cookies are not kept, and a proxy named in the environment is not used."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    url = web.page("/a", HTML, headers={"Set-Cookie": "who=you; Path=/"})

    async def twice(http: Http) -> None:
        await http.get(Request(url=url))
        await http.get(Request(url=url))

    with_http(twice)
    assert "cookie" not in web.seen[1].headers


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (404, StatusSkip, "gone"),
        (410, StatusSkip, "gone"),
        (401, StatusSkip, "refused"),
        (403, StatusSkip, "refused"),
        (451, StatusSkip, "refused"),
        (300, StatusSkip, "refused"),
        (408, StatusRetry, "HTTP 408"),
        (429, StatusRetry, "HTTP 429"),
        (500, StatusRetry, "HTTP 500"),
        (503, StatusRetry, "HTTP 503"),
    ],
)
def test_status(web: Web, status: int, kind: type[Exception], reason: str) -> None:
    """A status says whether the page is gone, refused or to be asked for later."""
    url = web.page("/a", b"no", status=status)
    with pytest.raises(kind, match=reason) as error:
        get(url)
    assert getattr(error.value, "status", None) == status
    assert with_http(lambda http: http.ask(Request(url=url))).status == status


@pytest.mark.parametrize(
    ("status", "given", "after"),
    [
        (429, "120", 120.0),
        (503, "Mon, 23 Nov 2026 12:02:00 GMT", 120.0),
        (503, "Mon, 23 Nov 2020 12:02:00 GMT", 0.0),
        (429, "9999999", 86_400.0),
        (429, "9" * 400, None),
        (429, "soon", None),
        (429, "-5", None),
    ],
)
def test_retry_after(web: Web, status: int, given: str, after: float | None) -> None:
    """Retry-After is obeyed: in seconds, as a date, and not for ever."""
    url = web.page("/a", status=status, headers={"Retry-After": given})
    with pytest.raises(StatusRetry) as error:
        get(url)
    assert error.value.after == after


def test_a_host_that_is_busy_rests(web: Web) -> None:
    """After 429 the host is asked nothing until its time has come; that counts as no attempt."""
    busy = web.page("/busy", status=429, headers={"Retry-After": "90"})
    other = web.page("/other", HTML)

    async def both(http: Http) -> None:
        with pytest.raises(StatusRetry):
            await http.get(Request(url=busy))
        with pytest.raises(Retry) as error:
            await http.get(Request(url=other))
        assert not error.value.counts
        assert 80 < (error.value.after or 0) <= 90

    with_http(both)
    assert web.paths() == ["/busy"]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(HTML)),
        ("br", brotli.compress(HTML)),
        ("zstd", zstandard.compress(HTML)),
    ],
)
def test_codings(web: Web, coding: str, body: bytes) -> None:
    """A compressed body comes decompressed."""
    url = web.page("/a", body, headers={"Content-Encoding": coding})
    assert get(url).body == HTML


def test_bomb(web: Web) -> None:
    """A body of 50 kB that unfolds to 50 MB is refused at the limit."""
    body = gzip.compress(bytes(50_000_000))
    url = web.page("/a", body, headers={"Content-Encoding": "gzip"})
    begun = time.process_time()
    with pytest.raises(Skip, match="too-large"):
        get(url)
    assert time.process_time() - begun < 1.0


def test_too_large(web: Web) -> None:
    """What is too large is refused: by its Content-Length unread, else when it has become so."""
    said = web.page("/said", b"", headers={"Content-Length": "99999999999"})

    async def endless(_: Seen, writer: asyncio.StreamWriter) -> None:
        await send(writer, head(200, {"Content-Type": "text/html"}))
        while True:
            await send(writer, bytes(10_000))

    unsaid = web.on("/unsaid", endless)
    coded = web.page("/coded", bytes(3_000_000), headers={"Content-Encoding": "gzip"})
    for url in (said, unsaid, coded):
        with pytest.raises(Skip, match="too-large"):
            get(url, bounds=Bounds(wire_bytes=2_000_000))
    small = web.page("/small", HTML)
    with pytest.raises(Skip, match="too-large"):
        with_http(lambda http: http.get(Request(url=small), limit=len(HTML) - 1))


def test_headers_without_end(web: Web) -> None:
    """64 MB of headers are refused early: many lines, or one long line."""

    async def lines(_: Seen, writer: asyncio.StreamWriter) -> None:
        await send(writer, b"HTTP/1.1 200 OK\r\n")
        for number in range(64_000):
            await send(writer, b"X-%d: " % number + b"a" * 1_000 + b"\r\n")

    async def line(_: Seen, writer: asyncio.StreamWriter) -> None:
        await send(writer, b"HTTP/1.1 200 OK\r\nX-A: ")
        for _number in range(64_000):
            await send(writer, b"a" * 1_000)

    for route in (lines, line):
        with pytest.raises(Skip, match="too-large"):
            get(web.on("/a", route))


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<html>cut",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n<html\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\n<html>",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x00\x01\x02\x03",
        b"",
    ],
)
def test_no_whole_answer(web: Web, answer: bytes) -> None:
    """A lying Content-Length, a connection closed mid-body and what is no HTTP are tried again."""

    async def route(_: Seen, writer: asyncio.StreamWriter) -> None:
        await send(writer, answer)

    with pytest.raises(Retry):
        get(web.on("/a", route))


def test_deadline(web: Web) -> None:
    """A server that drips or hangs, or redirects slowly, is left at the deadline."""
    web.drip("/body", head(200, {"Content-Length": "1000000"}) + b"a" * 1_000, 0.02)
    web.drip("/head", b"HTTP/1.1 200 OK\r\n" + b"X-A: 1\r\n" * 1_000, 0.02)
    web.hang("/nothing")
    web.drip("/slow", head(302, {"Location": "/slow", "X-Pad": "a"}), 0.002)
    bounds = Bounds(fetch_seconds=0.4, redirects=1_000)
    for path in ("/body", "/head", "/nothing", "/slow"):
        begun = time.monotonic()
        with pytest.raises(Retry, match="in time"):
            get(web.url + path, bounds=bounds)
        assert time.monotonic() - begun < 3.0
