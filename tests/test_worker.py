"""The loop round a stage, on the embedded bus."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Item
from pipeline import codec, topology
from pipeline.bus import Message, Record
from pipeline.bus.embedded import EmbeddedBus
from pipeline.deadletters import drop, open_letters, replay
from pipeline.delays import GROUP, Delays
from pipeline.errors import Fatal, Reject, Retry, Skip
from pipeline.events import Fate, Page
from pipeline.letters import Letters
from pipeline.stages import Done, Result, Stage
from pipeline.topology import DELAYS, FATES, ITEMS, PAGES, RETRIES, STEP, TOPICS
from pipeline.worker import Worker
from tests import records

FETCH_RETRIES = tuple(name for name in RETRIES if name.startswith("fetch."))
CONTEXT = {"item": "i1", "source": "daily", "url": records.URL, "poll": "p1", "day": "2026-03-02"}


class Line:
    """A fetch stage in a test's hands, with the bus round it and a clock that stands still."""

    def __init__(self, folder: Path) -> None:
        self.bus = EmbeddedBus(folder)
        names = (ITEMS, PAGES, FATES, *FETCH_RETRIES, "fetch.dead")
        self.bus.setup([spec for spec in TOPICS if spec.name in names])
        self.time = records.at(5)
        self.stage: Callable[[Item], Result] = lambda item: Done(made=(records.page(item=item),))
        self.batches: list[list[str]] = []
        self.worker = self.join(self._work)
        self.delays = Delays(
            self.bus, self.bus.consume(FETCH_RETRIES, GROUP, "0"), self.now, look=0
        )

    def join(self, stage: Stage) -> Worker:
        """A worker of the fetch step with this stage."""
        step = STEP["fetch"]
        consumer = self.bus.consume(tuple(step.reads), step.name, "0")
        return Worker(step, stage, self.bus, consumer, Letters(step, "0.1.0"), self.now)

    def now(self) -> datetime:
        return self.time

    def _work(self, items: Sequence[Any]) -> Sequence[Result]:
        self.batches.append([item.key for item in items])
        return [self.stage(item) for item in items]

    def put(self, *items: Item, **headers: str) -> None:
        """Items on their topic."""
        self.bus.publish(
            Message(ITEMS, "h", codec.encode(item), {**CONTEXT, "item": item.id, **headers})
            for item in items
        )

    def turn(self) -> int:
        """One turn of the worker."""
        return self.worker.turn(0.0)

    def wait(self, seconds: float) -> None:
        """Let the time pass and move what is due."""
        self.time = datetime.fromtimestamp(self.time.timestamp() + seconds, self.time.tzinfo)
        self.delays.turn(0.0)

    def read(self, topic: str) -> list[Record]:
        """Everything in the topic."""
        return list(self.bus.read(topic))

    def fates(self) -> list[Fate]:
        """Every fate told, in order."""
        return [codec.decode(Fate, record.value or b"") for record in self.read(FATES)]


@pytest.fixture
def line(tmp_path: Path) -> Line:
    return Line(tmp_path)


def test_what_is_made_goes_on_with_its_context(line: Line) -> None:
    """The record to its topic under its key, the item's context with it, and a fate."""
    line.put(records.item())
    assert line.turn() == 1
    (page,) = line.read(PAGES)
    assert codec.decode(Page, page.value or b"").item == records.item()
    assert page.headers["poll"] == "p1"
    assert page.key == "p1"
    (fate,) = line.fates()
    assert (fate.stage, fate.outcome, fate.state, fate.day) == (
        "fetch", "made", "waiting", "2026-03-02",
    )  # fmt: skip
    assert line.bus.lag([ITEMS], "fetch") == {ITEMS: 0}


def test_a_dropped_record_has_a_reason(line: Line) -> None:
    """Skip ends it with a fate and nothing else."""
    line.stage = lambda item: Skip("gone", "HTTP 404")
    line.put(records.item())
    line.turn()
    (fate,) = line.fates()
    assert (fate.outcome, fate.state, fate.reason, fate.detail) == (
        "dropped", "dropped", "gone", "HTTP 404",
    )  # fmt: skip
    assert not line.read(PAGES)


