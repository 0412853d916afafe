"""What becomes of a record that failed: a message that waits for its next try, or a dead letter."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.bus import Message, Record
from pipeline.errors import Reject, Retry, Skip
from pipeline.topology import AGAIN, DELAYS, Step, retry_topic

CONTEXT = ("item", "source", "url", "poll", "day")
"""Headers that travel with a record through every stage, so that its fate can always be told."""

ATTEMPT, FIRST, DUE, TOPIC, WENT_ON, ERROR = (
    "attempt", "first", "due", "topic", "went-on", "error",
)  # fmt: skip
"""Headers of a record under way again: which try, since when, when due, to where, why; WENT_ON
says that the record went on already with what it had, so its failing again costs nothing."""


def attempt_of(record: Record) -> int:
    """Which try of the record this is, the first being 1."""
    return int(record.headers.get(ATTEMPT, "1"))


def context_of(record: Record) -> dict[str, str]:
    """The headers that go on with whatever is made of the record."""
    return {name: record.headers[name] for name in CONTEXT if name in record.headers}


def describe(error: Exception) -> str:
    """One line for fates and letters; the type too where the error was not raised on purpose."""
    text = " ".join(str(error).split())[:500]
    return text if isinstance(error, Skip | Retry | Reject) else f"{type(error).__name__}: {text}"


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes the letters of one stage; ``version`` is that of this program."""

    step: Step
    version: str

    def again(self, record: Record, error: Exception, now: datetime, *, on: bool) -> Message | None:
        """The record on its way to another try, None when it had them all.

        ``on`` says that it went on already with what it had.
        """
        counts = not isinstance(error, Retry) or error.counts
        attempt = attempt_of(record)
        if counts and attempt > len(DELAYS):
            return None
        after = error.after if isinstance(error, Retry) else None
        delay = _delay(attempt if counts else 1, after)
        headers = {
            **record.headers,
            ATTEMPT: str(attempt + counts),
            FIRST: record.headers.get(FIRST, now.isoformat()),
            DUE: str(now.timestamp() + DELAYS[delay]),
            TOPIC: AGAIN.get(record.topic, record.topic),
            ERROR: describe(error),
        }
        if on:
            headers[WENT_ON] = "yes"
        return Message(retry_topic(self.step.name, delay), record.key, record.value, headers)

    def dead(self, record: Record, error: Exception, now: datetime) -> Message:
        """The record with everything an operator needs to judge and replay it."""
        headers: Mapping[str, str] = {
            **record.headers,
            TOPIC: AGAIN.get(record.topic, record.topic),
            "stage": self.step.name,
            "class": type(error).__name__,
            ERROR: describe(error),
            "where": "".join(traceback.format_exception(error))[-2000:],
            ATTEMPT: str(attempt_of(record)),
            FIRST: record.headers.get(FIRST, now.isoformat()),
            "last": now.isoformat(),
            "version": self.version,
        }
        return Message(self.step.dead, record.key, record.value, headers)


def _delay(attempt: int, after: float | None) -> str:
    """The delay of this try, or the shortest one that is long enough, else the longest."""
    names = list(DELAYS)
    fits = [name for name in names[attempt - 1 :] if DELAYS[name] >= (after or 0.0)]
    return fits[0] if fits else names[-1]
