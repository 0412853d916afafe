"""The loop round the connectors: ask, read, tell what is new, publish, move the cursor.

Every owned source is asked when it is due; one that hangs or fails never delays another.  Sources
are spread over the poll processes by the partitions of ``cursors``.  A cursor moves only after
its items are on the bus.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from connectors.base import (
    Answer,
    Connector,
    Cursor,
    Item,
    Polled,
    Request,
    SourceError,
    short_hash,
)
from pipeline import codec
from pipeline.arrivals import Gathered, arrived, failed, refused
from pipeline.bus import Bus, Consumer, Message
from pipeline.errors import Fatal, Reject, TocsinError
from pipeline.events import Fate, SourceState
from pipeline.limits import POLL_BYTES, POLL_REQUESTS
from pipeline.topology import CURSORS, FATES, ITEMS, key_of

log = logging.getLogger("tocsin.poll")

AT_ONCE = 64  # polls under way; each is one request most of the time
JOIN_SECONDS = 60.0  # for a share of the sources in a single round; Kafka's groups take 1 to 45 s
EARLY_SECONDS = 15.0  # in a single round, a source that asks to be asked again this soon is


class Read(Protocol):
    """Reads an answer with its connector where it can be killed."""

    def __call__(self, connector: Connector, answer: Answer, cursor: Cursor) -> Awaitable[Polled]:
        """What :meth:`connectors.base.Connector.read` returns or raises."""


@dataclass(frozen=True, slots=True)
class Polling:
    """A source to ask, how often, and what its operator says of it."""

    connector: Connector
    interval: float
    publisher: str | None = None
    language: str | None = None

    @property
    def name(self) -> str:
        """The source's name."""
        return self.connector.name

    def named(self, item: Item) -> Item:
        """The item with the operator's word for publisher and language, where there is one."""
        return msgspec.structs.replace(
            item,
            provider=self.publisher or item.provider,
            language=item.language or self.language,
        )


