"""The feed connector, on pairs of bytes as received and items expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.base import Answer, Cursor, Polled, SourceError
from connectors.feed import MAX_ENTRIES, Feed
from connectors.testing import Recording, check

FIXTURES = Path(__file__).parents[1] / "fixtures/feeds"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.xml"))
FEED = Feed("news", "https://news.example/feed")
NONE = Cursor()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ENTRY = re.compile(rb"<(item|entry)[ >].*?</\1>", re.DOTALL)
# whose keys hang on titles, or whose entries cannot be told apart by their tags alone
NO_EDIT = {"missing_guids", "not_well_formed", "undecodable_entry", "truncated", "utf16_mark"}


def answer(body: bytes | str, status: int = 200, headers: Mapping[str, str] = {}) -> Answer:
    data = body.encode() if isinstance(body, str) else body
    return Answer(
        url=FEED.url,
        status=status,
        headers=dict(headers),
        body=data,
        time=NOW,
    )


def read(body: bytes | str, cursor: Cursor = NONE, headers: Mapping[str, str] = {}) -> Polled:
    return FEED.read(answer(body, headers=headers), cursor)


def rss(*entries: str) -> str:
    return (
        "<?xml version='1.0'?>\n<rss version='2.0'><channel><title>T</title>"
        f"<link>https://news.example/</link>\n{''.join(entries)}</channel></rss>"
    )


def entry(number: int) -> str:
    return (
        f"<item><title>Title {number}</title><link>https://news.example/{number}</link>\n"
        f"<guid isPermaLink='false'>g{number}</guid><description>Text</description></item>\n"
    )


def recording(name: str) -> Recording:
    """The pair, with its entries in reverse and, where keys allow it, with other titles."""
    found = Recording.of(FIXTURES / f"{name}.xml")
    if name in NO_EDIT:
        return found
    body = found.answer.body
    entries = [match[0] for match in ENTRY.finditer(body)]
    backwards = iter(entries[::-1])
    reordered = ENTRY.sub(lambda _: next(backwards), body)
    edited = ENTRY.sub(lambda one: one[0].replace(b"</title>", b" (updated)</title>"), body)
    return replace(found, reordered=reordered, edited=edited)


@pytest.mark.timeout(120)
def test_every_recorded_feed_conforms() -> None:
    """All pairs give the items expected, with stable keys, whatever is done to their bytes."""
    assert len(NAMES) >= 14
    check(FEED, [recording(name) for name in NAMES])


BROKEN = {
    "mismatched tag": "<item><title>Foo</titel><link>https://a.example/</link></item>",
    "zero bytes": "<item><title>A \x00</title><link>https://a.example/</link></item>",
    "unclosed CDATA": "<item><title><![CDATA[A</title><link>https://a.example/</link></item>",
    "nothing to read": "<item><guid>12345</guid></item>",
    "no start tag": "<title>A</title><link>https://a.example/</link></item>",
    "end tag in a text": "<item><title>A</title><description>a </item> b</description></item>",
    "undecodable": "<item><title>B\udce9 \udcff\udcfe</title><link>https://a.b/</link></item>",
    "undecodable after UTF-8": "<item><title>\u0416\u0416\u0416 \udcff</title></item>",
    "a long author": f"<item><title>A</title><author>{'a' * 10**6}</author></item>",
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_entry_harms_no_other(fault: str) -> None:
    """A feed with 1,000 entries of which the 500th is broken gives 999 items and one reject."""
    entries = [entry(number) for number in range(1000)]
    entries[499] = BROKEN[fault]
    polled = read(rss(*entries).encode("utf-8", "surrogateescape"))
    assert [item.key for item in polled.items] == [f"g{n}" for n in range(1000) if n != 499]
    assert [item.title for item in polled.items][498:500] == ["Title 498", "Title 500"]
    assert len(polled.rejects) == 1
    assert polled.rejects[0].reason
    assert BROKEN[fault].encode("utf-8", "surrogateescape")[:50] in polled.rejects[0].data


REPAIRED = {
    "<title>A & B</title><link>https://a.example/?a=1&b=2</link>": "A & B",
    "<title>A < B, \x0b&#11;C</title>": "A < B, C",
    "<title>caf&eacute;&nbsp;1</title>": "café 1",
    "<title>A <b>bold</title>": "A bold",
    "<title>A <!-- b</title>": "A <!-- b",
    "<itunes:image href='x'/><title>undeclared</title>": "undeclared",
}


@pytest.mark.parametrize("inner", REPAIRED)
def test_what_can_be_repaired_with_certainty_is_an_item(inner: str) -> None:
    """Bare ampersands, stray signs, HTML left unescaped and a missing end tag lose no entry."""
    polled = read(rss(entry(1), f"<item>{inner}</item>", entry(2), "<!-- end -->", entry(3)))
    titles = [item.title for item in polled.items]
    assert titles == ["Title 1", REPAIRED[inner], "Title 2", "Title 3"]
    assert polled.rejects == ()


def test_comments_and_quoted_entries_are_no_entries() -> None:
    """In a feed that is no XML, entries inside comments and CDATA are not taken for entries."""
    quoted = "<item><title><![CDATA[how to write </item><item> & more]]></title></item>"
    polled = read(
        rss(f"<!-- {entry(7)} -->", quoted, entry(1), "<item><title>x & y</title></item>")
    )
    titles = [item.title for item in polled.items]
    assert titles == ["how to write </item><item> & more", "Title 1", "x & y"]


def test_keys_shared_once_stay_told_apart() -> None:
    """A guid that two stories shared names neither alone, even when one of them is gone."""
    shared = [entry(n).replace(f">g{n}<", ">same<") for n in (1, 2)]
    both = read(rss(*shared))
    one = read(rss(shared[1]), both.cursor)
    assert len({item.key for item in both.items}) == 2
    assert [item.id for item in one.items] == [both.items[1].id]


def test_an_entry_given_twice_is_one_item() -> None:
    """Of entries that say the same the first is kept under its own key."""
    polled = read(rss(entry(1), entry(1)))
    assert [item.key for item in polled.items] == ["g1"]


def test_it_asks_with_the_validators_of_the_last_answer() -> None:
    """The cursor holds etag and modified, and the next request sends them back."""
    told = {"etag": '"a"', "last-modified": "Sun, 01 Mar 2026 00:00:00 GMT"}
    cursor = read(rss(), headers=told).cursor
    headers = FEED.ask(cursor).headers
    assert headers["If-None-Match"] == '"a"'
    assert headers["If-Modified-Since"] == "Sun, 01 Mar 2026 00:00:00 GMT"
    assert "rss" in headers["Accept"]
    assert "If-None-Match" not in FEED.ask(Cursor()).headers


def test_not_modified_changes_nothing() -> None:
    """304 gives no items and the same cursor."""
    cursor = Cursor(etag='"a"', state={"shared": {"x": 1}})
    assert FEED.read(answer(b"", 304), cursor) == Polled(cursor=cursor)


REFUSED = {
    b"": "nothing at all",
    b"  \n": "nothing at all",
    b'{"version": "https://jsonfeed.org/version/1"}': "JSON",
    b"<!doctype html><html><body>Log in</body></html>": "an HTML page",
    b"<html><link rel=alternate type='application/rss+xml' href='/feed.xml'></html>": (
        "names https://news.example/feed.xml"
    ),
    b"<opml version='1.0'><body/></opml>": "root <opml>",
    b"\x89PNG\r\n": "no XML",
    b"<rss><channel>" + b"<item/>" * (MAX_ENTRIES + 1): "entries",
    b"<rss>" + b" " * 5_000_000: "larger than",
}


@pytest.mark.parametrize("body", REFUSED, ids=lambda body: REFUSED[body])
def test_what_is_no_feed_is_refused_with_advice(body: bytes) -> None:
    """An HTML page, nothing, or another format is a SourceError that says what it is."""
    with pytest.raises(SourceError, match=re.escape(REFUSED[body])):
        read(body)


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 503, 204])
def test_a_bad_status_is_named(status: int) -> None:
    """Any status but success is a SourceError that names it."""
    with pytest.raises(SourceError, match=str(status)):
        FEED.read(answer(rss(), status), Cursor())


HOSTILE = {
    "comments": f"<description><![CDATA[{'<!--' * 175_000}]]></description>",
    "sections": f"<description>{'<![CDATA[' * 80_000}</description>",
    "attributes": "<x " + " ".join(f"a{n}='1'" for n in range(60_000)) + "/>",
    "categories": "".join(f"<category>{n}</category>" for n in range(60_000)),
    "depth": "<a>" * 100_000 + "</a>" * 100_000,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("inner", HOSTILE)
def test_hostile_sizes_take_no_square_of_time(inner: str) -> None:
    """What feedparser takes minutes for is read or refused in seconds, the neighbours with it."""
    body = rss(entry(1), f"<item><title>x</title>{HOSTILE[inner]}</item>", entry(2))
    polled = read(body)
    assert {"g1", "g2"} <= {item.key for item in polled.items}


def test_entities_of_the_document_do_no_harm() -> None:
    """Nested entities are not expanded and external ones not opened."""
    prolog = (
        "<!DOCTYPE rss [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>"
        "<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
    )
    polled = read(prolog + rss("<item><title>&a; &b; &x;</title></item>").partition("\n")[2])
    assert [item.title for item in polled.items] == ["ha &b; &x;"]


def test_a_forced_encoding_is_believed() -> None:
    """``encoding`` goes before what the feed says, and an unknown one is refused at once."""
    text = rss("<item><title>жук</title></item>").replace("?>", " encoding='latin-1'?>")
    feed = Feed("news", FEED.url, encoding="koi8-r")
    assert feed.read(answer(text.encode("koi8-r")), Cursor()).items[0].title == "жук"
    with pytest.raises(ValueError, match="klingon"):
        Feed("news", FEED.url, encoding="klingon")
