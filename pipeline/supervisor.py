"""``tocsin run``: one process per stage and slot, started again when it dies."""

from __future__ import annotations

import logging
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.process import UNFIT

log = logging.getLogger("tocsin.run")

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds before a start after a death, doubling
HEALTHY_SECONDS = 30.0  # a process that lived that long starts again at the first pause
STOP_SECONDS = 14.0  # of the 15 that a stop may take; then the rest is killed, nothing is lost
DEATHS_ALLOWED = 5  # of one process in a run that is to end


@dataclass(slots=True)
class Child:
    """A stage process and its history; one that ``ends`` is done when it ends with 0."""

    name: str
    command: Sequence[str]
    ends: bool = False
    ended: bool = False
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    pause: float = FIRST_PAUSE
    started: float = 0.0
    next_start: float = 0.0
    unfit: bool = False

    def start(self) -> None:
        """Start it now; where the machine has no room for it, that counts as a death."""
        self.started = time.monotonic()
        try:
            # a session of its own: Ctrl-C is the supervisor's, which asks each to finish its batch
            self.process = subprocess.Popen(self.command, start_new_session=True)  # noqa: S603
        except OSError as error:
            self._died(str(error))

    def look(self) -> None:
        """Start it if it is due, and note its death if it died."""
        now = time.monotonic()
        if self.process is None:
            if not self.ended and now >= self.next_start:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if self.ends and code == 0:
            self.process, self.ended = None, True
            return
        self._died(f"code {code}")
        self.unfit = code == UNFIT

    def _died(self, how: str) -> None:
        now = time.monotonic()
        self.deaths += 1
        self.pause = FIRST_PAUSE if now - self.started > HEALTHY_SECONDS else self.pause * 2
        wait = min(self.pause, LONGEST_PAUSE)
        log.warning("%s ended with %s; it starts again in %.1f s", self.name, how, wait)
        self.process, self.next_start = None, now + wait


@dataclass(slots=True)
class Supervisor:
    """Keeps the children running until SIGTERM or SIGINT, or until ``until`` says so."""

    children: Sequence[Child]
    patience: float = STOP_SECONDS
    _stopping: bool = False  # no Event: the handler may run while this very thread holds its lock

    def run(self, until: Callable[[], bool] | None = None) -> int:
        """Run the children; 0 when stopped, 1 when one cannot live.

        That is one for which a part is missing, or one that dies often in a run with an end.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        code = 0
        while not self._stopping:
            time.sleep(0.1)
            for child in self.children:
                child.look()
            deaths = max((child.deaths for child in self.children), default=0)
            if any(child.unfit for child in self.children) or (until and deaths > DEATHS_ALLOWED):
                log.error("a stage cannot run or dies again and again; see its messages above")
                code = 1
                break
            if until and until():
                break
        self._stop()
        return code

    def _note(self, number: int, frame: object) -> None:
        self._stopping = True

    def _stop(self) -> None:
        """Ask every child to finish its batch; kill what does not in time."""
        alive = [child.process for child in self.children if child.process is not None]
        for process in alive:
            process.terminate()
        deadline = time.monotonic() + self.patience
        for process in alive:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
