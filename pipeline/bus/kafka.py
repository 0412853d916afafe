"""The bus on Apache Kafka, by kafka-python.

Not idempotent, acks from all, every future waited for with a deadline: of six delivery loops
measured on a real broker the one that lost nothing and never hung (DECISIONS.md).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, OffsetSpec, TopicPartition
from kafka.errors import KafkaError, MessageSizeTooLargeError, RetriableError

from pipeline.bus import Consumer, Message, Record, TopicSpec
from pipeline.bus.kafka_consumer import KafkaMember, as_record
from pipeline.bus.kafka_topics import OVERHEAD_BYTES, setup_topics
from pipeline.bus.kafka_url import settings, telling
from pipeline.bus.refusal import refusal
from pipeline.errors import Fatal, Reject
from pipeline.limits import MESSAGE_BYTES

DELIVERY_SECONDS = 55.0  # must exceed linger + request timeout, 30 s
DEADLINE_SECONDS = 60.0  # then a record is not acknowledged and the process ends
WINDOW_BYTES = 32_000_000  # in flight at once: send() never blocks, 200,000 records took 617 MB
SESSION_SECONDS = (
    45.0  # how long a killed member keeps its partitions; its own slot has them at once
)
COORDINATOR_SECONDS = 30.0  # a new cluster makes its offsets topic at the first group: seconds
READ_CHUNK = 500
READ_SECONDS = 60.0  # read() without any record for so long has lost its broker
PRODUCER: dict[str, Any] = {
    "enable_idempotence": False,  # the idempotent one can hang for ever after a broker's stall
    "acks": "all",
    "max_in_flight_requests_per_connection": 1,  # else a retry can overtake, and order per key ends
    "allow_auto_create_topics": False,
    "linger_ms": 5,
    "batch_size": 256_000,
    "compression_type": "zstd",
    "max_request_size": MESSAGE_BYTES + OVERHEAD_BYTES,
    "delivery_timeout_ms": int(DELIVERY_SECONDS * 1000),
}


class KafkaBus:
    """The port :class:`pipeline.bus.Bus` on a Kafka cluster; any thread may publish.

    ``deadline`` is how long a publish may take.

    Raises:
        Fatal: the URL cannot be read.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        session_seconds: float = SESSION_SECONDS,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        self._settings = settings(url)
        self._prefix = f"{prefix}." if prefix else ""
        self._session = session_seconds
        self._deadline = deadline
        self._limits: dict[str, int] = {}
        self._lock = threading.Lock()
        self._producer: Any = None
        self._administrator: Any = None

    def __repr__(self) -> str:
        return f"KafkaBus({','.join(self._settings['bootstrap_servers'])})"

    def setup(self, topics: Sequence[TopicSpec]) -> Sequence[str]:
        """See :meth:`pipeline.bus.Bus.setup`."""
        with telling("the topics cannot be set up", self._settings):
            changes = setup_topics(self._settings, self._prefix, topics)
        self._limits.update({spec.name: spec.max_bytes for spec in topics})
        return changes

    def publish(self, messages: Iterable[Message]) -> Sequence[Exception | None]:
        """See :meth:`pipeline.bus.Bus.publish`."""
        results: list[Exception | None] = []
        waiting: list[tuple[int, Any]] = []
        size = 0
        deadline = time.monotonic() + self._deadline
        for number, message in enumerate(messages):
            error = refusal(message, self._limits.get(message.topic, MESSAGE_BYTES))
            results.append(error)
            if error is None:
                waiting.append((number, self._send(message)))
                size += len(message.value or b"")
            if size > WINDOW_BYTES:
                self._wait(waiting, results, deadline)
                waiting, size = [], 0
        self._wait(waiting, results, deadline)
        return results

    def _send(self, message: Message) -> Any:
        with telling(f"publishing to {message.topic} failed", self._settings):
            return self._sender().send(
                self._prefix + message.topic,
                value=message.value,
                key=message.key.encode(),
                headers=[(name, value.encode()) for name, value in message.headers.items()],
            )

    def _wait(
        self, waiting: list[tuple[int, Any]], results: list[Exception | None], deadline: float
    ) -> None:
        """The futures decide: flush() can fail though every record arrives."""
        with telling("not every record was acknowledged", self._settings):
            for number, future in waiting:
                try:
                    future.get(timeout=max(0.001, deadline - time.monotonic()))
                except MessageSizeTooLargeError as error:
                    results[number] = Reject(f"larger than Kafka takes: {error}")

    def _sender(self) -> Any:
        with self._lock:
            if self._producer is None:
                self._producer = KafkaProducer(**self._settings, **PRODUCER)
            return self._producer

    def consume(self, topics: Sequence[str], group: str, slot: str) -> Consumer:
        """See :meth:`pipeline.bus.Bus.consume`."""
        group = self._prefix + group
        return KafkaMember(self._settings, self._prefix, topics, (group, slot), self._session)

    def read(
        self,
        topic: str,
        partitions: Iterable[int] | None = None,
        *,
        offsets: Mapping[int, int] | None = None,
    ) -> Iterator[Record]:
        """See :meth:`pipeline.bus.Bus.read`."""
        with telling(f"reading {topic} failed", self._settings):
            consumer = KafkaConsumer(
                **self._settings,
                enable_auto_commit=False,
                allow_auto_create_topics=False,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
            )
            try:
                known = consumer.partitions_for_topic(self._prefix + topic)
                if not known:
                    raise Fatal(f"topic {topic} does not exist: run 'tocsin setup'")
                wanted = known if partitions is None else partitions
                places = [TopicPartition(self._prefix + topic, number) for number in wanted]
                consumer.assign(places)
                for place in places:
                    start = (offsets or {}).get(place.partition)
                    if start is None:
                        consumer.seek_to_beginning(place)
                    else:
                        consumer.seek(place, start)
                ends = consumer.end_offsets(places) if places else {}
                yield from self._to_the_end(consumer, ends)
            finally:
                consumer.close(autocommit=False, timeout_ms=2_000)

    def _to_the_end(self, consumer: Any, ends: dict[Any, int]) -> Iterator[Record]:
        """Until every position is at its end, which also holds over gaps and markers."""
        deadline = time.monotonic() + READ_SECONDS
        left = dict(ends)
        while left:
            for place in [place for place, end in left.items() if consumer.position(place) >= end]:
                del left[place]
                consumer.pause(place)
            if not left:
                return
            found = consumer.poll(timeout_ms=200, max_records=READ_CHUNK)
            if found:
                deadline = time.monotonic() + READ_SECONDS
            elif time.monotonic() > deadline:
                raise Fatal(f"reading {sorted(left)}: nothing came for {READ_SECONDS:.0f} s")
            for place, records in found.items():
                for record in records:
                    if record.offset < ends[place]:
                        yield as_record(record, self._prefix)

    def lag(self, topics: Sequence[str], group: str) -> Mapping[str, int]:
        """See :meth:`pipeline.bus.Bus.lag`; counted in offsets, so compacted ones count too."""
        with telling("the lag cannot be had", self._settings):
            deadline = time.monotonic() + COORDINATOR_SECONDS
            while True:
                try:
                    return self._lag(self._admin(), topics, self._prefix + group)
                except RetriableError:  # a fresh cluster's first group waits for its coordinator
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.2)

    def _admin(self) -> Any:
        """One admin client for as long as the bus is open: making one takes a tenth of a second."""
        with self._lock:
            if self._administrator is None:
                self._administrator = KafkaAdminClient(**self._settings)
            return self._administrator

    def _lag(self, admin: Any, topics: Sequence[str], group: str) -> dict[str, int]:
        described = admin.describe_topics([self._prefix + topic for topic in topics])
        places = [
            TopicPartition(topic["name"], partition["partition_index"])
            for topic in described
            for partition in topic["partitions"]
        ]
        ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
        starts = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
        done = admin.list_group_offsets({group: None}).get(group, {})
        lags = dict.fromkeys(topics, 0)
        for place in places:
            reached = done[place].offset if place in done else 0
            waiting = ends[place].offset - max(starts[place].offset, reached)
            lags[place.topic.removeprefix(self._prefix)] += max(0, waiting)
        return lags

    def close(self) -> None:
        """See :meth:`pipeline.bus.Bus.close`; a stuck producer ends with the process."""
        with self._lock:
            producer, self._producer = self._producer, None
            admin, self._administrator = self._administrator, None
        if admin is not None:
            admin.close()
        if producer is not None:
            try:
                producer.close(timeout=2)
            except KafkaError:  # nothing is pending: publish() has waited for every future
                return
