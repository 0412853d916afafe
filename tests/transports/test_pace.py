"""When a host may be asked."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from pipeline import limits
from pipeline.errors import Retry
from pipeline.transports.pace import Pace


class Clock:
    """Time that passes only in ``sleep``."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        wanted = self.now + seconds
        await asyncio.sleep(0)
        self.now = max(self.now, wanted)


def _pace(clock: Clock, delay: float = 1.0, connections: int = 2, wait: float = 30.0) -> Pace:
    return Pace(delay, connections, wait=wait, monotonic=clock.monotonic, sleep=clock.sleep)


def test_starts_are_spaced() -> None:
    """Two requests to one host start at least the delay apart, other hosts do not wait."""
    clock = Clock()
    pace = _pace(clock)
    starts: list[tuple[str, float]] = []

    async def ask(host: str) -> None:
        async with pace.turn(host):
            starts.append((host, clock.now))

    async def all_of_them() -> None:
        await asyncio.gather(*(ask(host) for host in ("a", "a", "a", "b", "a")))

    asyncio.run(all_of_them())
    assert [time for host, time in starts if host == "a"] == [0.0, 1.0, 2.0, 3.0]
    assert [time for host, time in starts if host == "b"] == [0.0]


def test_connections() -> None:
    """No more than so many requests run at one host, and a slow one holds up no other host."""
    clock = Clock()
    pace = _pace(clock, delay=0.0)

    async def run() -> None:
        release, both = asyncio.Event(), asyncio.Event()
        running = most = 0

        async def ask() -> None:
            nonlocal running, most
            async with pace.turn("slow"):
                running += 1
                most = max(most, running)
                if running == 2:
                    both.set()
                await release.wait()
                running -= 1

        tasks = [asyncio.create_task(ask()) for _ in range(6)]
        async with asyncio.timeout(5), pace.turn("quick"):
            await both.wait()
        release.set()
        await asyncio.gather(*tasks)
        assert most == 2

    asyncio.run(run())


def test_starts_stay_apart_behind_slow_ones() -> None:
    """Those who waited for a connection do not start together when it comes free."""
    clock = Clock()
    pace = _pace(clock)
    starts: list[float] = []

    async def ask() -> None:
        async with pace.turn("a"):
            starts.append(clock.now)
            await clock.sleep(10.0)

    async def run() -> None:
        await asyncio.gather(*(ask() for _ in range(6)))

    asyncio.run(run())
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    assert min(gaps) >= 1.0


def test_too_long_a_queue() -> None:
    """Who would wait too long is sent away at once, uncounted, told when to come again."""
    clock = Clock()
    pace = _pace(clock, wait=3.0)

    async def ask() -> None:
        async with pace.turn("a"):
            pass

    async def run() -> list[BaseException | None]:
        return await asyncio.gather(*(ask() for _ in range(10)), return_exceptions=True)

    results = asyncio.run(run())
    late = [result for result in results if isinstance(result, Retry)]
    assert len(late) == 6
    assert all(not error.counts and error.after is not None for error in late)
    assert min(error.after or 0 for error in late) > 3.0


def test_rest_and_crawl_delay() -> None:
    """A host that asks for rest gets it, also from those already in its queue."""
    clock = Clock()
    pace = _pace(clock)

    async def run() -> None:
        async with pace.turn("a"):
            pace.rest("a", 100.0)
        with pytest.raises(Retry, match="another 100 s") as error:
            async with pace.turn("a"):
                pass
        assert error.value.after == 100.0
        clock.now = 101.0
        pace.slow("a", 7.0)
        async with pace.turn("a"):
            pass
        async with pace.turn("a"):
            assert clock.now == 108.0
        pace.slow("a", 1e9)
        async with pace.turn("a"):
            pass
        with pytest.raises(Retry) as slow:
            async with pace.turn("a"):
                pass
        assert slow.value.after == limits.CRAWL_DELAY_SECONDS

    asyncio.run(run())


def test_a_turn_given_up_is_free() -> None:
    """A request that is cancelled, waiting or running, leaves its turn to the next."""
    clock = Clock()
    pace = _pace(clock, connections=1, delay=0.0)

    async def run() -> None:
        async def hold() -> None:
            async with pace.turn("a"):
                await asyncio.Event().wait()

        tasks = [asyncio.create_task(hold()) for _ in range(3)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with asyncio.timeout(5), pace.turn("a"):
            pass

    asyncio.run(run())


def test_a_start_given_up_is_free() -> None:
    """A request cancelled while it waits for its start leaves its connection to the next."""
    clock = Clock()

    async def stuck(_: float) -> None:
        await asyncio.Event().wait()

    pace = Pace(1.0, 1, monotonic=clock.monotonic, sleep=stuck)

    async def ask() -> None:
        async with pace.turn("a"):
            pass

    async def run() -> None:
        await ask()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(), 0.05)
        clock.now = 10.0
        await asyncio.wait_for(ask(), 5)

    asyncio.run(run())


def test_a_rest_asked_for_meanwhile() -> None:
    """Who waits for its start when the host asks for rest is sent away."""
    clock = Clock()

    async def sleep(seconds: float) -> None:
        clock.now += seconds
        pace.rest("a", 50.0)

    pace = Pace(1.0, 1, monotonic=clock.monotonic, sleep=sleep)

    async def run() -> None:
        async with pace.turn("a"):
            pass
        with pytest.raises(Retry) as error:
            async with pace.turn("a"):
                pass
        assert (error.value.after, error.value.counts) == (50.0, False)

    asyncio.run(run())


def test_remembers_so_many_hosts() -> None:
    """The hosts remembered are bounded."""
    clock = Clock()
    pace = _pace(clock)

    async def run() -> None:
        for number in range(limits.HOSTS + 500):
            clock.now += 2.0
            async with pace.turn(f"host{number}"):
                pass

    asyncio.run(run())
    assert len(pace._lines) <= limits.HOSTS
