"""Work and processes for tests of what is killed: imported by children, so plain and light."""

from __future__ import annotations

import ctypes
import functools
import logging
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.children import Bounds, Build, Children, Killable
from pipeline.errors import Fatal, Reject
from pipeline.parent import leave_with
from pipeline.process import Process
from pipeline.supervisor import Child, Supervisor

MEMORY = 1_000_000_000


class Odd(Exception):
    """An error that cannot be copied to another process."""

    def __init__(self, one: int, other: int) -> None:
        super().__init__(f"{one} and {other}")


def work(records: Sequence[str]) -> list[Any]:
    """Each word in capitals, but for those that are poison."""
    return [poisoned(record) if record in POISON else record.upper() for record in records]


def poisoned(record: str) -> Any:
    """What the poison does."""
    return POISON[record]()


def hog() -> int:
    """Take four gigabytes."""
    return len(bytearray(4_000_000_000))


def hold() -> object:
    """Never end, and never let another thread of the process run."""
    return re.match(r"(a|a)*b", "a" * 200)


def refuse() -> Exception:
    """Say that it cannot be."""
    return Reject("no text")


def odd() -> Exception:
    """An odd error as a result."""
    return Odd(1, 2)


POISON: dict[str, Callable[[], object]] = {
    "hang": functools.partial(time.sleep, 600),
    "hold": hold,
    "exit": functools.partial(os._exit, 3),
    "crash": functools.partial(ctypes.string_at, 0),
    "hog": hog,
    "refuse": refuse,
    "odd": odd,
    "pid": os.getpid,
}


def build() -> Callable[..., Any]:
    """The work."""
    return work


def build_odd() -> Callable[..., Any]:
    """Work that raises an odd error."""

    def raises(records: object) -> object:
        raise Odd(1, 2)

    return raises


def no_model() -> Callable[..., Any]:
    """Work whose model is missing."""
    raise Fatal("the model is missing: run make setup")


def no_idea() -> Callable[..., Any]:
    """Work that fails to begin for a reason nobody foresaw."""
    raise KeyError("x")


def killable(
    built: Build = build, seconds: float = 0.5, chunk: int = 8, batch: float = 60.0
) -> tuple[Killable, Children]:
    """Work in a child with these deadlines."""
    children = Children(built, Bounds(seconds, MEMORY))
    return Killable(children, chunk=chunk, seconds=batch), children


def said(word: str) -> None:
    """Tell the test."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


def parent(poison: str) -> None:
    """A stage process whose child works on a poison."""
    stage, children = killable(seconds=60)
    (pid,) = stage(["pid"])
    children.submit([poison])
    said(str(pid))
    time.sleep(60)


def turns(how: str) -> None:
    """A stage process that works as it is told."""
    logging.basicConfig()
    marks = {"stopped": 0}

    def turn(timeout: float) -> int:
        said("turn")
        match how:
            case "batch":
                time.sleep(0.5)
                said("done")
            case "hang":
                time.sleep(600)
            case "hold":
                hold()
            case "fatal":
                raise Fatal("the bus is lost")
            case "bug":
                raise KeyError("x")
            case "cut":
                while not marks["stopped"]:
                    time.sleep(0.01)
                said("cut short")
        return 1

    def on_stop() -> None:
        marks["stopped"] = 1

    wedged = 0.5 if sys.argv[-1] == "wedged" else 60.0
    sys.exit(Process("test", turn, on_stop, wedged=wedged, patience=1.0).run())


def life(how: str) -> None:
    """A child of a supervisor."""
    folder = Path(sys.argv[3])
    (folder / f"{how}-{os.getpid()}").touch()
    if how == "deaf":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if how == "good":
        leave_with(os.getppid())
        signal.signal(signal.SIGTERM, stop)
    if how == "ending":
        return
    if how == "dying":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def stop(number: int, frame: object) -> None:
    """End as asked."""
    said("asked to stop")
    os._exit(0)


def supervise(how: str) -> None:
    """A supervisor of such children; with ``end`` in a run that is to end."""
    folder, *lives = sys.argv[3:]
    command = [sys.executable, "-m", "tests.working", "life"]
    children = [
        Child(
            f"{life}.{n}",
            [*command, life, folder],
            ends=life in ("ending", "lasting"),
            pause=0.01,
        )
        for n, life in enumerate(lives)
    ]

    def until() -> bool:
        return all(child.ended for child in children if child.ends)

    logging.basicConfig()
    sys.exit(Supervisor(children, patience=1.0).run(until if how == "end" else None))


if __name__ == "__main__":
    {"parent": parent, "turns": turns, "life": life, "supervise": supervise}[sys.argv[1]](
        sys.argv[2]
    )
