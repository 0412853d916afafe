"""A poller in a test's hands: the embedded bus, connectors of the test, a web that is a dict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connectors.base import Answer, Connector, Cursor, Item, Polled, Request, SourceError
from pipeline import codec
from pipeline.bus import Message
from pipeline.bus.embedded import EmbeddedBus
from pipeline.errors import Fatal
from pipeline.events import Fate, SourceState
from pipeline.polling import Poller, Polling
from pipeline.topology import CURSORS, FATES, ITEMS, POLL_SHARES, TOPICS
from tests.records import at

DEAD = "poll.dead"
FEED = "https://daily.example.org/feed.xml"
Get = Callable[[Request], Any]


@dataclass
class Lines:
    """A connector of a test: one JSON object per line, each an item; ``url`` is its own name."""

    name: str

    def ask(self, cursor: Cursor) -> Request:
        return Request(url=f"https://{self.name}.example.org/")

    def read(self, answer: Answer, cursor: Cursor) -> Polled:
        if answer.status != 200:
            raise SourceError(f"status {answer.status}")
        given = [json.loads(line) for line in answer.body.splitlines()]
        items = tuple(Item(source=self.name, **fields) for fields in given)
        return Polled(items=items, cursor=Cursor(state={"read": len(items)}))


@dataclass
class Says:
    """A connector whose reading is a test's own function."""

    name: str
    says: Callable[[Answer, Cursor], Polled]

    def ask(self, cursor: Cursor) -> Request:
        return Request(url=f"https://{self.name}.example.org/")

    def read(self, answer: Answer, cursor: Cursor) -> Polled:
        return self.says(answer, cursor)


async def read_here(connector: Connector, answer: Answer, cursor: Cursor) -> Polled:
    """In this process."""
    return connector.read(answer, cursor)


@dataclass
class Room:
    """A bus, what the web answers by URL, and a clock in the test's hands."""

    folder: Path
    web: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    time: datetime = field(default_factory=lambda: at(0))

    def __post_init__(self) -> None:
        self.bus = EmbeddedBus(self.folder)
        names = (ITEMS, CURSORS, FATES, DEAD)
        self.bus.setup([spec for spec in TOPICS if spec.name in names])

    async def get(self, request: Request) -> Answer:
        self.asked.append(request.url)
        answer = self.web[request.url]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, asyncio.Event):
            await answer.wait()
            answer = b""
        return Answer(url=request.url, body=answer, time=self.time)

    def poller(self, *sources: Connector, bus: Any = None, slot: str = "0") -> Poller:
        """A poller of these sources, each asked every 15 minutes."""
        bus = bus or self.bus
        return Poller(
            sources={source.name: Polling(source, 900.0) for source in sources},
            get=self.get,
            read=read_here,
            bus=bus,
            consumer=bus.consume([CURSORS], "poll", slot),
            now=lambda: self.time,
            version="0.1.0",
            partitions=POLL_SHARES,
        )

    def once(self, *sources: Connector, bus: Any = None) -> None:
        """A process that polls each source once and ends."""
        poller = self.poller(*sources, bus=bus)
        try:
            asyncio.run(poller.once())
        finally:
            poller.consumer.close()

    def items(self) -> list[Item]:
        return [codec.decode(Item, record.value or b"") for record in self.bus.read(ITEMS)]

    def fates(self, kind: str = "poll") -> list[Fate]:
        found = [codec.decode(Fate, record.value or b"") for record in self.bus.read(FATES)]
        return sorted((fate for fate in found if fate.kind == kind), key=lambda fate: fate.time)

    def state(self, source: str) -> SourceState:
        states = [r for r in self.bus.read(CURSORS) if r.key == source]
        return codec.decode(SourceState, states[-1].value or b"")


def line(key: object, **fields: object) -> bytes:
    """An entry of a ``Lines`` source."""
    given = {"key": str(key), "url": f"https://daily.example.org/{key}", "title": f"Report {key}"}
    return json.dumps({**given, **fields}).encode() + b"\n"


class Dying:
    """The real bus, lost at the n-th publish: a process that is killed there."""

    def __init__(self, bus: EmbeddedBus, last: int) -> None:
        self._bus, self._left = bus, last

    def publish(self, messages: Iterable[Message]) -> Sequence[Exception | None]:
        self._left -= 1
        if self._left < 0:
            raise Fatal("the bus is lost")
        return self._bus.publish(messages)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


async def turning(poller: Poller, until: Callable[[], bool], seconds: float = 5.0) -> None:
    """Turn the poller until it holds."""
    async with asyncio.timeout(seconds):
        while not until():
            await poller.turn(0.01)


def idle(poller: Poller) -> bool:
    """Whether nothing is due and nothing under way."""
    return not poller._running and not any(poller._is_due(name) for name in poller._mine())


def cancelled(poller: Poller) -> None:
    for task in poller._running.values():
        task.cancel()
