"""Names as pages write them: headlines, publishers and authors, made plain."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline import limits
from pipeline.extraction.text import cut, line

AUTHORS = 20  # a page with more lists its contributors
NAME_CHARS = 100  # "Reporting by ..." in full; longer is a sentence

_SITE = re.compile(r"^(.{10,})\s+(?:[-–—|·•»:]|::|\|\|)\s+(.{2,60})$")
_BY = re.compile(
    r"^(?:written by|reporting by|story by|by|par|por|von|door|di|yazan|автор[ы]?|текст|بقلم|كتب)"
    r"(?:\s*:\s*|\s+)",
    re.IGNORECASE,
)
_APART = re.compile(r"\s*[;,|/&\n]\s*|\s+(?:and|et|und|и)\s+")
_MAILED = re.compile(r"\S+@\S+\s*\((.+)\)")
_NO_NAME = re.compile(r"[@\d_<>{}=]|://|www\.|\.(?:com|org|net)\b", re.IGNORECASE)
_NOBODIES = (
    "admin administrator editor staff webmaster redaction author unknown na none null undefined"
    " anonymous guest user root webdesk"
)
_NOBODY = frozenset(_NOBODIES.split())


def headline(text: str | None, *sites: str | None) -> str | None:
    """The title without the name of the site after it; None where nothing else is in it."""
    title = line((text or "")[: 2 * limits.TITLE_CHARS])
    known = {_letters(site) for site in sites if site} - {""}
    while (found := _SITE.match(title)) and _letters(found[2]) in known:
        title = found[1].strip()
    return None if not title or _letters(title) in known else cut(title, limits.TITLE_CHARS)


def name(text: str | None) -> str | None:
    """The name on one line; None where it is empty or a sentence."""
    found = line((text or "")[: 2 * NAME_CHARS])
    return found if 0 < len(found) <= NAME_CHARS else None


def authors(written: Iterable[str], publisher: str | None) -> tuple[str, ...]:
    """The persons named, each once, in order; not the publisher, a mail address or "admin"."""
    found: dict[str, str] = {}
    refused = _NOBODY | {_letters(publisher or "")}
    for text in written:
        mailed = _MAILED.fullmatch(line(text[: 4 * NAME_CHARS]))
        plain = _BY.sub("", mailed[1] if mailed else line(text[: 4 * NAME_CHARS]))
        if "://" in plain:  # article:author is often a profile's address
            continue
        for part in _APART.split(plain):
            person = _BY.sub("", part).strip(" .:-–—")
            if _is_name(person) and _letters(person) not in refused:
                found.setdefault(_letters(person), person)
    return tuple(list(found.values())[:AUTHORS])


def _is_name(text: str) -> bool:
    return 2 <= len(text) <= NAME_CHARS and len(text.split()) <= 6 and not _NO_NAME.search(text)


def _letters(text: str) -> str:
    """What is compared: letters and figures, so that "BBC News" is "bbcnews" is "BBC-News"."""
    return "".join(char for char in text.casefold() if char.isalnum())
