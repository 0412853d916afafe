"""Dead letters as an operator handles them.

A letter stays in its topic; what was done with it is a further message there that closes it, so
that nothing is ever taken out of a log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline import codec
from pipeline.bus import Bus, Message, Record
from pipeline.events import Fate
from pipeline.letters import ATTEMPT, CONTEXT, ERROR, FIRST, TOPIC
from pipeline.topology import FATES

CLOSES = "closes"
"""Header of a message that closes a letter, with its id."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter."""

    stage: str
    record: Record

    @property
    def id(self) -> str:
        """Stage, partition and offset."""
        return f"{self.stage}:{self.record.partition}:{self.record.offset}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What is said of it."""
        return self.record.headers

    @property
    def where(self) -> str:
        """Where in the code it failed."""
        return self.headers.get("where", "")

    @property
    def text(self) -> str:
        """The record itself, bytes that are no text replaced."""
        return (self.record.value or b"").decode("utf-8", "replace")

    def plain(self) -> dict[str, Any]:
        """The letter as JSON, without the record."""
        names = ("class", "source", "url", "item", "topic", "first", "last", "version")
        return {
            "id": self.id,
            "stage": self.stage,
            "error": self.headers.get(ERROR),
            "attempts": int(self.headers.get(ATTEMPT, "1")),
            **{name: self.headers.get(name) for name in names},
        }


def open_letters(bus: Bus, stages: Iterable[str]) -> Iterator[Letter]:
    """The letters of these stages that nobody has replayed or dropped, oldest first.

    The topic is read twice, so that only ids are in memory: a letter may have 4 MB.
    """
    for stage in stages:
        topic = f"{stage}.dead"
        closed = {record.headers.get(CLOSES) for record in bus.read(topic)}
        for record in bus.read(topic):
            letter = Letter(stage, record)
            if CLOSES not in record.headers and letter.id not in closed:
                yield letter


def replay(bus: Bus, letter: Letter) -> str | None:
    """Give the record to its stage again, as at its first try; None, or why that cannot be."""
    topic = letter.headers.get(TOPIC)
    if not topic:
        return "an entry that could not be read comes again with the next poll of its source"
    headers = {name: letter.headers[name] for name in CONTEXT if name in letter.headers}
    headers |= {name: letter.headers[name] for name in (FIRST, codec.CARRIES)
                if name in letter.headers}  # fmt: skip
    return _publish(bus, Message(topic, letter.record.key, letter.record.value, headers), letter)


def drop(bus: Bus, letter: Letter, why: str, now: datetime) -> str | None:
    """Close the letter; its item's fate becomes dropped, for this reason."""
    headers = letter.headers
    if "item" not in headers:  # it could not be read at all, so no item is known to wait for it
        _close(bus, letter)
        return None
    fate = Fate(
        id=headers["item"],
        source=headers.get("source", ""),
        url=headers.get("url"),
        poll=headers.get("poll"),
        day=headers.get("day", ""),
        stage=letter.stage,
        attempt=int(headers.get(ATTEMPT, "1")) + 1,
        time=now,
        outcome="dropped",
        state="dropped",
        reason="operator",
        detail=why[:500],
    )
    return _publish(bus, Message(FATES, fate.id, codec.encode(fate)), letter)


def _publish(bus: Bus, message: Message, letter: Letter) -> str | None:
    """Publish, and only then close the letter; None, or why it was refused."""
    refused = bus.publish([message])[0]
    if refused:
        return str(refused)
    _close(bus, letter)
    return None


def _close(bus: Bus, letter: Letter) -> None:
    bus.publish([Message(f"{letter.stage}.dead", letter.record.key, b"", {CLOSES: letter.id})])
