"""A process that belongs to another ends when that one is gone, however it went."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def leave_with(parent: int, *, every: float = 0.5) -> None:
    """End this process at once when its parent is no longer ``parent``.

    What it had in hand is not committed, so nothing is lost.  Linux kills it even where it holds
    the GIL, in a match that runs for ever; it does so when the thread that started it ends.
    """
    with contextlib.suppress(OSError, AttributeError):  # elsewhere the thread below must do
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(every)
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
