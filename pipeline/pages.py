"""Pages: their bodies packed for the bus, and the page that a feed's own text makes."""

from __future__ import annotations

import base64
import binascii
import html
import re

import zstandard

from connectors.base import Answer, Item, short_hash
from pipeline import limits, urls
from pipeline.errors import Reject, Skip
from pipeline.events import Page

KEPT_HEADERS = ("content-type", "content-language", "last-modified", "date", "etag")
"""The headers of an answer that a page keeps."""

_HEADER_CHARS = 500  # of one kept header; a real one has under 100
_TAG = re.compile(r"<[^<>]*>")  # linear on hostile text: no try runs past the next "<"
_SPACE = re.compile(r"\s+")
_CLOSED = frozenset({"killed", "withheld"})


def encode_body(body: bytes) -> str:
    """The bytes as zstd in base64."""
    return base64.b64encode(zstandard.ZstdCompressor(level=3).compress(body)).decode("ascii")


def decode_body(page: Page) -> bytes:
    """The bytes of the page as they were fetched; empty where it has none.

    Raises:
        Reject: they are broken, or more than ``limits.PAGE_BYTES``.
    """
    if page.body is None:
        return b""
    try:
        packed = base64.b64decode(page.body, validate=True)
        size = zstandard.frame_content_size(packed)
        if not 0 <= size <= limits.PAGE_BYTES:
            raise Reject(f"page {page.id}: its body says that it has {size} bytes")
        return zstandard.ZstdDecompressor().decompress(packed)
    except (binascii.Error, zstandard.ZstdError) as error:
        raise Reject(f"page {page.id}: its body cannot be unpacked: {error}") from error


def plain(text: str | None) -> str:
    """The text without tags, entities and runs of white space: to see how much of it there is."""
    return _SPACE.sub(" ", html.unescape(_TAG.sub(" ", text or ""))).strip()


def has_text(item: Item) -> bool:
    """Whether the item can stand without its page: it has a title, and a summary or a body."""
    return bool(plain(item.title)) and bool(plain(item.body) or plain(item.summary))


def is_whole(item: Item) -> bool:
    """Whether the item needs no page.

    It has no URL that can be asked, or is withdrawn, or says itself that its body is all there is
    (``extra["full"]``), or its body is as long as an article.
    """
    if not urls.is_http(item.url) or item.status in _CLOSED:
        return True
    if item.extra.get("full") is True:
        return bool(item.body)
    return len(plain(item.body)) > limits.FULL_TEXT_CHARS


def page_of(item: Item, why: str | None = None) -> Page:
    """The page that the source's own text makes; the same for every repeat.

    Its id is that of the item's URL; without one, of the item's provider (else source) and key.

    Raises:
        Reject: the item does not say when it was seen.
    """
    if item.seen is None:
        raise Reject(f"item {item.id} has no time at which it was seen")
    if urls.is_http(item.url):
        url = urls.clean(item.url or "")
        page_id = urls.article_id(url)
    else:
        page_id = short_hash("article", item.provider or item.source, item.key)
        url = item.url or f"urn:tocsin:{page_id}"
    return Page(id=page_id, item=item, url=url, text_from="feed", why=why, fetched=item.seen)


def page_from(item: Item, answer: Answer) -> Page:
    """The page that an answer makes.

    Raises:
        Skip: it is too large for the bus (``too-large``).
    """
    body = encode_body(answer.body)
    if len(body) > limits.ENCODED_PAGE_BYTES:
        raise Skip("too-large", f"{len(body)} bytes packed")
    headers = {
        name: answer.headers[name][:_HEADER_CHARS]
        for name in KEPT_HEADERS
        if name in answer.headers
    }
    return Page(
        id=urls.article_id(answer.url),
        item=item,
        url=answer.url,
        text_from="page",
        status=answer.status,
        headers=headers,
        fetched=answer.time,
        body=body,
        size=len(answer.body),
    )
