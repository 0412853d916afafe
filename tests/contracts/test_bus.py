"""What every bus must do, on the embedded one and on a real Kafka."""

from __future__ import annotations

import os
import subprocess
import time
from collections import defaultdict

import pytest

from pipeline.bus import Bus, Message, TopicSpec
from pipeline.errors import Fatal, Reject
from tests.contracts.buses import Place, messages, publish, take, until, values


def test_order_and_partition(bus: Bus) -> None:
    """Records of one key come in order, from one partition, with what was sent."""
    before = time.time()
    sent = [Message("items", f"k{n % 7}", b"%d" % n, {"n": str(n), "ü": "é"}) for n in range(200)]
    publish(bus, sent[:100])
    publish(bus, sent[100:])
    consumer = bus.consume(["items"], "group", "0")
    records = take(consumer, 200)
    consumer.close()
    homes = defaultdict(set)
    by_key = defaultdict(list)
    for record in records:
        homes[record.key].add(record.partition)
        by_key[record.key].append(int(record.value or b""))
        assert record.headers == {"n": (record.value or b"").decode(), "ü": "é"}
        assert before - 60 < record.time < time.time() + 60
    assert all(len(home) == 1 for home in homes.values())
    assert by_key == {f"k{k}": list(range(k, 200, 7)) for k in range(7)}
    offsets = defaultdict(list)
    for record in records:
        offsets[record.partition].append(record.offset)
    assert all(found == list(range(len(found))) for found in offsets.values())


def test_poll_limit(bus: Bus) -> None:
    """A poll gives at most the limit, and the rest later."""
    publish(bus, messages("items", [f"k{n}" for n in range(30)]))
    consumer = bus.consume(["items"], "group", "0")
    seen: list[bytes] = []

    def all_seen() -> bool:
        found = consumer.poll(7, 0.2)
        assert len(found) <= 7
        seen.extend(values(found))
        return len(seen) == 30

    until(all_seen)
    assert len(set(seen)) == 30
    consumer.close()


def test_restart(place: Place, bus: Bus) -> None:
    """After a restart the committed records stay done and the others come again."""
    publish(bus, messages("single", "abcdefghij"))
    first = bus.consume(["single"], "group", "0")
    polled = take(first, 10, commit=False)
    first.commit(polled[:4])
    first.close()
    bus.close()
    again = place.open()
    second = again.consume(["single"], "group", "0")
    assert values(take(second, 6)) == values(polled)[4:]
    second.close()
    again.close()


def test_compaction(place: Place) -> None:
    """A compacted topic keeps the latest of each key, and can be read to its end."""
    bus = place.open()
    bus.setup([TopicSpec("cursors", 1, None, compacted=True)])
    for key, value in [("a", b"1"), ("b", b"1"), ("a", b"2"), ("b", None), ("a", b"3")]:
        publish(bus, [Message("cursors", key, value)])
    place.compact("cursors")

    def compacted() -> bool:
        publish(bus, [Message("cursors", "filler", b"x" * 100)])
        records = list(bus.read("cursors"))
        live = [(r.key, r.value) for r in records if r.key != "filler" and r.value is not None]
        assert live[-1] == ("a", b"3")
        return live == [("a", b"3")]

    until(compacted)
    consumer = bus.consume(["cursors"], "group", "0")
    assert any(record.value == b"3" for record in take(consumer, 2))
    consumer.close()
    bus.close()


def test_read(bus: Bus) -> None:
    """Reading goes to the present end: of nothing, of all, of one partition, from an offset."""
    assert list(bus.read("items")) == []
    publish(bus, messages("items", [f"k{n}" for n in range(1_200)]))
    publish(bus, messages("single", "abcde"))
    everything = list(bus.read("items"))
    assert sorted(int(value) for value in values(everything)) == list(range(1_200))
    one = [record for record in everything if record.partition == 1]
    assert list(bus.read("items", [1])) == one
    assert list(bus.read("items", [1], offsets={1: 3})) == one[3:]
    assert [record.key for record in bus.read("single", offsets={0: 5})] == []
    whole = bus.read("single")
    first = next(iter(whole))
    publish(bus, messages("single", "f"))
    assert [first.key, *(record.key for record in whole)] == list("abcde")


def test_lag(bus: Bus) -> None:
    """The lag is what the group has not committed."""
    publish(bus, messages("single", "abcde"))
    assert bus.lag(["single", "items"], "group") == {"single": 5, "items": 0}
    consumer = bus.consume(["single"], "group", "0")
    consumer.commit(take(consumer, 5, commit=False)[:2])
    assert bus.lag(["single", "items"], "group") == {"single": 3, "items": 0}
    consumer.close()


def test_setup_is_idempotent(place: Place) -> None:
    """A second setup changes nothing; a difference is changed and said, but never partitions."""
    bus = place.open()
    specs = [TopicSpec("items", 4, 7.0), TopicSpec("cursors", 2, None, compacted=True)]
    assert len(bus.setup(specs)) == 2
    assert list(bus.setup(specs)) == []
    changes = bus.setup([TopicSpec("items", 5, 8.0), specs[1]])
    assert len(changes) == 2
    assert any("4 partitions instead of 5" in change for change in changes)
    assert len(bus.setup([TopicSpec("items", 4, 8.0)])) == 0
    publish(bus, messages("items", "abc"))
    bus.close()


def test_oversize(place: Place) -> None:
    """A record over the topic's limit is refused by itself; the others are taken."""
    bus = place.open()
    bus.setup([TopicSpec("small", 1, 7.0, max_bytes=50_000)])
    sent = [Message("small", "a", b"1"), Message("small", "b", os.urandom(60_000))]
    results = bus.publish([*sent, Message("small", "c", os.urandom(49_000))])
    assert [isinstance(result, Reject) for result in results] == [False, True, False]
    fresh = place.open()  # one that has set nothing up learns it from the server
    assert isinstance(fresh.publish([Message("small", "d", os.urandom(90_000))])[0], Reject)
    publish(fresh, [Message("small", "e", b"2")])
    assert [record.key for record in bus.read("small")] == ["a", "c", "e"]
    assert isinstance(bus.publish([Message("small", "\ud800", b"")])[0], Reject)
    fresh.close()
    bus.close()


def test_unknown_topic(bus: Bus) -> None:
    """A topic that was never set up is Fatal and says so."""
    with pytest.raises(Fatal, match="setup"):
        bus.consume(["nothing"], "group", "0")
    with pytest.raises(Fatal, match="setup"):
        list(bus.read("nothing"))


def test_concurrent_publishers(place: Place, bus: Bus) -> None:
    """Processes publish at once to one topic; nothing is lost and the order of each holds."""
    children: list[subprocess.Popen[str]] = [
        place.process("publish", "items", name, "1000") for name in "xyz"
    ]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    for child in children:
        assert child.stdout is not None
        child.stdout.close()
    homes, by_key = defaultdict(set), defaultdict(list)
    for record in bus.read("items"):
        by_key[record.key].append(int(record.value or b""))
        homes[record.key].add(record.partition)
    publish(bus, messages("items", by_key))
    for record in bus.read("items"):
        assert homes[record.key] == {record.partition}, "each process must hash keys alike"
    assert by_key == {f"{p}{k}": list(range(k, 1000, 10)) for p in "xyz" for k in range(10)}
