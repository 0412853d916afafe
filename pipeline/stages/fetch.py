"""fetch: from items to pages.

An item that is whole passes through; any other has its page fetched.  Where the page cannot be
had the item goes on with what the source gave, and the page is tried again if that can help.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from connectors.base import Answer, Item, Request
from pipeline import limits, urls
from pipeline.errors import Fatal, Reject, Retry, Skip
from pipeline.events import Page
from pipeline.pages import has_text, is_whole, page_from, page_of
from pipeline.stages import Done, Result

_TEXT_TYPES = frozenset(
    {"text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"}
)
_SNIFFED = 1_024  # bytes that are looked at for a NUL, which no text in a web encoding has

Get = Callable[[Request], Awaitable[Answer]]
"""What fetches one page; see :meth:`pipeline.transports.http.Http.get`."""


class Client(Protocol):
    """What :class:`Fetcher` needs of :class:`pipeline.transports.http.Http`."""

    async def get(self, request: Request) -> Answer:
        """The answer, if it is a good one.

        Raises:
            TocsinError: it is not; the type says what to do.
        """


async def fetch(items: Sequence[Item], get: Get) -> list[Result]:
    """One result per item, in order; all pages are fetched at the same time."""
    return list(await asyncio.gather(*(_attempt(item, get) for item in items)))


class Fetcher:
    """The stage: keeps one client in one event loop for as long as it lives.

    ``open_client`` gives the client to enter.  Used by one thread, but for :meth:`stop`.
    """

    def __init__(self, open_client: Callable[[], AbstractAsyncContextManager[Client]]) -> None:
        self._loop = asyncio.new_event_loop()
        self._stopped = False
        self._tasks: list[asyncio.Task[Result]] = []
        self._context = open_client()
        self._client = self._loop.run_until_complete(self._context.__aenter__())

    def __call__(self, items: Sequence[Item]) -> list[Result]:
        """One result per item, in order."""
        return self._loop.run_until_complete(self._run(items))

    def stop(self) -> None:
        """End the batch at work: what has not come yet is to be tried again, uncounted.

        May be called from another thread or a signal handler; nothing is fetched afterwards.
        """
        self._stopped = True
        self._loop.call_soon_threadsafe(self._cancel)

    def close(self) -> None:
        """Close all connections."""
        self._loop.run_until_complete(self._context.__aexit__(None, None, None))
        self._loop.close()

    async def _run(self, items: Sequence[Item]) -> list[Result]:
        self._tasks = [asyncio.ensure_future(_attempt(item, self._client.get)) for item in items]
        if self._stopped:
            self._cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        return [_STOPPING if task.cancelled() else task.result() for task in self._tasks]

    def _cancel(self) -> None:
        for task in self._tasks:
            task.cancel()


_STOPPING = Retry("the process is stopping", counts=False)


async def _attempt(item: Item, get: Get) -> Result:
    try:
        if is_whole(item):
            return Done(made=(page_of(item),), outcome="passed")
        return Done(made=(await _page(item, get),), outcome="fetched")
    except Exception as error:  # the worker decides by its type
        return _without_page(item, error)


async def _page(item: Item, get: Get) -> Page:
    answer = await get(Request(url=item.url or ""))
    if not answer.body.strip() or not _is_text(answer):
        raise Skip("not-text", answer.headers.get("content-type", "no content-type")[:100])
    if _is_front(answer.url) and not _is_front(item.url or ""):
        # else every article that a site took down would become one story
        raise Skip("gone", f"redirects to the front page {answer.url}")
    return page_from(item, answer)


def _is_front(url: str) -> bool:
    return urls.normalise(url) == urls.origin(url) + "/"


def _is_text(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind in _TEXT_TYPES if kind else b"\0" not in answer.body[:_SNIFFED]


def _without_page(item: Item, error: Exception) -> Result:
    """What the source gave goes on at once, if it is text; a turn that comes soon is waited for."""
    stands = item.seen is not None and has_text(item)
    if not stands or isinstance(error, Fatal) or _comes_soon(error):
        return error
    again: Retry | None = None
    if not isinstance(error, Skip | Reject):  # the unforeseen is a Retry too
        again = error if isinstance(error, Retry) else Retry(repr(error))
    why = _why(error)
    page = page_of(item, why)
    return Done(made=(page,), outcome="feed-text", reason=why, detail=str(error), again=again)


def _comes_soon(error: Exception) -> bool:
    if not isinstance(error, Retry) or error.counts:
        return False
    return (error.after or 0.0) <= limits.FEED_TEXT_SECONDS


def _why(error: Exception) -> str:
    if isinstance(error, Skip):
        return error.reason
    return "not-allowed" if isinstance(error, Reject) else "unreachable"
