"""The fetch stage against a real server on loopback."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Item
from pipeline import limits
from pipeline.errors import Reject, Retry, Skip
from pipeline.events import Page
from pipeline.pages import decode_body
from pipeline.stages import Done, Result
from pipeline.stages.fetch import Fetcher
from pipeline.transports.http import Bounds, Http, Manners
from pipeline.urls import article_id
from tests.web import Web

SEEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 12, 5, tzinfo=UTC)
MANNERS = Manners(contact="x", version="1", allow=("127.0.0.1",), delay=0.0, robots=False)
HTML = b"<html><title>Bridge</title><p>A convoy was stopped near the bridge.</html>"


def made(result: Result) -> Page:
    (page,) = done(result).made
    assert isinstance(page, Page)
    return page


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        yield server


@pytest.fixture
def stage() -> Iterator[Fetcher]:
    yield from fetcher()


@pytest.fixture
def polite() -> Iterator[Fetcher]:
    yield from fetcher(replace(MANNERS, robots=True))


def fetcher(manners: Manners = MANNERS) -> Iterator[Fetcher]:
    made = Fetcher(lambda: Http(manners, lambda: LATER, bounds=Bounds(fetch_seconds=5.0)))
    yield made
    made.close()


def item(url: str | None, **fields: Any) -> Item:
    return Item(source="s", key=url or "k", url=url, **{"seen": SEEN, **fields})


def with_text(url: str) -> Item:
    return item(url, title="Bridge", summary="A convoy was stopped.")


def done(result: Result) -> Done:
    assert isinstance(result, Done), result
    return result


def test_a_page(web: Web, stage: Fetcher) -> None:
    """A page comes whole, under the id of its last URL."""
    last = web.page("/last?id=1", HTML, headers={"ETag": '"v"', "X-Other": "y"})
    given = item(web.redirect("/a", last))
    result = done(stage([given])[0])
    page = made(result)
    assert (page.id, page.url, page.item) == (article_id(last), last, given)
    assert (page.text_from, page.status, page.fetched, page.size) == ("page", 200, LATER, len(HTML))
    assert page.headers == {"content-type": "text/html; charset=utf-8", "etag": '"v"'}
    assert decode_body(page) == HTML
    assert (result.state, result.again) == ("waiting", None)


def test_whole_items_pass(web: Web, stage: Fetcher) -> None:
    """An item that carries its text, has no URL or is withdrawn is not fetched."""
    url = web.page("/a", HTML)
    items = [
        item(url, title="Bridge", body="A convoy was stopped near the bridge. " * 50),
        item(None, title="Flash", body="Convoy stopped."),
        item("file:///inbox/a.txt", title="File", body="Convoy stopped."),
        item(url, title="Bridge", status="killed"),
    ]
    for given, result in zip(items, stage(items), strict=True):
        page = made(result)
        assert (page.item, page.text_from, page.why) == (given, "feed", None)
        assert page.fetched == SEEN
    assert web.seen == []


def test_order(web: Web, stage: Fetcher) -> None:
    """There is one result per item, in order, whatever became of the others."""
    good = web.page("/good", HTML)
    items = [item(good), item(web.url + "/none"), item("http://10.0.0.1/"), item(good + "?2")]
    web.page("/good?2", HTML)
    results = stage(items)
    assert [type(result).__name__ for result in results] == ["Done", "StatusSkip", "Reject", "Done"]
    assert stage([]) == []


@pytest.mark.parametrize(
    ("status", "why"), [(404, "gone"), (410, "gone"), (403, "refused"), (451, "refused")]
)
def test_never_to_be_had(web: Web, stage: Fetcher, status: int, why: str) -> None:
    """Where the page is gone or refused the feed's text goes on and nothing is tried again."""
    url = web.page("/a", status=status)
    bare, told = stage([item(url), with_text(url)])
    assert isinstance(bare, Skip)
    assert bare.reason == why
    result = done(told)
    assert (made(result).text_from, made(result).why, result.reason) == ("feed", why, why)
    assert str(status) in (result.detail or "")
    assert result.again is None


@pytest.mark.parametrize("status", [429, 500, 503])
def test_later(web: Web, stage: Fetcher, status: int) -> None:
    """Where the page may come later the feed's text goes on now, and the page is tried again."""
    told, other = web.page("/a", status=status), web.page("/b", status=status)
    result = done(stage([with_text(told)])[0])
    assert made(result).why == "unreachable"
    assert isinstance(result.again, Retry)
    (bare,) = stage([item(other)])
    assert isinstance(bare, Retry)


