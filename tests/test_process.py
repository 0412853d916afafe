"""One stage process: how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import app
from pipeline.topology import CURSORS
from tests.conditions import waited
from tests.stream import Service
from tests.web import Web


def process(how: str, *more: str) -> subprocess.Popen[str]:
    """A process that turns like this, after its first turn began."""
    command = [sys.executable, "-m", "tests.working", "turns", how, *more]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert started.stdout
    assert started.stdout.readline() == "turn\n"
    return started


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_finishes_the_batch_and_ends_with_0(number: int) -> None:
    """What is in hand is done, and nothing more is begun."""
    with process("batch") as ending:
        ending.send_signal(number)
        out, _ = ending.communicate(timeout=15)
    assert ending.returncode == 0
    assert out.splitlines() == ["done"]


def test_a_long_batch_is_cut_short() -> None:
    """A stage that can stop in the middle of its batch is told to."""
    with process("cut") as ending:
        ending.terminate()
        out, _ = ending.communicate(timeout=15)
    assert (ending.returncode, out) == (0, "cut short\n")


def test_work_that_does_not_end_is_left_when_the_patience_is_up() -> None:
    """With 0, as asked: nothing was committed; a second signal changes nothing."""
    with process("hang") as ending:
        began = time.monotonic()
        ending.terminate()
        ending.terminate()
        ending.communicate(timeout=15)
    assert ending.returncode == 0
    assert time.monotonic() - began > 0.9


@pytest.mark.parametrize(("how", "words"), [("fatal", "the bus is lost"), ("bug", "KeyError")])
def test_trouble_ends_with_75_and_says_what_it_was(how: str, words: str) -> None:
    """So that the supervisor starts it again."""
    with process(how) as ending:
        _, err = ending.communicate(timeout=15)
    assert ending.returncode == 75
    assert words in err


@pytest.mark.parametrize("how", ["hang", "hold"])
def test_a_turn_that_never_ends_ends_the_process(how: str) -> None:
    """Also one that holds the GIL; it shows where it hung."""
    with process(how, "wedged") as ending:
        _, err = ending.communicate(timeout=15)
    assert ending.returncode == 1
    assert "Timeout" in err
    assert "working.py" in err


def test_a_stop_in_the_middle_of_a_poll_is_not_the_sources_fault(tmp_path: Path) -> None:
    """It ends with 0 and says nothing, and the source is asked again at the next start."""
    with Web() as web:
        url = web.hang("/feed.xml")
        service = Service(
            tmp_path, f'[http]\nallow = ["127.0.0.1"]\n[[source]]\nname = "a"\nurl = "{url}"\n'
        )
        bus = app.open_bus(service.settings)
        app.prepare_bus(bus)
        command = [sys.executable, "-m", "pipeline.cli", "--config", str(service.config), "poll"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as polling:
            waited(lambda: bool(web.seen))
            polling.terminate()
            _, err = polling.communicate(timeout=15)
    assert (polling.returncode, err) == (0, "")
    assert list(bus.read(CURSORS)) == []
