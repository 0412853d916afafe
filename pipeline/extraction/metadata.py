"""What a page says of itself, read in one pass over a lexbor tree.

Nothing here is believed: the stage decides which of the dates and addresses count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline import urls
from pipeline.events import Published
from pipeline.extraction import names, pagedates
from pipeline.extraction.hostile import Tame
from pipeline.extraction.jsonld import Graph

METAS = 400  # a page has up to 150
LINKS = 10  # rel=canonical; more than one is already wrong
BYLINES = 5

_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_].*)?")
_NO_LANGUAGE = frozenset(("und", "mul", "zxx", "xx"))
_RENAMED = {"iw": "he", "in": "id", "ji": "yi", "no": "no"}
_TITLES = ("og:title", "twitter:title", "dc.title", "headline")
_SITES = ("og:site_name", "dc.publisher", "publisher", "application-name")
_AUTHORS = ("author", "article:author", "dc.creator", "parsely-author", "sailthru.author", "byl")
_NAMES = ("property", "name", "itemprop", "http-equiv")
# Together, because lexbor walks the whole tree for each search: 0.1 ms of a page's 2.
_MARKED = 'script[type*="ld+json" i],meta[content],h1,link[rel~="canonical" i]'
_BYLINES = '[itemprop~="author"],a[rel~="author"],[class~="byline"],[class~="author-name"]'


Marked = Mapping[str | None, list[LexborNode]]
"""The nodes that ``_MARKED`` finds, by their tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A page's own words: ``canonicals`` are absolute and differ, ``published`` is best first.

    ``address`` is og:url, ``updated`` the latest date of change found.
    """

    title: str | None = None
    authors: tuple[str, ...] = ()
    publisher: str | None = None
    canonicals: tuple[str, ...] = ()
    address: str | None = None
    language: str | None = None
    published: tuple[Published, ...] = ()
    updated: Published | None = None


def read(html: Tame, url: str, headers: Mapping[str, str], seen: datetime) -> Metadata:
    """The metadata of the page that was seen at ``url`` then."""
    tree = LexborHTMLParser(html)
    marked: dict[str | None, list[LexborNode]] = {}
    for node in tree.css(_MARKED):
        marked.setdefault(node.tag, []).append(node)
    return _Reader(tree, marked, url).metadata(headers, seen)


def language(tag: str | None) -> str | None:
    """The primary part of a language tag in small letters; None for what is none."""
    found = _LANGUAGE.fullmatch((tag or "").strip().lower()[:40])
    if found is None or found[1] in _NO_LANGUAGE:
        return None
    return _RENAMED.get(found[1], found[1])


class _Reader:
    """One page under reading."""

    def __init__(self, tree: LexborHTMLParser, marked: Marked, url: str) -> None:
        self._tree = tree
        self._marked = marked
        self._graph = Graph([one.text() for one in marked.get("script", ())], url)
        self._url = url
        self._metas = _metas(marked.get("meta", []))

    def metadata(self, headers: Mapping[str, str], seen: datetime) -> Metadata:
        publisher = self._publisher()
        published, updated = pagedates.read(
            self._tree, self._graph, self._metas, (self._url, headers, seen)
        )
        return Metadata(
            title=self._title(publisher),
            authors=self._authors(publisher),
            publisher=publisher,
            canonicals=tuple(self._canonicals()),
            address=self._absolute(self._metas.get("og:url", "")),
            language=self._language(headers),
            published=published,
            updated=updated,
        )

    def _title(self, publisher: str | None) -> str | None:
        sites = (publisher, *_site_names(self._url))
        titles = (names.headline(one, *sites) for one in self._titles())
        return next(filter(None, titles), None)

    def _titles(self) -> Iterator[str | None]:
        heads = self._marked.get("h1", [])
        yield self._metas.get(_TITLES[0])
        yield self._graph.first("headline")
        yield heads[0].text() if len(heads) == 1 else None
        yield from map(self._metas.get, _TITLES[1:])
        yield from (node.text() for node in self._tree.css("head > title")[:1])
        yield heads[0].text() if heads else None

    def _publisher(self) -> str | None:
        graph = self._graph
        found = [self._metas.get("og:site_name"), *graph.names(graph.article.get("publisher"))]
        found += [self._metas.get(name) for name in _SITES[1:]]
        return next((name for one in found if (name := names.name(one))), None)

    def _authors(self, publisher: str | None) -> tuple[str, ...]:
        graph = self._graph
        structured = graph.names(graph.article.get("author") or graph.article.get("creator"))
        declared = [self._metas[name] for name in _AUTHORS if name in self._metas]
        for written in (structured, declared[:1], declared[1:2]):
            if found := names.authors(written, publisher):
                return found
        return names.authors((one.text() for one in self._tree.css(_BYLINES)[:BYLINES]), publisher)

    def _canonicals(self) -> Iterator[str]:
        hrefs = [one.attributes.get("href") or "" for one in self._marked.get("link", ())]
        found = [self._absolute(href) for href in hrefs[:LINKS] if href.strip()]
        yield from dict.fromkeys(address for address in found if address)

    def _absolute(self, address: str) -> str | None:
        """The address as http or https URL; a bare path is meant on this host."""
        try:
            return urls.clean(urljoin(self._url, address.strip())) if address.strip() else None
        except ValueError:
            return None

    def _language(self, headers: Mapping[str, str]) -> str | None:
        root = self._tree.css_first("html")
        tags = (
            (root.attributes.get("lang") or root.attributes.get("xml:lang")) if root else None,
            self._metas.get("og:locale"),
            self._metas.get("content-language"),
            self._graph.first("inLanguage"),
            headers.get("content-language"),
        )
        return next((found for tag in tags if (found := language(tag))), None)


def _metas(nodes: list[LexborNode]) -> dict[str, str]:
    """The first content of each name, property, itemprop or http-equiv, names in small letters."""
    found: dict[str, str] = {}
    for node in nodes[:METAS]:
        values = node.attributes  # made anew by each access
        if content := (values.get("content") or "").strip():
            for name in filter(None, map(values.get, _NAMES)):
                found.setdefault(name.lower().strip(), content)
    return found


def _site_names(url: str) -> tuple[str, ...]:
    """The host and its name without the suffix: what stands after the title of many a page."""
    try:
        host = urls.host(url)
    except ValueError:
        return ()
    domain = urls.registrable(host)
    return host, host.removeprefix("www."), domain, domain.partition(".")[0]
