"""The places of a story, each settled or left open, with where they stand in the text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.enrichment import Draft
from pipeline.enrichment.gazetteer import FOLDER, Candidate, Gazetteer
from pipeline.enrichment.gazetteer.demonyms import Demonyms
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.mentions import FieldName, Mention, Reader, supported
from pipeline.enrichment.pinpoint import SHOWN, Found, pinpoint
from pipeline.enrichment.sentences import around, spans
from pipeline.events import Evidence, Place
from pipeline.limits import ENTITY_CHARS, PLACE_CHARS, PLACE_MENTIONS

FIELDS: tuple[FieldName, ...] = ("title", "body")
UNKNOWN = 0.3  # confidence in a place that spaCy saw and the gazetteer lacks
WATER = 0.9  # confidence in a sea of the gazetteer beside a word that says so
# Country domains that the world uses for other things.
GENERIC = frozenset({"IO", "CO", "ME", "TV", "AI", "FM", "LY", "CC", "WS", "TO", "NU", "GG", "EU"})


class Places:
    """Places of relevant drafts; ``everything`` takes the others too."""

    name = "places"
    needs = frozenset({"title", "body", "url", "language", "relevance", "entities"})
    adds = frozenset({"places"})

    def __init__(self, *, everything: bool = False, folder: Path = FOLDER) -> None:
        self._everything = everything
        self._folder = folder
        self._gazetteer: Gazetteer | None = None
        self._demonyms: Demonyms | None = None

    @property
    def version(self) -> str:
        """The release of the code's rules and that of the gazetteer."""
        return f"2+{self._opened()[0].version}"

    def load(self) -> None:
        """Map the gazetteer.

        Raises:
            Fatal: it was not built.
        """
        self._opened()

    def __call__(self, drafts: Sequence[Draft]) -> None:
        """Set ``places``, the first named first."""
        for each in drafts:
            if self._everything or (each.relevance is not None and each.relevance.relevant):
                each.places = self._places(each)

    def _places(self, draft: Draft) -> tuple[Place, ...]:
        gazetteer, demonyms = self._opened()
        reader = Reader(gazetteer, demonyms, draft.language or "en")
        text = f"{draft.title}\n{draft.body[:PLACE_CHARS]}"
        peoples = reader.countries(text)
        mentions = supported(mentions_of(reader, draft), peoples)[:PLACE_MENTIONS]
        land = [each for each in mentions if not each.water]
        found = pinpoint(land, peoples, publisher_country(draft.url))
        return _merged(draft, mentions, found)

    def _opened(self) -> tuple[Gazetteer, Demonyms]:
        if self._gazetteer is None or self._demonyms is None:
            self._gazetteer = Gazetteer.open(self._folder)
            self._demonyms = Demonyms.read(self._folder / "demonyms.tsv")
        return self._gazetteer, self._demonyms


def mentions_of(reader: Reader, draft: Draft) -> list[Mention]:
    """Every mention of title and body, in order."""
    found: list[Mention] = []
    for field in FIELDS:
        text = draft.title if field == "title" else draft.body
        if draft.language == "en":
            entities = [each for each in draft.entities if each.field == field]
            found += reader.corrected(field, text[:ENTITY_CHARS], entities)
        else:
            found += reader.spotted(field, text[:PLACE_CHARS])
    return found


def publisher_country(url: str) -> str | None:
    """The country of a URL's domain, None where it says nothing."""
    try:
        last = (urlsplit(url).hostname or "").rpartition(".")[2].upper()
    except ValueError:
        return None
    if len(last) != 2 or last in GENERIC or not last.isalpha():
        return None
    return "GB" if last == "UK" else last


def _merged(
    draft: Draft, mentions: Sequence[Mention], found: dict[str, Found]
) -> tuple[Place, ...]:
    groups: dict[object, list[Mention]] = defaultdict(list)
    for each in mentions:
        best = _settled(each, found).best
        groups[best.row if best else (each.water, key(each.text))].append(each)
    texts = {"title": draft.title, "body": draft.body}
    cuts = {field: spans(text) for field, text in texts.items()}
    places = []
    for group in groups.values():
        evidence = tuple(
            Evidence(
                field=each.field,
                start=each.start,
                end=each.end,
                sentence=around(cuts[each.field], texts[each.field], each.start, each.end),
            )
            for each in group
        )
        places.append(_place(group, _settled(group[0], found), evidence))
    return tuple(places)


def _settled(mention: Mention, found: dict[str, Found]) -> Found:
    """What a mention stands for; water is not weighed against the towns and countries so named."""
    if mention.water:
        return Found(tuple(mention.candidates[:1]), WATER, not mention.candidates)
    return found[key(mention.text)]


def _place(group: list[Mention], found: Found, evidence: tuple[Evidence, ...]) -> Place:
    name = group[0].text
    if (best := found.best) is None:
        return _open(name, found, evidence, wet=group[0].water)
    sure = found.confidence * (1.0 if any(each.sure for each in group) else 0.9)
    return Place(
        name=name,
        canonical=best.name,
        geonames=best.geonames,
        lat=best.lat,
        lon=best.lon,
        admin1=best.admin1,
        country=best.country,
        precision=best.precision,
        evidence=evidence,
        confidence=round(sure, 3),
    )


def _open(name: str, found: Found, evidence: tuple[Evidence, ...], *, wet: bool) -> Place:
    """A place left open: what all its candidates agree on, and which they are."""
    shown = found.ranked[:SHOWN]
    return Place(
        name=name,
        precision="region" if wet else None,
        admin1=_common([each.admin1 for each in shown]),
        country=_common([each.country for each in shown]),
        candidates=_numbers(shown),
        evidence=evidence,
        confidence=round(found.confidence * 0.5, 3) if shown else UNKNOWN,
    )


def _common(values: Sequence[str | None]) -> str | None:
    return values[0] if values and len(set(values)) == 1 else None


def _numbers(shown: Sequence[Candidate]) -> tuple[int, ...]:
    return tuple(each.geonames for each in shown if each.geonames is not None)
