"""The work: each stage is a callable from a batch of records to one result each, in order.

A stage knows neither bus nor retries nor clock; see :mod:`pipeline.worker`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import Retry
from pipeline.events import Article, FateState, Incident, Page, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a stage made of one record.

    ``made`` goes to the topics that :mod:`pipeline.topology` gives for each type.  ``outcome`` is
    one word for the fate; ``state`` where the item stands now, None when this changes nothing.
    ``again`` asks for the same record once more later although it went on now.
    """

    made: tuple[Page | Article | Story | Incident, ...] = ()
    outcome: str = "made"
    state: FateState | None = "waiting"
    reason: str | None = None
    detail: str | None = None
    story: str | None = None
    again: Retry | None = None


Result = Done | Exception
"""What the worker acts on; an exception's type says what to do (:mod:`pipeline.errors`)."""

Stage = Callable[[Sequence[Any]], Sequence[Result]]
"""One result per record, in order."""


def each(step: Callable[[Any], Done]) -> Stage:
    """Lift a function of one record to a stage; its exception is that record's result."""

    def stage(records: Sequence[Any]) -> Sequence[Result]:
        return [_attempt(step, record) for record in records]

    return stage


def _attempt(step: Callable[[Any], Done], record: Any) -> Result:
    try:
        return step(record)
    except Exception as error:  # the worker decides by its type
        return error
