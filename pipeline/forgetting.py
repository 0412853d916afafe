"""Taking a story's text out again, at an operator's word.

Only the one resolve at work may say what a story is, so the word goes to it as a record on
``stories``; what it stores has a state and no text, and stays so whatever comes later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from pipeline import codec
from pipeline.bus import Bus, Message
from pipeline.errors import Reject
from pipeline.events import Fate, Story
from pipeline.index import Index, Query
from pipeline.stages.resolve import tombstone
from pipeline.topology import FATES, RESOLVED, STORIES
from pipeline.urls import article_id, is_http


def find(index: Index, bus: Bus, what: str) -> Story | None:
    """The story with this id, address or item, as the index or else resolve has stored it.

    Raises:
        ValueError: it is a URL that no page can have.
    """
    id = article_id(what) if is_http(what) else what
    for body in _in_index(index, id, what):
        return replace(msgspec.convert(body, Story), indexed=None)
    return _on_bus(bus, id, what)


def _in_index(index: Index, id: str, what: str) -> Iterator[Mapping[str, Any]]:
    if body := index.get("story", id):
        yield body
    for field in ("aliases", "items", "url"):
        yield from index.search(Query(match={field: what if field == "url" else id}, limit=1))


def _on_bus(bus: Bus, id: str, what: str) -> Story | None:
    """What the index does not hold yet, or no more; reads all that resolve ever stored."""
    found: Story | None = None
    words = (id.encode("utf-8", "replace"), what.encode("utf-8", "replace"))
    for record in bus.read(RESOLVED):
        if record.value is None or not any(word in record.value for word in words):
            continue
        story = codec.decode(Story, record.value)
        named = what == story.url or id in (story.id, *story.aliases, *story.items)
        if named and (found is None or story.version > found.version):
            found = story
    return found


def copies(index: Index, story: Story) -> list[str]:
    """The addresses of the copies that stay, each a story of its own."""
    return [str(one["url"]) for one in index.search(Query(match={"copy_of": story.id}, limit=None))]


def forget(bus: Bus, story: Story, why: str, now: datetime) -> None:
    """Ask resolve to forget the story, and keep the reason in the fate of its item.

    Raises:
        Reject: the bus refused it.
        Fatal: the bus is lost.
    """
    gone = replace(tombstone(story, "forgotten"), unknown=msgspec.UNSET)
    fate = Fate(
        id=story.item,
        source=story.source,
        url=story.url,
        story=story.id,
        day=f"{now:%Y-%m-%d}",
        stage="resolve",
        time=now,
        outcome="forgotten",
        reason="operator",
        detail=why[:500],
    )
    messages = [
        Message(FATES, fate.id, codec.encode(fate)),  # first: nothing goes without its reason
        Message(STORIES, story.id, codec.encode(gone)),
    ]
    for refused in bus.publish(messages):
        if refused:
            raise Reject(f"the bus refused it: {refused}")
