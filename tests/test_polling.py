"""The loop round the connectors, on the embedded bus."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from connectors.base import Polled
from connectors.registry import connect
from pipeline.errors import Fatal, Retry
from pipeline.polling import Polling, partition
from pipeline.topology import CURSORS, POLL_SHARES
from tests.poller import DEAD, FEED, Dying, Lines, Room, Says, cancelled, idle, line, turning
from tests.records import at
from tests.stream import entry, rss


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_broken_entry_among_a_thousand_costs_one_dead_letter(room: Room) -> None:
    """999 items and one dead letter, told once however often the feed shows it."""
    entries = [entry(n, f"https://daily.example.org/{n}") for n in range(1_000)]
    entries[499] = "<item><title>Report <b>cut off</item>"
    room.web[FEED] = rss(entries)[1]
    for minute in range(2):
        room.time = at(minute)
        room.once(connect("feed", "daily", url=FEED))
    assert len(room.items()) == 999
    (letter,) = room.bus.read(DEAD)
    assert b"cut off" in (letter.value or b"")
    first, second = room.fates()
    assert (first.shown, first.known, len(first.new), len(first.rejected)) == (1_000, 0, 999, 1)
    assert (second.shown, second.known, second.new, second.rejected) == (1_000, 1_000, (), ())


def test_the_polls_fate_counts_what_it_showed(room: Room) -> None:
    """Shown = known + new + rejected; again are those of an earlier day, once on each day."""
    url = "https://daily.example.org/"
    room.web[url] = line(1) + line(2) + line(3)
    room.once(Lines("daily"))
    room.time = at(60 * 24)
    room.web[url] = line(1) + line(2, title="Report 2, corrected") + line(4) + line(5, url="ftp://")
    room.once(Lines("daily"))
    room.time += timedelta(minutes=15)
    room.once(Lines("daily"))
    _, second, third = room.fates()
    assert (second.shown, second.known, second.again, len(second.new)) == (4, 1, 1, 2)
    assert len(second.rejected) == 1
    assert (third.shown, third.known, third.again, third.new) == (4, 4, 0, ())
    seen = {fate.id: fate for fate in room.fates("item")}
    assert {seen[id].state for id in second.new} == {"waiting"}
    assert {seen[id].state for id in second.rejected} == {"dead"}
    assert {fate.poll for fate in seen.values() if fate.day == second.day} == {second.id}


@pytest.mark.parametrize("published", [0, 1])
def test_the_cursor_moves_only_after_the_items_and_their_account(
    room: Room, published: int
) -> None:
    """Killed before: they come again; and what is on the bus of items has its poll's fate."""
    room.web["https://daily.example.org/"] = line(1) + line(2)
    with pytest.raises(Fatal):
        room.once(Lines("daily"), bus=Dying(room.bus, published))
    assert not list(room.bus.read(CURSORS))
    polls = {fate.id for fate in room.fates()}
    assert polls == {fate.poll for fate in room.fates("item")}
    room.time = at(1)
    room.once(Lines("daily"))
    assert {item.key for item in room.items()} == {"1", "2"}
    assert {id for fate in room.fates() for id in fate.new} == {item.id for item in room.items()}
    assert room.state("daily").cursor.state == {"read": 2}


def test_a_failing_source_waits_longer_each_time_up_to_a_day_and_never_ends(room: Room) -> None:
    """Its cursor stays, its problem is told, and one success makes it as before."""
    url = "https://daily.example.org/"
    room.web[url] = line(1)
    room.once(Lines("daily"))
    cursor = room.state("daily").cursor
    room.web[url] = Retry("connection refused")
    waits = []
    for _ in range(12):
        room.once(Lines("daily"))
        state = room.state("daily")
        assert state.due
        waits.append((state.due - room.time).total_seconds())
        assert state.problem == "connection refused"
        room.time = state.due
    assert waits[:3] == [1_800, 3_600, 7_200]
    assert waits[-3:] == [86_400] * 3
    assert state.cursor == cursor
    room.web[url] = line(1)
    room.once(Lines("daily"))
    assert (room.state("daily").errors, room.state("daily").problem) == (0, None)
    assert len(room.items()) == 1


def test_a_source_asked_once_a_week_is_not_asked_more_often_because_it_fails(room: Room) -> None:
    """The longest wait of a failing source is a day, or its interval."""
    room.web["https://weekly.example.org/"] = Retry("connection refused")
    poller = room.poller(Lines("weekly"))
    poller.sources = {"weekly": Polling(Lines("weekly"), 604_800.0)}
    asyncio.run(poller.once())
    assert room.state("weekly").due == room.time + timedelta(days=7)


def test_retry_after_is_honoured(room: Room) -> None:
    """Where it is longer than the wait that the source would have anyway."""
    room.web["https://daily.example.org/"] = Retry("HTTP 429", after=40_000)
    room.once(Lines("daily"))
    assert room.state("daily").due == room.time + timedelta(seconds=40_000)


@pytest.mark.parametrize(
    ("wish", "seconds"), [(3_000, 3_000), (-5, 1), (10 * 365 * 86_400, 86_400)]
)
def test_not_before_is_honoured_within_bounds(room: Room, wish: int, seconds: int) -> None:
    """A connector may say when; neither at once for ever nor never."""
    later = room.time + timedelta(seconds=wish)
    room.web["https://daily.example.org/"] = b""
    poller = room.poller(Says("daily", lambda answer, cursor: Polled(not_before=later)))
    asyncio.run(poller._poll(poller.sources["daily"]))
    assert room.state("daily").due == room.time + timedelta(seconds=seconds)


def test_one_hanging_source_does_not_delay_another(room: Room) -> None:
    """The others are asked at their times while it hangs, and it is asked but once."""
    room.web["https://slow.example.org/"] = asyncio.Event()
    room.web["https://quick.example.org/"] = line(1)

    async def run() -> None:
        poller = room.poller(Lines("slow"), Lines("quick"))
        await turning(poller, lambda: bool(room.items()))
        room.time = at(16)
        room.web["https://quick.example.org/"] = line(1) + line(2)
        await turning(poller, lambda: len(room.items()) == 2)
        cancelled(poller)

    asyncio.run(run())
    assert room.asked.count("https://slow.example.org/") == 1


def test_two_pollers_share_the_sources_and_each_is_asked_by_one(room: Room) -> None:
    """By the partitions of cursors; when one leaves, the other takes over and reads back."""
    names = [f"s{n}" for n in range(24)]
    room.web |= {f"https://{name}.example.org/": line(1) for name in names}
    sources = [Lines(name) for name in names]

    async def run() -> None:
        one, other = room.poller(*sources, slot="0"), room.poller(*sources, slot="1")
        async with asyncio.timeout(10):
            while not (one._owned and other._owned and not one._owned & other._owned):
                one._claim()
                other._claim()
                await asyncio.sleep(0.02)
        await turning(one, partial(idle, one))
        await turning(other, partial(idle, other))
        assert sorted(room.asked) == sorted(f"https://{name}.example.org/" for name in names)
        other.consumer.close()
        await turning(one, lambda: len(one._owned) == POLL_SHARES)
        await one.turn(0.0)

    asyncio.run(run())
    assert len(room.asked) == len(names), "a source taken over was asked before it was due"
    assert len(room.items()) == len(names)


def test_every_source_belongs_to_one_share() -> None:
    """And the shares are about even."""
    counts = [0] * POLL_SHARES
    for number in range(800):
        counts[partition(f"source-{number}", POLL_SHARES)] += 1
    assert min(counts) > 60
