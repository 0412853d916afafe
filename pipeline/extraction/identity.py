"""Which article a page is: its own address, or the one that it names as canonical.

A page may not become another publisher's story, nor all pages of a site one story.  So a
``rel=canonical`` counts only alone, on a host of the same publisher, and with the path of an
article; anything else is kept as evidence of a copy at most.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from pipeline import urls
from pipeline.extraction.metadata import Metadata

_EXTENSION = re.compile(r"\.[a-z]{2,5}$", re.IGNORECASE)
_WORD_BREAK = re.compile(r"[-_.+ ]+")
_PERIOD = re.compile(r"(?:19|20)\d\d(?:-?[01]\d(?:-?[0-3]\d)?)?")  # an archive's page of a day
_NUMBERS = ("id", "no", "article", "story", "news", "item")  # ends of names of a story's number
_PORTS = frozenset((80, 443))


@dataclass(frozen=True, slots=True)
class Identity:
    """The id and URL; ``canonical`` is an address the page names that was not followed."""

    id: str
    url: str
    canonical: str | None = None


def identify(page_id: str, url: str, metadata: Metadata) -> Identity:
    """The identity of the page with this id, which was got at ``url``."""
    named = {urls.normalise(address): address for address in metadata.canonicals}
    shown = urls.untracked(url) if urls.is_http(url) else url  # the same by whatever link it came
    if len(named) > 1:
        return Identity(page_id, shown)  # it contradicts itself: evidence of nothing
    address = next(iter(named.values()), metadata.address)
    if address is None or not urls.is_http(url):
        return Identity(page_id, shown, address)
    if urls.normalise(address) == urls.normalise(url):
        return Identity(page_id, shown)
    if named and _stands_for(address, url):
        return Identity(urls.article_id(address), urls.untracked(address))
    return Identity(page_id, shown, address)


def _stands_for(canonical: str, url: str) -> bool:
    """Whether the one may be the article at the other: same publisher, and an article's path."""
    ours, theirs = urls.registrable(urls.host(url)), urls.registrable(urls.host(canonical))
    ports = {urls.port(canonical)}
    if ours != theirs or not ports <= _PORTS | {urls.port(url)}:
        return False
    path, page_path = urlsplit(canonical).path.rstrip("/"), urlsplit(url).path.rstrip("/")
    if page_path.startswith(f"{path}/") and _is_slug(page_path.rpartition("/")[2]):
        return False  # the section that the article stands in
    return bool(path) and (_is_slug(path.rpartition("/")[2]) or _has_number(canonical))


def _is_slug(segment: str) -> bool:
    """Whether a path's last segment names one article: a number, three words or a long name."""
    name = _EXTENSION.sub("", unquote(segment))
    if _PERIOD.fullmatch(name):
        return False
    words = [word for word in _WORD_BREAK.split(name) if word]
    return sum(map(str.isdigit, name)) >= 4 or len(words) >= 3 or len(name) >= 25


def _has_number(url: str) -> bool:
    fields = parse_qsl(urlsplit(url).query, max_num_fields=None)
    return any(
        name.lower().endswith(_NUMBERS) and any(map(str.isdigit, value)) for name, value in fields
    )
