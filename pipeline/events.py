"""The records on the bus and in the index, one class per ``schemas/*.v1.json``.

All are frozen.  Times are UTC; unknown is None, never a guess or an empty string; offsets count
code points of ``title`` or ``body``.  ``unknown`` of a record holds the fields that a newer minor
version of its schema added: they travel on and are stripped at the index.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from connectors.base import Item

__all__ = ["Article", "Fate", "Incident", "Item", "Page", "Story"]

Basis = Literal["feed", "page", "wire", "header", "none"]
Precision = Literal["second", "minute", "hour", "day", "month", "year", "none"]
TextFrom = Literal["page", "feed"]
State = Literal["live", "killed", "merged", "forgotten"]
FateState = Literal["stored", "duplicate", "dropped", "dead", "waiting"]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """When the source says it was published.

    ``time`` is UTC; ``offset`` the original one as ``+05:00``, None where none was given;
    ``basis`` which source said so; ``text`` as it was written.
    """

    time: datetime | None = None
    offset: str | None = None
    basis: Basis = "none"
    precision: Precision = "none"
    text: str | None = None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """An item with the bytes of its page; the archive from which all later is replayed.

    ``id`` is the article id by the final URL.  ``body`` is zstd in base64, None when the text is
    what the feed gave (``text_from`` feed, ``why`` says the reason).
    """

    schema: str = "page.v1.0"
    id: str
    item: Item
    url: str
    text_from: TextFrom
    why: str | None = None
    status: int | None = None
    headers: dict[str, str] = {}
    fetched: datetime
    body: str | None = None
    size: int = 0
    unknown: dict[str, Any] = {}


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """A page read: text and metadata.

    ``items`` are the ids of the items it came from; ``dates`` every publication date found, the
    best first; ``canonical`` a rel=canonical that was not followed, kept as evidence of a copy.
    """

    schema: str = "article.v1.0"
    id: str
    item: str
    url: str
    source: str
    publisher: str | None = None
    title: str
    body: str
    authors: tuple[str, ...] = ()
    language: str | None = None
    canonical: str | None = None
    text_from: TextFrom
    published: Published = Published()
    updated: Published | None = None
    dates: tuple[Published, ...] = ()
    status: str = "usable"
    categories: tuple[str, ...] = ()
    first_seen: datetime
    fetched: datetime
    unknown: dict[str, Any] = {}


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Where it stands: ``field`` is title or body, ``start`` and ``end`` count code points."""

    field: Literal["title", "body"]
    start: int
    end: int
    sentence: str


class Relevance(msgspec.Struct, frozen=True, kw_only=True):
    """How likely the story is about armed conflict or political violence, 0 to 1."""

    score: float
    relevant: bool


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A place, resolved as far as can be known; ``geonames`` is its GeoNames id."""

    name: str
    canonical: str | None = None
    geonames: int | None = None
    lat: float | None = None
    lon: float | None = None
    admin1: str | None = None
    country: str | None = None
    precision: Literal["point", "town", "district", "province", "country", "region"] | None = None
    candidates: tuple[int, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who acts, suffers, mediates or is named."""

    name: str
    role: Literal["source", "target", "mediator"] | None = None
    canonical: str | None = None
    id: str | None = None
    kind: str | None = None
    country: str | None = None
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


class When(msgspec.Struct, frozen=True, kw_only=True):
    """When it happened: ISO dates ``start`` and ``end``, and the words that say so."""

    start: str | None = None
    end: str | None = None
    precision: Literal["hour", "day", "week", "month", "season", "year"] | None = None
    text: str | None = None
    basis: Literal["text", "published"] | None = None
    evidence: tuple[Evidence, ...] = ()


class Plover(msgspec.Struct, frozen=True, kw_only=True):
    """The PLOVER event and mode."""

    event: str
    mode: str | None = None


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who says so."""

    text: str
    canonical: str | None = None
    kind: str | None = None
    country: str | None = None


class Victims(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it befell, as written, of which kind, on whose side."""

    text: str | None = None
    kind: str | None = None
    side: str | None = None


