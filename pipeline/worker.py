"""The loop round a stage: read, work, publish, commit.

Only here are outcomes counted and retries, dead letters and fates written.  At least once: the
results and fates of a batch are safe on the bus before its positions are committed; ids are
stable and equal input gives equal output, so a repeat does no harm.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import msgspec

from pipeline import codec
from pipeline.bus import Bus, Consumer, Message, Record
from pipeline.errors import Fatal, Reject, Retry, Skip
from pipeline.events import Fate, FateState, Story
from pipeline.letters import WENT_ON, Letters, attempt_of, context_of, describe
from pipeline.stages import Done, Result, Stage
from pipeline.topology import FATES, Step, key_of

log = logging.getLogger("tocsin.worker")

# Seconds between two tries to write where nothing can be written: as long again as it has failed
# already.  Each partition is held by itself: to count failures would reach the longest at once.
FIRST_HOLD, LONGEST_HOLD = 0.5, 10.0


@runtime_checkable
class Remembers(Protocol):
    """A stage with a memory, which must be read back when its partitions come to this process."""

    def recall(self) -> None:
        """Read back what was stored until now."""


@dataclass(frozen=True, slots=True)
class Work:
    """A record in hand: what it says, if it can be read, and what became of it."""

    record: Record
    event: msgspec.Struct | None
    result: Result


@dataclass(slots=True)
class Worker:
    """Runs one stage on one consumer.  Used by one thread."""

    step: Step
    stage: Stage
    bus: Bus
    consumer: Consumer
    letters: Letters
    now: Callable[[], datetime]
    outcomes: Counter[str] = field(default_factory=Counter)
    _owned: Mapping[str, frozenset[int]] = field(default_factory=dict)
    _failing: datetime | None = None  # since then nothing can be written

    def turn(self, timeout: float) -> int:
        """Handle one batch; how many records it had.

        Raises:
            Fatal: the process must stop; what was read is not committed.
        """
        records = self.consumer.poll(self.step.batch, timeout)
        self._recall_if_moved()
        if not records:
            return 0
        try:
            works = self._work(records)
        except Retry as error:  # the stage can write nowhere now: stop reading
            self._hold(records, error)
            return 0
        self._failing = None
        self._publish(works)
        self.consumer.commit(records)
        return len(records)

    def _recall_if_moved(self) -> None:
        owned = {topic: self.consumer.partitions(topic) for topic in self.step.reads}
        if owned == self._owned:
            return
        gained = any(owned[topic] - self._owned.get(topic, frozenset()) for topic in owned)
        self._owned = owned
        if gained and isinstance(self.stage, Remembers):
            self.stage.recall()

    def _hold(self, records: Sequence[Record], error: Retry) -> None:
        now = self.now()
        self._failing = self._failing or now
        failed = (now - self._failing).total_seconds()
        growing = min(max(failed, FIRST_HOLD), LONGEST_HOLD)
        seconds = (error.after or growing) * random.uniform(0.75, 1.25)  # noqa: S311 - jitter
        log.warning("%s waits %.1f s: %s", self.step.name, seconds, error)
        self.consumer.hold(records, seconds)

    def _work(self, records: Sequence[Record]) -> list[Work]:
        read = [self._read(record) for record in records]
        good = [event for event in read if not isinstance(event, Exception)]
        results = iter(self._attempt(good))
        return [
            Work(record, None, event)
            if isinstance(event, Exception)
            else Work(record, event, next(results))
            for record, event in zip(records, read, strict=True)
        ]

    def _read(self, record: Record) -> msgspec.Struct | Reject:
        kind = self.step.reads[record.topic]
        try:
            return codec.decode(kind, record.value or b"", carries=codec.CARRIES in record.headers)
        except Reject as error:
            return error

    def _attempt(self, events: Sequence[Any]) -> Sequence[Result]:
        """The stage's results; where it fails as a whole, each record is tried alone."""
        try:
            return self.stage(events) if events else []
        except (Fatal, Retry):
            raise
        except Exception as error:
            log.exception("%s failed on a batch of %d", self.step.name, len(events))
            if len(events) == 1:
                return [error]
            return [result for event in events for result in self._attempt([event])]

    def _publish(self, works: Sequence[Work]) -> None:
        """Everything that came of the batch; what the bus refuses becomes a dead letter."""
        made = [self._messages(work) for work in works]
        answers = iter(self.bus.publish(message for group in made for message in group))
        letters: list[Message] = []
        for work, group in zip(works, made, strict=True):
            refused = [answer for answer in [next(answers) for _ in group] if answer]
            if refused:
                error = Reject(f"the bus refused what was made of it: {refused[0]}")
                letters += self._ended(work, error)
        if letters:
            self.bus.publish(letters)

    def _messages(self, work: Work) -> list[Message]:
        match work.result:
            case Fatal() as error:
                raise error
            case Done() as done:
                return self._went_on(work, done)
            case Skip() as skip:
                return self._fate(work, "dropped", "dropped", skip.detail, reason=skip.reason)
            case Reject() as error:
                return self._ended(work, error)
            case error:
                return self._again(work, error)

    def _went_on(self, work: Work, done: Done) -> list[Message]:
        before = WENT_ON in work.record.headers
        if before and done.again:  # what it had went on at the first try: only the page is wanted
            return self._again(work, done.again)
        messages = [self._message(work, record) for record in done.made]
        messages += self._fate(
            work, done.outcome, done.state, done.detail, reason=done.reason, story=done.story
        )
        if done.again and (again := self._letter(work, done.again, on=True)):
            messages.append(again)
        return messages

    def _message(self, work: Work, record: Any) -> Message:
        headers = context_of(work.record)
        if isinstance(record, Story) and record.item != headers.get("item"):
            headers = {}  # another item's story, changed by this one: not this item's fate
        if foreign := codec.carried(work.event) if work.event else {}:
            record = codec.carrying(record, foreign)
        if codec.carried(record):
            headers[codec.CARRIES] = "yes"
        topic = self.step.writes[type(record)]
        return Message(topic, key_of(record), codec.encode(record), headers)

    def _again(self, work: Work, error: Exception) -> list[Message]:
        on = WENT_ON in work.record.headers
        letter = self._letter(work, error, on=on)
        if letter:
            state: FateState | None = None if on else "waiting"
            return [letter, *self._fate(work, "retry", state, describe(error))]
        if on:
            return self._fate(work, "gave-up", None, describe(error))
        return self._ended(work, error)

    def _letter(self, work: Work, error: Exception, *, on: bool) -> Message | None:
        return self.letters.again(work.record, error, self.now(), on=on)

    def _ended(self, work: Work, error: Exception) -> list[Message]:
        letter = self.letters.dead(work.record, error, self.now())
        return [letter, *self._fate(work, "dead", "dead", describe(error))]

    def _fate(
        self,
        work: Work,
        outcome: str,
        state: FateState | None,
        detail: str | None,
        **more: str | None,
    ) -> list[Message]:
        """Count it, and say it for a record that belongs to an item."""
        self.outcomes[outcome] += 1
        headers = work.record.headers
        if "item" not in headers:
            return []
        fate = Fate(
            id=headers["item"],
            source=headers.get("source", ""),
            url=headers.get("url"),
            poll=headers.get("poll"),
            day=headers.get("day", ""),
            stage=self.step.name,
            attempt=attempt_of(work.record),
            time=self.now(),
            outcome=outcome,
            state=state,
            reason=more.get("reason"),
            detail=detail or None,
            story=more.get("story"),
        )
        return [Message(FATES, key_of(fate), codec.encode(fate))]
