"""``tocsin run``: children kept alive, and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.supervisor import Child
from tests.conditions import gone, waited


def supervisor(folder: Path, how: str, *lives: str) -> subprocess.Popen[str]:
    """A supervisor of such children."""
    command = [sys.executable, "-m", "tests.working", "supervise", how, str(folder), *lives]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def pids(folder: Path, life: str) -> list[int]:
    """Every process that lived so."""
    return [int(path.name.rpartition("-")[2]) for path in folder.glob(f"{life}-*")]


def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """And the others are left alone."""
    with supervisor(tmp_path, "on", "good", "deaf") as running:
        waited(lambda: len(pids(tmp_path, "good")) == 1 and len(pids(tmp_path, "deaf")) == 1)
        (first,) = pids(tmp_path, "good")
        os.kill(first, signal.SIGKILL)
        waited(lambda: len(pids(tmp_path, "good")) == 2)
        running.terminate()
        _, err = running.communicate(timeout=15)
    assert running.returncode == 0
    assert "good.0 ended with code -9" in err
    assert len(pids(tmp_path, "deaf")) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_is_passed_on_and_what_does_not_stop_is_killed(tmp_path: Path, number: int) -> None:
    """Each child is asked first, and none is left."""
    with supervisor(tmp_path, "on", "good", "deaf") as running:
        waited(lambda: bool(pids(tmp_path, "good") and pids(tmp_path, "deaf")))
        living = pids(tmp_path, "good") + pids(tmp_path, "deaf")
        waited(lambda: all(not gone(pid) for pid in living))
        running.send_signal(number)
        out, _ = running.communicate(timeout=15)
    assert running.returncode == 0
    assert out == "asked to stop\n"
    assert all(gone(pid) for pid in living)


def test_a_run_with_an_end_gives_up_on_a_child_that_dies_again_and_again(tmp_path: Path) -> None:
    """With 1, and the other children are stopped."""
    with supervisor(tmp_path, "end", "good", "dying", "lasting") as running:
        _, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "again and again" in err
    assert all(gone(pid) for pid in pids(tmp_path, "good"))


def test_a_run_with_an_end_ends_when_it_is_reached(tmp_path: Path) -> None:
    """A child that ends well is not started again."""
    with supervisor(tmp_path, "end", "ending") as running:
        running.communicate(timeout=15)
    assert running.returncode == 0
    assert len(pids(tmp_path, "ending")) == 1


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """No stage goes on without the one that would stop it."""
    with supervisor(tmp_path, "on", "good") as running:
        waited(lambda: bool(pids(tmp_path, "good")))
        (child,) = pids(tmp_path, "good")
        running.kill()
        waited(lambda: gone(child))


def test_a_start_that_fails_is_tried_again_later() -> None:
    """A machine out of memory for a moment does not end the service."""
    child = Child("none", ["/no/such/program"])
    child.look()
    assert (child.deaths, child.process) == (1, None)
    assert child.next_start > child.started
