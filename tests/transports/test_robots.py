"""robots.txt, by RFC 9309."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import pytest

from connectors.base import Answer, Request
from pipeline import limits
from pipeline.errors import Reject, Retry, Skip
from pipeline.transports.http import Bounds, Http
from pipeline.transports.pace import Pace
from pipeline.transports.robots import Robots
from tests.transports.test_http import HTML, MANNERS, NOW, with_http
from tests.web import Web

POLITE = replace(MANNERS, robots=True)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        server.page("/a", HTML)
        server.page("/b", HTML)
        yield server


def robots(web: Web, text: str | bytes, **said: int) -> None:
    web.page("/robots.txt", text, kind="text/plain", status=said.get("status", 200))


def get(web: Web, path: str = "/a", bounds: Bounds | None = None) -> Answer:
    url = web.url + path
    return with_http(lambda http: http.get(Request(url=url)), manners=POLITE, bounds=bounds)


def test_forbidden(web: Web) -> None:
    """What robots.txt forbids to us or to all is not asked for; the rest is, with one look."""
    robots(web, "User-agent: *\nDisallow: /a\nAllow: /b\n")

    async def both(http: Http) -> None:
        with pytest.raises(Skip) as error:
            await http.get(Request(url=web.url + "/a"))
        assert error.value.reason == "robots"
        await http.get(Request(url=web.url + "/b"))

    with_http(both, manners=POLITE)
    assert web.paths() == ["/robots.txt", "/b"]


def test_our_name(web: Web) -> None:
    """Rules for tocsin count before those for all."""
    robots(web, "User-agent: *\nDisallow: /\n\nUser-agent: Tocsin\nDisallow: /b\n")
    assert get(web).status == 200
    with pytest.raises(Skip, match="robots"):
        get(web, "/b")


def test_asked_not_to_look(web: Web) -> None:
    """The caller, or the configuration, may do without."""
    robots(web, "User-agent: *\nDisallow: /\n")
    request = Request(url=web.url + "/a")
    with_http(lambda http: http.get(request, robots=False), manners=POLITE)
    with_http(lambda http: http.get(request), manners=MANNERS)
    assert web.paths() == ["/a", "/a"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_none(web: Web, status: int) -> None:
    """Without a robots.txt (4xx) all is allowed."""
    robots(web, "User-agent: *\nDisallow: /\n", status=status)
    assert get(web).status == 200


@pytest.mark.parametrize("status", [429, 500, 503])
def test_faulty(web: Web, status: int) -> None:
    """While robots.txt cannot be had nothing is asked, and that is no refusal."""
    robots(web, "", status=status)

    async def twice(http: Http) -> None:
        for _ in range(2):
            with pytest.raises(Retry, match=r"robots\.txt|another") as error:
                await http.get(Request(url=web.url + "/a"))
            assert 0 < (error.value.after or 0) <= limits.ROBOTS_FAULT_SECONDS

    with_http(twice, manners=POLITE)
    assert web.paths() == ["/robots.txt"]


def test_hanging(web: Web) -> None:
    """A robots.txt that does not come is a fault."""
    web.hang("/robots.txt")
    with pytest.raises(Retry, match="in time"):
        get(web, bounds=Bounds(fetch_seconds=0.3))
    assert web.paths() == ["/robots.txt"]


def test_redirected(web: Web) -> None:
    """A redirected robots.txt counts for the host that was asked; a loop of them is none."""
    web.redirect("/robots.txt", "/elsewhere.txt")
    web.page("/elsewhere.txt", "User-agent: *\nDisallow: /a\n")
    with pytest.raises(Skip, match="robots"):
        get(web)
    web.redirect("/robots.txt", "/robots.txt")
    assert get(web).status == 200


def test_redirected_inside(web: Web) -> None:
    """A robots.txt cannot lead us to a private address either."""
    web.redirect("/robots.txt", "http://169.254.169.254/latest")
    with pytest.raises(Reject, match=r"169\.254\.169\.254"):
        get(web)


def test_large(web: Web) -> None:
    """Of a large robots.txt the first 500 kB count."""
    comment = "# nothing\n" * (limits.ROBOTS_BYTES // 10)
    robots(web, "User-agent: *\nDisallow: /a\n" + comment + "Disallow: /b\n")
    with pytest.raises(Skip, match="robots"):
        get(web)
    assert get(web, "/b").status == 200


def test_no_text(web: Web) -> None:
    """Bytes that are no robots.txt forbid nothing."""
    robots(web, b"\xff\xfe\x00" + bytes(range(256)) * 10)
    assert get(web).status == 200


def test_each_hop(web: Web) -> None:
    """Where a redirect leads, the robots.txt there counts."""
    with Web() as other:
        other.page("/robots.txt", "User-agent: *\nDisallow: /\n")
        web.redirect("/away", other.page("/a", HTML))
        with pytest.raises(Skip, match="robots"):
            get(web, "/away")
        assert other.paths() == ["/robots.txt"]


def test_crawl_delay(web: Web) -> None:
    """A Crawl-delay larger than ours counts."""
    robots(web, "User-agent: *\nCrawl-delay: 7\n")
    clock = {"now": 0.0}

    async def sleep(seconds: float) -> None:
        clock["now"] += seconds

    pace = Pace(1.0, 2, monotonic=lambda: clock["now"], sleep=sleep)

    async def both(http: Http) -> None:
        await http.get(Request(url=web.url + "/a"))
        await http.get(Request(url=web.url + "/b"))

    with_http(both, manners=POLITE, pace=pace)
    assert clock["now"] == 8.0  # one second after robots.txt, then seven


def test_asked_once_at_a_time_and_once_a_day() -> None:
    """Many who want one robots.txt at once share one request; it is asked for again after a day."""
    clock = {"now": 0.0}
    asked: list[str] = []

    async def ask(url: str) -> Answer:
        asked.append(url)
        await asyncio.sleep(0)
        return Answer(url=url, body=b"User-agent: *\nDisallow: /x\n", time=NOW)

    async def run() -> None:
        known = Robots(ask, lambda: clock["now"])
        await asyncio.gather(*(known.check(f"http://news.example/{n}") for n in range(20)))
        clock["now"] = limits.ROBOTS_LIFE_SECONDS - 1
        await known.check("http://news.example/a")
        assert asked == ["http://news.example/robots.txt"]
        clock["now"] = limits.ROBOTS_LIFE_SECONDS + 1
        await known.check("http://news.example/a")
        await known.check("https://news.example:8443/a")
        assert asked[1:] == [
            "http://news.example/robots.txt",
            "https://news.example:8443/robots.txt",
        ]

    asyncio.run(run())


def test_memory_is_bounded() -> None:
    """The texts remembered are bounded; the ones longest unused go first."""
    asked: list[str] = []

    async def ask(url: str) -> Answer:
        asked.append(url)
        return Answer(url=url, body=b"User-agent: *\n" + b"#" * 10_000, time=NOW)

    async def run() -> None:
        known = Robots(ask, lambda: 0.0, room=50_000)
        for host in ("a", "b", "c", "d", "a", "e", "a", "b"):
            await known.check(f"http://{host}.example/")

    asyncio.run(run())
    assert [url[7] for url in asked] == ["a", "b", "c", "d", "e", "b"]


def test_one_who_gives_up_leaves_the_others() -> None:
    """A request cancelled while it waits for robots.txt takes it from nobody."""
    come = asyncio.Event()

    async def ask(url: str) -> Answer:
        await come.wait()
        return Answer(url=url, status=404, time=NOW)

    async def run() -> None:
        known = Robots(ask, lambda: 0.0)
        first = asyncio.create_task(known.check("http://news.example/a"))
        second = asyncio.create_task(known.check("http://news.example/b"))
        await asyncio.sleep(0)
        first.cancel()
        come.set()
        assert await second is None

    asyncio.run(run())


def test_close() -> None:
    """Closing leaves no request for a robots.txt behind."""

    async def ask(_: str) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    async def run() -> None:
        known = Robots(ask, lambda: 0.0)
        waiting = asyncio.create_task(known.check("http://news.example/a"))
        await asyncio.sleep(0)
        waiting.cancel()
        await known.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
