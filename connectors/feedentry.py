"""One entry of a feed, from feedparser's words to ours."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from connectors.base import short_hash

MAX_KEY = 500  # characters; a longer guid is hashed
MAX_URL = 4_000
MAX_TITLE = 2_000
MAX_VALUES = 50  # authors, categories, enclosures of one entry
_MAX_VALUE = 300

_INLINE = re.compile(
    r"</?(?:a|abbr|b|big|cite|code|del|em|font|i|ins|mark|q|s|small|span|strike|strong|sub|sup|time|tt|u"
    r"|wbr)(?:\s[^<>]*)?/?>|<!--.*?-->",
    re.IGNORECASE | re.DOTALL,
)
_BLOCK = re.compile(
    r"</?(?:blockquote|br|center|div|h[1-6]|hr|img|li|ol|p|ul)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,8}|#[xX][0-9a-fA-F]{1,8}|\w{1,40});")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")
Found = dict[str, Any]
"""A feed or an entry as feedparser gives it."""

_TEXT_TYPES = ("text/", "application/xhtml+xml", "application/xml")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as the feed gave it, all but its key."""

    guid: str | None
    url: str | None
    title: str
    body: str | None
    summary: str | None
    published: str | None
    updated: str | None
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    language: str | None
    provider: str | None
    enclosures: tuple[tuple[str, str], ...]
    comments: str | None

    def own_key(self) -> str:
        """What names the entry: its guid, else its link, else a hash of title and date."""
        key = self.guid or self.url
        if key:
            return key if len(key) <= MAX_KEY else "hash:" + short_hash(key)
        text = (self.title, self.published or "")
        return "hash:" + short_hash(*(text if any(text) else (self.summary or self.body or "",)))

    def fields(self) -> dict[str, Any]:
        """What an Item has of it."""
        extra: dict[str, Any] = {}
        if self.enclosures:
            extra["enclosures"] = [{"url": url, "type": kind} for url, kind in self.enclosures]
        if self.comments:
            extra["comments"] = self.comments
        names = ("url", "title", "body", "summary", "published", "updated", "authors", "categories")
        fields = {name: getattr(self, name) for name in names}
        return {**fields, "language": self.language, "provider": self.provider, "extra": extra}


def read_entry(found: Found, feed: Found, address: str) -> Entry:
    """The entry; ``address`` is where the feed came from."""
    bases = [_base(found), _text(feed, "link"), address]
    body = _body(found)
    summary = (
        _text(found, "summary") or _text(found, "media_caption") or _text(found, "itunes_caption")
    )
    published = _text(found, "published") or _text(found, "created")
    updated = _text(found, "updated")
    if published is None and str(feed.get("version")).startswith("rss"):
        published, updated = updated, None  # dc:date, the only date that RSS 1.0 has
    return Entry(
        guid=_text(found, "id"),
        url=_link(found, bases),
        title=plain((_text(found, "title") or "")[: 10 * MAX_TITLE])[:MAX_TITLE],
        body=body,
        summary=summary if summary != body else None,
        published=published,
        updated=updated,
        authors=_authors(found),
        categories=_categories(found),
        language=_language(found, feed),
        provider=_provider(found, feed),
        enclosures=_enclosures(found, bases),
        comments=absolute(_text(found, "comments"), bases),
    )


def plain(text: str) -> str:
    """One line of text without HTML's tags and entities; a "<" that begins no tag stays."""
    for _ in range(2):  # titles escaped twice are common, three times unheard of
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), _untagged(text))
    return " ".join(_UNSEEN.sub(" ", _untagged(text)).split())


def _untagged(text: str) -> str:
    return _BLOCK.sub(" ", _INLINE.sub("", text))


def absolute(link: str | None, bases: Iterable[str | None]) -> str | None:
    """The link as an http or https URL, resolved against the bases from the last to the first."""
    url = ""
    try:
        for part in (*reversed(list(bases)), link or ""):
            url = urljoin(url, "".join((part or "").split("\n")).strip())
        parts = urlsplit(url)
        usable = bool(link) and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return url.replace(" ", "%20") if usable and len(url) <= MAX_URL else None


def _text(found: Found, name: str) -> str | None:
    """The value as written; ``dict.get``, since feedparser's own gives one date for another."""
    value = dict.get(found, name)
    return _UNSEEN.sub("", value).strip() or None if isinstance(value, str) else None


def _base(found: Found) -> str | None:
    for name in ("title_detail", "summary_detail"):
        detail = found.get(name)
        if isinstance(detail, dict) and detail.get("base"):
            return str(detail["base"])
    return None


def _link(found: Found, bases: list[str | None]) -> str | None:
    """The publisher's own address first: a proxy of feeds gives it beside its own."""
    links = [
        str(link["href"])
        for link in found.get("links") or ()
        if link.get("rel") == "alternate" and link.get("href")
    ]
    link = _text(found, "link")
    if found.get("guidislink") and link and "://" not in link:
        link = None  # a guid that is only a number, not marked as no link
    for candidate in (_text(found, "feedburner_origlink"), link, *links):
        url = absolute(candidate, bases)
        if url:
            return url
    return None


def _body(found: Found) -> str | None:
    texts = [
        part.get("value") or ""
        for part in found.get("content") or ()
        if str(part.get("type") or "text/").startswith(_TEXT_TYPES)
    ]
    return max(texts, key=len, default="") or None


def _authors(found: Found) -> tuple[str, ...]:
    people = [person.get("name") or person.get("email") for person in found.get("authors") or ()]
    return _values(people or [found.get("author")])


def _categories(found: Found) -> tuple[str, ...]:
    return _values(tag.get("label") or tag.get("term") for tag in found.get("tags") or ())


def _values(values: Iterable[object]) -> tuple[str, ...]:
    texts = (plain(value[:MAX_TITLE])[:_MAX_VALUE] for value in values if isinstance(value, str))
    return tuple(dict.fromkeys(text for text in texts if text))[:MAX_VALUES]


def _language(found: Found, feed: Found) -> str | None:
    details = [
        found.get("title_detail"),
        found.get("summary_detail"),
        *(found.get("content") or ()),
    ]
    inherited = [detail.get("language") for detail in details if isinstance(detail, dict)]
    for value in (found.get("language"), *inherited, feed.get("language")):
        if isinstance(value, str) and value.strip():
            return value.strip()[:35]  # RFC 5646 section 4.4.1
    return None


def _provider(found: Found, feed: Found) -> str | None:
    source = found.get("source")
    named = source.get("title") if isinstance(source, dict) else source
    for value in (named, found.get("publisher"), feed.get("title")):
        text = plain(value[:MAX_TITLE]) if isinstance(value, str) else ""
        if text:
            return text[:_MAX_VALUE]
    return None


def _enclosures(found: Found, bases: list[str | None]) -> tuple[tuple[str, str], ...]:
    links = [link for link in found.get("links") or () if link.get("rel") == "enclosure"]
    named = [(link.get("href") or link.get("url"), link.get("type")) for link in links]
    for name in ("media_content", "media_thumbnail"):
        media = [part for part in found.get(name) or () if isinstance(part, dict)]
        named += [(part.get("url"), part.get("type") or part.get("medium")) for part in media]
    urls = {
        absolute(url, bases): str(kind or "")[:100] for url, kind in named if isinstance(url, str)
    }
    return tuple((url, kind) for url, kind in urls.items() if url)[:MAX_VALUES]
