"""A page becomes an article; which of page and feed is believed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Item
from pipeline import limits
from pipeline.errors import Reject
from pipeline.events import Article, Page
from pipeline.pages import encode_body, page_of
from pipeline.stages.extract import extract
from pipeline.urls import article_id
from tests import records

PAGES = Path(__file__).parents[1] / "fixtures" / "pages"
URL = "https://www.example.org/2026/03/02/shells-hit-the-market"
TITLE = "Shells hit the market of Arvad"
TEXT = [
    "Shells fell on the market of Arvad on Monday morning. The district office said that four"
    " people were killed and eleven wounded, among them two children.",
    "A spokesman of the Northern Front denied that its guns had fired on the town, and blamed"
    " the army for the attack on the market place.",
]
HTML = "".join(f"<p>{line}</p>" for line in TEXT)


def page(html: str | bytes = f"<h1>{TITLE}</h1>{HTML}", head: str = "", **fields: Any) -> Page:
    if isinstance(html, str):
        html = f"<html><head>{head}</head><body>{html}</body></html>".encode()
    given: dict[str, Any] = {"url": URL, "id": article_id(URL)}
    given |= {"headers": {"content-type": "text/html"}, "fetched": datetime(2026, 3, 3, tzinfo=UTC)}
    return records.page(**{**given, "body": encode_body(html), "size": len(html), **fields})


def article(*args: Any, **fields: Any) -> Article:
    (made,) = extract(page(*args, **fields)).made
    assert isinstance(made, Article)
    return made


def item(**fields: Any) -> Item:
    return records.item(**{"summary": None, "url": URL, **fields})


@pytest.mark.parametrize("name", ["en", "fr", "es", "ru", "ar"])
def test_fixtures(name: str) -> None:
    """Each page as received gives the article expected."""
    wanted = json.loads((PAGES / f"{name}.json").read_text(encoding="utf-8"))
    found = article(
        (PAGES / f"{name}.html").read_bytes(),
        item=item(title=""),
        url=wanted["url"],
        id=article_id(wanted["url"]),
        headers={"content-type": wanted["content_type"]},
        fetched=datetime(2026, 3, 6, tzinfo=UTC),
    )
    assert found.id == article_id(wanted["url"])
    assert found.title == wanted["title"]
    assert (found.publisher, found.language) == (wanted["publisher"], wanted["language"])
    assert list(found.authors) == wanted["authors"]
    assert found.published.time is not None
    stamp = {**wanted["published"], "time": datetime.fromisoformat(wanted["published"]["time"])}
    assert {key: getattr(found.published, key) for key in stamp} == stamp
    assert (found.updated and found.updated.time) == (
        datetime.fromisoformat(wanted["updated"]) if wanted["updated"] else None
    )
    lines = found.body.split("\n")
    assert all(line in lines for line in wanted["body"])
    assert not any(text in found.body for text in wanted["without"])


def test_the_record_says_where_it_came_from() -> None:
    """Item, source, status, categories and times are carried over."""
    entry = item(categories=("war",), status="corrected")
    found = article(item=entry)
    assert (found.item, found.source) == (entry.id, entry.source)
    assert (found.status, found.categories) == ("corrected", ("war",))
    assert (found.first_seen, found.text_from) == (entry.seen, "page")
    assert found.body == "\n".join(TEXT)
    assert extract(page()).story == found.id


def test_same_page_same_article() -> None:
    """The stage is a function of its record."""
    assert extract(page()) == extract(page())


CANONICAL = "https://example.org/2026/03/02/shells-hit-the-market-of-arvad"
HOSTILE = {
    "another publisher": ["https://other.example/2026/03/02/shells-hit-the-market"],
    "front page": ["/"],
    "front page in full": ["https://www.example.org"],
    "section": ["https://www.example.org/world/"],
    "script": ["javascript:alert(1)"],
    "data": ["data:text/html,x"],
    "nonsense": ["http://[::1", "%%%", "../../..", "https:///x"],
    "several": [CANONICAL, "https://example.org/2026/03/02/another-story-of-today"],
    "endless": ["https://example.org/" + "a-" * 100_000],
    "user": ["https://example.org@evil.example/2026/03/02/shells-hit-the-market"],
}


@pytest.mark.parametrize("attack", HOSTILE)
def test_a_hostile_canonical_takes_over_nothing(attack: str) -> None:
    """The article keeps the identity of the address where it was found."""
    head = "".join(f'<link rel="canonical" href="{href}">' for href in HOSTILE[attack])
    found = article(head=head)
    assert (found.id, found.url) == (article_id(URL), URL)


def test_a_canonical_of_the_same_article_is_followed() -> None:
    """The same publisher's address of the article is its identity."""
    found = article(head=f'<link rel="canonical" href="{CANONICAL}">')
    assert (found.id, found.url, found.canonical) == (article_id(CANONICAL), CANONICAL, None)


