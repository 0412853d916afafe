"""Dead letters as an operator handles them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import codec
from pipeline.bus import Message
from pipeline.bus.embedded import EmbeddedBus
from pipeline.deadletters import Letter, drop, open_letters, replay
from pipeline.errors import Reject
from pipeline.events import Fate
from pipeline.letters import Letters
from pipeline.topology import FATES, ITEMS, STEP, TOPICS
from tests.records import at, item

CONTEXT = {"item": "i1", "source": "daily", "url": "https://x.example/1", "poll": "p1",
           "day": "2026-03-02"}  # fmt: skip
POLLED = {**CONTEXT, "topic": "", "stage": "poll", "class": "Rejected", "error": "no end tag",
          "attempt": "1"}  # fmt: skip


@pytest.fixture
def bus(tmp_path: Path) -> EmbeddedBus:
    """With the topics of fetch and poll."""
    made = EmbeddedBus(tmp_path)
    names = (ITEMS, FATES, "fetch.dead", "poll.dead")
    made.setup([spec for spec in TOPICS if spec.name in names])
    return made


def died(bus: EmbeddedBus, count: int = 1, **headers: str) -> None:
    """Letters of fetch, as the worker writes them."""
    bus.publish(
        Message(ITEMS, "h", codec.encode(item(key=str(n))), {**CONTEXT, **headers})
        for n in range(count)
    )
    writer = Letters(STEP["fetch"], "0.1.0")
    bus.publish(writer.dead(record, Reject("no text"), at(1)) for record in bus.read(ITEMS))


def letters(bus: EmbeddedBus) -> list[Letter]:
    return list(open_letters(bus, ["poll", "fetch"]))


def fates(bus: EmbeddedBus) -> list[Fate]:
    return [codec.decode(Fate, record.value or b"") for record in bus.read(FATES)]


def test_a_letter_says_everything_an_operator_needs(bus: EmbeddedBus) -> None:
    """What, where, why, when, how often, from whom."""
    died(bus)
    (letter,) = letters(bus)
    plain = letter.plain()
    assert (plain["id"], plain["stage"], plain["class"]) == ("fetch:0:0", "fetch", "Reject")
    assert (plain["error"], plain["attempts"], plain["source"]) == ("no text", 1, "daily")
    assert "Reject" in letter.where
    assert codec.decode(type(item()), letter.text.encode()).key == "0"


def test_letters_come_oldest_first_and_a_closed_one_no_more(bus: EmbeddedBus) -> None:
    """Also after another process closed it."""
    died(bus, 5)
    drop(bus, letters(bus)[2], "not wanted", at(2))
    assert [letter.id for letter in letters(bus)] == [f"fetch:0:{n}" for n in (0, 1, 3, 4)]


def test_replaying_while_reading_does_not_run_into_itself(bus: EmbeddedBus) -> None:
    """The letters closed meanwhile lie in the same topic."""
    died(bus, 10)
    assert [replay(bus, letter) for letter in open_letters(bus, ["fetch"])] == [None] * 10
    assert letters(bus) == []
    assert len(list(bus.read(ITEMS))) == 20


def test_a_poll_letter_cannot_be_replayed_but_dropped(bus: EmbeddedBus) -> None:
    """It was no record yet; its source shows it again or not."""
    bus.publish([Message("poll.dead", "daily", b"\xff<item>", POLLED)])
    (letter,) = letters(bus)
    assert "next poll" in (replay(bus, letter) or "")
    assert [one.id for one in letters(bus)] == [letter.id]
    assert letter.text == "\ufffd<item>"
    assert drop(bus, letter, "site closed", at(2)) is None
    assert letters(bus) == []
    (fate,) = fates(bus)
    assert (fate.id, fate.state, fate.reason, fate.day) == (
        "i1", "dropped", "operator", "2026-03-02",
    )  # fmt: skip


def test_a_letter_that_belongs_to_no_item_is_closed_without_a_fate(bus: EmbeddedBus) -> None:
    """Nobody waits for it."""
    bus.publish([Message("fetch.dead", "h", b"{", {"topic": ITEMS})])
    (letter,) = letters(bus)
    assert drop(bus, letter, "", at(2)) is None
    assert (letters(bus), fates(bus)) == ([], [])


def test_a_replay_that_the_bus_refuses_leaves_the_letter_open(bus: EmbeddedBus) -> None:
    """With the reason."""
    headers = {**POLLED, "topic": ITEMS}
    bus.publish([Message("fetch.dead", "h", b"x", headers)])
    (letter,) = letters(bus)
    big = Letter("fetch", type(letter.record)(
        letter.record.topic, 0, 0, "h", b"x" * 5_000_000, headers, 0.0))  # fmt: skip
    assert "at most" in (replay(bus, big) or "")
    assert len(letters(bus)) == 1
