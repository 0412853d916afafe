"""The bus: named topics of keyed records, at least once, one position per group and partition.

Adapters: :mod:`pipeline.bus.embedded` (SQLite, the default) and :mod:`pipeline.bus.kafka`.
Both pass ``tests/contracts/test_bus.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic as :mod:`pipeline.topology` declares it, its name without the prefix.

    ``days`` is how long records are kept, None for ever; a compacted topic keeps the latest
    record of each key.
    """

    name: str
    partitions: int
    days: float | None
    compacted: bool = False
    max_bytes: int = 4_000_000


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes to publish; ``value`` None is a tombstone in a compacted topic."""

    topic: str
    key: str
    value: bytes | None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Record:
    """A message as it lies in the topic; ``time`` is its append time in seconds since 1970."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes | None
    headers: Mapping[str, str]
    time: float


class Consumer(Protocol):
    """One member of a group.  Used by one thread."""

    def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        """At most ``limit`` records in order per partition; waits up to ``timeout`` seconds.

        Records polled and not committed come again only after a restart, a lost lease, a
        rebalance, or :meth:`hold`.
        """

    def commit(self, records: Sequence[Record]) -> None:
        """These and all before them in their partitions are done.

        Raises:
            Fatal: the partitions belong to another member now, or the bus is lost.
        """

    def hold(self, records: Sequence[Record], seconds: float) -> None:
        """Give these and all after them in their partitions again, ``seconds`` from now.

        The other partitions go on meanwhile.
        """

    def partitions(self, topic: str) -> frozenset[int]:
        """The partitions of the topic that this member owns now."""

    def close(self) -> None:
        """Leave the group without committing."""


class Bus(Protocol):
    """Where records wait between the stages."""

    def setup(self, topics: Sequence[TopicSpec]) -> Sequence[str]:
        """Create or upgrade the topics; what was changed, one sentence each.

        Raises:
            Fatal: the bus cannot be had, with what to do.
        """

    def publish(self, messages: Iterable[Message]) -> Sequence[Exception | None]:
        """Return when every message is safe; for each, in order, None or why it can never be.

        Raises:
            Fatal: not acknowledged within the deadline.
        """

    def consume(self, topics: Sequence[str], group: str, slot: str) -> Consumer:
        """Join the group; resumes after its last commit, else at the oldest record.

        ``slot`` names this member for good: the same slot comes back to its partitions.
        """

    def read(
        self,
        topic: str,
        partitions: Iterable[int] | None = None,
        *,
        offsets: Mapping[int, int] | None = None,
    ) -> Iterator[Record]:
        """Everything that lies in the topic now, to its present end, in no group.

        ``offsets`` gives where to begin in a partition.
        """

    def lag(self, topics: Sequence[str], group: str) -> Mapping[str, int]:
        """For each topic, how many records the group has not committed yet."""

    def close(self) -> None:
        """Let go of files and sockets."""
