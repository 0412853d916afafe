"""How well places are found and settled: ``python -m benchmarks.places [--docs N]``.

Corpora: LGL (588 local-news articles) and GeoWebNews (200), in ``../shared/data/geoparsing``.

Resolution: of the gold toponyms that have coordinates, the share for which the answer lies within
161 km of the gold point or is the same GeoNames id.  The gold spans are given, nothing is tagged.
``ours`` is the first-ranked candidate, also where the pipeline would leave the place open;
``settled`` counts only those it does not leave open (share settled, and accuracy among them);
``population`` is the largest candidate of the same gazetteer in the same run.  A toponym that the
gazetteer does not know is wrong for both.  No publisher is given to either.

Tagging: F1 over spans.  A span found is right when it overlaps a gold span that no other span has
taken.  Gold spans are all toponyms of LGL; of GeoWebNews those of the types Literal, Metonymic,
Mixed, Coercion, Literal_Modifier and Non_Literal_Modifier, so that demonyms, homonyms, languages,
expressions and names embedded in others are not asked for and count against who finds them.
``spaCy`` is every GPE, LOC and FAC entity of the same model in the same run; both read the first
6,000 characters, and only gold spans that begin there count.

Speed: documents a second of entities and places together, one process, and the peak memory.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from pipeline.enrichment import Draft
from pipeline.enrichment.entities import Entities
from pipeline.enrichment.gazetteer import FOLDER, Candidate, Gazetteer
from pipeline.enrichment.gazetteer.demonyms import Demonyms
from pipeline.enrichment.gazetteer.normal import key
from pipeline.enrichment.mentions import Mention, Reader
from pipeline.enrichment.pinpoint import distance, pinpoint
from pipeline.enrichment.places import Places
from pipeline.limits import ENTITY_CHARS

DATA = Path("../shared/data/geoparsing")
NEAR_KM = 161.0
TAGS = frozenset({"GPE", "LOC", "FAC"})
TYPES = frozenset(
    {"Literal", "Metonymic", "Mixed", "Coercion", "Literal_Modifier", "Non_Literal_Modifier"}
)


@dataclass(frozen=True, slots=True)
class Gold:
    """One toponym as annotated."""

    start: int
    end: int
    lat: float | None
    lon: float | None
    geonames: int | None


@dataclass(frozen=True, slots=True)
class Text:
    """One article with its toponyms."""

    text: str
    gold: tuple[Gold, ...]


def lgl(path: Path) -> Iterator[Text]:
    """Read LGL."""
    for article in _root(path).iter("article"):
        gold = []
        for each in article.iter("toponym"):
            tag = each.find("gaztag")
            number = tag.get("geonameid") if tag is not None else None
            gold.append(
                Gold(
                    int(each.findtext("start") or 0),
                    int(each.findtext("end") or 0),
                    _number(each, "gaztag/lat"),
                    _number(each, "gaztag/lon"),
                    int(number) if number else None,
                )
            )
        yield Text(article.findtext("text") or "", tuple(gold))


def geowebnews(path: Path) -> Iterator[Text]:
    """Read GeoWebNews."""
    for article in _root(path).iter("article"):
        yield Text(
            article.findtext("text") or "",
            tuple(
                Gold(
                    int(each.findtext("start") or 0),
                    int(each.findtext("end") or 0),
                    _number(each, "latitude"),
                    _number(each, "longitude"),
                    int(number)
                    if (number := each.findtext("geonamesID") or "").isdigit()
                    else None,
                )
                for each in article.iter("toponym")
                if each.findtext("type") in TYPES
            ),
        )


def _root(path: Path) -> etree._Element:
    return etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True)).getroot()


def _number(each: etree._Element, path: str) -> float | None:
    text = each.findtext(path)
    try:
        return float(text) if text else None
    except ValueError:
        return None


def right(gold: Gold, answer: Candidate | None) -> bool:
    """Whether an answer is the gold place or within 161 km of it."""
    if answer is None or gold.lat is None or gold.lon is None:
        return False
    if gold.geonames is not None and gold.geonames == answer.geonames:
        return True
    return distance(gold.lat, gold.lon, answer.lat, answer.lon) <= NEAR_KM


def resolution(texts: Sequence[Text], reader: Reader) -> dict[str, float]:
    """Accuracy of ours, of those settled, and of population alone, on the gold spans."""
    asked = ours = settled = among = population = known = 0
    for text in texts:
        gold = sorted((each for each in text.gold if each.lat is not None), key=lambda g: g.start)
        mentions = [_mention(reader, text.text, each) for each in gold]
        found = pinpoint(mentions, reader.countries(text.text))
        for each, mention in zip(gold, mentions, strict=True):
            answer = found[key(mention.text)]
            asked += 1
            known += bool(mention.candidates)
            ours += right(each, answer.ranked[0] if answer.ranked else None)
            settled += answer.best is not None
            among += right(each, answer.best)
            largest = max(mention.candidates, key=lambda c: c.population, default=None)
            population += right(each, largest)
    return {
        "toponyms": asked,
        "known": known / asked,
        "ours": ours / asked,
        "population": population / asked,
        "settled": settled / asked,
        "right among settled": among / max(settled, 1),
    }


def _mention(reader: Reader, text: str, gold: Gold) -> Mention:
    return reader.given("body", text, gold.start, gold.end)


def matched(gold: Sequence[Gold], spans: Sequence[tuple[int, int]]) -> int:
    """How many spans overlap a gold span that none before has taken."""
    free, count = list(gold), 0
    for start, end in spans:
        hit = next((each for each in free if start < each.end and each.start < end), None)
        if hit is not None:
            free.remove(hit)
            count += 1
    return count


def f1(hits: int, found: int, asked: int) -> dict[str, float]:
    """Precision, recall and their harmonic mean."""
    precision, recall = hits / max(found, 1), hits / max(asked, 1)
    return {
        "P": precision,
        "R": recall,
        "F1": 2 * precision * recall / max(precision + recall, 1e-9),
    }


def tagging(texts: Sequence[Text], drafts: Sequence[Draft]) -> dict[str, dict[str, float]]:
    """F1 of the places of the drafts, and of spaCy's labels alone."""
    counts = {"ours": [0, 0], "spaCy": [0, 0]}
    asked = 0
    for text, draft in zip(texts, drafts, strict=True):
        gold = [each for each in text.gold if each.start < ENTITY_CHARS]
        asked += len(gold)
        ours = sorted((e.start, e.end) for each in draft.places for e in each.evidence)
        plain = sorted((e.start, e.end) for e in draft.entities if e.label in TAGS)
        for name, spans in (("ours", ours), ("spaCy", plain)):
            counts[name][0] += matched(gold, spans)
            counts[name][1] += len(spans)
    return {name: f1(hits, found, asked) for name, (hits, found) in counts.items()}


