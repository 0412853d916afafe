"""How long a worker waits where its stage can write nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline import codec
from pipeline.bus import Message
from pipeline.errors import Retry
from pipeline.stages import Done, Result
from pipeline.topology import ITEMS
from tests import records
from tests.conditions import waited
from tests.test_worker import CONTEXT, Line


def test_what_waits_for_the_index_waits_no_longer_for_being_in_many_partitions(
    tmp_path: Path,
) -> None:
    """Each partition is held by itself; when writing works again, all go on within a second."""
    line = Line(tmp_path)
    away, done = True, 0

    def stage(items: Sequence[Any]) -> Sequence[Result]:
        if away:
            raise Retry("cannot reach the index")
        return [Done() for _ in items]

    worker = line.join(stage)
    value = codec.encode(records.item())
    for number in range(40):
        line.bus.publish([Message(ITEMS, f"host-{number}", value, CONTEXT)])
        worker.turn(0.0)
    away = False

    def all_done() -> bool:
        nonlocal done
        done += worker.turn(0.1)
        return done == 40

    waited(all_done, 2.0)
