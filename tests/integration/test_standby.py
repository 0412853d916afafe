"""One resolve at work and one ready to take over."""

from __future__ import annotations

from pathlib import Path

from pipeline import codec
from pipeline.bus import Message
from pipeline.bus.embedded import EmbeddedBus
from pipeline.events import Story
from pipeline.letters import Letters
from pipeline.resolution.memory import Memory
from pipeline.stages.resolve import Resolve
from pipeline.topology import FATES, INCIDENTS, RESOLVED, STEP, STORIES, TOPICS
from pipeline.worker import Worker
from tests import records
from tests.conditions import waited

STEP_HERE = STEP["resolve"]
NAMES = (STORIES, RESOLVED, INCIDENTS, FATES, STEP_HERE.dead)


def worker(folder: Path, slot: str) -> tuple[Worker, EmbeddedBus]:
    """A resolve process's inside, with a memory of its own."""
    bus = EmbeddedBus(folder / "bus")
    bus.setup([spec for spec in TOPICS if spec.name in NAMES])

    def stored() -> list[Story]:
        return [codec.decode(Story, r.value) for r in bus.read(RESOLVED) if r.value]

    stage = Resolve(Memory(folder / slot), stored)
    consumer = bus.consume(tuple(STEP_HERE.reads), STEP_HERE.name, slot)
    letters = Letters(STEP_HERE, "0.1.0")
    return Worker(STEP_HERE, stage, bus, consumer, letters, lambda: records.at(9)), bus


def put(bus: EmbeddedBus, story: Story) -> None:
    """A story as coded."""
    bus.publish([Message(STORIES, story.id, codec.encode(story), {"item": story.item})])


def test_the_one_that_stands_by_takes_over_with_what_the_first_knew(tmp_path: Path) -> None:
    """It gives the next revision its number: it has read back what the first had stored."""
    first, bus = worker(tmp_path, "0")
    put(bus, records.story())
    assert first.turn(1.0) == 1
    second, _ = worker(tmp_path, "1")
    assert second.turn(0.0) == 0
    put(bus, records.story(body=records.BODY + " Five, it said later.", fetched=records.at(30)))
    first.consumer.close()
    waited(lambda: second.turn(0.1) == 1)
    stored = [codec.decode(Story, r.value) for r in bus.read(RESOLVED) if r.value]
    assert [story.revision for story in stored] == [1, 2]
    assert stored[1].first_seen == stored[0].first_seen
