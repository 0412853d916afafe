"""The records on the bus and in the index, one class per ``schemas/*.v1.json``.

All are frozen.  Times are UTC; unknown is None, never a guess or an empty string; offsets count
code points of ``title`` or ``body``.  ``unknown`` of a record holds the fields that a newer minor
version of its schema added: they travel on and are stripped at the index.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from connectors.base import Cursor, Item, Status
from pipeline.facts import (
    Actor,
    Basis,
    CasualtyRange,
    Claim,
    ClaimPart,
    Contradiction,
    Event,
    EventSubtype,
    EventType,
    Evidence,
    LedgerEntry,
    Member,
    Mentions,
    Place,
    Plover,
    Precision,
    Published,
    Relevance,
    Said,
    Speaker,
    Victims,
    When,
)

__all__ = [
    "Actor",
    "Article",
    "Basis",
    "CasualtyRange",
    "Claim",
    "ClaimPart",
    "Contradiction",
    "Event",
    "Evidence",
    "Fate",
    "Incident",
    "Item",
    "LedgerEntry",
    "Member",
    "Mentions",
    "Page",
    "Place",
    "Plover",
    "Precision",
    "Published",
    "Relevance",
    "Said",
    "SourceState",
    "Speaker",
    "Story",
    "Victims",
    "When",
]

TextFrom = Literal["page", "feed"]
State = Literal["live", "killed", "merged", "forgotten"]
FateState = Literal["stored", "duplicate", "dropped", "dead", "waiting"]


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
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


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
    status: Status = "usable"
    categories: tuple[str, ...] = ()
    first_seen: datetime
    fetched: datetime
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


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
    status: Status = "usable"
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
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """Where the polling of one source stands; on ``cursors``, the latest per source.

    ``keys`` maps the short hash of each entry's key to its content hash, the day it was first
    seen and the day it was last shown (days since 1970).
    """

    schema: str = "cursor.v1.0"
    source: str
    cursor: Cursor = Cursor()
    keys: dict[str, tuple[str, int, int]] = {}
    polled: datetime | None = None
    due: datetime | None = None
    last_new: datetime | None = None
    errors: int = 0
    problem: str | None = None
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One happening as all stories tell it."""

    schema: str = "incident.v1.0"
    id: str
    version: int
    state: State = "live"
    merged_into: str | None = None
    type: EventType
    subtype: EventSubtype | None = None
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
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an item at one stage and attempt, or what one poll showed.

    ``state`` is where the item stands after it, None where it changes nothing; ``day`` the UTC day
    of the ``poll`` that showed it.  A poll has ``kind`` poll: ``shown`` entries, of which ``new``
    are the ids of those new or changed, ``rejected`` of those that could not be read; ``known``
    were here before, ``again`` of them first came on an earlier day and were not shown yet today.
    """

    schema: str = "fate.v1.0"
    kind: Literal["item", "poll"] = "item"
    id: str
    source: str
    url: str | None = None
    story: str | None = None
    poll: str | None = None
    day: str
    stage: str
    attempt: int = 1
    time: datetime
    outcome: str
    state: FateState | None = None
    reason: str | None = None
    detail: str | None = None
    shown: int | None = None
    known: int | None = None
    again: int | None = None
    new: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    unknown: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