def test_repeats_are_identical(web: Web, stage: Fetcher) -> None:
    """A page that fails twice makes the same record twice."""
    given = with_text(web.page("/a", status=500))
    assert done(stage([given])[0]).made == done(stage([given])[0]).made


def test_robots(web: Web, polite: Fetcher) -> None:
    """What robots.txt forbids goes on with the feed's text, else ends."""
    web.page("/robots.txt", "User-agent: *\nDisallow: /\n")
    url = web.page("/a", HTML)
    bare, told = polite([item(url), with_text(url)])
    assert isinstance(bare, Skip)
    assert bare.reason == "robots"
    assert (made(told).why, done(told).again) == ("robots", None)
    assert web.paths() == ["/robots.txt"]


def test_no_server(stage: Fetcher) -> None:
    """A server that is not there is tried again; text goes on meanwhile."""
    with Web() as gone:
        url = gone.url + "/a"
    bare, told = stage([item(url), with_text(url)])
    assert isinstance(bare, Retry)
    assert isinstance(done(told).again, Retry)


def test_a_private_address(stage: Fetcher) -> None:
    """An item that leads inside is no dead letter while it has text."""
    bare, told = stage([item("http://10.0.0.1/"), with_text("http://10.0.0.1/")])
    assert isinstance(bare, Reject)
    assert (made(told).why, done(told).again) == ("not-allowed", None)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/pdf", b"%PDF"),
        ("image/png", b"\x89PNG"),
        ("text/html", b"  "),
        ("", b"a\x00b"),
    ],
)
def test_not_text(web: Web, stage: Fetcher, kind: str, body: bytes) -> None:
    """What is no text is not a page."""
    url = web.page("/a", body, kind=kind)
    bare, told = stage([item(url), with_text(url)])
    assert isinstance(bare, Skip)
    assert bare.reason == "not-text"
    assert made(told).why == "not-text"


def test_text_of_other_kinds(web: Web, stage: Fetcher) -> None:
    """Plain text, XHTML, UTF-16 and text that names no type are pages."""
    urls = [
        web.page("/a", HTML, kind="text/plain"),
        web.page("/b", HTML, kind="Application/XHTML+xml; charset=x"),
        web.page("/c", HTML.decode().encode("utf-16"), kind="text/html"),
        web.page("/d", HTML, kind=""),
    ]
    assert all(made(result).size for result in stage([item(url) for url in urls]))


def test_too_large(web: Web, stage: Fetcher) -> None:
    """A page too large for the wire or for the bus goes on as the feed told it."""
    wire = web.page("/wire", b"a" * (limits.PAGE_BYTES + 1))
    bus = web.page("/bus", os.urandom(limits.ENCODED_PAGE_BYTES))
    for url in (wire, bus):
        bare, told = stage([item(url), with_text(url)])
        assert isinstance(bare, Skip)
        assert bare.reason == "too-large"
        assert made(told).why == "too-large"


def test_front_page(web: Web, stage: Fetcher) -> None:
    """An article that redirects to the front page is gone; the front page itself may be asked."""
    front = web.page("/", HTML)
    taken_down, asked = stage([item(web.redirect("/a", "/")), item(front)])
    assert isinstance(taken_down, Skip)
    assert taken_down.reason == "gone"
    assert made(asked).url == front


def test_a_host_that_may_not_be_asked(web: Web) -> None:
    """A turn that comes soon is waited for without the feed's text; one that comes late is not."""
    for rest, kind in ((300, Retry), (7_200, Done)):
        url = web.page("/busy", status=503, headers={"Retry-After": str(rest)})
        for stage in fetcher():
            stage([item(url)])
            (result,) = stage([with_text(web.url + "/a")])
            assert isinstance(result, kind)
            again = result.again if isinstance(result, Done) else result
            assert isinstance(again, Retry)
            assert not again.counts


def test_no_time_seen(web: Web, stage: Fetcher) -> None:
    """An item without its time seen keeps the error of its page."""
    (result,) = stage([item(web.url + "/none", title="Bridge", summary="Text.", seen=None)])
    assert isinstance(result, Skip)


def test_stop(web: Web, stage: Fetcher) -> None:
    """A stage told to stop gives back at once what has not come, uncounted, and what has."""
    good, hanging = web.page("/a", HTML), web.hang("/hang")
    results: list[Result] = []
    batch = [item(good), item(hanging)]
    thread = threading.Thread(target=lambda: results.extend(stage(batch)))
    thread.start()
    while len(web.seen) < 2:
        thread.join(0.01)
    stage.stop()
    thread.join(4.0)
    assert not thread.is_alive()
    assert isinstance(results[1], Retry)
    assert not results[1].counts
    (after,) = stage([item(good)])
    assert isinstance(after, Retry)