class ClaimPart(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a claim's number: "among them nine children"."""

    low: int | None = None
    high: int | None = None
    exact: bool = False
    victims: Victims = Victims()
    evidence: tuple[Evidence, ...] = ()


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """Who says what about how many; the numbers as DESIGN.md, "What a story says", reads them."""

    id: str
    effect: Literal[
        "killed", "wounded", "captured", "arrested", "freed", "missing", "displaced", "equipment"
    ]
    low: int | None = None
    high: int | None = None
    exact: bool = False
    victims: Victims = Victims()
    parts: tuple[ClaimPart, ...] = ()
    speaker: Speaker | None = None
    chain: tuple[Speaker, ...] = ()
    stance: Literal["asserts", "denies", "doubts"] = "asserts"
    denies: str | None = None
    blamed: str | None = None
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One happening told in a story, coded in ACLED's, PLOVER's and CAMEO's terms."""

    id: str
    type: str
    subtype: str | None = None
    plover: Plover | None = None
    cameo: str | None = None
    mode: Literal["actual", "historical", "future", "hypothetical", "negated"] = "actual"
    actors: tuple[Actor, ...] = ()
    places: tuple[Place, ...] = ()
    when: When | None = None
    means: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    parts: tuple[Evidence, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


class Mentions(msgspec.Struct, frozen=True, kw_only=True):
    """Actors and places named anywhere in the story."""

    actors: tuple[Actor, ...] = ()
    places: tuple[Place, ...] = ()


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """An article with what it says; as coded on ``stories``, as stored on ``resolved``.

    Only resolve sets ``revision``, ``first_seen``, ``copy_of``, ``similarity``, ``incidents``,
    ``aliases``, ``items`` and ``version``.
    """

    schema: str = "story.v1.0"
    id: str
    url: str
    source: str
    publisher: str | None = None
    title: str
    body: str
    language: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    state: State = "live"
    merged_into: str | None = None
    revision: int = 1
    version: int = 0
    copy_of: str | None = None
    similarity: float | None = None
    canonical: str | None = None
    aliases: tuple[str, ...] = ()
    item: str
    items: tuple[str, ...] = ()
    incidents: tuple[str, ...] = ()
    text_from: TextFrom
    status: str = "usable"
    published: Published = Published()
    updated: Published | None = None
    dates: tuple[Published, ...] = ()
    first_seen: datetime
    fetched: datetime
    indexed: datetime | None = None
    relevance: Relevance
    events: tuple[Event, ...] = ()
    claims: tuple[Claim, ...] = ()
    mentions: Mentions = Mentions()
    models: dict[str, str] = {}
    unknown: dict[str, Any] = {}


class CasualtyRange(msgspec.Struct, frozen=True, kw_only=True):
    """The least, the most and the latest number claimed."""

    low: int | None = None
    high: int | None = None
    latest: int | None = None


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One entry in the history of a claim."""

    low: int | None = None
    high: int | None = None
    exact: bool = False
    story: str | None = None
    said: datetime | None = None
    evidence: tuple[Evidence, ...] = ()


class LedgerEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What one speaker says of one effect, and how it changed."""

    id: str
    speaker: Speaker | None = None
    effect: str
    victims: Victims = Victims()
    stance: Literal["asserts", "denies", "doubts"] = "asserts"
    history: tuple[Said, ...] = ()


class Contradiction(msgspec.Struct, frozen=True, kw_only=True):
    """Claims that cannot all be true."""

    claims: tuple[str, ...]
    why: str


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A story of an incident and why it belongs there."""

    id: str
    url: str
    source: str
    title: str
    copy_of: str | None = None
    why: str | None = None


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One happening as all stories tell it."""

    schema: str = "incident.v1.0"
    id: str
    version: int
    state: State = "live"
    merged_into: str | None = None
    type: str
    subtype: str | None = None
    start: str | None = None
    end: str | None = None
    place: Place | None = None
    country: str | None = None
    stories: tuple[Member, ...] = ()
    reports: int = 0
    independent: int = 0
    actors: tuple[Actor, ...] = ()
    casualties: dict[str, CasualtyRange] = {}
    ledger: tuple[LedgerEntry, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    first_seen: datetime
    updated: datetime
    unknown: dict[str, Any] = {}


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an item at one stage and attempt, or what one poll showed.

    ``state`` is where the item stands after it, None where it changes nothing.  A poll has
    ``kind`` poll: ``shown`` entries, of which ``new`` are the ids of those new or changed,
    ``known`` were here before and ``rejected`` are the ids of those that could not be read.
    """

    schema: str = "fate.v1.0"
    kind: Literal["item", "poll"] = "item"
    id: str
    source: str
    url: str | None = None
    story: str | None = None
    poll: str | None = None
    stage: str
    attempt: int = 1
    time: datetime
    outcome: str
    state: FateState | None = None
    reason: str | None = None
    detail: str | None = None
    shown: int | None = None
    known: int | None = None
    new: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    unknown: dict[str, Any] = {}