def measure(name: str, texts: Sequence[Text]) -> None:
    """Measure one corpus and print its figures."""
    reader = Reader(Gazetteer.open(), Demonyms.read(FOLDER / "demonyms.tsv"), "en")
    _show(f"{name} resolution", resolution(texts, reader))
    entities, places = Entities(everything=True), Places(everything=True)
    entities.load()
    places.load()
    drafts = [Draft(title="", body=each.text, language="en") for each in texts]
    begun = time.perf_counter()
    for draft in drafts:
        entities([draft])
    between = time.perf_counter()
    for draft in drafts:
        places([draft])
    ended = time.perf_counter()
    for system, figures in tagging(texts, drafts).items():
        _show(f"{name} tagging, {system}", figures)
    words = sum(len(each.text.split()) for each in texts)
    figures = {
        "docs/s": len(texts) / (ended - begun),
        "entities docs/s": len(texts) / (between - begun),
        "places docs/s": len(texts) / (ended - between),
        "words/doc": words / len(texts),
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }
    _show(f"{name} speed", figures)


def _show(title: str, figures: dict[str, float]) -> None:
    told = "  ".join(
        f"{name} {value:.0f}" if value > 1 else f"{name} {value:.3f}"
        for name, value in figures.items()
    )
    print(f"{title}: {told}", flush=True)


def main() -> int:
    """Run both corpora."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--docs", type=int, default=None, help="only the first N of each corpus")
    chosen = parser.parse_args()
    if not DATA.is_dir():
        print(f"{DATA} is not there: this benchmark needs the shared corpora", file=sys.stderr)
        return 1
    measure("LGL", list(lgl(DATA / "lgl.xml"))[: chosen.docs])
    measure("GeoWebNews", list(geowebnews(DATA / "GWN.xml"))[: chosen.docs])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
