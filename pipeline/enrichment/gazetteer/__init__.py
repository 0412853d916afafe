"""Where a name may be: a read-only table of places, mapped from files, asked by name.

The files are built by ``python -m pipeline.enrichment.gazetteer.build`` and ship with the package;
``data/CREDITS.md`` says what they were made from.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from struct import Struct
from typing import Any, Literal, cast

import marisa_trie
import msgspec
import numpy as np

from pipeline.enrichment.gazetteer.inflection import Inflection
from pipeline.enrichment.gazetteer.normal import bare, key
from pipeline.enrichment.gazetteer.ordinary import Level, Ordinary
from pipeline.errors import Fatal

__all__ = ["Candidate", "Gazetteer", "Level", "Precision"]

Precision = Literal["point", "town", "district", "province", "country", "region"]
PRECISIONS: tuple[Precision, ...] = ("point", "town", "district", "province", "country", "region")
FORMAT = 1
# One place, 26 bytes; coordinates in hundred-thousandths of a degree (1 m).
LAYOUT: list[tuple[str, str]] = [
    ("geonames", "<u4"),
    ("lat", "<i4"),
    ("lon", "<i4"),
    ("population", "<u4"),
    ("title", "<u4"),
    ("division", "<u2"),
    ("country", "u1"),
    ("precision", "u1"),
    ("flags", "u1"),
]
_ROW = Struct("<IiiIIHBBB")
FOLDER = Path(__file__).with_name("data")
BUILD = "build it with: python -m pipeline.enrichment.gazetteer.build"


class Candidate(msgspec.Struct, frozen=True, gc=False):
    """One place that bears a name; ``main`` where the name is a usual one for it.

    ``row`` is its number in this build of the data, ``geonames`` its lasting id where it has one.
    """

    row: int
    geonames: int | None
    name: str
    lat: float
    lon: float
    population: int
    precision: Precision
    admin1: str | None
    country: str | None
    main: bool
    capital: bool
    unverified: bool


class Gazetteer:
    """Places by name; the same object serves any number of readers."""

    def __init__(self, folder: Path) -> None:
        described = json.loads((folder / "gazetteer.json").read_text("utf-8"))
        if described["format"] != FORMAT:
            raise ValueError(f"format {described['format']}, this code reads {FORMAT}")
        self.version: str = described["version"]
        self._countries: list[str | None] = [each or None for each in described["countries"]]
        self._country_rows: dict[str, int] = described["country_rows"]
        self._divisions: list[str | None] = [each or None for each in described["divisions"]]
        self._names = marisa_trie.Trie().mmap(str(folder / "names.marisa"))
        self._titles = marisa_trie.Trie().mmap(str(folder / "titles.marisa"))
        self._starts = _words(folder / "starts.npy")
        self._postings = _words(folder / "postings.npy")
        places = np.load(folder / "places.npy", mmap_mode="r")
        self._places = memoryview(places.view(np.uint8))
        self._inflection = Inflection.read(folder / "inflection.tsv")
        self._ordinary = Ordinary.read(folder / "ordinary.tsv")

    @classmethod
    def open(cls, folder: Path = FOLDER) -> Gazetteer:
        """Map the built files.

        Raises:
            Fatal: they are missing, damaged or of another format.
        """
        try:
            return cls(folder)
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise Fatal(f"the gazetteer in {folder} cannot be read ({error}); {BUILD}") from error

    def lookup(self, name: str, language: str | None = None) -> Sequence[Candidate]:
        """Every place of that name, the largest first; none where it is unknown.

        A name without an entry of its own is tried without its Arabic article, then without the
        case endings and the prefixed particles of ``language``.
        """
        folded = key(name)
        found = self.exact(folded) or self.exact(bare(folded))
        if found or language is None:
            return found
        for stem in self._inflection.stems(name, folded, language):
            if found := self.exact(stem):
                return found
        return ()

    def exact(self, folded: str) -> Sequence[Candidate]:
        """Every place of that name as :func:`normal.key` folds it."""
        at = self._names.get(folded)
        if at is None:
            return ()
        return [
            self._candidate(each)
            for each in self._postings[self._starts[at] : self._starts[at + 1]]
        ]

    def ordinary(self, name: str, language: str) -> Level | None:
        """Whether the name is an ordinary word of the language, as it is or behind its endings."""
        folded = key(name)
        if level := self._ordinary.level(folded, language):
            return level
        stems = () if self.knows(folded) else self._inflection.stems(name, folded, language)
        for stem in stems:
            if level := self._ordinary.level(stem, language):
                return level
            if self.knows(stem):
                break
        return None

    def country(self, code: str) -> Candidate | None:
        """The country of an ISO 3166-1 code, None where there is none."""
        row = self._country_rows.get(code)
        return None if row is None else self._candidate(row << 1 | 1)

    def knows(self, folded: str) -> bool:
        """Whether any place has that folded name."""
        return folded in self._names

    def longest(self, text: str) -> str:
        """The longest folded name that ``text``, folded, starts with; empty where none does."""
        return max(cast("list[str]", self._names.prefixes(text)), key=len, default="")

    def _candidate(self, posting: int) -> Candidate:
        row = posting >> 1
        number, lat, lon, population, title, division, country, precision, flags = _ROW.unpack_from(
            self._places, row * _ROW.size
        )
        return Candidate(
            row,
            number or None,
            self._titles.restore_key(title),
            lat / 1e5,
            lon / 1e5,
            population,
            PRECISIONS[precision],
            self._divisions[division],
            self._countries[country],
            bool(posting & 1),
            bool(flags & 2),
            bool(flags & 1),
        )


def _words(path: Path) -> Any:
    """A mapped array whose items come out as Python's own numbers, ten times as fast."""
    return memoryview(np.load(path, mmap_mode="r"))