def test_a_foreign_canonical_is_evidence() -> None:
    """Whose text it was is kept."""
    address = HOSTILE["another publisher"][0]
    assert article(head=f'<link rel="canonical" href="{address}">').canonical == address


def test_a_feed_without_page() -> None:
    """What the feed gave is read as text with its title and date."""
    entry = item(
        title="Shells &amp; mines", summary="<p>One.</p><p>Two &lt;3&gt;.</p>", provider="Wire",
        published="Mon, 02 Mar 2026 08:10 +0300", language="en-US", authors=("By Mira Tolan",),
    )  # fmt: skip
    done = extract(page_of(entry, "unreachable"))
    (found,) = done.made
    assert isinstance(found, Article)
    assert (found.title, found.body, found.text_from) == (
        "Shells & mines",
        "One.\nTwo <3>.",
        "feed",
    )
    assert (found.publisher, found.language, found.authors) == ("Wire", "en", ("Mira Tolan",))
    assert (found.published.basis, found.published.offset) == ("feed", "+03:00")
    assert found.published.time == datetime(2026, 3, 2, 5, 10, tzinfo=UTC)


def test_body_or_summary() -> None:
    """The longer of the two is the text."""
    entry = item(summary="Short.", body="<p>Much longer than the summary.</p>")
    assert extract(page_of(entry)).made[0].body == "Much longer than the summary."  # type: ignore[union-attr]


WALL = (
    "<p>We and our partners store cookies on your device to measure visits. By clicking accept"
    " you agree to the processing of data; choose settings to refuse, or subscribe.</p>"
)


@pytest.mark.parametrize(
    "html", ["<div id=app></div><script>x()</script>", "<p>Loading.</p>", WALL]
)
def test_a_page_without_the_article(html: str) -> None:
    """A script-only page and a consent wall give way to the feed's text, and the fate says so."""
    done = extract(page(html, item=item(summary=HTML, title=TITLE)))
    (found,) = done.made
    assert isinstance(found, Article)
    assert (found.body, found.text_from) == ("\n".join(TEXT), "feed")
    assert "text from the feed" in (done.detail or "")


def test_a_short_page_stands_where_the_feed_has_less() -> None:
    """A short notice is an article when the feed says no more."""
    found = article("<p>Shells fell on Arvad.</p>", item=item(summary="Shells."))
    assert (found.body, found.text_from) == ("Shells fell on Arvad.", "page")


def test_no_text_at_all() -> None:
    """A page and a feed without text are rejected with the reason."""
    with pytest.raises(Reject, match="no text"):
        extract(page("<div></div>", item=item()))
    with pytest.raises(Reject, match="nested"):
        extract(page("<div>" * 3_000, item=item()))


def test_a_kill_needs_no_text() -> None:
    """A withdrawal goes on although it says nothing."""
    (found,) = extract(page_of(item(status="killed", title="", url=None))).made
    assert isinstance(found, Article)
    assert (found.status, found.body, found.title) == ("killed", "", "")


