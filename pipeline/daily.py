"""Something done once a day beside a loop, a step at a time so that the loop hardly waits."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pipeline.errors import TocsinError

log = logging.getLogger("tocsin.daily")

FIRST_SECONDS = 60.0  # after the start, which is busy enough
DAY_SECONDS = 86_400.0
AGAIN_SECONDS = 3_600.0  # after trouble; nothing is urgent here
STEP_SECONDS = 1.0  # of one turn; retries wait that long at most


@dataclass(slots=True)
class Daily:
    """Turns ``loop`` and, once a day, also what ``work`` begins; its trouble never stops the loop.

    ``clock`` counts seconds, whatever the time of day is.
    """

    loop: Callable[[float], int]
    work: Callable[[], Iterator[tuple[str, int]]]
    clock: Callable[[], float] = time.monotonic
    _steps: Iterator[tuple[str, int]] | None = None
    _due: float = field(init=False)

    def __post_init__(self) -> None:
        self._due = self.clock() + FIRST_SECONDS

    def turn(self, timeout: float) -> int:
        """One turn of the loop, then as many steps as fit into a second, if it is time.

        Raises:
            Fatal: of the loop alone.
        """
        done = self.loop(timeout)
        if self._steps is None and self.clock() >= self._due:
            self._steps, self._due = self.work(), self.clock() + DAY_SECONDS
        if self._steps is not None:
            self._advance(self._steps)
        return done

    def _advance(self, steps: Iterator[tuple[str, int]]) -> None:
        until = self.clock() + STEP_SECONDS
        try:
            for name, documents in steps:
                log.info("deleted %s: %d documents", name, documents)
                if self.clock() >= until:
                    return
        except TocsinError as error:
            log.warning("the daily maintenance stops and is tried again in an hour: %s", error)
            self._due = self.clock() + AGAIN_SECONDS
        self._steps = None
