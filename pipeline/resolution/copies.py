"""Which stories carry the same text: near copies by MinHash over runs of five words.

The sketch estimates the share of common five-word runs (Broder 1997, "On the resemblance and
containment of documents"; banding as in Leskovec, Rajaraman and Ullman, "Mining of Massive
Datasets", chapter 3).  64 hashes give it a standard error of 0.06; 21 bands of three find a pair
that shares half of its runs in 94 of 100 cases, one that shares seven tenths always.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

RUN = 5  # words: shorter runs are shared by any two reports of one event
HASHES, BANDS, ROWS = 64, 21, 3
ALIKE = 0.5  # two reports of one event share under 0.1 of their runs, edited wire copy over 0.6
LEAST_WORDS = 25  # below, a text says too little to be called a copy
WINDOW = timedelta(days=7)  # wire copy comes within hours; the rest of the week is for weeklies

Sketch = NDArray[np.uint64]

_WORD = re.compile(r"\w+")
_NUMBERS = np.random.default_rng(20_260_227)
_FACTORS = _NUMBERS.integers(1, 2**63, HASHES, dtype=np.uint64) | np.uint64(1)
_SHIFTS = _NUMBERS.integers(0, 2**63, HASHES, dtype=np.uint64)
_WEIGHTS = _NUMBERS.integers(1, 2**63, RUN, dtype=np.uint64) | np.uint64(1)


def sketch(text: str) -> Sketch | None:
    """The MinHash of a text, None for one too short to judge; equal on every machine."""
    words = _WORD.findall(text.casefold())
    if len(words) < LEAST_WORDS:
        return None
    numbers = np.array([_number(word) for word in words], dtype=np.uint64)
    runs = np.lib.stride_tricks.sliding_window_view(numbers, RUN) * _WEIGHTS
    mixed = _mix(runs.sum(axis=1, dtype=np.uint64))
    hashed = (mixed[:, None] * _FACTORS + _SHIFTS) >> np.uint64(32)
    least: Sketch = hashed.min(axis=0)
    return least


def similarity(one: Sketch, other: Sketch) -> float:
    """The estimated share of common runs, 0 to 1."""
    return float(np.mean(one == other))


def _number(word: str) -> int:
    """FNV-1a, 64 bits: Python's own hash differs from process to process."""
    value = 0xCBF29CE484222325
    for byte in word.encode("utf-8", "surrogatepass"):
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread near numbers (the finaliser of SplitMix64)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@dataclass(frozen=True, slots=True)
class Near:
    """A story whose text is alike, and how much."""

    id: str
    similarity: float


class Copies:
    """The sketches of the stories of the last days."""

    def __init__(self) -> None:
        self._sketches: dict[str, tuple[Sketch, datetime]] = {}
        self._bands: defaultdict[tuple[int, bytes], set[str]] = defaultdict(set)
        self._newest: datetime | None = None

    def put(self, id: str, text: str, seen: datetime) -> None:
        """Remember a story's text in place of what it said before."""
        self.forget(id)
        made = sketch(text)
        if made is None:
            return
        self._sketches[id] = (made, seen)
        for band in _bands(made):
            self._bands[band].add(id)
        self._let_go(seen)

    def near(self, id: str) -> list[Near]:
        """The other stories that carry the text of this one, in no order."""
        mine = self._sketches.get(id)
        if mine is None:
            return []
        others = {other for band in _bands(mine[0]) for other in self._bands[band]} - {id}
        found = [Near(other, similarity(mine[0], self._sketches[other][0])) for other in others]
        return [near for near in found if near.similarity >= ALIKE]

    def forget(self, id: str) -> None:
        """Drop a story; nothing happens when it is not here."""
        old = self._sketches.pop(id, None)
        for band in _bands(old[0]) if old else ():
            members = self._bands[band]
            members.discard(id)
            if not members:
                del self._bands[band]

    def _let_go(self, seen: datetime) -> None:
        """Drop what is older than the window; the dict is nearly in order of time."""
        self._newest = max(self._newest or seen, seen)
        oldest = next(iter(self._sketches))
        while self._newest - self._sketches[oldest][1] > WINDOW:
            self.forget(oldest)
            oldest = next(iter(self._sketches))


def _bands(made: Sketch) -> Iterator[tuple[int, bytes]]:
    for band in range(BANDS):
        yield band, made[band * ROWS : band * ROWS + ROWS].tobytes()
