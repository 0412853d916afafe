"""Pages: packed bodies, and what a feed's own text makes."""

from __future__ import annotations

import base64
import os
import time
from datetime import UTC, datetime

import pytest
import zstandard

from connectors.base import Answer, Item
from pipeline import limits, pages
from pipeline.errors import Reject, Skip
from pipeline.events import Page
from pipeline.urls import article_id

SEEN = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LONG = "<p>" + "A convoy was stopped near the bridge. " * 50 + "</p>"
URL = "https://news.example/a"


def item(**fields: object) -> Item:
    given = {"source": "s", "key": "k", "url": URL, "title": "Bridge", "seen": SEEN, **fields}
    return Item(**given)  # type: ignore[arg-type]


def page(body: str | None) -> Page:
    return Page(id="p", item=item(), url=URL, text_from="page", fetched=SEEN, body=body)


@pytest.mark.parametrize("body", [b"", b"<html>\x00\xff", b"a" * limits.PAGE_BYTES])
def test_round_trip(body: bytes) -> None:
    """A packed body unpacks to the same bytes."""
    assert pages.decode_body(page(pages.encode_body(body))) == body


def test_no_body() -> None:
    """A page without a body has no bytes."""
    assert pages.decode_body(page(None)) == b""


@pytest.mark.parametrize(
    "body",
    [
        "no base64!",
        base64.b64encode(b"no zstd").decode(),
        base64.b64encode(zstandard.compress(b"abc" * 999)[:-4]).decode(),
        base64.b64encode(zstandard.compress(bytes(limits.PAGE_BYTES + 1))).decode(),
        base64.b64encode(zstandard.ZstdCompressor().compressobj().compress(b"a" * 10)).decode(),
    ],
)
def test_broken(body: str) -> None:
    """A body that is broken, or a bomb, is refused."""
    with pytest.raises(Reject):
        pages.decode_body(page(body))


@pytest.mark.parametrize(
    ("fields", "whole"),
    [
        ({"body": LONG}, True),
        ({"body": LONG[:600]}, False),
        ({"body": "<p class='" + "x" * 3_000 + "'>Short.</p>"}, False),
        ({"summary": LONG}, False),
        ({"body": "Short.", "extra": {"full": True}}, True),
        ({"extra": {"full": True}}, False),
        ({"url": None, "body": "Short."}, True),
        ({"url": "file:///inbox/a.txt"}, True),
        ({"url": "javascript:alert(1)"}, True),
        ({"status": "killed"}, True),
        ({"status": "withheld"}, True),
        ({"status": "corrected"}, False),
    ],
)
def test_whole(fields: dict[str, object], whole: bool) -> None:
    """An item needs no page when it has no URL, is withdrawn, or carries an article's text."""
    assert pages.is_whole(item(**fields)) is whole


def test_feed_page_is_the_same_each_time() -> None:
    """The page of a feed's text depends on the item alone."""
    made = pages.page_of(item(), "gone")
    assert made == pages.page_of(item(), "gone")
    assert (made.id, made.text_from, made.why) == (article_id(URL), "feed", "gone")
    assert (made.fetched, made.body) == (SEEN, None)


def test_identity_without_url() -> None:
    """Without a URL the provider's key is the identity, whichever source brought it."""
    one = pages.page_of(item(url=None, source="a", provider="agency"))
    other = pages.page_of(item(url=None, source="b", provider="agency", title="Bridge, corrected"))
    assert one.id == other.id
    assert one.id != pages.page_of(item(url=None, source="c")).id
    assert one.url == f"urn:tocsin:{one.id}"


def test_never_seen() -> None:
    """An item without its time seen makes no page."""
    with pytest.raises(Reject, match="seen"):
        pages.page_of(item(seen=None))


def test_page_from_answer() -> None:
    """A fetched page keeps bytes, status, time and the few headers that matter."""
    headers = {"content-type": "text/html", "set-cookie": "a=b", "etag": "x" * 5_000}
    answer = Answer(url=URL + "/?utm_source=x", headers=headers, body=b"<html>", time=SEEN)
    made = pages.page_from(item(), answer)
    assert made.id == article_id(URL)
    assert made.headers == {"content-type": "text/html", "etag": "x" * 500}
    assert (made.status, made.size, made.fetched) == (200, 6, SEEN)
    with pytest.raises(Skip, match="too-large"):
        pages.page_from(
            item(), Answer(url=URL, body=os.urandom(limits.ENCODED_PAGE_BYTES), time=SEEN)
        )


def test_hostile_markup_is_quick() -> None:
    """Five megabytes of open brackets are looked through in no time."""
    begun = time.process_time()
    for text in ("<" * 5_000_000, "<a" * 2_500_000, "&" * 5_000_000, " " * 5_000_000):
        pages.plain(text)
    assert time.process_time() - begun < 5.0
