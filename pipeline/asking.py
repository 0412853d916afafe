"""Asking a source: the transports, and the reading of answers where it can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeout

from pebble import ProcessExpired

from connectors.base import Answer, Connector, Cursor, Polled, Request, SourceError
from pipeline.children import Bounds, Children
from pipeline.limits import CHILD_BYTES, FEED_BYTES, FEED_SECONDS
from pipeline.transports.files import Files
from pipeline.transports.http import Http
from pipeline.transports.status import checked

NOTHING_NEW = 304
READERS = 2  # a feed that hangs for its ten seconds leaves the other one to all the rest
LATER = (429, 503)
"""Answers that say when to come again; what any other means, the connector knows."""


class Reading:
    """See :class:`pipeline.polling.Read`."""

    def __init__(self, children: Children) -> None:
        self._children = children

    async def __call__(self, connector: Connector, answer: Answer, cursor: Cursor) -> Polled:
        """What the connector reads.

        Raises:
            SourceError: it cannot be read, or not within the time and memory allowed.
        """
        if answer.status == NOTHING_NEW:  # no body, nothing to hang on
            return connector.read(answer, cursor)
        try:
            future = self._children.submit(connector, answer, cursor)
            polled: Polled = await asyncio.wrap_future(future)
        except FutureTimeout as error:
            raise SourceError("reading the answer took too long and was stopped") from error
        except ProcessExpired as error:
            raise SourceError(f"reading the answer killed its process: {error}") from error
        return polled

    def close(self) -> None:
        """End the children."""
        self._children.close()


class Asking:
    """What asks sources and reads their answers, with its event loop.  Used by one thread."""

    def __init__(self, http: Http, files: Files) -> None:
        self.loop = asyncio.new_event_loop()
        self._http, self._files = http, files
        self.loop.run_until_complete(http.__aenter__())
        self.read = Reading(Children(_build, Bounds(FEED_SECONDS, CHILD_BYTES), processes=READERS))

    async def get(self, request: Request) -> Answer:
        """The answer, whatever its status, but one that says when to come again.

        Raises:
            Retry: that one, or none.
            TocsinError: as :meth:`pipeline.transports.http.Http.ask`.
        """
        if request.url.startswith("file:"):
            return await self._files.get(request)
        # the operator named this address: robots.txt speaks to those who find it by crawling
        answer = await self._http.ask(request, limit=FEED_BYTES, robots=False)
        return checked(answer) if answer.status in LATER else answer

    def close(self) -> None:
        """Give up what is under way, end the children and close the connections."""
        under_way = asyncio.all_tasks(self.loop)
        for task in under_way:  # else each would tell the end of the loop as its source's fault
            task.cancel()
        if under_way:
            self.loop.run_until_complete(asyncio.wait(under_way))
        self.read.close()
        self.loop.run_until_complete(self._http.__aexit__(None, None, None))
        self.loop.close()


def _build() -> Callable[[Connector, Answer, Cursor], Polled]:
    return _read


def _read(connector: Connector, answer: Answer, cursor: Cursor) -> Polled:
    return connector.read(answer, cursor)
