"""Stories, incidents and fates about invented happenings, as the index stage puts them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from pipeline.events import (
    Actor,
    CasualtyRange,
    Claim,
    Event,
    Evidence,
    Fate,
    Incident,
    LedgerEntry,
    Member,
    Mentions,
    Place,
    Published,
    Relevance,
    Said,
    Speaker,
    Story,
    When,
)
from pipeline.index import Document

START = datetime(2026, 2, 20, 6, 0, tzinfo=UTC)
EVIDENCE = (Evidence(field="body", start=0, end=5, sentence="Shells fell on Tarsk."),)
TARSK = Place(
    name="Tarsk",
    canonical="Tarsk",
    geonames=9000001,
    lat=34.53,
    lon=69.17,
    admin1="AF-KAB",
    country="AF",
    precision="town",
    candidates=(9000001, 9000002),
    evidence=EVIDENCE,
    confidence=0.9,
)
BRIGADE = Actor(
    name="the Ninth Brigade",
    role="source",
    canonical="Ninth Brigade",
    kind="state-force",
    country="AF",
    evidence=EVIDENCE,
)
CLAIM = Claim(
    id="x#c1",
    effect="killed",
    low=13,
    speaker=Speaker(text="the mayor", canonical="Mayor of Tarsk", country="AF"),
    evidence=EVIDENCE,
)
SHELLING = Event(
    id="x#1",
    type="Explosions/Remote violence",
    subtype="Shelling/artillery/missile attack",
    actors=(BRIGADE,),
    places=(TARSK,),
    when=When(start="2026-02-19", end="2026-02-20", precision="day", basis="text"),
    means=("artillery",),
    claims=(CLAIM,),
    evidence=EVIDENCE,
)


def plain(record: msgspec.Struct) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(record))
    body.pop("unknown", None)
    return body


def story(id: str, version: int = 1, **changed: Any) -> Document:
    """A story published ``after`` hours after START."""
    after = changed.pop("after", 0)
    known: dict[str, Any] = {
        "url": f"https://news.example/{id}",
        "source": "tarsk-post",
        "title": "Barrage in Tarsk",
        "body": "Shells fell on Tarsk at dawn.",
        "language": "en",
        "item": f"item-{id}",
        "text_from": "page",
        "published": Published(time=START + timedelta(hours=after), basis="feed"),
        "first_seen": START,
        "fetched": START,
        "relevance": Relevance(score=0.9, relevant=True),
        "models": {"relevance": "2026.1"},
    }
    record = Story(id=id, version=version, **(known | changed))
    return Document("story", id, version, "2026.02", plain(record))


def told(id: str, **changed: Any) -> Document:
    """A story with an event, an actor, a place and a claim."""
    mentions = Mentions(actors=(BRIGADE,), places=(TARSK,))
    known: dict[str, Any] = {"events": (SHELLING,), "claims": (CLAIM,), "mentions": mentions}
    return story(id, **(known | changed))


def incident(id: str, version: int = 1, **changed: Any) -> Document:
    known: dict[str, Any] = {
        "type": SHELLING.type,
        "subtype": SHELLING.subtype,
        "start": "2026-02-19",
        "end": "2026-02-20",
        "place": TARSK,
        "country": "AF",
        "stories": (Member(id="s", url="https://news.example/s", source="p", title="Dawn fire"),),
        "actors": (BRIGADE,),
        "casualties": {"killed": CasualtyRange(low=13, high=20, latest=13)},
        "ledger": (
            LedgerEntry(
                id="c1",
                speaker=CLAIM.speaker,
                effect="killed",
                history=(Said(low=13, story="s", said=START, evidence=EVIDENCE),),
            ),
        ),
        "first_seen": START,
        "updated": START,
    }
    record = Incident(id=id, version=version, **(known | changed))
    return Document("incident", id, version, "2026.02", plain(record))


def item(id: str, version: int = 1, **changed: Any) -> Document:
    """The latest fate of an item."""
    known: dict[str, Any] = {
        "source": "tarsk-post",
        "day": "2026-02-20",
        "url": f"https://news.example/{id}",
        "stage": "index",
        "time": START,
        "outcome": "created",
        "state": "stored",
    }
    return Document("item", id, version, "2026.02", plain(Fate(id=id, **(known | changed))))


def fate(id: str, of: str = "x", **changed: Any) -> Document:
    """One step of the item ``of``."""
    made = item(of, **changed)
    return Document("fate", id, 1, made.month, made.body)
