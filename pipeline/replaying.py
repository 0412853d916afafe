"""The later stages again over what a topic keeps, at a pace that lets live news go first.

A replay is a group of its own on the topics that a stage reads, from their oldest record: the
stage's results go the usual way, under the usual ids and versions, so what is unchanged changes
nothing in the index.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.bus import Bus, Consumer, Message, Record
from pipeline.topology import STEPS, Step

LIVE_FIRST = 200  # records waiting before a later stage; while there are more, the replay waits
LOOK_SECONDS = 1.0
ONE_AT_WORK = "resolve"
"""The stage with a memory: a second one beside it would write what the first does not know."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which records: appended in [since, until), of this source, of these items or URLs."""

    since: datetime | None = None
    until: datetime | None = None
    source: str | None = None
    ids: frozenset[str] = frozenset()

    def takes(self, record: Record) -> bool:
        """Whether the record is wanted; one whose item is not known belongs to no source."""
        if self.since and record.time < self.since.timestamp():
            return False
        if self.until and record.time >= self.until.timestamp():
            return False
        if self.source and record.headers.get("source") != self.source:
            return False
        names = {record.key, record.headers.get("item"), record.headers.get("url")}
        return not self.ids or bool(self.ids & names)


class Chosen:
    """A consumer that gives only the records wanted; see :class:`pipeline.bus.Consumer`."""

    def __init__(self, consumer: Consumer, wanted: Wanted) -> None:
        self._consumer, self._wanted = consumer, wanted
        self.seen = 0

    def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        """The wanted ones of the next records; a batch without any is committed at once."""
        records = self._consumer.poll(limit, timeout)
        self.seen += len(records)
        chosen = [record for record in records if self._wanted.takes(record)]
        if records and not chosen:
            self._consumer.commit(records)
        return chosen

    def commit(self, records: Sequence[Record]) -> None:
        """See :meth:`pipeline.bus.Consumer.commit`."""
        self._consumer.commit(records)

    def hold(self, records: Sequence[Record], seconds: float) -> None:
        """See :meth:`pipeline.bus.Consumer.hold`."""
        self._consumer.hold(records, seconds)

    def partitions(self, topic: str) -> frozenset[int]:
        """See :meth:`pipeline.bus.Consumer.partitions`."""
        return self._consumer.partitions(topic)

    def close(self) -> None:
        """See :meth:`pipeline.bus.Consumer.close`."""
        self._consumer.close()


@dataclass(slots=True)
class GivenAgain:
    """Puts the records wanted back on their topic, for a stage of which only one may be at work."""

    bus: Bus
    consumer: Chosen
    outcomes: Counter[str] = field(default_factory=Counter)

    def turn(self, timeout: float) -> int:
        """Publish one batch again; how many.

        Raises:
            Fatal: the bus is lost.
        """
        records = self.consumer.poll(100, timeout)
        if records:
            self.bus.publish(Message(r.topic, r.key, r.value, r.headers) for r in records)
            self.consumer.commit(records)
            self.outcomes["given again"] += len(records)
        return len(records)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay made ready: what to turn, what it counts, and what ends it."""

    step: Step
    group: str
    consumer: Chosen
    turn: Callable[[float], int]
    outcomes: Counter[str]
    close: Callable[[], None]

    def run(self, bus: Bus, *, pause: float = LOOK_SECONDS) -> Iterator[tuple[int, int]]:
        """Turn until what lay in the topics at the start is read; yields (done, still to read).

        It stands still while the stages after this one have live records waiting.
        """
        total = sum(bus.lag(tuple(self.step.reads), self.group).values())
        done = 0
        while self.consumer.seen < total:
            if _waiting(bus, self.step) > LIVE_FIRST:
                time.sleep(pause)
            else:
                done += self.turn(0.2)
            yield done, max(0, total - self.consumer.seen)


def _waiting(bus: Bus, step: Step) -> int:
    later = STEPS[STEPS.index(step) + (step.name != ONE_AT_WORK) :]
    return sum(sum(bus.lag(tuple(other.reads), other.name).values()) for other in later)