@dataclass(slots=True)
class Poller:
    """Asks the sources whose partitions this process owns."""

    sources: Mapping[str, Polling]
    get: Callable[[Request], Awaitable[Answer]]
    read: Read
    bus: Bus
    consumer: Consumer
    now: Callable[[], datetime]
    version: str
    partitions: int
    _states: dict[str, SourceState] = field(default_factory=dict)
    _owned: frozenset[int] = frozenset()
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def once(self) -> None:
        """Ask every owned source once; one that asks for it very soon, a second time.

        Raises:
            Fatal: the bus is lost, or gives this process no share of the sources.
        """
        deadline = time.monotonic() + JOIN_SECONDS
        while not self._owned:  # a group on Kafka takes seconds to form
            self._claim(0.2)
            if time.monotonic() > deadline:
                raise Fatal("no share of the sources came to this poller: do others hold them all?")
        names = self._mine()
        await self._all(names)
        soon = [name for name in names if self._wait(name) is not None]
        if soon:
            await asyncio.sleep(max(self._wait(name) or 0.0 for name in soon))
            await self._all(soon)

    async def turn(self, seconds: float) -> int:
        """Start the polls that are due and wait a little; how many were started.

        Raises:
            Fatal: the bus is lost.
        """
        self._claim()
        free = AT_ONCE - len(self._running)
        due = [name for name in self._mine() if name not in self._running and self._is_due(name)]
        for name in due[:free]:
            self._running[name] = asyncio.create_task(self._poll(self.sources[name]))
        if self._running:
            await asyncio.wait(self._running.values(), timeout=seconds)
        else:
            await asyncio.sleep(seconds)
        self._reap()
        return len(due)

    def _reap(self) -> None:
        for name in [name for name, task in self._running.items() if task.done()]:
            self._running.pop(name).result()

    async def _all(self, names: list[str]) -> None:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with gate:
                await self._poll(self.sources[name])

        await asyncio.gather(*(one(name) for name in names))

    def _claim(self, seconds: float = 0.0) -> None:
        """Stay in the group; read back the states of partitions that came to this process."""
        records = self.consumer.poll(500, seconds)
        if records:
            self.consumer.commit(records)
        owned = self.consumer.partitions(CURSORS)
        if owned - self._owned:
            for record in self.bus.read(CURSORS):
                if record.value and record.key in self.sources:
                    self._recall(record.key, record.value)
        self._owned = owned

    def _recall(self, name: str, value: bytes) -> None:
        try:
            self._states[name] = codec.decode(SourceState, value)
        except Reject as error:  # its entries come again, which does no harm
            log.warning("source %s begins anew: %s", name, error)

    def _mine(self) -> list[str]:
        return [name for name in self.sources if partition(name, self.partitions) in self._owned]

    def _is_due(self, name: str) -> bool:
        state = self._states.get(name)
        return state is None or state.due is None or state.due <= self.now()

    def _wait(self, name: str) -> float | None:
        """Seconds until a source wants to be asked again, if it said so and that is very soon."""
        state = self._states.get(name)
        if state is None or state.due is None or state.polled is None:
            return None
        if (state.due - state.polled).total_seconds() >= self.sources[name].interval:
            return None  # its usual interval
        seconds = (state.due - self.now()).total_seconds()
        return max(seconds, 0.0) if seconds <= EARLY_SECONDS and not state.errors else None

    async def _poll(self, source: Polling) -> None:
        state = self._states.get(source.name) or SourceState(source=source.name)
        gathered = Gathered(state.cursor)
        try:
            await self._gather(source, state, gathered)
            messages, told, fate = arrived(
                state, gathered, self.now(), source.interval, self.version
            )
            place = _place(told)
        except Fatal:
            raise
        except Exception as error:  # whatever a connector does, the other sources are asked
            if not isinstance(error, SourceError | TocsinError):
                log.exception("source %s: an error nobody foresaw", source.name)
            told, fate = failed(state, error, self.now(), source.interval)
            log.warning("source %s: %s; asked again at %s", source.name, told.problem, told.due)
            messages, place = [], _place(told)
        self._tell(messages, fate, place)
        self._states[source.name] = told

    async def _gather(self, source: Polling, state: SourceState, gathered: Gathered) -> None:
        """Every answer of one poll; only the first one may fail it as a whole."""
        connector = source.connector
        queue = [connector.ask(state.cursor)]
        size = 0
        for asked in range(POLL_REQUESTS):
            if not queue or size > POLL_BYTES:
                return
            try:
                answer = await self.get(queue.pop(0))
                size += len(answer.body)
                polled = await self.read(connector, answer, gathered.cursor)
            except Exception as error:
                if isinstance(error, Fatal) or not asked:
                    raise
                gathered.problems.append(str(error))
                continue
            gathered.cursor = polled.cursor
            gathered.items += [source.named(item) for item in polled.items]
            gathered.rejects += polled.rejects
            gathered.not_before = polled.not_before or gathered.not_before
            queue += polled.more

    def _tell(self, messages: Sequence[Message], fate: Fate, place: Message) -> None:
        """Publish what is new and what the poll showed; then, and only then, the cursor.

        A death between the two shows the same again; the other way round the account would miss
        a poll for ever.
        """
        answers = self.bus.publish([*messages, Message(FATES, key_of(fate), codec.encode(fate))])
        letters = [
            letter
            for message, why in zip(messages, answers, strict=False)
            if why and message.topic == ITEMS
            for letter in refused(message, why, fate, self.version)
        ]
        if letters:
            self.bus.publish(letters)
        (why,) = self.bus.publish([place])
        if why:
            log.error("source %s: its place cannot be kept: %s", place.key, why)


def _place(state: SourceState) -> Message:
    return Message(CURSORS, state.source, codec.encode(state))


def partition(source: str, partitions: int) -> int:
    """Which share of the sources this one belongs to."""
    return int(short_hash(source)[:8], 16) % partitions
