"""Which place of that name is meant: by what the text says around it, and by size last.

Every candidate gets points; ten times as likely is one point.  The weights were set by hand on the
development texts of ``benchmarks/places.py``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import asin, cos, log10, radians, sin, sqrt

from pipeline.enrichment.gazetteer import Candidate
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.mentions import Mention

SAME_KM = 50.0  # candidates this near each other are one answer
NEAR_KM = 250.0  # another place of the text this near speaks for a candidate
OPEN_BELOW = 0.6  # less sure than this is left open
SMALL = 5_000  # a town under this, in a country of which nothing else speaks, is left open
SHOWN = 5  # candidates given for an open place
EARTH_KM = 6371.0

COUNTRY, CAPITAL, OTHER_NAME = 9.0, 1.5, -1.5
PARENT, KIND, WRONG_KIND = 4.0, 2.0, -1.0
SAID_COUNTRY, SAID_DIVISION, PUBLISHER, VOTES, NEAR = 1.6, 1.6, 1.2, 2.5, 0.8


@dataclass(frozen=True, slots=True)
class Found:
    """What a name stands for in one text: the best candidate first, and how sure that is."""

    ranked: tuple[Candidate, ...]
    confidence: float
    open: bool

    @property
    def best(self) -> Candidate | None:
        """The place meant; None where it is left open or unknown."""
        return None if self.open or not self.ranked else self.ranked[0]


@dataclass(frozen=True, slots=True)
class Context:
    """What a text says of its whereabouts: countries, and places, with their weight."""

    said: frozenset[str]
    publisher: str | None
    votes: dict[str, float]
    cast: dict[str, tuple[Candidate, float]]
    points: tuple[tuple[str, float, float], ...]

    def share(self, name: str, country: str) -> float:
        """The part of the other names' votes that a country has, 0 to 1."""
        best, own = self.cast.get(name, (None, 0.0))
        total = sum(self.votes.values()) - own
        mine = self.votes.get(country, 0.0) - (own if best and best.country == country else 0.0)
        return mine / total if total > 0.01 else 0.0

    def elsewhere(self, name: str, division: str | None) -> bool:
        """Whether another name of the text is taken to lie in a province."""
        return division is not None and any(
            other != name and best.admin1 == division and weight > OPEN_BELOW
            for other, (best, weight) in self.cast.items()
        )


def distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Kilometres between two points on a sphere."""
    north, east = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    part = sin(north) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(part)))


def pinpoint(
    mentions: Sequence[Mention], peoples: Iterable[str] = (), publisher: str | None = None
) -> dict[str, Found]:
    """Settle every distinct name of one text, by its folded form.

    ``peoples`` are the countries whose demonyms the text has, ``publisher`` that of its source.
    """
    names: dict[str, list[Mention]] = defaultdict(list)
    for each in mentions:
        names[key(each.text)].append(each)
    parents = _parents(mentions)
    fixed = {name: _fixed(group, parents.get(name, ())) for name, group in names.items()}
    context = Context(frozenset(peoples), publisher, {}, {}, ())
    ranked = {
        name: _ranked(name, names[name][0].candidates, points, context)
        for name, points in fixed.items()
    }
    context = _context(ranked, names, frozenset(peoples), publisher)
    return {
        name: _found(name, _ranked(name, names[name][0].candidates, points, context), context)
        for name, points in fixed.items()
    }


Scored = list[tuple[float, Candidate]]


def _parents(mentions: Sequence[Mention]) -> dict[str, list[Mention]]:
    """The mentions that follow a name after a comma or in brackets: "Goma, North Kivu"."""
    found: dict[str, list[Mention]] = defaultdict(list)
    for each, following in pairwise(mentions):
        gap = following.start - each.end
        if each.field == following.field and 1 < gap <= 2 and following.candidates:
            found[key(each.text)].append(following)
    return found


def _fixed(group: list[Mention], parents: Sequence[Mention]) -> dict[int, float]:
    """Points that do not depend on other names: size, kind of place, the parent named after it."""
    kinds = {each.kind for each in group if each.kind}
    outer = [each for parent in parents for each in parent.candidates if _is_outer(each)]
    points = {}
    for each in group[0].candidates:
        score = _size(each) + (0.0 if each.main else OTHER_NAME)
        if kinds:
            score += KIND if each.precision in kinds else WRONG_KIND
        if any(_lies_in(each, around) for around in outer):
            score += PARENT
        points[each.row] = score
    return points


def _is_outer(each: Candidate) -> bool:
    return each.precision in ("country", "province", "district")


def _lies_in(each: Candidate, around: Candidate) -> bool:
    if each.row == around.row or each.country != around.country:
        return False
    return around.precision == "country" or (
        each.admin1 is not None and each.admin1 == around.admin1
    )


def _size(each: Candidate) -> float:
    people = each.population
    if each.precision == "country":
        return COUNTRY
    if each.precision in ("province", "region"):
        return max(5.0, log10(people * 0.05 + 10))
    if each.precision == "district":
        return log10(people * 0.1 + 10)
    return log10(people + 10) + (CAPITAL if each.capital else 0)


def _ranked(
    name: str, candidates: Sequence[Candidate], points: dict[int, float], context: Context
) -> Scored:
    scored = [(points[each.row] + _nearby(name, each, context), each) for each in candidates]
    return sorted(scored, key=lambda pair: (-pair[0], pair[1].row))


def _nearby(name: str, each: Candidate, context: Context) -> float:
    """Points from the rest of the text, where names other than this one count."""
    if each.country is None:
        return 0.0
    score = VOTES * context.share(name, each.country)
    if each.precision == "country":
        return score
    score += SAID_COUNTRY if each.country in context.said else 0.0
    score += PUBLISHER if each.country == context.publisher else 0.0
    if each.precision in ("town", "point") and context.elsewhere(name, each.admin1):
        score += SAID_DIVISION
    near = (
        other != name and distance(each.lat, each.lon, lat, lon) < NEAR_KM
        for other, lat, lon in context.points
    )
    return score + (NEAR if any(near) else 0.0)


def _context(
    ranked: dict[str, Scored],
    names: dict[str, list[Mention]],
    peoples: frozenset[str],
    publisher: str | None,
) -> Context:
    said, points = set(peoples), []
    votes: dict[str, float] = defaultdict(float)
    cast: dict[str, tuple[Candidate, float]] = {}
    for name, scored in ranked.items():
        if not scored:
            continue
        best, sure = scored[0][1], _confidence(scored)
        cast[name] = best, sure * min(len(names[name]), 3)
        votes[best.country or ""] += cast[name][1]
        if sure > OPEN_BELOW and best.precision == "country" and best.country:
            said.add(best.country)
        elif sure > OPEN_BELOW and best.precision != "region":
            points.append((name, best.lat, best.lon))
    return Context(frozenset(said), publisher, dict(votes), cast, tuple(points))


def _confidence(scored: Scored) -> float:
    """How sure the first is against the best that lies elsewhere, 0.5 to 1."""
    top, best = scored[0]
    for score, each in scored[1:]:
        if distance(best.lat, best.lon, each.lat, each.lon) > SAME_KM and not _one_in_other(
            best, each
        ):
            return 1 / (1 + 10 ** (score - top))
    return 1.0


def _one_in_other(one: Candidate, other: Candidate) -> bool:
    return (_is_outer(one) and _lies_in(other, one)) or (_is_outer(other) and _lies_in(one, other))


def _found(name: str, scored: Scored, context: Context) -> Found:
    if not scored:
        return Found((), 0.0, True)
    best = scored[0][1]
    sure = _confidence(scored) * (0.97 if best.main else 0.85)
    weak = sure < OPEN_BELOW or (
        best.precision == "town"
        and best.population < SMALL
        and not _spoken_for(name, best, context)
    )
    return Found(tuple(each for _, each in scored), round(sure, 3), weak)


def _spoken_for(name: str, each: Candidate, context: Context) -> bool:
    """Whether anything but the name itself speaks for the candidate's country."""
    country = each.country or ""
    return (
        country in context.said
        or country == context.publisher
        or context.share(name, country) > 0.3
        or context.elsewhere(name, each.admin1)
    )
