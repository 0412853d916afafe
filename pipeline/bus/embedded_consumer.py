"""A member of a group on the embedded bus."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from pipeline.bus import Record
from pipeline.bus.groups import Membership, Place
from pipeline.bus.topic_file import TopicFile

RENEW_SECONDS = 0.5  # a dead member's partitions are taken over within this
FETCH_BYTES = 32_000_000  # of one poll: sixteen of the largest pages
FIRST_WAIT, LONGEST_WAIT = 0.002, 0.05  # between two looks for new records; 0.3 % of a core idle


class EmbeddedConsumer:
    """The port :class:`pipeline.bus.Consumer` on leases and topic files of its own."""

    def __init__(self, member: Membership, files: Mapping[str, TopicFile]) -> None:
        self._member = member
        self._files = files
        self._generations: dict[Place, int] = {}
        self._next: dict[Place, int] = {}
        self._due: dict[Place, float] = {}
        self._renew_at = 0.0
        self._turn = 0
        self._versions: dict[str, int] = {}
        self._closed = False

    def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        """See :meth:`pipeline.bus.Consumer.poll`."""
        deadline = time.monotonic() + timeout
        wait = FIRST_WAIT
        while True:
            self._renew()
            records = self._fetch(limit)
            left = deadline - time.monotonic()
            if records or left <= 0:
                return records
            time.sleep(min(wait, left))
            wait = min(wait * 1.5, LONGEST_WAIT)

    def _renew(self) -> None:
        """Now and then: what is mine now, and from where for what I did not have before."""
        if time.monotonic() < self._renew_at:
            return
        owned = self._member.renew()
        self._renew_at = time.monotonic() + RENEW_SECONDS
        if owned == self._generations:
            return
        positions = self._member.positions()
        kept = {place for place in owned if owned[place] == self._generations.get(place)}
        self._next = {
            place: self._next[place] if place in kept else positions.get(place, 0)
            for place in owned
        }
        self._due = {place: due for place, due in self._due.items() if place in kept}
        self._generations = owned
        self._versions.clear()

    def _fetch(self, limit: int) -> list[Record]:
        """From each partition in turn, beginning with another one each time."""
        now = time.monotonic()
        for place in [place for place, due in self._due.items() if due <= now]:
            del self._due[place]
            self._versions.pop(place[0], None)
        records: list[Record] = []
        budget = FETCH_BYTES
        waiting = self._waiting()
        self._turn += 1
        for number in range(len(waiting)):
            place, end = waiting[(number + self._turn) % len(waiting)]
            file, wanted = self._files[place[0]], limit - len(records)
            found = file.fetch(place[1], self._next[place], wanted, budget)
            # nothing there: what was there is compacted away or too old
            self._next[place] = found[-1].offset + 1 if found else end
            records += found
            budget -= sum(len(record.value or b"") for record in found)
            if len(records) >= limit or budget <= 0:
                break
        return records

    def _waiting(self) -> list[tuple[Place, int]]:
        """The places that are not at their end, looking only at files that were written to."""
        found: list[tuple[Place, int]] = []
        for topic, file in self._files.items():
            version = file.version()
            if self._versions.get(topic) == version:
                continue
            ends = file.ends()
            behind = [
                (place, ends[place[1]])
                for place, offset in self._next.items()
                if place[0] == topic and place not in self._due and offset < ends[place[1]]
            ]
            if not behind:
                self._versions[topic] = version
            found += behind
        return found

    def commit(self, records: Sequence[Record]) -> None:
        """See :meth:`pipeline.bus.Consumer.commit`."""
        offsets: dict[Place, int] = {}
        for record in records:
            place = (record.topic, record.partition)
            offsets[place] = max(offsets.get(place, 0), record.offset + 1)
        if offsets:
            self._member.commit(offsets, self._generations)

    def hold(self, records: Sequence[Record], seconds: float) -> None:
        """See :meth:`pipeline.bus.Consumer.hold`."""
        for record in records:
            place = (record.topic, record.partition)
            if place in self._generations:  # else its new owner gets them anyway
                self._next[place] = min(self._next[place], record.offset)
                self._due[place] = time.monotonic() + seconds

    def partitions(self, topic: str) -> frozenset[int]:
        """See :meth:`pipeline.bus.Consumer.partitions`."""
        return frozenset(number for name, number in self._generations if name == topic)

    def close(self) -> None:
        """See :meth:`pipeline.bus.Consumer.close`."""
        if self._closed:
            return
        self._closed = True
        self._member.leave()
        for file in self._files.values():
            file.close()
