"""One article through extract and enrich, nothing stored: what ``tocsin explain`` does."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from connectors.base import Item, short_hash
from pipeline.codec import stripped
from pipeline.errors import Reject
from pipeline.events import Article, Page, Story
from pipeline.extraction.encoding import decode
from pipeline.limits import PAGE_BYTES
from pipeline.pages import encode_body
from pipeline.stages import Done, Result, Stage
from pipeline.urls import article_id, is_http

HEADLINE_CHARS = 150  # longer first lines are the first paragraph
BATCH = 64  # lines in hand; their order is kept

_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")  # in no text; ESC is in Japanese mail
_HTML = re.compile(rb"<(?:!doctype|html|head|body|article|p|div)[\s>]", re.IGNORECASE)


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a batch: text, or a whole page as ``html``."""

    id: str | int | None = None
    title: str | None = None
    text: str | None = None
    html: str | None = None
    published: str | None = None
    url: str | None = None
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Explainer:
    """The two stages, and the time that stands in for that of the fetch."""

    extract: Stage
    enrich: Stage
    now: datetime

    def explain(self, pages: Sequence[Page | Exception]) -> list[Story | Exception]:
        """The story of each page, or why there is none, in order."""
        articles = _only(pages, self.extract)
        return _only(articles, self.enrich)

    def lines(self, lines: Iterator[bytes]) -> Iterator[Mapping[str, Any]]:
        """One JSON object per line: the story under the line's own id, or its error."""
        numbered = enumerate(lines, 1)
        while batch := list(islice(numbered, BATCH)):
            read = [self._page(number, line) for number, line in batch]
            stories = self.explain([page for _, page in read])
            for (id, _), story in zip(read, stories, strict=True):
                yield _told(id, story)

    def _page(self, number: int, line: bytes) -> tuple[Any, Page | Exception]:
        try:
            given = msgspec.json.decode(line, type=Given)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return _id_in(line), Reject(f"line {number}: {error}")
        if given.html is None and given.text is None:
            return given.id, Reject(f"line {number}: neither text nor html is given")
        try:
            return given.id, page_of(given, self.now)
        except Reject as error:
            return given.id, error


def _id_in(line: bytes) -> Any:
    """The id of a line that is JSON but not of the wanted form."""
    try:
        return msgspec.json.decode(line)["id"]
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, RecursionError):
        return None


def sniff(data: bytes, url: str | None, published: str | None, lang: str | None) -> Given:
    """What a file or a page holds: HTML where it looks like it, else text.

    Raises:
        Reject: neither.
    """
    if _BINARY.search(data[:4_000]) and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16
        raise Reject("a binary file: give it as HTML or plain text")
    if _HTML.search(data[:4_000]):
        html = data.decode("utf-8", "replace")
        return Given(url=url, published=published, lang=lang, html=html)
    title, text = _headline(decode(data))
    return Given(url=url, published=published, lang=lang, title=title, text=text)


def _headline(text: str) -> tuple[str | None, str]:
    """A short first line above a blank one is the title; else there is none."""
    first, _, rest = text.lstrip().partition("\n")
    above_blank = rest[:1] in ("\n", "\r") and rest.strip()
    if above_blank and len(first) <= HEADLINE_CHARS and not first.rstrip().endswith("."):
        return first.strip(), rest.strip()
    return None, text


def page_of(given: Given, now: datetime, data: bytes | None = None) -> Page:
    """The page that the pipeline would have fetched; ``data`` are its bytes where they are known.

    Raises:
        Reject: there is too much of it.
    """
    kind = "text/plain" if given.html is None else "text/html"
    body = data if data is not None else (given.html or given.text or "").encode()
    if len(body) > PAGE_BYTES:
        raise Reject(f"{len(body)} bytes are more than the {PAGE_BYTES} that a page may have")
    charset = "" if data is not None else "; charset=utf-8"
    key = given.url or short_hash("explain", str(given.id), given.title or "", body.hex())
    item = Item(
        source="explain",
        key=key,
        url=given.url if is_http(given.url) else None,
        title=html.escape(given.title or "", quote=False),
        published=given.published,
        language=given.lang,
        seen=now,
    )
    return Page(
        id=article_id(item.url) if item.url else short_hash("article", "explain", key),
        item=item,
        url=item.url or f"urn:tocsin:{short_hash(key)}",
        text_from="page",
        status=200,
        headers={"content-type": kind + charset},
        fetched=now,
        body=encode_body(body),
        size=len(body),
    )


def _only(given: Sequence[Any], stage: Stage) -> list[Any]:
    """The stage's one record for each given; what failed before stays what it is."""
    good = [record for record in given if not isinstance(record, Exception)]
    results = iter(stage(good) if good else [])
    return [record if isinstance(record, Exception) else _made(next(results)) for record in given]


def _made(result: Result) -> Article | Story | Exception:
    if isinstance(result, Done):
        record = result.made[0]
        assert isinstance(record, Article | Story)  # noqa: S101 - what these two stages make
        return record
    return result


def _told(id: Any, story: Story | Exception) -> Mapping[str, Any]:
    if isinstance(story, Exception):
        return {"id": id, "error": str(story) or type(story).__name__}
    plain = stripped(story)
    return plain if id is None else {**plain, "id": id}
