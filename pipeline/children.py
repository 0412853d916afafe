"""CPU work in processes that can be killed: a page that hangs costs one dead letter."""

from __future__ import annotations

import multiprocessing
import pickle
import resource
import signal
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any

from pebble import ProcessExpired, ProcessPool

from pipeline.errors import Fatal, Reject, Retry
from pipeline.parent import leave_with

Build = Callable[[], Callable[..., Any]]
"""Makes the work inside the child; picklable, such as ``functools.partial(make, ...)``."""

BATCH_SECONDS = 120.0  # a bus takes the partitions from a member that does not poll for 300 s


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one record may take, and how much address space a child may have."""

    seconds: float
    memory: int


class Children:
    """A pool of processes that work for this one and end with it."""

    def __init__(self, build: Build, bounds: Bounds, *, processes: int = 1) -> None:
        self._bounds = bounds
        self._pool = ProcessPool(
            max_workers=processes,
            max_tasks=2_000,  # then a fresh child: spaCy's string store only grows
            initializer=_begin,
            initargs=(build, bounds.memory, multiprocessing.current_process().pid),
            context=multiprocessing.get_context("spawn"),
        )

    def submit(self, *args: Any, weight: int = 1) -> Future[Any]:
        """The work on these arguments, killed after ``weight`` times the seconds allowed."""
        future: Future[Any] = self._pool.schedule(
            _do, args=args, timeout=self._bounds.seconds * weight
        )
        return future

    def close(self) -> None:
        """End the children at once."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join(timeout=5)


class Killable:
    """A stage whose work is done by children, in chunks; see :data:`pipeline.stages.Stage`."""

    def __init__(
        self, children: Children, *, chunk: int = 8, seconds: float = BATCH_SECONDS
    ) -> None:
        self._children = children
        self._chunk = chunk
        self._seconds = seconds

    def __call__(self, records: Sequence[Any]) -> Sequence[Any]:
        """One result per record; of a chunk that hangs or dies each record is tried alone.

        A chunk may take as long as two records: most take a hundredth of what one may.  When the
        time for the batch is up, what was not tried alone is a Retry.

        Raises:
            Fatal: the work cannot begin in the child (a model is missing).
        """
        chunks = [records[at : at + self._chunk] for at in range(0, len(records), self._chunk)]
        under_way = [self._children.submit(chunk, weight=min(len(chunk), 2)) for chunk in chunks]
        end = time.monotonic() + self._seconds
        return [
            result
            for chunk, future in zip(chunks, under_way, strict=True)
            for result in self._results(chunk, future, end)
        ]

    def warm(self) -> None:
        """Build the work in a child now, so that a missing part shows at the start.

        Raises:
            Fatal: it cannot be built, with what to install.
        """
        if problem := _problem(self._children.submit([])):
            raise Fatal(f"the working child could not start: {problem}")

    def _results(self, chunk: Sequence[Any], future: Future[Any], end: float) -> Sequence[Any]:
        problem = _problem(future)
        if problem is None:
            results: Sequence[Any] = future.result()
            return results
        if len(chunk) == 1:
            return [problem]
        return [self._alone(record, end) for record in chunk]

    def _alone(self, record: Any, end: float) -> Any:
        if time.monotonic() > end:
            return Retry("other records of its batch used up the time")
        return self._results([record], self._children.submit([record]), end)[0]


def warm(stage: object) -> None:
    """Build a killable stage's work now; any other has nothing to build.

    Raises:
        Fatal: it cannot be built, with what to install.
    """
    if isinstance(stage, Killable):
        stage.warm()


def _problem(future: Future[Any]) -> Exception | None:
    """Why there is no result, as the error to act on."""
    try:
        future.result()
    except Fatal:
        raise
    except FutureTimeout:
        return Reject("the work took longer than allowed and was killed")
    except ProcessExpired as error:
        return Reject(f"the work killed its process (exit code {error.exitcode})")
    except Exception as error:
        return error
    return None


_IN_CHILD: dict[str, Any] = {}
"""What a child works with; filled once, in the child only."""


def _begin(build: Build, memory: int, parent: int) -> None:
    """Set the child's limits and build its work; a failure is kept for the first caller."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    leave_with(parent)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    try:
        _IN_CHILD["work"] = build()
    except Exception as error:
        _IN_CHILD["error"] = error


def _do(*args: Any) -> Any:
    error = _IN_CHILD.get("error")
    if isinstance(error, Fatal):
        raise error
    if error is not None:
        raise Fatal(f"the working child could not start: {type(error).__name__}: {error}")
    try:
        made = _IN_CHILD["work"](*args)
    except Exception as failure:
        portable = _portable(failure)
        if portable is failure:
            raise
        raise portable from failure
    if not isinstance(made, list):
        return made
    return [_portable(one) if isinstance(one, Exception) else one for one in made]


def _portable(error: Exception) -> Exception:
    """The error, or what it says: one that cannot be copied to the parent breaks the pool."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
