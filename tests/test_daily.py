"""What is done once a day beside a loop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipeline.daily import AGAIN_SECONDS, DAY_SECONDS, FIRST_SECONDS, STEP_SECONDS, Daily
from pipeline.errors import Fatal, Retry


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_is_begun_once_a_day_and_goes_on_step_by_step() -> None:
    """A long one takes a second of each turn."""
    clock, begun, steps = Clock(), [], []

    def work() -> Iterator[tuple[str, int]]:
        begun.append(clock.now)
        for number in range(4):
            clock.now += STEP_SECONDS / 2
            steps.append(number)
            yield "x", 1

    daily = Daily(lambda timeout: 7, work, clock)
    assert daily.turn(0.5) == 7
    assert steps == []
    clock.now = FIRST_SECONDS
    daily.turn(0.5)
    assert steps == [0, 1]
    daily.turn(0.5)
    assert steps == [0, 1, 2, 3]
    daily.turn(0.5)
    daily.turn(0.5)
    assert begun == [FIRST_SECONDS]
    clock.now = FIRST_SECONDS + DAY_SECONDS
    daily.turn(0.5)
    assert begun == [FIRST_SECONDS, FIRST_SECONDS + DAY_SECONDS]


@pytest.mark.parametrize("error", [Retry("away"), Fatal("wrong password")])
def test_its_trouble_stops_nothing_and_it_is_tried_again_in_an_hour(error: Exception) -> None:
    """Retries go on; the trouble of the loop itself is raised."""
    clock, tries = Clock(), []

    def work() -> Iterator[tuple[str, int]]:
        tries.append(clock.now)
        yield "x", 1
        raise error

    daily = Daily(lambda timeout: 0, work, clock)
    clock.now = FIRST_SECONDS
    for _ in range(5):
        daily.turn(0.5)
    assert len(tries) == 1
    clock.now += AGAIN_SECONDS
    daily.turn(0.5)
    assert len(tries) == 2

    def lost(timeout: float) -> int:
        raise Fatal("the bus is lost")

    with pytest.raises(Fatal):
        Daily(lost, work, clock).turn(0.5)
