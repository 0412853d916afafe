"""A stage process that kills itself once, at a given point between reading and committing.

``python -m tests.chaos.crashing STAGE POINT MARKER CONFIG``: the real stage on the real bus; the
file MARKER remembers that it happened, so the process that follows lives.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline import app, config, logs
from pipeline.bus import Bus, Consumer, Message, Record
from pipeline.parent import leave_with
from pipeline.process import Process

POINTS = ("read", "half-published", "published", "told", "committed")
"""After reading; after half of the results; after all of them; before and after the commit."""


@dataclass(slots=True)
class Point:
    """Where to die."""

    name: str
    marker: Path

    def reached(self, name: str) -> None:
        """Die here by SIGKILL if this is the point and it did not happen yet."""
        if name == self.name and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)


class CrashingConsumer:
    """The real consumer, with points."""

    def __init__(self, consumer: Consumer, point: Point) -> None:
        self._consumer, self._point = consumer, point

    def poll(self, limit: int, timeout: float) -> Sequence[Record]:
        records = self._consumer.poll(limit, timeout)
        if records:
            self._point.reached("read")
        return records

    def commit(self, records: Sequence[Record]) -> None:
        self._point.reached("told")
        self._consumer.commit(records)
        self._point.reached("committed")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)


class CrashingBus:
    """The real bus, with points."""

    def __init__(self, bus: Bus, point: Point) -> None:
        self._bus, self._point = bus, point

    def publish(self, messages: Iterable[Message]) -> Sequence[Exception | None]:
        given = list(messages)
        if not given:
            return []
        half = max(1, len(given) // 2)
        answers = list(self._bus.publish(given[:half]))
        self._point.reached("half-published")
        answers += self._bus.publish(given[half:]) if given[half:] else []
        self._point.reached("published")
        return answers

    def consume(self, topics: Sequence[str], group: str, slot: str) -> Any:
        return CrashingConsumer(self._bus.consume(topics, group, slot), self._point)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


def main() -> int:
    """Run the stage."""
    stage, point, marker, path, parent = sys.argv[1:]
    leave_with(int(parent))
    settings = config.load(Path(path))
    logs.configure("warning")
    bus: Any = CrashingBus(app.open_bus(settings), Point(point, Path(marker)))
    if stage == "poll":
        loop = app.PollingLoop(settings, bus)
        loop.once()
        loop.close()
        return 0
    worker, close = app.worker(settings, stage, bus)
    code = Process(stage, worker.turn).run()
    close()
    return code


if __name__ == "__main__":
    sys.exit(main())
