"""How fast the buses are, as a part of the client library's own fastest loop in the same run.

``python -m benchmarks.bus`` measures the embedded bus; ``--kafka kafka://host:9092`` that one too.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from pipeline.bus import Bus, Message, TopicSpec
from pipeline.bus.embedded import EmbeddedBus
from pipeline.bus.kafka import PRODUCER, KafkaBus
from pipeline.bus.kafka_consumer import CONSUMER

BATCH = 100
SIZES = {2_000: 20_000, 50_000: 2_000}  # bytes of a record: how many


def text(size: int) -> bytes:
    """Text that packs about as well as news does: hex words, half of them repeated."""
    words = [hashlib.md5(str(n % 700).encode()).hexdigest()[: 3 + n % 7] for n in range(size // 4)]
    return " ".join(words).encode()[:size]


def rate(count: int, work: Callable[[], None]) -> float:
    """Records per second."""
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


def on_bus(bus: Bus, topic: str, value: bytes, count: int) -> tuple[float, float]:
    """Publish and consume rates of a bus, in batches, with a commit after each batch."""
    bus.setup([TopicSpec(topic, 4, 7.0)])
    sent = [Message(topic, f"k{n}", value) for n in range(count)]

    def publish() -> None:
        for start in range(0, count, BATCH):
            bus.publish(sent[start : start + BATCH])

    consumer = bus.consume([topic], topic, "0")

    def consume() -> None:
        left = count
        while left > 0:
            records = consumer.poll(5 * BATCH, 1.0)
            consumer.commit(records)
            left -= len(records)

    rates = rate(count, publish), rate(count, consume)
    consumer.close()
    return rates


def bare_sqlite(folder: Path, value: bytes, count: int) -> tuple[float, float]:
    """The bare loop: executemany of a batch a transaction, and one select."""
    connection = sqlite3.connect(folder / "bare.sqlite", isolation_level=None)
    connection.executescript(
        "PRAGMA page_size=16384; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
        "CREATE TABLE records (id INTEGER PRIMARY KEY, key TEXT, value BLOB, time REAL)"
    )

    def write() -> None:
        for start in range(0, count, BATCH):
            rows = [(n, f"k{n}", value, 1.0) for n in range(start, start + BATCH)]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?)", rows)
            connection.execute("COMMIT")

    def read() -> None:
        for start in range(0, count, 5 * BATCH):
            connection.execute(
                "SELECT * FROM records WHERE id >= ? LIMIT ?", (start, 5 * BATCH)
            ).fetchall()

    return rate(count, write), rate(count, read)


def bare_kafka(bus: KafkaBus, url: str, value: bytes, count: int) -> tuple[float, float]:
    """The tuned client alone: send all and flush; assign and poll without a group."""
    topic = f"bare-{uuid.uuid4().hex[:8]}"
    bus.setup([TopicSpec(topic, 4, 7.0)])
    name, servers = f"bench.{topic}", url.removeprefix("kafka://").split(",")
    producer = KafkaProducer(bootstrap_servers=servers, **PRODUCER)
    consumer = KafkaConsumer(
        bootstrap_servers=servers,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_bytes=CONSUMER["fetch_max_bytes"],
    )

    def send() -> None:
        for number in range(count):
            producer.send(name, value=value, key=b"k%d" % number)
        producer.flush()

    def poll() -> None:
        consumer.assign([TopicPartition(name, number) for number in range(4)])
        left = count
        while left > 0:
            left -= sum(map(len, consumer.poll(1_000, max_records=5 * BATCH).values()))

    rates = rate(count, send), rate(count, poll)
    producer.close()
    consumer.close()
    return rates


def show(name: str, size: int, ours: tuple[float, float], bare: tuple[float, float]) -> None:
    """One line: records per second and the part of the bare loop."""
    for what, mine, best in zip(("publish", "consume"), ours, bare, strict=True):
        print(f"{name:9} {size:6} B {what}: {mine:9,.0f}/s, bare {best:9,.0f}/s, {mine / best:.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kafka", help="kafka://host:port of a server that may be written to")
    url = parser.parse_args().kafka
    for size, count in SIZES.items():
        value = text(size)
        with tempfile.TemporaryDirectory() as folder:
            bus = EmbeddedBus(Path(folder) / "bus")
            ours = on_bus(bus, "bench", value, count)
            show("embedded", size, ours, bare_sqlite(Path(folder), value, count))
            bus.close()
        if url:
            kafka = KafkaBus(url, prefix="bench")
            ours = on_bus(kafka, f"ours-{uuid.uuid4().hex[:8]}", value, count)
            show("kafka", size, ours, bare_kafka(kafka, url, value, count))
            kafka.close()


if __name__ == "__main__":
    main()
