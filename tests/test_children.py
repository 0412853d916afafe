"""CPU work in processes that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from pipeline.children import Build, Killable
from pipeline.errors import Fatal, Reject, Retry
from tests.conditions import gone, waited
from tests.working import build_odd, killable, no_idea, no_model


@pytest.fixture(scope="module")
def stage() -> Iterator[Killable]:
    """Half a second for each record."""
    made, children = killable()
    yield made
    children.close()


@pytest.mark.parametrize("poison", ["hang", "hold", "exit", "crash", "hog", "refuse", "odd"])
def test_of_a_chunk_with_one_poison_all_others_come_out_right(stage: Killable, poison: str) -> None:
    """In their order, whether it hangs, holds the GIL, exits, crashes or eats memory."""
    records = ["a", "b", "c", poison, "d", "e", "f", "g"]
    results = stage(records)
    assert [r for r in results if isinstance(r, str)] == ["A", "B", "C", "D", "E", "F", "G"]
    assert isinstance(results[3], {"odd": RuntimeError}.get(poison, Reject | MemoryError))
    assert str(results[3]) or poison == "hog"


def test_every_chunk_keeps_its_place(stage: Killable) -> None:
    """Also of a last chunk that is not full, and of none."""
    records = [f"r{n}" for n in range(21)]
    assert stage(records) == [record.upper() for record in records]
    assert stage([]) == []


def test_a_batch_of_poison_ends_in_time() -> None:
    """What was not tried alone by then is to be tried later, and is not called poison."""
    stage, children = killable(seconds=0.2, chunk=4, batch=2.0)
    try:
        results = stage(["hang"] * 12)
        assert isinstance(results[0], Reject)
        assert isinstance(results[-1], Retry)
        assert stage(["a"]) == ["A"]
    finally:
        children.close()


def test_an_error_that_cannot_be_copied_does_not_break_the_pool() -> None:
    """It comes as what it says, and the next record is worked on."""
    stage, children = killable(build_odd)
    try:
        for _ in range(2):
            (result,) = stage(["a"])
            assert "Odd: 1 and 2" in str(result)
    finally:
        children.close()


@pytest.mark.parametrize(("built", "words"), [(no_model, "make setup"), (no_idea, "KeyError")])
def test_work_that_cannot_begin_stops_the_process(built: Build, words: str) -> None:
    """With what the child said; no record is made a dead letter for it."""
    stage, children = killable(built)
    try:
        for _ in range(2):
            with pytest.raises(Fatal, match=words):
                stage(["a", "b"])
    finally:
        children.close()


@pytest.mark.parametrize("poison", ["hang", "hold"])
def test_children_end_with_a_parent_that_is_killed(poison: str) -> None:
    """Also one that holds the GIL, so that no orphan eats a core for ever."""
    command = [sys.executable, "-m", "tests.working", "parent", poison]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout
        pid = int(process.stdout.readline())
        assert not gone(pid)
        process.kill()
    waited(lambda: gone(pid))


def test_children_ended_by_close_are_gone() -> None:
    """Nothing is left behind."""
    stage, children = killable()
    (pid,) = stage(["pid"])
    children.close()
    waited(lambda: gone(pid))
    assert pid != os.getpid()
