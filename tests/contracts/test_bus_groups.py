"""What members of a group may rely on, on the embedded one and on a real Kafka."""

from __future__ import annotations

import os
import signal
import time

import pytest

from pipeline.bus import Bus, Record
from pipeline.errors import Fatal
from tests.contracts.buses import Place, messages, publish, take, until, until_shared, values


def test_groups_are_independent(bus: Bus) -> None:
    """What one group commits changes nothing for another."""
    publish(bus, messages("items", "abcdef"))
    for group in ("one", "two"):
        consumer = bus.consume(["items"], group, "0")
        assert len(take(consumer, 6)) == 6
        consumer.close()
    assert bus.lag(["items"], "one") == {"items": 0}
    assert bus.lag(["items"], "three") == {"items": 6}


def test_members_share(bus: Bus) -> None:
    """Two members share the partitions; the one that is left takes all over."""
    first = bus.consume(["items"], "group", "0")
    until_shared([first], "items", 4)
    second = bus.consume(["items"], "group", "1")
    until_shared([first, second], "items", 4)
    assert not first.partitions("items") & second.partitions("items")
    first.close()
    until_shared([second], "items", 4)
    publish(bus, messages("items", "abcdefgh"))
    assert len(take(second, 8)) == 8
    second.close()


def test_same_slot_comes_back(bus: Bus) -> None:
    """A member that comes back with its slot gets the partitions it had."""
    first = bus.consume(["items"], "group", "0")
    second = bus.consume(["items"], "group", "1")
    until_shared([first, second], "items", 4)
    before = second.partitions("items")
    again = bus.consume(["items"], "group", "1")  # the old one did not leave, as after a crash
    until_shared([first, again], "items", 4)
    assert again.partitions("items") == before
    first.close()
    again.close()


def test_killed_before_commit(place: Place, bus: Bus) -> None:
    """A process killed between poll and commit loses nothing, whichever member comes next."""
    for slot in ("0", "1"):
        topic = "items" if slot == "0" else "single"
        publish(bus, messages(topic, "abcdefgh"))
        child = place.process("hang", topic, "0", "8")
        assert child.stdout is not None
        assert child.stdout.readline() == "polled\n"
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        consumer = bus.consume([topic], "group", slot)
        assert sorted(values(take(consumer, 8))) == [b"%d" % n for n in range(8)]
        consumer.close()


def test_lost_lease(bus: Bus) -> None:
    """A commit after another member took the partition over is Fatal and changes nothing."""
    publish(bus, messages("single", "abc"))
    old = bus.consume(["single"], "group", "0")
    polled = take(old, 3, commit=False)
    new = bus.consume(["single"], "group", "0")
    assert len(take(new, 3, commit=False)) == 3
    with pytest.raises(Fatal):
        old.commit(polled)
    assert bus.lag(["single"], "group") == {"single": 3}
    old.close()
    new.commit(new.poll(1, 0.0))
    publish(bus, messages("single", "d"))
    assert values(take(new, 1)) == [b"0"]
    new.close()


def test_commit_after_rebalance(bus: Bus) -> None:
    """What was polled before a rebalance gave the partition away cannot be committed."""
    publish(bus, messages("items", [f"k{n}" for n in range(40)]))
    first = bus.consume(["items"], "group", "0")
    polled = take(first, 40, commit=False)
    second = bus.consume(["items"], "group", "1")

    def given_away() -> bool:
        second.poll(100, 0.1)
        assert list(first.poll(100, 0.1)) == [], "what stays with a member does not come again"
        return len(second.partitions("items")) == 2

    until(given_away)
    with pytest.raises(Fatal, match="another member"):
        first.commit(polled)
    first.close()
    second.close()


def test_hold(bus: Bus) -> None:
    """Held records and all after them come again later, while other partitions go on."""
    publish(bus, messages("single", "abc"))
    consumer = bus.consume(["single", "items"], "group", "0")
    polled = take(consumer, 3, commit=False)
    consumer.commit(polled[:1])
    held_at = time.monotonic()
    consumer.hold(polled[1:], 1.5)
    publish(bus, [*messages("items", "xy"), *messages("single", "d")])
    others = take(consumer, 2)
    assert {record.topic for record in others} == {"items"}
    assert time.monotonic() - held_at < 1.5
    again = take(consumer, 3)
    assert 1.4 < time.monotonic() - held_at < 10
    assert [record.key for record in again] == ["b", "c", "d"]
    consumer.close()


def test_hold_through_rebalance(bus: Bus) -> None:
    """A held partition that a rebalance leaves with its member stays held."""
    publish(bus, messages("items", [f"k{n}" for n in range(40)]))
    first = bus.consume(["items"], "group", "0")
    polled = take(first, 40, commit=False)
    first.hold(polled, 4.0)
    held_at = time.monotonic()
    kept = first.partitions("items")
    second = bus.consume(["items"], "group", "1")

    again: list[Record] = []

    def all_again() -> bool:
        found = first.poll(10, 0.1)
        assert not found or time.monotonic() - held_at > 3.9
        again.extend(found)
        second.poll(10, 0.1)  # a member that does not poll keeps the other from rejoining
        mine = first.partitions("items")
        shared = len(mine) == 2 == len(second.partitions("items"))
        return shared and len(again) == sum(record.partition in mine for record in polled)

    until(all_again)
    assert first.partitions("items") < kept
    first.close()
    second.close()
