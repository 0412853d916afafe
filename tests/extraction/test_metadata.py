"""What a page says of itself is found wherever it stands, and hostile values count as absent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.extraction.hostile import tame
from pipeline.extraction.metadata import Metadata, language, read

SEEN = datetime(2026, 3, 2, 12, tzinfo=UTC)
URL = "https://news.example/world/shells-hit-the-market"


def meta(head: str, body: str = "", url: str = URL, **headers: str) -> Metadata:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return read(tame(f"<html><head>{head}</head><body>{body}</body></html>"), url, named, SEEN)


def jsonld(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return f'<script type="application/ld+json">{text}</script>'


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ('<meta property="og:title" content="Shells hit Arvad &amp; Tol">', "<h1>x</h1>",
         "Shells hit Arvad & Tol"),
        (jsonld({"@type": "NewsArticle", "headline": "Shells hit Arvad"}), "<h1>x</h1>",
         "Shells hit Arvad"),
        ("<title>The Courier</title>", "<h1>Shells\nhit <b>Arvad</b></h1>", "Shells hit Arvad"),
        ('<title>Shells hit Arvad - The Courier</title><meta property="og:site_name"'
         ' content="The Courier">', "", "Shells hit Arvad"),
        ("<title>Shells hit Arvad | news.example</title>", "", "Shells hit Arvad"),
        ("<title>Shells hit Arvad - and Tol</title>", "", "Shells hit Arvad - and Tol"),
        ('<meta property="og:title" content="The Courier"><meta property="og:site_name"'
         ' content="The Courier">', "<h1>Shells hit Arvad</h1>", "Shells hit Arvad"),
        ("", "", None),
    ],
)  # fmt: skip
def test_titles(head: str, body: str, title: str | None) -> None:
    """The best title is taken, without the name of the site."""
    assert meta(head, body).title == title


@pytest.mark.parametrize(
    ("author", "names"),
    [
        ("Mira Tolan", ("Mira Tolan",)),
        ({"name": "Mira Tolan"}, ("Mira Tolan",)),
        ([{"@type": "Person", "name": "Mira Tolan"}, "Josef Arran"],
         ("Mira Tolan", "Josef Arran")),
        ({"name": ["Mira Tolan", "Josef Arran"]}, ("Mira Tolan", "Josef Arran")),
        ("By Mira Tolan and Josef Arran", ("Mira Tolan", "Josef Arran")),
        ({"@type": "Organization", "name": "The Courier"}, ()),
        ("mira@courier.example (Mira Tolan)", ("Mira Tolan",)),
        ("https://social.example/mira", ()),
        ([None, 3, [], {"name": {"x": 1}}, True, {"@id": 5}], ()),
        ("admin", ()),
    ],
)  # fmt: skip
def test_authors_of_json_ld(author: Any, names: tuple[str, ...]) -> None:
    """Persons are found in every shape; publisher, addresses and other types are not persons."""
    article = {"@type": "NewsArticle", "author": author, "publisher": {"name": "The Courier"}}
    assert meta(jsonld(article)).authors == names


def test_authors_elsewhere() -> None:
    """Without JSON-LD the meta element counts, and without that the byline."""
    assert meta('<meta name="author" content="Mira Tolan">').authors == ("Mira Tolan",)
    assert meta("", '<p class="byline">By Mira Tolan</p>').authors == ("Mira Tolan",)


HOSTILE = [
    "[" * 100_000, "{", "null", "3", '"x"', "[[[[]]]]", "<!-- {} -->", '{"@graph": 5}',
    {"@type": 5, "headline": 3}, {"@type": "NewsArticle", "datePublished": {"a": 1}},
    {"@type": ["NewsArticle", 7, None], "headline": ["", 5], "author": 9, "publisher": []},
    {"@type": "NewsArticle", "datePublished": 20260223, "inLanguage": {"x": "en"}},
    {"@graph": [{"@graph": [[{"@id": "#a", "mainEntityOfPage": {"@id": "#a"}}]]}]},
]  # fmt: skip


@pytest.mark.parametrize("script", HOSTILE)
def test_hostile_json_ld_is_absent(script: Any) -> None:
    """Values of other types than expected give nothing and no error."""
    found = meta(jsonld(script))
    assert (found.title, found.authors, found.publisher) == (None, (), None)
    assert (found.published, found.language) == ((), None)


def test_json_ld_of_another_article_is_not_taken() -> None:
    """Of several articles the one at the page's address counts, and lists of others never do."""
    other = {"@type": "NewsArticle", "headline": "Other", "datePublished": "2020-01-01"}
    own = {"@type": "NewsArticle", "headline": "Own", "mainEntityOfPage": {"@id": URL}}
    assert meta(jsonld([other, own])).title == "Own"
    assert meta(jsonld({"@type": "ItemList", "itemListElement": [other]})).title is None


