"""What the Kafka adapter does beyond the contract of every bus."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from pipeline.bus import TopicSpec
from pipeline.bus.kafka import KafkaBus
from pipeline.errors import Fatal
from tests.conditions import waited
from tests.contracts.buses import messages, publish, take
from tests.servers import start_kafka


def test_hold_through_a_lost_membership(kafka_url: str) -> None:
    """A member that the broker threw out and took back still holds what was held."""
    prefix = f"t{uuid.uuid4().hex[:8]}"
    bus = KafkaBus(kafka_url, prefix=prefix, session_seconds=3.0)
    bus.setup([TopicSpec("single", 1, 7.0)])
    publish(bus, messages("single", "abc"))
    consumer = bus.consume(["single"], "group", "0")
    polled = take(consumer, 3, commit=False)
    held_at = time.monotonic()
    consumer.hold(polled[1:], 5.0)
    consumer.commit(polled[:1])
    admin = KafkaAdminClient(bootstrap_servers=kafka_url.removeprefix("kafka://"))
    me = MemberToRemove(group_instance_id=f"{prefix}.group-0")
    admin.remove_group_members(f"{prefix}.group", [me])
    admin.close()
    again = take(consumer, 2)
    assert time.monotonic() - held_at > 4.9
    assert [record.key for record in again] == ["b", "c"]
    consumer.close()
    bus.close()


def test_a_poll_without_patience_joins_the_group(kafka_url: str) -> None:
    """The poller polls with no timeout between its requests; it gets its partitions too."""
    bus = KafkaBus(kafka_url, prefix=f"t{uuid.uuid4().hex[:8]}")
    bus.setup([TopicSpec("single", 1, 7.0)])
    publish(bus, messages("single", "a"))
    consumer = bus.consume(["single"], "group", "0")
    turn = threading.Event()  # never set: the half second that a turn of the poller takes

    def polled() -> bool:
        return turn.wait(0.5) or [record.key for record in consumer.poll(10, 0.0)] == ["a"]

    waited(polled, 10)
    consumer.close()
    bus.close()


@pytest.mark.long
def test_frozen_broker(tmp_path: Path) -> None:
    """A broker that does not answer makes publish Fatal at the deadline; later it works again."""
    server = start_kafka(tmp_path)
    try:
        bus = KafkaBus(server.url, prefix="t", deadline=3.0)
        bus.setup([TopicSpec("single", 1, 7.0)])
        publish(bus, messages("single", "a"))
        os.killpg(server.pid, signal.SIGSTOP)
        started = time.monotonic()
        with pytest.raises(Fatal, match="not every record was acknowledged"):
            bus.publish(messages("single", "b"))
        assert 2.9 < time.monotonic() - started < 10
        bus.close()
        os.killpg(server.pid, signal.SIGCONT)
        fresh = KafkaBus(server.url, prefix="t")
        publish(fresh, messages("single", "c"))
        assert {record.key for record in fresh.read("single")} >= {"a", "c"}
        fresh.close()
    finally:
        server.stop()
