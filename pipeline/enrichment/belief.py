"""Whether a span that the gazetteer knows is believed to name a place, where no model says so.

A name may be sure by itself, or weak: it counts only where something sure in the story lies in the
same country.  Scripts without case need more than those in which a name begins with a capital.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.enrichment.gazetteer import Candidate, Gazetteer, Level
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.scan import UNSPACED
from pipeline.enrichment.surroundings import (
    kind_around,
    opens_sentence,
    preposition_before,
)
from pipeline.enrichment.words import NATIVE

Belief = Literal["sure", "weak"]
WIDE = frozenset({"country", "province", "region", "point"})
VAST = frozenset({"country", "region", "point"})
TOWN = 5_000  # people of a town that is believed without a model after a preposition
CITY = 30_000  # the same without a preposition
# Where there is no case: people of a town that is sure after a preposition, and by itself.  With
# TOWN and CITY alone three in ten names found in 1,488 Arabic posts of FIGNEWS were ordinary words.
LARGE = 100_000
METROPOLIS = 1_000_000
OPENS = 300_000  # people of a town that is sure as the first word of a sentence


@dataclass(frozen=True, slots=True)
class Seen:
    """A name in its surroundings."""

    name: str
    candidates: Sequence[Candidate]
    kind: str | None
    placed: bool
    opens: bool
    exact: bool
    ordinary: Level | None
    native: frozenset[str]

    @property
    def best(self) -> list[Candidate]:
        """The candidates for which the name is a usual one."""
        return [each for each in self.candidates if each.main]

    @property
    def people(self) -> int:
        """How many live in the largest of these that is neither country nor region."""
        return max((each.population for each in self.best if each.precision not in VAST), default=0)

    @property
    def near_people(self) -> int:
        """How many live in the largest where the name is written so, be it an unusual one."""
        near = (each for each in self.candidates if each.country in self.native)
        return max((each.population for each in near if each.precision == "town"), default=0)

    @property
    def vast(self) -> bool:
        """Whether the name is a usual one for a country, a region or a point on the map."""
        return any(each.precision in VAST for each in self.best)

    @property
    def alone(self) -> bool:
        """Whether the name is one word."""
        return " " not in self.name.strip()

    @property
    def kind_fits(self) -> bool:
        """Whether the word beside the name calls it what a candidate is."""
        return any(each.precision == self.kind for each in self.best)


def look(gazetteer: Gazetteer, text: str, start: int, end: int, language: str) -> Seen:
    """See the span in its surroundings."""
    name = text[start:end]
    kind = kind_around(text, start, end)
    return Seen(
        name=name,
        candidates=gazetteer.lookup(name, language),
        kind=kind,
        placed=kind is not None or preposition_before(text, start, language),
        opens=opens_sentence(text, start) and text[start].isupper(),
        exact=gazetteer.knows(key(name)),
        ordinary=gazetteer.ordinary(name, language),
        native=NATIVE.get(language, frozenset()),
    )


def belief(seen: Seen, language: str, *, unmistakable: bool) -> Belief | None:
    """How far a name is believed; ``unmistakable`` where it means but one wide place."""
    uncased = unicodedata.category(seen.name[0]) == "Lo"
    if seen.ordinary == "never":
        return _calling(seen, uncased)
    if uncased and seen.alone and language not in UNSPACED:
        return _uncased(seen)
    told = _as_before(seen, unmistakable) or _by_another_name(seen)
    if told == "sure" and seen.opens and seen.alone:
        return _opening(seen)
    return told


def _calling(seen: Seen, uncased: bool) -> Belief | None:
    """An ordinary word: "ولاية الوحدة", "ciudad Victoria"; but "مدينة كبيرة" is a large city."""
    if not seen.kind_fits or (uncased and seen.kind != "province"):
        return None
    return "weak" if uncased else "sure"


def _uncased(seen: Seen) -> Belief | None:
    if seen.ordinary == "seldom":
        large = max(seen.people, seen.near_people) >= TOWN
        return "weak" if seen.exact and seen.placed and large else None
    if seen.vast:
        countries = any(each.precision == "country" for each in seen.best)
        return "sure" if seen.exact or countries else "weak"
    if seen.exact and seen.placed and _at_home(seen):
        return "sure"
    least = TOWN if seen.kind_fits else LARGE if seen.placed else METROPOLIS
    if seen.people >= (least if seen.exact else METROPOLIS):
        return "sure"
    if seen.people >= (TOWN if seen.placed and seen.exact else CITY):
        return "weak"
    return _by_another_name(seen)


def _at_home(seen: Seen) -> bool:
    """Whether a place so named lies where the script is written, so that it is its own name."""
    home = any(each.country in seen.native and each.population >= TOWN for each in seen.best)
    return home or seen.near_people >= (TOWN if seen.kind == "town" else CITY)


def _as_before(seen: Seen, unmistakable: bool) -> Belief | None:
    floor = TOWN if seen.placed else CITY
    wide = any(each.precision in WIDE and (seen.placed or _notable(each)) for each in seen.best)
    if wide or unmistakable or any(each.population >= floor for each in seen.best):
        return "sure"
    return None


def _by_another_name(seen: Seen) -> Belief | None:
    """A large town under a name that is not its usual one in the data."""
    large = any(each.population >= LARGE for each in seen.candidates)
    large = large or seen.near_people >= TOWN
    clear = (seen.placed and seen.exact and len(seen.name) > 3) or not seen.alone
    return "weak" if large and clear and not seen.ordinary else None


def _opening(seen: Seen) -> Belief | None:
    """The first word of a sentence has its capital for that reason."""
    if seen.ordinary or not seen.exact:
        return None
    return "sure" if seen.vast or seen.people >= OPENS else "weak"


def _notable(each: Candidate) -> bool:
    return each.precision != "province" or each.population >= CITY
