"""RSS 0.9x, 1.0, 2.0 and Atom feeds."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from urllib.parse import urljoin

from connectors.base import Answer, Cursor, Item, Polled, Rejected, Request, SourceError
from connectors.encoding import decode, known
from connectors.feedentry import Entry, read_entry
from connectors.feedkeys import with_keys
from connectors.feedxml import parse
from connectors.xmlparts import find_root

ACCEPT = (
    "application/rss+xml, application/atom+xml, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
MAX_BYTES = 5_000_000  # as pipeline.limits.FEED_BYTES; 1 MB is 400 entries with full text
MAX_ENTRIES = 20_000  # 300,000 tiny ones take 8 s and 300 MB (LIMITS.md, section 4)
MAX_REJECTED_BYTES = 200_000  # of one broken entry; a dead letter must fit on the bus

_STATUSES = {
    401: "needs a login, which this version cannot give: remove the source",
    403: "is refused to us: ask the publisher, or remove the source",
    404: "is not there: correct its url",
    410: "is gone for good: remove the source",
    429: "asks to be asked less often: raise `interval`",
}
_ALTERNATE = re.compile(r"<link\b[^<>]{0,500}\b(?:rss|atom)\+xml[^<>]{0,500}>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*["']?([^"'\s<>]{1,500})""", re.IGNORECASE)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]{0,40})[\s>/]")


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed at one URL.

    ``encoding`` overrides what the feed says of its own.

    Raises:
        ValueError: no such encoding.
    """

    name: str
    url: str
    encoding: str | None = None

    def __post_init__(self) -> None:
        if self.encoding and not known(self.encoding):
            raise ValueError(f"encoding = {self.encoding!r} is not known: try utf-8, windows-1251")

    def ask(self, cursor: Cursor) -> Request:
        """Ask for the feed if it changed."""
        headers = {"Accept": ACCEPT}
        if cursor.etag:
            headers["If-None-Match"] = cursor.etag
        if cursor.modified:
            headers["If-Modified-Since"] = cursor.modified
        return Request(url=self.url, headers=headers)

    def read(self, answer: Answer, cursor: Cursor) -> Polled:
        """All its entries.

        Raises:
            SourceError: the answer is not a feed.
        """
        if answer.status == 304:
            return Polled(cursor=cursor)
        text, encoding = self._text(answer)
        try:
            parsed = parse(text, MAX_ENTRIES)
        except ValueError as error:
            raise SourceError(f"{answer.url}: {error}") from error
        rejects = [_rejected(raw, reason, encoding) for raw, reason in parsed.broken]
        entries: list[Entry] = []
        for raw, found in parsed.entries:
            entry = read_entry(found, parsed.feed, answer.url)
            if entry.url or entry.title or entry.body or entry.summary:
                entries.append(entry)
            else:
                data = raw or json.dumps(found, default=str, ensure_ascii=False)
                rejects.append(_rejected(data, "an entry without link, title and text", encoding))
        keyed, state = with_keys(entries, cursor.state)
        return Polled(
            items=tuple(self._item(key, entry) for key, entry in keyed),
            rejects=tuple(rejects),
            cursor=Cursor(
                etag=answer.headers.get("etag"),
                modified=answer.headers.get("last-modified"),
                state=state,
            ),
        )

    def _text(self, answer: Answer) -> tuple[str, str]:
        if answer.status not in (200, 203, 226):
            advice = _STATUSES.get(answer.status, "answers badly: it is asked again later")
            raise SourceError(f"{answer.url} {advice} (status {answer.status})")
        if not answer.body.strip():
            raise SourceError(f"{answer.url} answers nothing at all: it is asked again later")
        if len(answer.body) > MAX_BYTES:
            raise SourceError(f"{answer.url} is larger than {MAX_BYTES:,} bytes: not a news feed")
        forced = known(self.encoding) if self.encoding else None
        text, encoding = decode(answer.body, answer.headers.get("content-type", ""), forced)
        if find_root(text) is None:
            raise SourceError(_no_feed(text, answer.url))
        return text, encoding

    def _item(self, key: str, entry: Entry) -> Item:
        return Item(source=self.name, key=key, **entry.fields())


def _rejected(raw: str, reason: str, encoding: str) -> Rejected:
    data = raw.encode(encoding, "surrogateescape" if "utf-16" not in encoding else "replace")
    if len(data) > MAX_REJECTED_BYTES:
        reason = f"{reason}; the first {MAX_REJECTED_BYTES:,} bytes of {len(data):,} are kept"
    return Rejected(reason=reason, data=data[:MAX_REJECTED_BYTES])


def _no_feed(text: str, url: str) -> str:
    start = text.lstrip()[:2_000].lower()
    if start.startswith(("{", "[")):
        return f"{url} is JSON, not RSS or Atom: give the address of its RSS feed"
    if "<html" in start or start.startswith("<!doctype html"):
        link = _ALTERNATE.search(text[:200_000])
        href = _HREF.search(link[0]) if link else None
        hint = f"it names {_joined(url, href[1])}" if href else "look there for its feed's address"
        return f"{url} is an HTML page, not a feed: {hint}"
    root = _ROOT.search(text[:10_000])
    what = f"has the root <{root[1]}>" if root else "holds no XML"
    return f"{url} {what}, it is no RSS or Atom feed: correct its url or kind"


def _joined(base: str, href: str) -> str:
    try:
        return urljoin(base, href)
    except ValueError:
        return href