def test_one_poison_record_costs_one_dead_letter_and_not_its_neighbours(line: Line) -> None:
    """Also when the stage fails on the batch as a whole."""

    def stage(item: Item) -> Result:
        if item.key == "2":
            raise MemoryError("a page that eats memory")
        return Done(made=(records.page(item=item),))

    line.stage = stage
    line.put(*(records.item(key=str(n)) for n in range(5)))
    line.turn()
    assert len(line.read(PAGES)) == 4
    assert [record.headers["attempt"] for record in line.read("fetch.retry.10s")] == ["2"]


def test_a_retry_waits_its_time_and_comes_again(line: Line) -> None:
    """Longer each time; then it is a dead letter with everything an operator needs."""
    line.stage = lambda item: Retry("connection refused")
    line.put(records.item())
    for seconds in DELAYS.values():
        line.turn()
        line.wait(seconds - 1)
        assert line.turn() == 0, "it came too early"
        line.wait(1)
    line.turn()
    (letter,) = open_letters(line.bus, ["fetch"])
    plain = letter.plain()
    assert (plain["attempts"], plain["class"], plain["error"]) == (5, "Retry", "connection refused")
    assert plain["first"] < plain["last"]
    assert codec.decode(Item, letter.record.value or b"") == records.item()
    assert [fate.outcome for fate in line.fates()] == ["retry"] * 4 + ["dead"]
    assert line.fates()[-1].state == "dead"


def test_a_retry_that_names_its_time_waits_at_least_as_long(line: Line) -> None:
    """Retry-After of ten minutes goes to the twenty-minute topic at once."""
    line.stage = lambda item: Retry("HTTP 429", after=600)
    line.put(records.item())
    line.turn()
    assert len(line.read("fetch.retry.20m")) == 1


def test_a_host_that_may_not_be_asked_yet_costs_no_attempt(line: Line) -> None:
    """The record is not at fault."""
    line.stage = lambda item: Retry("paced", after=8, counts=False)
    line.put(records.item())
    for _ in range(10):
        line.turn()
        line.wait(10)
    assert {record.headers["attempt"] for record in line.read("fetch.retry.10s")} == {"1"}
    assert not line.read("fetch.dead")


def test_an_error_nobody_foresaw_is_a_retry(line: Line) -> None:
    """And the letter says where in the code it was."""
    line.stage = lambda item: KeyError("x")
    line.put(records.item())
    line.turn()
    (record,) = line.read("fetch.retry.10s")
    assert record.headers["error"].startswith("KeyError")


def test_an_unreadable_record_is_a_dead_letter_at_once(line: Line) -> None:
    """Its neighbours go on."""
    line.bus.publish([Message(ITEMS, "h", b"{not json", CONTEXT)])
    line.put(records.item())
    line.turn()
    assert len(line.read(PAGES)) == 1
    (letter,) = open_letters(line.bus, ["fetch"])
    assert letter.text == "{not json"
    assert {fate.state for fate in line.fates()} == {"dead", "waiting"}


def test_a_newer_major_version_stops_before_anything_is_committed(line: Line) -> None:
    """The records are there for the process that can read them."""
    newer = codec.encode(records.item()).replace(b"item.v1.0", b"item.v2.0")
    line.put(records.item())
    line.bus.publish([Message(ITEMS, "h", newer, CONTEXT)])
    with pytest.raises(Fatal, match="upgrade"):
        line.turn()
    assert line.bus.lag([ITEMS], "fetch") == {ITEMS: 2}
    assert not line.read(PAGES)


def test_unknown_fields_travel_to_what_is_made(line: Line) -> None:
    """Older code between newer stages loses nothing."""
    newer = codec.encode(records.item()).replace(b'"item.v1.0"', b'"item.v1.4","tone":"grim"')
    line.bus.publish([Message(ITEMS, "h", newer, CONTEXT)])
    line.turn()
    (page,) = line.read(PAGES)
    assert b'"tone":"grim"' in (page.value or b"")
    assert codec.CARRIES in page.headers