@pytest.mark.parametrize(
    ("told", "own", "title"),
    [
        ("", "Shells hit the market of Arvad", "Shells hit the market of Arvad"),
        ("Shells hit market of Arvad - Daily", "Shells hit the market of Arvad",
         "Shells hit the market of Arvad"),
        ("Four dead in Tol", "Welcome to our site", "Four dead in Tol"),
        ("Four dead in Tol - Daily", "", "Four dead in Tol"),
    ],
)  # fmt: skip
def test_titles(told: str, own: str, title: str) -> None:
    """The page's title stands unless it has nothing to do with the feed's."""
    assert article(f"<h1>{own}</h1>{HTML}", item=item(title=told, provider="Daily")).title == title


META = '<meta property="article:published_time" content="{}">'


@pytest.mark.parametrize(
    ("feed", "own", "basis"),
    [
        ("2026-03-02T08:00:00Z", "2026-03-02", "feed"),
        ("2026-03-02T08:00:00Z", "2026-03-02T10:00:00+03:00", "feed"),
        ("2026-03-02T08:00:00", "2026-03-02T11:00:00+03:00", "page"),
        ("2026-03-02", "2026-03-02T10:00:00+03:00", "page"),
        ("2026-03-02T00:00:00Z", "2026-03-02T10:00:00+03:00", "page"),
        ("2026-03-02T08:00:00Z", "2026-02-20", "page"),
        ("2026-03-02T08:00:00Z", "0001-01-01", "feed"),
        ("2030-01-01T08:00:00Z", "2026-02-20", "page"),
        (None, "2026-02-20", "page"),
    ],
)
def test_which_date_wins(feed: str | None, own: str, basis: str) -> None:
    """The feed's if it has the time of day and the page agrees within a day; all are kept."""
    found = article(head=META.format(own), item=item(published=feed),
                    url="https://www.example.org/a-story-of-today")  # fmt: skip
    assert found.published.basis == basis
    assert found.dates[0] == found.published
    assert len(found.dates) == 2 - (feed is None or feed > "2027" or own < "1990")


def test_no_date() -> None:
    """Where nothing says when, nothing is guessed."""
    found = article(url="https://www.example.org/a-story-of-today")
    assert (found.published.time, found.published.basis, found.dates) == (None, "none", ())


def test_a_file_is_a_page() -> None:
    """An HTML file of a folder is read as a page, a text file as its lines."""
    html = f"<html lang=en><head><title>{TITLE}</title></head><body>{HTML}</body></html>"
    entry = item(url="file:///in/a.html", body=html, extra={"media_type": "text/html"})
    (found,) = extract(page_of(entry)).made
    assert isinstance(found, Article)
    assert (found.body, found.language, found.text_from) == ("\n".join(TEXT), "en", "page")
    text = item(url=None, body="\n\n".join(TEXT), extra={"media_type": "text/plain"})
    (plain,) = extract(page_of(text)).made
    assert isinstance(plain, Article)
    assert (plain.body, plain.text_from) == ("\n".join(TEXT), "feed")
    assert plain.url == f"urn:tocsin:{plain.id}"


def test_a_plain_text_page() -> None:
    """A page of plain text is its paragraphs."""
    body = "\r\n\r\n".join(TEXT).encode()
    found = article(body, headers={"content-type": "text/plain; charset=utf-8"})
    assert found.body == "\n".join(TEXT)


def test_lengths_are_limited() -> None:
    """Body and title are cut between words; nothing invisible is in them."""
    many = "".join(
        f"<p>{number} shells fell on the \u202etown\u200b.</p>" for number in range(9_999)
    )
    found = article(f"<h1>{'word ' * 900}</h1>{many}", item=item(title=""))
    assert limits.BODY_CHARS * 0.8 < len(found.body) <= limits.BODY_CHARS
    assert found.body.endswith("town.")
    assert len(found.title) <= limits.TITLE_CHARS
    assert not set(found.body) & {"\u202e", "\u200b"}
