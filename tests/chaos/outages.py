"""Servers that can be killed and frozen, a newspaper that goes on meanwhile, a running service."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline import app
from pipeline.config import Settings
from pipeline.index import Query
from pipeline.topology import STEPS
from tests.servers import Server
from tests.stream import Service, Site, entry, html_page, rss
from tests.testbed import new_folder

RATE = 2  # articles a second
MOST = 120  # articles of one test, so that a feed stays small and the load ends


@dataclass(slots=True)
class Restartable:
    """A server of this module's own, and how it comes back on its port with its data."""

    start: Callable[[Path], Server]
    folder: Path = field(default_factory=new_folder)
    server: Any = None

    def up(self) -> None:
        """Start it, for the first time or again."""
        self.server = self.start(self.folder)

    def signal(self, number: signal.Signals) -> None:
        """To all of it."""
        os.killpg(self.server.pid, number)

    def down_for(self, seconds: float) -> None:
        """Killed, absent so long, started again; it answers when this returns."""
        self.server.stop(signal.SIGKILL)
        passed(seconds)
        self.up()

    def frozen_for(self, seconds: float) -> None:
        """It neither answers nor closes what is open."""
        self.signal(signal.SIGSTOP)
        try:
            passed(seconds)
        finally:
            self.signal(signal.SIGCONT)

    def end(self) -> None:
        """Stop it and remove its data."""
        if self.server is not None:
            self.server.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def passed(seconds: float) -> None:
    """A fault lasts so long."""
    threading.Event().wait(seconds)


def passed_by(press: Press, count: int) -> bool:
    """Whether it has brought more than so many."""
    return press.count > count


class Press:
    """A newspaper that brings RATE articles a second until it is stopped or has brought MOST."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._stop = threading.Event()
        self._entries: list[str] = []
        self._thread = threading.Thread(target=self._work, daemon=True)

    @property
    def count(self) -> int:
        """How many articles it has brought."""
        return len(self._entries)

    def bring(self) -> None:
        """One more article."""
        number = self.count
        texts = [f"Shells fell on the town of Kutum, witness number {number} said. " * 4]
        self._site.pages[f"/n/{number}"] = html_page(f"Shells fall on Kutum {number}", texts)
        self._entries.append(entry(number, f"{self._site.base}/n/{number}"))
        self._site.pages["/f.xml"] = rss(self._entries)

    def start(self) -> None:
        """Bring articles from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Bring no more."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _work(self) -> None:
        while self.count < MOST and not self._stop.wait(1 / RATE):
            self.bring()


@dataclass(slots=True)
class Stream:
    """The service, running, and what is asked of it."""

    service: Service
    process: subprocess.Popen[bytes]
    press: Press

    @property
    def settings(self) -> Settings:
        """Its settings."""
        return self.service.settings

    def indexed(self) -> int:
        """How many stories there are, less those not searchable yet; none while none can tell."""
        index = app.open_index(self.settings)
        try:
            return sum(index.count(Query(), []).values())
        except Exception:
            return 0
        finally:
            index.close()

    def reaches(self, seconds: float) -> float:
        """How long until all that the press brought is in the index."""
        begun = time.monotonic()
        try:
            while self.indexed() < self.press.count:
                assert time.monotonic() - begun < seconds
                passed(0.2)  # between two questions
        except AssertionError:
            found = f"{self.indexed()} of {self.press.count}"
            raise AssertionError(f"{found}: {self.log()[-6000:]}") from None
        return time.monotonic() - begun

    def settled(self) -> bool:
        """Whether no stage has anything left to read."""
        bus = app.open_bus(self.settings)
        try:
            return not any(sum(bus.lag(tuple(s.reads), s.name).values()) for s in STEPS)
        finally:
            bus.close()

    def stages(self) -> dict[str, int]:
        """The pids of the stages that live, by name."""
        command = ["ps", "-o", "pid=,stat=,args=", "--ppid", str(self.process.pid)]
        listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        words = [line.split() for line in listed.splitlines()]
        return {
            line[line.index("pipeline.cli") + 1]: int(line[0])
            for line in words
            if "pipeline.cli" in line and not line[1].startswith("Z")
        }

    def log(self) -> str:
        """What it said."""
        return (self.service.folder / "log").read_text(errors="replace")


def left_of(prefix: str) -> list[int]:
    """The processes that carry the service's own prefix in their environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TOCSIN_BUS_PREFIX={prefix}".encode() in path.read_bytes():
                found.append(int(path.parent.name))
    return found
