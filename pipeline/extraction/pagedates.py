"""All dates of a page with where they stand, the best first.

The order was measured on the 200 news pages of the htmldate corpus (benchmarks/extraction.py):
what the publisher's system writes for machines, then the address, then what readers see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.events import Published
from pipeline.extraction.dates import has_clock, is_likely, parse_stamp
from pipeline.extraction.jsonld import Graph

Seen = tuple[str, Mapping[str, str], datetime]
"""Address, headers and time of the answer."""

DATES = 12  # of one page that are kept
NODES = 8  # of each kind that are looked at; the article's own date stands first

_PUBLISHED = (
    "article:published_time og:article:published_time og:published_time datepublished"
    " rnews:datepublished article.published article:published parsely-pub-date sailthru.date"
    " pubdate publishdate publish-date publish_date publication_date published_date"
    " published_time date dc.date.issued dcterms.issued dc.date dcterms.date dcterms.created"
    " dc.date.created datecreated article:post_date article_date_original originalpublicationdate"
    " cxenseparse:recs:publishtime cxenseparse:publishtime bt:pubdate creation_date timestamp"
    " release_date displaydate pub_date dc:date dc:created article:create_at eomportal-lastupdate"
)
_UPDATED = (
    "article:modified_time og:article:modified_time og:updated_time datemodified lastmod"
    " dcterms.modified dc.date.modified article.updated article:modified last-modified"
)
_URL_DATES = (
    re.compile(r"/((?:19|20)\d\d)/?[/-](\d{1,2}|[a-z]{3})[/-](\d{1,2})(?=[/_-]|\b)"),
    re.compile(r"(?<!\d)(20\d\d)[-_.](\d\d)[-_.](\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(20\d\d)([01]\d)([0-3]\d)(?!\d)"),
)
_PROPERTY = '[itemprop~="datePublished"],[property~="datePublished"],[itemprop~="dateCreated"]'
_CHANGED = '[itemprop~="dateModified"],[property~="dateModified"]'
_TIME = "time[datetime],time[pubdate],abbr.published,[class~='entry-date']"
_SEEN = (
    "[class*='date' i],[class*='time' i],[class*='publish' i],[class*='posted' i],"
    "[id*='date' i],[class*='fecha' i],[class*='byline' i],[class*='meta' i],time,.info,h1 + *"
)
_SEEN_CHARS = 120


def read(
    tree: LexborHTMLParser, graph: Graph, metas: Mapping[str, str], seen: Seen
) -> tuple[tuple[Published, ...], Published | None]:
    """The dates of publication, the best first, and the date of the last change."""
    url, headers, time = seen
    found = [stamp for stamp in _published(tree, graph, metas, url) if is_likely(stamp, time)]
    header = parse_stamp(headers.get("last-modified"), "header")
    if header and is_likely(header, time):
        found.append(header)
    changes = (stamp for stamp in _updated(tree, graph, metas) if is_likely(stamp, time))
    return _best_first(found), next(changes, None)


def _best_first(found: list[Published]) -> tuple[Published, ...]:
    """Each moment once; a date without time of day gives way to one of that day that has it."""
    if not found:
        return ()
    near = [one for one in found if one.basis == "page" and has_clock(one) and _near(one, found[0])]
    best = found[0] if has_clock(found[0]) or not near else near[0]
    kept: dict[object, Published] = {}
    for one in (best, *found):
        kept.setdefault((one.time, one.precision), one)
    return tuple(list(kept.values())[:DATES])


def _near(one: Published, other: Published) -> bool:
    return bool(one.time and other.time and abs(one.time - other.time) <= timedelta(days=1))


def _published(
    tree: LexborHTMLParser, graph: Graph, metas: Mapping[str, str], url: str
) -> Iterator[Published]:
    written = [graph.first("datePublished", "dateCreated", "uploadDate")]
    written += map(metas.get, _PUBLISHED.split())
    written += [_machine(node) for node in tree.css(_PROPERTY)[:NODES]]
    written += [_machine(node) for node in tree.css(_TIME)[:NODES]]
    yield from _parsed(written)
    yield from _of_url(url)
    yield from _parsed(dict.fromkeys(_readable(node) for node in tree.css(_SEEN)[: 4 * NODES]))


def _updated(tree: LexborHTMLParser, graph: Graph, metas: Mapping[str, str]) -> Iterator[Published]:
    yield from _parsed([graph.first("dateModified"), *map(metas.get, _UPDATED.split())])
    yield from _parsed(_machine(node) for node in tree.css(_CHANGED)[:NODES])


def _parsed(written: Iterable[str | None]) -> Iterator[Published]:
    for text in written:
        if stamp := parse_stamp(text, "page"):
            yield stamp


def _machine(node: LexborNode) -> str | None:
    values = node.attributes
    return (
        values.get("datetime") or values.get("content") or values.get("title") or node.text()[:200]
    )


def _readable(node: LexborNode) -> str | None:
    """The text of a short element: a byline's date, not a paragraph with a date in it."""
    text = node.text(separator=" ")
    return text if len(text) <= _SEEN_CHARS else None


def _of_url(url: str) -> Iterator[Published]:
    for pattern in _URL_DATES:
        if found := pattern.search(url.lower()):
            year, month, day = found.groups()
            stamp = parse_stamp(
                f"{day} {month} {year}" if month.isalpha() else "-".join(found.groups()), "page"
            )
            if stamp:
                yield stamp
                return