def test_raw_line_breaks_in_json_ld() -> None:
    """JSON-LD with line breaks in its strings, in a comment, is read."""
    script = '<!-- {"@type":"NewsArticle","headline":"Shells\nhit Arvad"} -->'
    assert meta(jsonld(script)).title == "Shells hit Arvad"


STAMP = "2026-03-02T09:40:00+03:00"


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (jsonld({"@type": "NewsArticle", "datePublished": STAMP}), ""),
        (jsonld([{"@graph": [{"@type": ["x", "NewsArticle"], "datePublished": STAMP}]}]), ""),
        (jsonld({"@type": "WebPage", "datePublished": STAMP}), ""),
        (f'<meta property="article:published_time" content="{STAMP}">', ""),
        (f'<meta name="DC.date.issued" content="{STAMP}">', ""),
        (f'<meta itemprop="datePublished" content="{STAMP}">', ""),
        ("", f'<span itemprop="datePublished" content="{STAMP}">Monday</span>'),
        ("", f'<time datetime="{STAMP}">Monday</time>'),
        ("", '<p class="article-date">2 March 2026, 09:40 GMT+3</p>'),
    ],
)
def test_dates_wherever_they_stand(head: str, body: str) -> None:
    """Each place gives the moment with the zone as written."""
    best = meta(head, body).published[0]
    assert best.time == datetime(2026, 3, 2, 6, 40, tzinfo=UTC)
    assert (best.offset, best.basis) == ("+03:00", "page")


def test_dates_of_address_and_header() -> None:
    """The address gives a day, the header comes last and says so."""
    stamps = meta("", "", "https://news.example/2026/feb/28/shells",
                  last_modified="Mon, 02 Mar 2026 07:00:00 GMT").published  # fmt: skip
    assert [(stamp.basis, stamp.precision) for stamp in stamps] == [
        ("page", "day"),
        ("header", "second"),
    ]
    assert stamps[0].time == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00Z", "2026-03-09T00:00:00Z", "1970-01-01"])
def test_impossible_dates_are_refused(text: str) -> None:
    """Year 1, the epoch and next week are no dates of publication."""
    assert meta(f'<meta property="article:published_time" content="{text}">').published == ()


def test_a_time_of_day_wins_over_the_day() -> None:
    """Of two dates of one day the one with the time is first."""
    head = '<meta property="article:published_time" content="2026-03-02">'
    stamps = meta(head, f'<time datetime="{STAMP}">x</time>').published
    assert [stamp.precision for stamp in stamps] == ["second", "day"]


def test_change_is_apart() -> None:
    """The date of the last change is no date of publication."""
    found = meta(jsonld({"@type": "NewsArticle", "dateModified": STAMP}))
    assert found.published == ()
    assert found.updated is not None
    assert found.updated.text == STAMP


def test_canonicals() -> None:
    """All that differ are given, absolute; what is no address is left out."""
    head = "".join(
        f'<link rel="{rel}" href="{href}">'
        for rel, href in [
            ("canonical", "/world/a"), ("Canonical", "https://news.example/world/a"),
            ("canonical", "javascript:alert(1)"), ("canonical", "http://["), ("canonical", " "),
            ("next", "/world/b"), ("canonical", "//other.example/c"),
        ]
    )  # fmt: skip
    assert meta(head).canonicals == ("https://news.example/world/a", "https://other.example/c")


@pytest.mark.parametrize(
    ("tag", "found"),
    [("en-GB", "en"), ("pt_BR", "pt"), (" AR ", "ar"), ("iw", "he"), ("x-default", None),
     ("und", None), ("english", None), ("", None), (None, None), ("ckb-IQ", "ckb")],
)  # fmt: skip
def test_languages(tag: str | None, found: str | None) -> None:
    """The primary part in small letters, or nothing."""
    assert language(tag) == found


def test_language_of_the_header() -> None:
    """The page's own word comes before the server's."""
    assert (
        meta('<meta property="og:locale" content="fr_FR">', content_language="en").language == "fr"
    )
    assert meta("", content_language="en").language == "en"
