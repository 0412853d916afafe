"""When a host may be asked: one after another, not too often, not too many at once."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pipeline import limits
from pipeline.errors import Retry


@dataclass(slots=True)
class _Line:
    """The queue before one host."""

    free: asyncio.Semaphore
    delay: float
    gate: asyncio.Lock = field(default_factory=asyncio.Lock)  # one at a time waits for its start
    next: float = 0.0  # the earliest start of the next request
    until: float = 0.0  # the host wants no request before
    waiting: int = 0
    asking: int = 0

    def idle(self, now: float) -> bool:
        return not self.waiting and not self.asking and max(self.next, self.until) <= now


class Pace:
    """Gives turns at hosts.

    The starts of two requests to one host are at least ``delay`` seconds apart, and at most
    ``connections`` run at once, to all hosts together ``limits.CONNECTIONS``.  Who would wait
    longer than ``wait`` seconds is sent away at once.
    """

    def __init__(
        self,
        delay: float,
        connections: int,
        *,
        wait: float = limits.HOST_WAIT_SECONDS,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._delay = delay
        self._connections = connections
        self._wait = wait
        self._sleep = sleep
        self._together = asyncio.Semaphore(limits.CONNECTIONS)
        self._lines: OrderedDict[str, _Line] = OrderedDict()
        self.monotonic = monotonic

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for a turn at the host and hold it for the time of one request.

        Raises:
            Retry: the turn would come too late; ``after`` says when it might, and it does not
                count as an attempt.
        """
        line = self._line(host)
        expected = self._expected(line)
        if expected > self._wait:
            raise _later(host, expected)
        line.waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._enter(host, line)
        except TimeoutError:
            raise _later(host, max(line.delay, self._expected(line))) from None
        finally:
            line.waiting -= 1
        line.asking += 1
        try:
            yield
        finally:
            line.asking -= 1
            self._together.release()
            line.free.release()

    def rest(self, host: str, seconds: float) -> None:
        """Ask the host nothing for so long."""
        line = self._line(host)
        line.until = max(line.until, self.monotonic() + seconds)

    def slow(self, host: str, delay: float) -> None:
        """The host wants at least this much between two requests."""
        line = self._line(host)
        line.delay = max(self._delay, min(delay, limits.CRAWL_DELAY_SECONDS))

    def _line(self, host: str) -> _Line:
        line = self._lines.get(host)
        if line is None:
            self._forget()
            line = _Line(asyncio.Semaphore(self._connections), self._delay)
            self._lines[host] = line
        self._lines.move_to_end(host)
        return line

    def _forget(self) -> None:
        """Drop the hosts longest not asked; one that is waited for stays, whatever the number."""
        now = self.monotonic()
        while len(self._lines) >= limits.HOSTS:
            host, line = next(iter(self._lines.items()))
            if not line.idle(now):
                return
            del self._lines[host]

    def _expected(self, line: _Line) -> float:
        start = max(line.next, line.until) - self.monotonic()
        return max(0.0, start) + line.waiting * line.delay

    async def _enter(self, host: str, line: _Line) -> None:
        await line.free.acquire()
        try:
            async with line.gate:
                await self._start(host, line)
        except BaseException:
            line.free.release()
            raise

    async def _start(self, host: str, line: _Line) -> None:
        """Wait for the start; a rest that the host asked for meanwhile sends away."""
        now = self.monotonic()
        if line.until - now > self._wait:
            raise _later(host, line.until - now)
        start = max(line.next, line.until)
        if start > now:
            await self._sleep(start - now)
        if line.until > self.monotonic():
            raise _later(host, line.until - self.monotonic())
        await self._together.acquire()
        line.next = self.monotonic() + line.delay


def _later(host: str, seconds: float) -> Retry:
    return Retry(
        f"{host} may not be asked for another {seconds:.0f} s", after=seconds, counts=False
    )
