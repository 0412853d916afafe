"""A member of a group on Kafka."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.admin import MemberToRemove
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError

from pipeline.bus import Record
from pipeline.bus.kafka_url import telling
from pipeline.errors import Fatal

CONSUMER: dict[str, Any] = {
    "enable_auto_commit": False,
    "allow_auto_create_topics": False,
    "auto_offset_reset": "earliest",
    "isolation_level": "read_committed",
    "partition_assignment_strategy": (CooperativeStickyAssignor,),
    "max_poll_interval_ms": 300_000,
    "fetch_max_bytes": 32_000_000,
}
# In polls of 0 or 1 ms kafka-python 3.0 never finds its coordinator nor joins (measured; 20 ms
# do on loopback): a poll of no patience would stay outside the group for ever.
JOINING_SECONDS, LEAST_SECONDS = 1.0, 0.1  # without and with partitions; a far one takes 100 ms


def as_record(raw: Any, prefix: str) -> Record:
    """The client's record as ours, its topic without the prefix."""
    return Record(
        topic=raw.topic.removeprefix(prefix),
        partition=raw.partition,
        offset=raw.offset,
        key=(raw.key or b"").decode(errors="replace"),
        value=raw.value,
        headers={name: value.decode(errors="replace") for name, value in raw.headers},
        time=raw.timestamp / 1000,
    )


class KafkaMember:
    """The port :class:`pipeline.bus.Consumer` as a static member, one instance id per slot."""

    def __init__(
        self,
        known: dict[str, Any],
        prefix: str,
        topics: Sequence[str],
        member: tuple[str, str],
        session: float,
    ) -> None:
        self._known = known
        self._prefix = prefix
        self._group, slot = member
        self._instance = f"{self._group}-{slot}"
        self._due: dict[Any, float] = {}
        self._closed = False
        with telling("the group cannot be joined", known):
            self._consumer = KafkaConsumer(
                *(prefix + topic for topic in topics),
                **known,
                **CONSUMER,
                group_id=self._group,
                group_instance_id=self._instance,
                session_timeout_ms=int(session * 1000),
                heartbeat_interval_ms=int(min(3.0, session / 3) * 1000),
            )
            for topic in topics:
                if not self._consumer.partitions_for_topic(prefix + topic):
                    raise Fatal(f"topic {topic} does not exist: run 'tocsin setup'")

    def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        """See :meth:`pipeline.bus.Consumer.poll`."""
        with telling("polling failed", self._known):
            least = LEAST_SECONDS if self._consumer.assignment() else JOINING_SECONDS
            deadline = time.monotonic() + max(timeout, least)
            while True:
                self._pause_again()
                left = deadline - time.monotonic()
                until_due = min(self._due.values(), default=deadline) - time.monotonic()
                wait = max(0.0, min(left, until_due))
                found = self._consumer.poll(timeout_ms=int(wait * 1000), max_records=limit)
                records = [record for place in found for record in self._given(place, found[place])]
                if records or time.monotonic() >= deadline:
                    return records

    def _pause_again(self) -> None:
        """Resume what is due and pause what is not: a lost membership forgets what was paused."""
        mine, now = self._consumer.assignment(), time.monotonic()
        for place in [place for place, due in self._due.items() if due <= now]:
            del self._due[place]
            if place in mine:
                self._consumer.resume(place)
        self._consumer.pause(*(self._due.keys() & mine))

    def _given(self, place: Any, found: Sequence[Any]) -> list[Record]:
        """The records, unless the partition is held and a rebalance inside poll() let it go."""
        if place in self._due:
            self._consumer.seek(place, found[0].offset)
            self._consumer.pause(place)
            return []
        return [as_record(raw, self._prefix) for raw in found]

    def commit(self, records: Sequence[Record]) -> None:
        """See :meth:`pipeline.bus.Consumer.commit`."""
        offsets: dict[Any, int] = {}
        for record in records:
            place = TopicPartition(self._prefix + record.topic, record.partition)
            offsets[place] = max(offsets.get(place, 0), record.offset + 1)
        lost = offsets.keys() - self._consumer.assignment()
        if lost:
            raise Fatal(f"{sorted(lost)} belong to another member of {self._group} now")
        wanted = {place: OffsetAndMetadata(offset, "", -1) for place, offset in offsets.items()}
        if wanted:
            with telling(f"{self._instance} cannot commit", self._known):
                self._consumer.commit(wanted)

    def hold(self, records: Sequence[Record], seconds: float) -> None:
        """See :meth:`pipeline.bus.Consumer.hold`."""
        heads: dict[Any, int] = {}
        for record in records:
            place = TopicPartition(self._prefix + record.topic, record.partition)
            heads[place] = min(heads.get(place, record.offset), record.offset)
        mine = self._consumer.assignment()
        for place, offset in heads.items():
            if place in mine:  # else its new owner gets them anyway
                self._consumer.seek(place, offset)
                self._consumer.pause(place)
                self._due[place] = time.monotonic() + seconds

    def partitions(self, topic: str) -> frozenset[int]:
        """See :meth:`pipeline.bus.Consumer.partitions`."""
        mine = self._consumer.assignment()
        return frozenset(p.partition for p in mine if p.topic == self._prefix + topic)

    def close(self) -> None:
        """See :meth:`pipeline.bus.Consumer.close`.

        A static member that only closes would keep its partitions until its session ends.
        """
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(KafkaError):
            member = self._consumer.group_metadata().member_id
            self._consumer.close(autocommit=False, timeout_ms=2_000)
            admin = KafkaAdminClient(**self._known)
            try:  # with the member's own id, so that a successor of this slot is not removed
                me = MemberToRemove(member_id=member, group_instance_id=self._instance)
                admin.remove_group_members(self._group, [me])
            finally:
                admin.close()
