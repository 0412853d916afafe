"""From a page to an article: its text, and what page and feed say of it.

Which of the two is believed:

* text: the page's, unless it is almost none or plainly not the article (a consent wall, a page
  made by scripts) and the feed has more;
* title: the page's where it shares words with the feed's, because one article comes through
  several feeds, which shorten, decorate or omit it, and each other title would look like a new
  revision; the feed's where the two have nothing in common, for then the page's is the template's;
* date: the feed's where it has a time of day and the page agrees within a day, else the page's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from pipeline import limits
from pipeline.errors import Reject
from pipeline.events import Article, Item, Page, Published, TextFrom
from pipeline.extraction import metadata, names
from pipeline.extraction.dates import has_clock, is_likely, parse_stamp
from pipeline.extraction.encoding import decode
from pipeline.extraction.hostile import HostileError, tame
from pipeline.extraction.identity import identify
from pipeline.extraction.metadata import Metadata
from pipeline.extraction.text import body_of, cut, line, lines_of
from pipeline.pages import decode_body
from pipeline.stages import Done

LEAST_CHARS = 120  # less is a caption, a notice or an empty template
WALL_CHARS = 1_500  # the longest notice on cookies that stands in the place of a text
DAY = timedelta(days=1)

_WITHDRAWN = frozenset(("killed", "withheld"))
_WORD = re.compile(r"\w{5,}")
_DOCUMENT = re.compile(r"\s*<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_PLAIN = "text/plain"


@dataclass(frozen=True, slots=True)
class _Text:
    body: str
    source: TextFrom
    detail: str | None = None


def extract(page: Page) -> Done:
    """The article that the page holds; a withdrawal may have no text.

    Raises:
        Reject: neither page nor feed has text, or the page's body is broken.
    """
    item = page.item
    found, meta, trouble = _read(page)
    text = _chosen(found, _feed_text(item), item, trouble)
    if not text.body and item.status not in _WITHDRAWN:
        raise Reject(f"no text in page {page.id} ({page.url}): {text.detail or 'nor in its feed'}")
    article = _article(page, text, meta)
    return Done(made=(article,), outcome="extracted", story=article.id, detail=text.detail)


def _read(page: Page) -> tuple[str | None, Metadata, str | None]:
    """The page's text if there is a page, its metadata, and what stood in the way."""
    content = _content(page)
    if content is None:
        return None, Metadata(), None
    html, kind = content
    try:
        if kind == _PLAIN and not _DOCUMENT.match(html):
            return lines_of(html), Metadata(), None
        safe = tame(html)
        meta = metadata.read(safe, page.url, page.headers, page.fetched)
        return body_of(safe), meta, None
    except HostileError as error:
        return "", Metadata(), str(error)


def _content(page: Page) -> tuple[str, str] | None:
    """The characters of the page and their type; a folder's HTML file is a page in an item."""
    if page.body is not None:
        declared = page.headers.get("content-type", "")
        body = decode_body(page)[: limits.PAGE_BYTES]
        return decode(body, declared), declared.partition(";")[0].strip().lower()
    if page.item.extra.get("media_type") == "text/html" and page.item.body:
        return page.item.body, "text/html"
    return None


def _feed_text(item: Item) -> str:
    if item.extra.get("media_type") == "text/html":
        return _lines(item.summary)
    return max(_lines(item.body), _lines(item.summary), key=len)


def _lines(text: str | None) -> str:
    try:
        return lines_of(text or "")
    except HostileError:
        return ""


def _chosen(found: str | None, feed: str, item: Item, trouble: str | None) -> _Text:
    if found is None:
        return _Text(feed, "feed")
    if found and (len(found) >= LEAST_CHARS or len(found) >= len(feed)):
        if not _is_wall(found, feed, item):
            return _Text(found, "page")
        trouble = "the page's text is not the article's"
    why = trouble or f"the page's text has {len(found)} characters"
    return _Text(feed, "feed", f"text from the feed: {why}" if feed else why)


def _is_wall(found: str, feed: str, item: Item) -> bool:
    """Whether a short page shares almost no word with what the feed says of the article."""
    told = set(_WORD.findall(f"{item.title} {feed}".casefold()))
    if len(found) > WALL_CHARS or len(feed) < LEAST_CHARS or len(told) < 10:
        return False
    return len(told & set(_WORD.findall(found.casefold()))) * 10 < len(told)


def _article(page: Page, text: _Text, meta: Metadata) -> Article:
    item = page.item
    identity = identify(page.id, page.url, meta)
    publisher = meta.publisher or names.name(item.provider)
    dates = _dates(page, meta)
    return Article(
        id=identity.id,
        item=item.id,
        url=identity.url,
        source=item.source,
        publisher=publisher,
        title=_title(item, meta, text.source),
        body=text.body,
        authors=meta.authors or names.authors(item.authors, publisher),
        language=meta.language or metadata.language(item.language),
        canonical=identity.canonical,
        text_from=text.source,
        published=dates[0] if dates else Published(),
        updated=_updated(page, meta),
        dates=dates,
        status=item.status,
        categories=item.categories,
        first_seen=item.seen or page.fetched,
        fetched=page.fetched,
    )


def _title(item: Item, meta: Metadata, source: TextFrom) -> str:
    told = names.headline(_lines(item.title), item.provider, meta.publisher) or line(item.title)
    told = cut(told, limits.TITLE_CHARS)
    own = meta.title or ""
    if not told or not own:
        return told or own
    shared = set(_words(told)) & set(_words(own))
    return own if source == "page" and len(shared) * 3 >= len(set(_words(told))) else told


def _words(title: str) -> list[str]:
    return re.findall(r"\w+", title.casefold())


def _dates(page: Page, meta: Metadata) -> tuple[Published, ...]:
    """All dates of publication, the best first; a header's says least and comes last."""
    feed = _feed_date(page.item.published, page)
    own = [stamp for stamp in meta.published if stamp.basis == "page"]
    rest = [stamp for stamp in meta.published if stamp.basis != "page"]
    if feed is None:
        return (*own, *rest)
    if not own or _feed_wins(feed, own[0]):
        return (feed, *own, *rest)
    return (*own, feed, *rest)


def _feed_wins(feed: Published, own: Published) -> bool:
    if not has_clock(feed) or feed.time is None or own.time is None:
        return False
    if feed.offset is None and own.offset is not None and has_clock(own):
        return False  # the same moment, and the page says in which zone
    return abs(feed.time - own.time) <= DAY


def _feed_date(text: str | None, page: Page) -> Published | None:
    stamp = parse_stamp(text, "feed")
    return stamp if stamp and is_likely(stamp, page.fetched) else None


def _updated(page: Page, meta: Metadata) -> Published | None:
    feed = _feed_date(page.item.updated, page)
    return feed if feed and (has_clock(feed) or meta.updated is None) else meta.updated
