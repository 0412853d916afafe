"""Records for tests, about invented happenings; every field can be given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.base import Item
from pipeline.events import Article, Page, Published, Relevance, Story

BASE = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
URL = "https://example.org/news/shells-hit-arvad"
BODY = (
    "Shells fell on the market of Arvad on Monday morning. The district office said that four "
    "people were killed and eleven wounded. A spokesman of the Northern Front denied that its guns "
    "had fired on the town, and blamed the army for the attack on the market place."
)


def at(minutes: float) -> datetime:
    """A time on the day of the tests."""
    return BASE + timedelta(minutes=minutes)


def item(**fields: Any) -> Item:
    """An entry of a feed."""
    given = {"source": "daily", "key": "1", "url": URL, "title": "Shells hit Arvad market"}
    return Item(**{**given, "summary": BODY[:60], "seen": BASE, **fields})


def page(**fields: Any) -> Page:
    """A page fetched."""
    given = {"id": "p1", "item": item(), "url": URL, "text_from": "page", "fetched": at(1)}
    return Page(**{**given, **fields})


def article(**fields: Any) -> Article:
    """A page read."""
    given = {
        "id": "a1", "item": "i1", "url": URL, "source": "daily", "title": "Shells hit Arvad market",
        "body": BODY, "text_from": "page", "first_seen": BASE, "fetched": at(1),
        "published": Published(time=at(-60), offset="+00:00", basis="feed", precision="minute"),
    }  # fmt: skip
    return Article(**{**given, **fields})


def story(**fields: Any) -> Story:
    """An article coded."""
    given = {
        "id": "a1", "item": "i1", "url": URL, "source": "daily", "title": "Shells hit Arvad market",
        "body": BODY, "language": "en", "text_from": "page", "first_seen": BASE, "fetched": at(1),
        "published": Published(time=at(-60), offset="+00:00", basis="feed", precision="minute"),
        "relevance": Relevance(score=0.97, relevant=True), "models": {"relevance": "1"},
    }  # fmt: skip
    return Story(**{**given, **fields})
