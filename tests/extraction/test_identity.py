"""A canonical address takes over nothing that is not the same publisher's same article."""

from __future__ import annotations

import pytest

from pipeline.extraction.identity import Identity, identify
from pipeline.extraction.metadata import Metadata
from pipeline.urls import article_id

URL = "https://amp.example.org/2026/03/02/shells-hit-the-market/amp"
ID = article_id(URL)

FOLLOWED = [
    "https://example.org/2026/03/02/shells-hit-the-market",
    "https://www.example.org/a/48213",
    "http://example.org/news/showNews.do?objectId=15033",
    "https://example.org/%D8%A7%D9%84%D8%A3%D8%AE%D8%A8%D8%A7%D8%B1-%D9%82-%D8%B3",
]
EVIDENCE = [
    "https://other.example/2026/03/02/shells-hit-the-market",
    "https://example.org.evil.example/2026/03/02/shells-hit-the-market",
    "https://example.org/",
    "https://example.org/?p=12345",
    "https://example.org/world",
    "https://example.org/world/africa/",
    "https://example.org/index.html",
    "https://example.org/2026/03/02/",
    "https://example.org/archive/2026",
    "https://example.org/20260302",
    "https://example.org:8443/2026/03/02/shells-hit-the-market",
    "https://example.org/search?q=shells",
]


@pytest.mark.parametrize("address", FOLLOWED)
def test_the_same_publishers_article_is_followed(address: str) -> None:
    """An AMP page, a mobile page and a print page are the article that they name."""
    found = identify(ID, URL, Metadata(canonicals=(address,)))
    assert found == Identity(article_id(address), address)


@pytest.mark.parametrize("address", EVIDENCE)
def test_anything_else_is_evidence(address: str) -> None:
    """Another publisher, another port, a front page, a section and an archive take over nothing."""
    assert identify(ID, URL, Metadata(canonicals=(address,))) == Identity(ID, URL, address)


def test_two_publishers_on_one_host_service() -> None:
    """Blogs under one public suffix are different publishers."""
    url, other = "https://a.blogspot.com/2026/03/1.html", "https://b.blogspot.com/a-b-c-d.html"
    assert identify("x", url, Metadata(canonicals=(other,))) == Identity("x", url, other)


def test_the_section_with_a_long_name_is_no_article() -> None:
    """The folder in which an article stands is not the article, however long its name."""
    url = "https://example.org/middle-east-and-africa/shells-hit-the-market"
    section = "https://example.org/middle-east-and-africa"
    assert identify("x", url, Metadata(canonicals=(section,))) == Identity("x", url, section)


def test_contradictions_take_over_nothing() -> None:
    """Of several different canonicals none counts, not even as evidence."""
    assert identify(ID, URL, Metadata(canonicals=tuple(FOLLOWED[:2]))) == Identity(ID, URL)


def test_its_own_address_is_no_evidence() -> None:
    """A page that names itself, with other tracking or none, says nothing."""
    assert identify(ID, URL, Metadata(canonicals=(f"{URL}/?utm_source=x",))) == Identity(ID, URL)


def test_the_open_graph_address_is_evidence_only() -> None:
    """og:url is never followed, for templates forget to fill it."""
    assert identify(ID, URL, Metadata(address=FOLLOWED[0])) == Identity(ID, URL, FOLLOWED[0])


def test_a_page_without_address_keeps_its_id() -> None:
    """A file of a folder may name a canonical, which is evidence."""
    url = "urn:tocsin:abc"
    found = identify("abc", url, Metadata(canonicals=(FOLLOWED[0],)))
    assert found == Identity("abc", url, FOLLOWED[0])
