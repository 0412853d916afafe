"""The parts that records are made of: what a story says, each fact with its evidence.

All are frozen and compared by value.  Unknown is None, never a guess or an empty string; offsets
count code points of ``title`` or ``body``.  Every list of values is closed and stands here and in
``schemas/``; events are named as in ACLED's codebook.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Basis = Literal["feed", "page", "wire", "header", "none"]
Precision = Literal["second", "minute", "hour", "day", "month", "year", "none"]

EventType = Literal[
    "Battles",
    "Explosions/Remote violence",
    "Violence against civilians",
    "Protests",
    "Riots",
    "Strategic developments",
]
EventSubtype = Literal[
    "Government regains territory",
    "Non-state actor overtakes territory",
    "Armed clash",
    "Chemical weapon",
    "Air/drone strike",
    "Suicide bomb",
    "Shelling/artillery/missile attack",
    "Remote explosive/landmine/IED",
    "Grenade",
    "Sexual violence",
    "Attack",
    "Abduction/forced disappearance",
    "Peaceful protest",
    "Protest with intervention",
    "Excessive force against protesters",
    "Violent demonstration",
    "Mob violence",
    "Agreement",
    "Arrests",
    "Change to group/activity",
    "Disrupted weapons use",
    "Headquarters or base established",
    "Looting/property destruction",
    "Non-violent transfer of territory",
    "Other",
]
Mode = Literal["actual", "historical", "future", "hypothetical", "negated"]
Effect = Literal[
    "killed", "wounded", "captured", "arrested", "freed", "missing", "displaced", "equipment"
]
Stance = Literal["asserts", "denies", "doubts"]
ActorKind = Literal[
    "state-force",
    "government",
    "rebel-group",
    "militia",
    "communal-militia",
    "private-force",
    "international",
    "organisation",
    "media",
    "party",
    "protesters",
    "rioters",
    "civilians",
    "person",
    "other",
]
VictimKind = Literal[
    "civilians",
    "soldiers",
    "militants",
    "police",
    "journalists",
    "aid-workers",
    "officials",
    "detainees",
    "equipment",
    "other",
]


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
    kind: ActorKind | None = None
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
    kind: ActorKind | None = None
    country: str | None = None


class Victims(msgspec.Struct, frozen=True, kw_only=True):
    """Whom it befell, as written, of which kind, on whose side."""

    text: str | None = None
    kind: VictimKind | None = None
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
    effect: Effect
    low: int | None = None
    high: int | None = None
    exact: bool = False
    victims: Victims = Victims()
    parts: tuple[ClaimPart, ...] = ()
    speaker: Speaker | None = None
    chain: tuple[Speaker, ...] = ()
    stance: Stance = "asserts"
    denies: str | None = None
    blamed: str | None = None
    evidence: tuple[Evidence, ...] = ()
    confidence: float = 0.0


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One happening told in a story, coded in ACLED's, PLOVER's and CAMEO's terms."""

    id: str
    type: EventType
    subtype: EventSubtype | None = None
    plover: Plover | None = None
    cameo: str | None = None
    mode: Mode = "actual"
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
    effect: Effect
    victims: Victims = Victims()
    stance: Stance = "asserts"
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
