"""One stage process: turns its loop until told to stop, and never stays wedged.

Exit codes: 0 stopped as asked, 75 (EX_TEMPFAIL) trouble with bus, index or state, 1 wedged: start
it again; 78 (EX_CONFIG) a model or native part is missing: starting again does not help.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.errors import Fatal

log = logging.getLogger("tocsin.process")

TRY_AGAIN = 75
UNFIT = 78
STOP_SECONDS = 12.0  # of the 15 s that SIGTERM may take: the batch is finished or left uncommitted
WEDGED_SECONDS = 600.0  # twice the longest work: 100 pages from one slow host, 30 s each in turn


@dataclass(slots=True)
class Process:
    """Calls ``turn(timeout)`` again and again until SIGTERM or SIGINT.

    ``on_stop`` is called by the signal handler, to cut a long batch short.
    """

    name: str
    turn: Callable[[float], int]
    on_stop: Callable[[], None] | None = None
    wedged: float = WEDGED_SECONDS
    patience: float = STOP_SECONDS
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Turn until stopped; the exit code.

        It leaves by ``os._exit`` on trouble: closing a stuck client can hang for ever.
        """
        self.listen()
        try:
            while not self.stopping.is_set():
                # it needs no GIL: a thread of ours would wait for a match that runs for ever
                faulthandler.dump_traceback_later(self.wedged, exit=True)
                self.turn(0.5)
        except Fatal as error:
            log.error("%s stops: %s", self.name, error)
            leave(TRY_AGAIN)
        except Exception:
            log.exception("%s stops on an error nobody foresaw", self.name)
            leave(TRY_AGAIN)
        faulthandler.cancel_dump_traceback_later()
        return 0

    def listen(self) -> None:
        """Stop on SIGTERM and SIGINT, at the latest when the patience ends."""

        def stop(number: int, frame: object) -> None:
            if not self.stopping.is_set():
                self.stopping.set()
                timer = threading.Timer(self.patience, leave, [0])
                timer.daemon = True
                timer.start()
                if self.on_stop:
                    self.on_stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)


def leave(code: int) -> None:
    """End now: nothing is closed, nothing more is committed."""
    sys.stdout.flush()
    sys.stderr.flush()
    logging.shutdown()
    os._exit(code)
