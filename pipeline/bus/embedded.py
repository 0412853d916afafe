"""The bus on SQLite, in one folder of a local disk, for several processes at once.

One file per topic, so that writers of different topics do not wait for each other, and one for the
groups.  A publish to several topics is one transaction per topic, in the order in which the topics
first appear in it.
"""

from __future__ import annotations

import fcntl
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pipeline.bus import Consumer, Message, Record, TopicSpec
from pipeline.bus.embedded_consumer import FETCH_BYTES, EmbeddedConsumer
from pipeline.bus.files import refuse_network, telling
from pipeline.bus.groups import Membership, committed, create_groups, forget_topic
from pipeline.bus.topic_file import TopicFile, create
from pipeline.errors import Fatal

READ_CHUNK = 500  # records per query of read(): short queries let the write-ahead log be emptied
SWEEP_SECONDS = 0.05  # retention and compaction inside one publish
SWEEP_EVERY = 10.0  # one topic each time; at once SWEEP_AGAIN when it was not done
SWEEP_AGAIN = 0.5
OVERDUE_SECONDS = 300.0  # a member that has not polled for so long is replaced, as on Kafka
NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,199}")


class EmbeddedBus:
    """The port :class:`pipeline.bus.Bus` on a folder of SQLite files; any thread may publish.

    Raises:
        Fatal: the folder cannot be had, or lies on a network file system.
    """

    def __init__(
        self,
        folder: Path,
        *,
        prefix: str = "",
        clock: Callable[[], float] = time.time,
        overdue: float = OVERDUE_SECONDS,
    ) -> None:
        with telling(folder):
            folder.mkdir(parents=True, exist_ok=True)
        refuse_network(folder)
        self._folder = folder
        self._prefix = prefix
        self._clock = clock
        self._overdue = overdue
        self._lock = threading.Lock()
        self._open: dict[str, TopicFile] = {}
        self._sweep_at = clock() + SWEEP_EVERY
        self._to_sweep: list[str] = []

    def setup(self, topics: Sequence[TopicSpec]) -> Sequence[str]:
        """See :meth:`pipeline.bus.Bus.setup`."""
        changes: list[str] = []
        lock = self._folder / "setup.lock"
        with telling(lock), lock.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            create_groups(self._folder)
            for spec in topics:
                if not self._path(spec.name).exists():
                    forget_topic(self._folder, spec.name)
                changes += create(self._path(spec.name), spec)
        for spec in topics:
            with self._lock:
                self._topic(spec.name).sweep(SWEEP_SECONDS)
        return changes

    def publish(self, messages: Iterable[Message]) -> Sequence[Exception | None]:
        """See :meth:`pipeline.bus.Bus.publish`."""
        batch = list(messages)
        by_topic: dict[str, list[int]] = {}
        for number, message in enumerate(batch):
            by_topic.setdefault(message.topic, []).append(number)
        results: list[Exception | None] = [None] * len(batch)
        with self._lock:
            for topic, numbers in by_topic.items():
                errors = self._topic(topic).append([batch[number] for number in numbers])
                for number, error in zip(numbers, errors, strict=True):
                    results[number] = error
            self._sweep()
        return results

    def _sweep(self) -> None:
        """Now and then a little retention and compaction, one topic after the other."""
        if self._clock() < self._sweep_at:
            return
        if not self._to_sweep:
            self._to_sweep = self._names()
        more = self._topic(self._to_sweep[-1]).sweep(SWEEP_SECONDS)
        if not more:
            self._to_sweep.pop()
        self._sweep_at = self._clock() + (SWEEP_AGAIN if more else SWEEP_EVERY)

    def consume(self, topics: Sequence[str], group: str, slot: str) -> Consumer:
        """See :meth:`pipeline.bus.Bus.consume`."""
        files = {topic: self._file(topic) for topic in topics}
        partitions = {topic: file.partitions for topic, file in files.items()}
        name = f"{self._prefix}.{group}" if self._prefix else group
        member = Membership(self._folder, name, slot, partitions, self._overdue)
        return EmbeddedConsumer(member, files)

    def read(
        self,
        topic: str,
        partitions: Iterable[int] | None = None,
        *,
        offsets: Mapping[int, int] | None = None,
    ) -> Iterator[Record]:
        """See :meth:`pipeline.bus.Bus.read`."""
        file = self._file(topic)
        try:
            ends = file.ends()
            for partition in sorted(ends if partitions is None else partitions):
                start = (offsets or {}).get(partition, 0)
                while start < ends[partition]:
                    records = file.fetch(partition, start, READ_CHUNK, FETCH_BYTES)
                    for record in records:
                        if record.offset < ends[partition]:
                            yield record
                    start = records[-1].offset + 1 if records else ends[partition]
        finally:
            file.close()

    def lag(self, topics: Sequence[str], group: str) -> Mapping[str, int]:
        """See :meth:`pipeline.bus.Bus.lag`; what retention has removed is not counted."""
        name = f"{self._prefix}.{group}" if self._prefix else group
        done = committed(self._folder, name)
        lags = {}
        for topic in topics:
            with self._lock:
                file = self._topic(topic)
                waiting = 0
                for partition, end in file.ends().items():
                    start = file.start(partition)
                    oldest = end if start is None else start
                    waiting += end - max(oldest, done.get((topic, partition), 0))
            lags[topic] = waiting
        return lags

    def close(self) -> None:
        """See :meth:`pipeline.bus.Bus.close`."""
        with self._lock:
            for file in self._open.values():
                file.close()
            self._open.clear()

    def _topic(self, name: str) -> TopicFile:
        if name not in self._open:
            self._open[name] = self._file(name)
        return self._open[name]

    def _file(self, name: str) -> TopicFile:
        return TopicFile(self._path(name), name, self._clock)

    def _names(self) -> list[str]:
        """All topics there are, with this prefix."""
        start = f"topic-{self._prefix}." if self._prefix else "topic-"
        paths = self._folder.glob(f"{start}*.sqlite")
        return sorted(path.name.removeprefix(start).removesuffix(".sqlite") for path in paths)

    def _path(self, name: str) -> Path:
        full = f"{self._prefix}.{name}" if self._prefix else name
        if not NAME.fullmatch(full):
            raise Fatal(f"{full!r} cannot be the name of a topic")
        return self._folder / f"topic-{full}.sqlite"
