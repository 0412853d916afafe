"""The waiting room: records whose time has come go back to the topic their stage reads.

One process for all retry topics, so that no stage stands still for a record that waits, and a
host's items come back to the process that keeps its pace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.bus import Bus, Consumer, Message, Record
from pipeline.letters import DUE, TOPIC

GROUP = "delay"
LOOK_SECONDS = 1.0  # a head that waits is looked at so often: clocks are set, machines sleep


@dataclass(slots=True)
class Delays:
    """Moves what is due."""

    bus: Bus
    consumer: Consumer
    now: Callable[[], datetime]
    look: float = LOOK_SECONDS

    def turn(self, timeout: float) -> int:
        """Move the due records of one batch; how many.

        Raises:
            Fatal: the process must stop; nothing was committed.
        """
        records = self.consumer.poll(100, timeout)
        time = self.now().timestamp()
        due, early = _split(records, time)
        self.bus.publish(_back(record) for record in due)
        if due:
            self.consumer.commit(due)
        for records_of_one in early:
            self.consumer.hold(records_of_one, min(_due(records_of_one[0]) - time, self.look))
        return len(due)


def _split(records: Sequence[Record], time: float) -> tuple[list[Record], list[list[Record]]]:
    """The records that are due, and per partition those from the first that is not."""
    due: list[Record] = []
    early: dict[tuple[str, int], list[Record]] = {}
    for record in records:
        place = (record.topic, record.partition)
        if place in early or _due(record) > time:
            early.setdefault(place, []).append(record)
        else:
            due.append(record)
    return due, list(early.values())


def _due(record: Record) -> float:
    """When it is due; at once where the header is none, or the topic would stand still for ever."""
    try:
        return float(record.headers.get(DUE, "0"))
    except ValueError:
        return 0.0


def _back(record: Record) -> Message:
    """To the topic it came from; one that names none was not written by a stage: to the dead."""
    topic = record.headers.get(TOPIC) or f"{record.topic.partition('.')[0]}.dead"
    headers = {name: value for name, value in record.headers.items() if name not in (DUE, TOPIC)}
    return Message(topic, record.key, record.value, headers)
