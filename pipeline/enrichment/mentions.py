"""Which spans of a text name a place: spaCy's spans put right by the gazetteer, or a scan by it.

A mention is only a span that may be a place; :mod:`pipeline.enrichment.pinpoint` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from pipeline.enrichment import Entity
from pipeline.enrichment.belief import TOWN, WIDE, belief, look
from pipeline.enrichment.gazetteer import Candidate, Gazetteer
from pipeline.enrichment.gazetteer.demonyms import Demonyms
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.scan import spans
from pipeline.enrichment.surroundings import (
    dateline,
    governed,
    kind_around,
    names_organisation,
    opens_sentence,
    preposition_before,
    water,
)
from pipeline.enrichment.words import DIRECTIONS, KINDS, NO_PLACES

FieldName = Literal["title", "body"]
PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})
NUMBER_LABELS = frozenset(
    {"DATE", "TIME", "CARDINAL", "ORDINAL", "MONEY", "PERCENT", "QUANTITY", "LANGUAGE"}
)
KNOWN = 15_000  # people of a town that may overrule spaCy's label after a preposition
_WORD_BEFORE = re.compile(r"([^\W\d_][\w’'ʼ-]*) $")
_CAPITAL = re.compile(r"[^\W\d_][\w’'ʼ-]*")
_CLEAN_START = re.compile(r"^(?:(?:the|The|THE)\s+)+")
_CLEAN_END = re.compile(r"(?:['’]s?|[.,;:\s])+$")


@dataclass(frozen=True, slots=True)
class Mention:
    """A span that may name a place; ``sure`` where a model said so, ``kind`` where the text did.

    ``weak`` asks for something sure in the same country; ``water`` is a river, lake or sea, whose
    candidates can only be regions.
    """

    text: str
    field: FieldName
    start: int
    end: int
    candidates: Sequence[Candidate]
    sure: bool = True
    kind: str | None = None
    weak: bool = False
    water: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads mentions and demonyms in one language."""

    gazetteer: Gazetteer
    demonyms: Demonyms
    language: str

    def corrected(self, field: FieldName, text: str, found: Sequence[Entity]) -> list[Mention]:
        """Mentions of an English text from spaCy's entities and what they missed."""
        people = {each.text.split()[-1] for each in found if _is_person(each)}
        mentions, told = self._dateline(field, text)
        taken = [(0, told), *((each.start, each.end) for each in found)]
        for each in found:
            if each.start < told:
                continue
            if (mention := self._from_entity(field, text, each, people)) is not None:
                mentions.append(mention)
        for start, end in self._outside(text, taken):
            if (mention := self._believed(field, text, start, end)) is not None:
                mentions.append(mention)
        return sorted(mentions, key=lambda each: each.start)

    def spotted(self, field: FieldName, text: str) -> list[Mention]:
        """Mentions of a text in a language without spaCy, by the gazetteer alone."""
        mentions, told = self._dateline(field, text)
        found = (
            self._believed(field, text, start, end)
            for start, end in spans(self.gazetteer, text, self.language)
            if start >= told
        )
        return mentions + [each for each in found if each is not None]

    def given(self, field: FieldName, text: str, start: int, end: int) -> Mention:
        """The mention at a span that is known to name a place; a demonym names its country."""
        people = self.demonyms.country(text[start:end], self.language)
        if people and (country := self.gazetteer.country(people)):
            return Mention(text[start:end], field, start, end, [country])
        start, end, kind, candidates = self._looked_up(text, start, end)
        return Mention(text[start:end], field, start, end, candidates, True, kind)

    def countries(self, text: str) -> list[str]:
        """The countries whose demonyms stand in the text, once per mention."""
        words = (match.group() for match in _CAPITAL.finditer(text))
        told = (self.demonyms.country(word, self.language) for word in words)
        return [each for each in told if each]

    def _from_entity(
        self, field: FieldName, text: str, entity: Entity, people: set[str]
    ) -> Mention | None:
        if entity.label in NUMBER_LABELS:
            return None
        start, end = _cleaned(text, entity.start, entity.end)
        if start >= end or self.demonyms.country(text[start:end], self.language):
            return None
        start, end, kind, candidates = self._looked_up(text, start, end)
        name = text[start:end]
        if name == name.lower() and name != name.upper():
            return None  # "ditch" is a spelling of Aarhus
        if wet := self._water(field, text, start, end):
            return wet
        mention = Mention(name, field, start, end, candidates, True, kind)
        if entity.label not in PLACE_LABELS:
            return self._overruled(text, entity, mention)
        return None if _is_other(text, mention, entity, people) else mention

    def _overruled(self, text: str, entity: Entity, mention: Mention) -> Mention | None:
        """A known place that spaCy took for a people, an organisation or a person."""
        if not mention.candidates or mention.text.isupper():
            return None
        best = [each for each in mention.candidates if each.main]
        if any(each.precision in WIDE for each in best) and entity.label != "PERSON":
            return mention
        if mention.kind or any(each.population >= KNOWN for each in best):
            placed = preposition_before(text, mention.start, self.language)
            return mention if mention.kind or placed else None
        return None

    def _looked_up(
        self, text: str, start: int, end: int
    ) -> tuple[int, int, str | None, Sequence[Candidate]]:
        """Look the span up as it is, then without its word of direction, then of kind."""
        kind = kind_around(text, start, end)
        if key(text[start:end]) in NO_PLACES:
            return start, end, kind, ()
        while True:
            if found := self.gazetteer.lookup(text[start:end], self.language):
                return start, end, kind, found
            first, _, rest = text[start:end].partition(" ")
            before, _, last = text[start:end].rpartition(" ")
            if rest and first.lower() in DIRECTIONS:
                start += len(first) + 1
            elif before and last.lower() in KINDS:
                end -= len(last) + 1
                kind = KINDS[last.lower()]
            else:
                return start, end, kind, ()

    def _outside(self, text: str, taken: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Spans outside spaCy's entities that the gazetteer knows and the text bears out."""
        for start, end in spans(self.gazetteer, text, self.language):
            if any(begin < end and start < finish for begin, finish in taken):
                continue
            listed = text[max(0, start - 2) : start] == ", "
            if (
                listed
                or preposition_before(text, start, self.language)
                or self._unmistakable(text[start:end])
            ):
                yield start, end

    def _unmistakable(self, name: str) -> bool:
        """Whether a name of some length means a region or a province and nothing abroad."""
        found = self.gazetteer.lookup(name, self.language) if len(name) > 5 else ()
        wide = any(each.main and each.precision in WIDE for each in found)
        return wide and len({each.country for each in found}) == 1

    def _believed(self, field: FieldName, text: str, start: int, end: int) -> Mention | None:
        """A span of the scan, if the gazetteer's entry and the words around it bear it out."""
        name = text[start:end]
        if self.demonyms.country(name, self.language) or key(name) in NO_PLACES:
            return None
        if wet := self._water(field, text, start, end):
            return wet
        seen = look(self.gazetteer, text, start, end, self.language)
        told = belief(seen, self.language, unmistakable=self._unmistakable(name))
        first, _, rest = name.partition(" ")
        if told != "sure" and first in KINDS and self.gazetteer.lookup(rest, self.language):
            return self._believed(field, text, start + len(first) + 1, end)  # "مدينة حمص"
        if told is None or names_organisation(text, end):
            return None
        inflected = self.language == "tr" and text[end : end + 1] in ("'", "’")
        weak = told == "weak" or (not inflected and _follows_opening(text, start))
        return Mention(name, field, start, end, seen.candidates, False, seen.kind, weak)

    def _water(self, field: FieldName, text: str, start: int, end: int) -> Mention | None:
        """The river, lake or sea of that name, not the country or town."""
        found = water(text, start, end)
        if found is None or governed(text, start):
            return None
        known = self.gazetteer.lookup(text[found[0] : found[1]], self.language)
        named = " " in text[found[0] : found[1]]
        if named and any(each.precision == "town" and each.main for each in known):
            return None  # Lake Charles, Río Cuarto
        start, end = found
        regions = [each for each in known if each.precision == "region"]
        return Mention(text[start:end], field, start, end, regions, False, water=True)

    def _dateline(self, field: FieldName, text: str) -> tuple[list[Mention], int]:
        """The places of the dateline, and where it ends: 0 where no place begins the text."""
        end = dateline(text) if field == "body" else 0
        found = [
            Mention(text[first:last], field, first, last, candidates)
            for first, last in spans(self.gazetteer, text[:end], self.language)
            if _is_settled(candidates := self.gazetteer.lookup(text[first:last], self.language))
        ]
        return (found, end) if found and not text[: found[0].start].strip() else ([], 0)


def supported(mentions: Sequence[Mention], peoples: Iterable[str]) -> list[Mention]:
    """The mentions without the weak ones for which no sure one, or no people, speaks."""
    countries = set(peoples)
    for each in mentions:
        if not each.weak:
            countries |= _countries(each.candidates)
    return [each for each in map(partial(_borne_out, countries), mentions) if each is not None]


def _borne_out(countries: set[str], mention: Mention) -> Mention | None:
    if not mention.weak:
        return mention
    inside = [each for each in mention.candidates if each.country in countries]
    return replace(mention, candidates=inside) if _is_settled(inside, other=True) else None


def _countries(candidates: Sequence[Candidate]) -> set[str]:
    """The country that a name speaks for: that of the country or else of the largest so named."""
    main = [each for each in candidates if each.main] or candidates
    chosen = [each for each in main if each.precision == "country"] or main[:1]
    return {each.country for each in chosen if each.country}


def _is_settled(candidates: Sequence[Candidate], *, other: bool = False) -> bool:
    return any(
        (each.main and (each.precision in WIDE or each.population >= TOWN))
        or (other and each.population >= TOWN)
        for each in candidates
    )


def _follows_opening(text: str, start: int) -> bool:
    """Whether a capitalised first word stands before the name: "Valence Martin said"."""
    before = _WORD_BEFORE.search(text, max(0, start - 40), start)
    return (
        before is not None
        and text[start].isupper()
        and len(before.group(1)) > 3
        and before.group(1)[0].isupper()
        and opens_sentence(text, before.start(1))
    )


def _is_person(entity: Entity) -> bool:
    return entity.label == "PERSON" and " " in entity.text


def _is_other(text: str, mention: Mention, entity: Entity, people: set[str]) -> bool:
    """Whether what spaCy took for a place is an organisation, a person or nothing at all."""
    name = mention.text
    if names_organisation(text, mention.end) or (name in people and " " not in name):
        return True
    unknown = entity.label == "FAC" or not name[:1].isupper()
    return key(name) in NO_PLACES or (not mention.candidates and unknown)


def _cleaned(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without an article before and a possessive or stop after it."""
    span = text[start:end]
    if (lead := _CLEAN_START.match(span)) and lead.end() < len(span):
        start += lead.end()
    if not re.search(r"\b[A-Z]\.$", text[start:end]) and (
        tail := _CLEAN_END.search(text[start:end])
    ):
        end = start + tail.start()
    return start, end
