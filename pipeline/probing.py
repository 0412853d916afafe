"""One source asked once, outside the stream: what a poll would bring, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from connectors.base import Answer, Connector, Cursor, Item, Rejected, Request, SourceError
from pipeline.errors import Retry, Skip, TocsinError
from pipeline.polling import Read

ASKED = 20  # requests of one probe: a folder's first files, an index's first parts


@dataclass(slots=True)
class Probe:
    """What came; ``problem`` is None where all is well."""

    source: str
    url: str
    items: list[Item] = field(default_factory=list)
    rejects: list[Rejected] = field(default_factory=list)
    problem: str | None = None
    advice: str | None = None

    @property
    def verdict(self) -> str:
        """One word: alive, empty, moved or failed."""
        if self.problem:
            return "failed"
        if self.advice:
            return "moved"
        return "alive" if self.items else "empty"


async def probe(
    connector: Connector, get: Callable[[Request], Awaitable[Answer]], read: Read
) -> Probe:
    """Ask the source as if for the first time; never raises for what the source does."""
    found = Probe(connector.name, "")
    try:
        request = connector.ask(Cursor())
        found.url = request.url
        queue = [request]
        for asked in range(ASKED):
            if not queue:
                break
            request = queue.pop(0)
            answer = await get(request)
            if not asked and answer.url != request.url:
                found.advice = f"it answers at {answer.url}: write that address"
            polled = await read(connector, answer, Cursor())
            found.items += polled.items
            found.rejects += polled.rejects
            queue += polled.more
    except (SourceError, TocsinError) as error:
        found.problem, found.advice = str(error), _advice(error)
    except Exception as error:  # the next source is probed whatever this one's connector does
        found.problem = f"{type(error).__name__}: {error}"
        found.advice = "an error nobody foresaw in its connector: report it"
    return found


def _advice(error: Exception) -> str:
    if isinstance(error, Retry):
        return "it may work later; the poller goes on asking, ever more rarely"
    if isinstance(error, Skip):
        return "look at the address in a browser"
    return "see docs/operators.md, Sources"
