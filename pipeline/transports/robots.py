"""What a site's robots.txt lets us ask, by RFC 9309."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from protego import Protego

from connectors.base import Answer
from pipeline import limits, urls
from pipeline.errors import Reject, Retry, Skip

AGENT = "tocsin"
"""Our name in robots.txt."""

_ENTRY_BYTES = 500  # what an entry without a text takes
_BUSY = 429


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is known of one origin: its rules (None allows all), or why they cannot be had."""

    expires: float
    size: int = _ENTRY_BYTES
    rules: Protego | None = None
    fault: Retry | Reject | None = None


class Robots:
    """Asks each origin for its robots.txt once, and answers from it for a day.

    ``ask`` gets a URL as it stands, whatever its status; ``monotonic`` is the clock.
    """

    def __init__(
        self,
        ask: Callable[[str], Awaitable[Answer]],
        monotonic: Callable[[], float],
        *,
        room: int = limits.ROBOTS_CACHE_BYTES,
    ) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._room = room
        self._used = 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_Entry]] = {}

    async def check(self, url: str) -> float | None:
        """May the URL be asked for?  The Crawl-delay that the site wants, in seconds.

        Raises:
            Skip: robots.txt forbids it (``robots``).
            Retry: robots.txt cannot be had now, so nothing may be asked.
            Reject: the site may never be connected to.
        """
        entry = await self._entry(urls.origin(url))
        if isinstance(entry.fault, Reject):
            raise Reject(str(entry.fault))
        if entry.fault is not None:
            after = max(entry.fault.after or 0.0, entry.expires - self._monotonic())
            raise Retry(str(entry.fault), after=after, counts=entry.fault.counts)
        if entry.rules is None:
            return None
        if not entry.rules.can_fetch(url, AGENT):
            raise Skip("robots", f"robots.txt of {urls.host(url)} forbids it")
        return entry.rules.crawl_delay(AGENT)

    async def close(self) -> None:
        """Give up what is being asked for."""
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _entry(self, origin: str) -> _Entry:
        entry = self._entries.get(origin)
        if entry is not None and entry.expires > self._monotonic():
            self._entries.move_to_end(origin)
            return entry
        task = self._asking.get(origin)
        if task is None:
            task = asyncio.ensure_future(self._load(origin))
            self._asking[origin] = task
            task.add_done_callback(lambda _: self._asking.pop(origin, None))
        # one who gives up waiting must not take the answer from the others
        return await asyncio.shield(task)

    async def _load(self, origin: str) -> _Entry:
        try:
            entry = self._read(await self._ask(f"{origin}/robots.txt"))
        except Skip:  # a loop of redirects or a body nobody can read: there are no rules
            entry = self._new()
        except (Retry, Reject) as error:
            entry = self._faulty(error)
        except Exception as error:  # kept as an answer, for all who wait for it
            entry = self._faulty(Retry(f"robots.txt: {error!r}"))
        self._keep(origin, entry)
        return entry

    def _read(self, answer: Answer) -> _Entry:
        if answer.status >= 500 or answer.status == _BUSY:
            return self._faulty(Retry(f"robots.txt answers {answer.status}"))
        if answer.status >= 300:  # "unavailable": crawling is allowed
            return self._new()
        text = answer.body.decode("utf-8-sig", "replace")
        return self._new(Protego.parse(text), len(text))

    def _new(self, rules: Protego | None = None, size: int = 0) -> _Entry:
        expires = self._monotonic() + limits.ROBOTS_LIFE_SECONDS
        return _Entry(expires, _ENTRY_BYTES + size, rules)

    def _faulty(self, error: Retry | Reject) -> _Entry:
        """A fault is kept for a while; that a host is busy is known to its pace alone."""
        busy = isinstance(error, Retry) and not error.counts
        life = 0.0 if busy else limits.ROBOTS_FAULT_SECONDS
        return _Entry(self._monotonic() + life, fault=error)

    def _keep(self, origin: str, entry: _Entry) -> None:
        old = self._entries.pop(origin, None)
        self._used += entry.size - (old.size if old is not None else 0)
        self._entries[origin] = entry
        while self._used > self._room and len(self._entries) > 1:
            self._used -= self._entries.popitem(last=False)[1].size