def test_a_stage_that_cannot_write_stops_reading(line: Line) -> None:
    """The whole batch comes again when the time is up; no attempt is counted, nothing dies."""
    blocked = [True]

    def stage(items: Sequence[Any]) -> Sequence[Result]:
        if blocked[0]:
            raise Retry("index answers 429", after=0.01)
        return [Done(made=(records.page(item=item),)) for item in items]

    line.worker.consumer.close()
    line.worker = line.join(stage)
    line.put(records.item(key="1"), records.item(key="2"))
    assert line.turn() == 0
    blocked[0] = False
    assert line.worker.turn(5.0) == 2
    assert not line.read("fetch.retry.10s")
    assert len(line.fates()) == 2


def test_an_item_that_went_on_without_its_page_is_tried_again_quietly(line: Line) -> None:
    """The feed's text goes on once; later failures change nothing and never make a dead letter."""
    page = records.page(text_from="feed")
    line.stage = lambda item: Done(made=(page,), outcome="feed-text", again=Retry("HTTP 503"))
    line.put(records.item())
    for seconds in DELAYS.values():
        line.turn()
        line.wait(seconds)
    line.turn()
    assert len(line.read(PAGES)) == 1
    assert not line.read("fetch.dead")
    assert [fate.state for fate in line.fates()] == ["waiting", None, None, None, None]
    assert line.fates()[-1].outcome == "gave-up"


def test_a_page_that_comes_later_goes_on(line: Line) -> None:
    """As a later record of the same story."""
    line.stage = lambda item: Done(made=(records.page(text_from="feed"),), again=Retry("timed out"))
    line.put(records.item())
    line.turn()
    line.stage = lambda item: Done(made=(records.page(fetched=records.at(9)),))
    line.wait(10)
    line.turn()
    assert [codec.decode(Page, r.value or b"").text_from for r in line.read(PAGES)] == [
        "feed", "page",
    ]  # fmt: skip


def test_a_result_too_large_for_the_bus_is_a_dead_letter(line: Line) -> None:
    """Never a crash, and its neighbours go on."""
    big = records.page(body="x" * 5_000_000)
    line.stage = lambda item: Done(made=(big if item.key == "1" else records.page(),))
    line.put(records.item(key="1"), records.item(key="2"))
    line.turn()
    assert len(line.read(PAGES)) == 1
    (letter,) = open_letters(line.bus, ["fetch"])
    assert "refused" in (letter.plain()["error"] or "")


def test_a_replayed_letter_is_closed_and_its_record_starts_anew(line: Line) -> None:
    """With attempt one, under its old context."""
    line.stage = lambda item: Reject("no text")
    line.put(records.item())
    line.turn()
    (letter,) = open_letters(line.bus, ["fetch"])
    assert replay(line.bus, letter) is None
    assert list(open_letters(line.bus, ["fetch"])) == []
    line.stage = lambda item: Done(made=(records.page(),))
    line.turn()
    (page,) = line.read(PAGES)
    assert page.headers["item"] == records.item().id


def test_a_dropped_letter_ends_its_item(line: Line) -> None:
    """The operator's reason is in the fate."""
    line.stage = lambda item: Reject("no text")
    line.put(records.item())
    line.turn()
    (letter,) = open_letters(line.bus, ["fetch"])
    drop(line.bus, letter, "site closed", line.time)
    assert list(open_letters(line.bus, ["fetch"])) == []
    last = line.fates()[-1]
    assert (last.state, last.reason, last.detail) == ("dropped", "operator", "site closed")


def test_every_topic_a_stage_can_write_to_exists() -> None:
    """Results, fates, retries and dead letters of every stage have a topic."""
    names = {spec.name for spec in TOPICS}
    for step in topology.STEPS:
        written = {*step.writes.values(), step.dead, *step.reads}
        written |= {topology.retry_topic(step.name, delay) for delay in DELAYS}
        assert written <= names
