"""What the poller survives: connectors at fault, entries and states that no bus takes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Answer, Cursor, Item, Polled, Request, SourceError
from pipeline.bus import Message
from pipeline.errors import Fatal
from pipeline.events import SourceState
from pipeline.limits import SOURCE_KEYS
from pipeline.topology import CURSORS, ITEMS, TOPICS
from tests.poller import DEAD, Dying, Lines, Room, Says, line, turning
from tests.records import at


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def broken(error: Exception) -> Callable[[Answer, Cursor], Polled]:
    """A reading that raises."""

    def says(answer: Answer, cursor: Cursor) -> Polled:
        raise error

    return says


DEEP: list[Any] = []
for _ in range(5_000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "says",
    [
        broken(KeyError("guid")),
        broken(RecursionError("maximum recursion depth exceeded")),
        broken(SourceError("no feed: \ud800")),
        lambda answer, cursor: None,
        lambda answer, cursor: Polled(cursor=Cursor(state={"at": "\ud800"})),
        lambda answer, cursor: Polled(cursor=Cursor(state={"deep": DEEP})),
        lambda answer, cursor: Polled(not_before=datetime(2026, 1, 1)),
    ],
)
def test_whatever_a_connector_does_the_other_sources_are_asked(
    room: Room, says: Callable[[Answer, Cursor], Any]
) -> None:
    """A fault nobody foresaw is its source's, with a wait and a problem that says what it was."""
    room.web |= {"https://bad.example.org/": b"x", "https://good.example.org/": line(1)}
    room.once(Says("bad", says), Lines("good"))
    assert [item.source for item in room.items()] == ["good"]
    assert room.state("bad").errors == 1
    assert room.state("bad").problem


def test_a_fault_in_asking_is_its_sources_too(room: Room) -> None:
    """Also one that comes from the transport."""
    room.web["https://good.example.org/"] = line(1)
    room.once(Lines("bad"), Lines("good"))  # no answer is there: a KeyError
    assert [item.source for item in room.items()] == ["good"]
    assert "KeyError" in (room.state("bad").problem or "")


def showing(*items: Item) -> Callable[[Answer, Cursor], Polled]:
    """A reading that shows these entries."""
    return lambda answer, cursor: Polled(items=items)


@pytest.mark.parametrize(
    "fields",
    [
        {"body": "x" * 4_000_000},
        {"url": "javascript:alert(1)"},
        {"title": "\ud800"},
        {"extra": {"deep": DEEP}},
    ],
)
def test_an_entry_that_cannot_go_on_the_bus_is_one_dead_letter(
    room: Room, fields: Mapping[str, Any]
) -> None:
    """Told once although the feed makes its date anew, and its neighbours go on."""
    room.web["https://daily.example.org/"] = b"x"
    for minute in range(2):
        room.time = at(minute)
        bad = Item(source="daily", key="1", published=room.time.isoformat(), **fields)
        good = Item(source="daily", key="2", url="https://daily.example.org/2")
        room.once(Says("daily", showing(bad, good)))
    assert [item.key for item in room.items()] == ["2"]
    (letter,) = room.bus.read(DEAD)
    assert letter.headers["error"]
    dead = [fate for fate in room.fates("item") if fate.state == "dead"]
    assert [fate.id for fate in dead] == [letter.headers["item"]] == list(room.fates()[0].rejected)


def test_an_item_that_the_bus_refuses_is_dead_and_not_lost(room: Room) -> None:
    """The bus has the last word on what it takes, and the account knows."""
    small = [replace(spec, max_bytes=2_000) for spec in TOPICS if spec.name == ITEMS]
    room.bus.setup(small)
    room.web["https://daily.example.org/"] = line(1, body="x" * 5_000) + line(2)
    room.once(Lines("daily"))
    assert [item.key for item in room.items()] == ["2"]
    (letter,) = room.bus.read(DEAD)
    last = [fate for fate in room.fates("item") if fate.id == letter.headers["item"]][-1]
    assert last.state == "dead"
    assert letter.headers["item"] in room.fates()[0].new


def test_a_source_that_makes_its_keys_anew_does_not_fill_the_memory(room: Room) -> None:
    """What is known of one source is bounded, and those shown last stay known."""
    room.web["https://daily.example.org/"] = b"x"

    today = int(room.time.timestamp() // 86_400)
    keys = {f"{n:016x}": ("0" * 12, today - 80, today - 80 + n // 1_000) for n in range(39_990)}
    poller = room.poller(
        Says("daily", showing(*(Item(source="daily", key=str(n)) for n in range(20))))
    )
    poller._states["daily"] = SourceState(source="daily", keys=keys)
    asyncio.run(poller._poll(poller.sources["daily"]))
    assert len(room.state("daily").keys) == SOURCE_KEYS
    asyncio.run(poller._poll(poller.sources["daily"]))
    assert len(room.items()) == 20


def test_a_state_that_cannot_be_read_costs_its_source_only_its_memory(room: Room) -> None:
    """Its entries come again, which does no harm; the poller lives."""
    room.bus.publish([Message(CURSORS, "daily", b"{not a state")])
    room.web["https://daily.example.org/"] = line(1)
    room.once(Lines("daily"))
    assert len(room.items()) == 1


def test_a_fault_in_a_further_answer_costs_only_that_answer(room: Room) -> None:
    """The first may fail the poll as a whole; the rest is told as a problem."""
    urls = [f"https://daily.example.org/part{n}" for n in range(3)]
    room.web |= {"https://daily.example.org/": b"index", urls[0]: line(1), urls[2]: line(2)}
    room.web[urls[1]] = ValueError("a transport's own fault")

    def says(answer: Answer, cursor: Cursor) -> Polled:
        if answer.body == b"index":
            return Polled(more=tuple(Request(url=url) for url in urls))
        return Lines("daily").read(answer, cursor)

    room.once(Says("daily", says))
    assert [item.key for item in room.items()] == ["1", "2"]
    assert "transport's own" in (room.state("daily").problem or "")


def test_a_lost_bus_stops_the_poller(room: Room) -> None:
    """Its supervisor starts it again; it never goes on without telling."""
    room.web["https://daily.example.org/"] = line(1)

    async def run() -> None:
        poller = room.poller(Lines("daily"), bus=Dying(room.bus, 0))
        with contextlib.suppress(TimeoutError):
            await turning(poller, lambda: False, seconds=2)

    with pytest.raises(Fatal):
        asyncio.run(run())
