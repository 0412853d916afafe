"""A feed's text through feedparser, whole where it can be, else entry by entry."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import feedparser

from connectors.feedentry import Found
from connectors.xmlparts import Document, Part, split

# feedparser reads these two as the entry's description, or, after a description, as its full text
_CAPTIONS = (
    ("<media:description", "<media:caption"),
    ("</media:description", "</media:caption"),
    ("<itunes:summary", "<itunes:caption"),
    ("</itunes:summary", "</itunes:caption"),
)
_PROLOG = "<?xml version='1.0' encoding='utf-8'?>\n"


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a feed holds: each entry with its text as received ("" if unsure where it stands).

    ``feed["version"]`` is feedparser's word for the format, ``rss20`` or ``atom10``.
    """

    feed: Found
    entries: Sequence[tuple[str, Found]]
    broken: Sequence[tuple[str, str]]


def parse(text: str, most: int) -> Parsed:
    """The feed, at most ``most`` entries of it; ``broken`` are texts with the reason.

    Raises:
        ValueError: it has more, or no entry could be looked for.
    """
    document = split(text, most)
    broken = [(part.raw, part.reason) for part in document.parts if part.good is None]
    good = [part for part in document.parts if part.good is not None]
    try:
        feed, entries = _read(document.whole)
    except Exception:  # feedparser raises whatever a hostile value leads it to
        return _one_by_one(document, good, broken)
    if len(entries) > most:
        raise ValueError(f"it has more than {most:,} entries: not a news feed")
    raws = [part.raw for part in good] if len(good) == len(entries) else [""] * len(entries)
    return Parsed(feed, list(zip(raws, entries, strict=True)), broken)


def _one_by_one(document: Document, good: list[Part], broken: list[tuple[str, str]]) -> Parsed:
    feed: Found = {}
    entries: list[tuple[str, Found]] = []
    for part in good:
        try:
            feed, found = _read(document.only(part))
        except Exception as error:  # as above; this entry is the one at fault
            broken.append((part.raw, f"feedparser fails on it: {type(error).__name__}: {error}"))
        else:
            entries += [(part.raw, entry) for entry in found]
    if not good:
        raise ValueError("what it says of itself cannot be read")
    return Parsed(feed, entries, broken)


def _read(xml: str) -> tuple[Found, list[Found]]:
    """Bytes only, so that feedparser opens nothing.

    Its clean-up of HTML is off: extraction has its own, and it takes 12 s over 700 KB of "<!--"
    (LIMITS.md, section 4).
    """
    for old, new in _CAPTIONS:
        xml = xml.replace(old, new)
    result = feedparser.parse(
        io.BytesIO((_PROLOG + xml).encode("utf-8")),
        response_headers={},
        resolve_relative_uris=False,
        sanitize_html=False,
    )
    return {**result["feed"], "version": result["version"]}, result["entries"]
