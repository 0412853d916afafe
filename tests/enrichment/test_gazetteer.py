"""The gazetteer: what it knows, how it is spelled, how fast and how small it is."""

from __future__ import annotations

import fnmatch
import time
import tomllib
from pathlib import Path

import pytest

from pipeline.enrichment.gazetteer import FOLDER, Gazetteer
from pipeline.enrichment.gazetteer.demonyms import Demonyms
from pipeline.enrichment.gazetteer.normal import bare, key
from pipeline.enrichment.pinpoint import distance
from pipeline.errors import Fatal

KNOWN = [
    # name, language, country, lat, lon
    ("Kabul", "en", "AF", 34.53, 69.17),
    ("کابل", "fa", "AF", 34.53, 69.17),
    ("كابول", "ar", "AF", 34.53, 69.17),
    ("Кабуле", "ru", "AF", 34.53, 69.17),
    ("काबुल", "hi", "AF", 34.53, 69.17),
    ("喀布尔", "zh", "AF", 34.53, 69.17),
    ("Kandahar", "en", "AF", 31.61, 65.71),
    ("Paktika", "en", "AF", 32.4, 68.7),
    ("Nangarhar", "en", "AF", 34.2, 70.4),
    ("ننگرهار", "fa", "AF", 34.2, 70.4),
    ("Нангархаре", "ru", "AF", 34.2, 70.4),
    ("Torkham", "en", "AF", 34.12, 71.09),
    ("طورخم", "ar", "AF", 34.12, 71.09),
    ("Spin Boldak", "en", "AF", 31.01, 66.4),
    ("Peshawar", "en", "PK", 34.01, 71.58),
    ("پشاور", "ur", "PK", 34.01, 71.58),
    ("Goma", "fr", "CD", -1.67, 29.23),
    ("North Kivu", "en", "CD", -0.8, 29.0),
    ("Nord-Kivu", "fr", "CD", -0.8, 29.0),
    ("Kivu del Norte", "es", "CD", -0.8, 29.0),
    ("El Fasher", "en", "SD", 13.63, 25.35),
    ("al-Fashir", "en", "SD", 13.63, 25.35),
    ("El-Facher", "fr", "SD", 13.63, 25.35),
    ("الفاشر", "ar", "SD", 13.63, 25.35),
    ("Bakhmut", "en", "UA", 48.59, 38.0),
    ("Бахмуте", "ru", "UA", 48.59, 38.0),
    ("Бахмуті", "uk", "UA", 48.59, 38.0),
    ("Kharkiv", "en", "UA", 49.98, 36.25),
    ("Харьковом", "ru", "UA", 49.98, 36.25),
    ("Харкові", "uk", "UA", 49.98, 36.25),
    ("خاركيف", "ar", "UA", 49.98, 36.25),
    ("Járkov", "es", "UA", 49.98, 36.25),
    ("Авдеевке", "ru", "UA", 48.14, 37.75),
    ("Сумах", "ru", "UA", 50.92, 34.8),
    ("Донецкой области", "ru", "UA", 48.0, 37.8),
    ("Khan Younis", "en", "PS", 31.34, 34.31),
    ("خان يونس", "ar", "PS", 31.34, 34.31),
    ("Deir al-Balah", "en", "PS", 31.42, 34.35),
    ("دير البلح", "ar", "PS", 31.42, 34.35),
    ("Gaza Strip", "en", "PS", 31.42, 34.36),
    ("بغزة", "ar", "PS", 31.42, 34.36),
    ("Hodeidah", "en", "YE", 14.8, 42.95),
    ("Al-Hudaydah", "en", "YE", 14.8, 42.95),
    ("الحديدة", "ar", "YE", 14.8, 42.95),
    ("Qamishli", "en", "SY", 37.05, 41.23),
    ("Камышлы", "ru", "SY", 37.05, 41.23),
    ("Deir ez-Zor", "en", "SY", 35.33, 40.14),
    ("Halep’te", "tr", "SY", 36.2, 37.16),
    ("Cabo Delgado", "pt", "MZ", -12.4, 39.4),
    ("Rakhine", "en", "MM", 19.8, 94.0),
    ("Tigray", "en", "ET", 14.0, 38.5),
    ("Darfour", "fr", "SD", 13.5, 24.5),
    ("Донбассе", "ru", "UA", 48.3, 38.0),
]


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.open()


@pytest.mark.parametrize(("name", "language", "country", "lat", "lon"), KNOWN)
def test_known_place(
    gazetteer: Gazetteer, name: str, language: str, country: str, lat: float, lon: float
) -> None:
    """A place of the known table is found under that spelling, within 100 km, in its country."""
    found = [each for each in gazetteer.lookup(name, language) if each.country == country]
    assert any(distance(each.lat, each.lon, lat, lon) < 100 for each in found), found


@pytest.mark.parametrize("name", ["Zzyqx", "", "   ", "'", "Minister of Defence", "x" * 10_000])
def test_unknown_name(gazetteer: Gazetteer, name: str) -> None:
    """A name that no place bears has no candidates, however odd it is."""
    assert list(gazetteer.lookup(name, "ru")) == []


def test_candidates_come_largest_first(gazetteer: Gazetteer) -> None:
    """An ambiguous name gives every place, ordered by size, with ISO codes."""
    found = gazetteer.lookup("Tripoli")
    sizes = [each.population for each in found]
    assert sizes == sorted(sizes, reverse=True)
    assert {"LY", "LB"} <= {each.country for each in found}
    kabul = next(each for each in gazetteer.lookup("Kabul") if each.precision == "town")
    assert (kabul.geonames, kabul.admin1, kabul.capital) == (1138958, "AF-KAB", True)


def test_country_by_code(gazetteer: Gazetteer) -> None:
    """A country is found by its code and an unknown code gives none."""
    sudan = gazetteer.country("SD")
    assert sudan is not None
    assert (sudan.name, sudan.precision) == ("Sudan", "country")
    assert gazetteer.country("QQ") is None


def test_an_ending_comes_off_only_in_its_language(gazetteer: Gazetteer) -> None:
    """Russian endings are not stripped from English names."""
    assert gazetteer.lookup("Бахмутом", "ru")
    assert not gazetteer.lookup("Бахмутом", "en")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sana’a", "Sanaa"),
        ("SAINT-DENIS", "saint denis"),
        ("Артёмовск", "артемовск"),
        ("غزّة", "غزه"),
        ("إدلب", "ادلب"),
        ("کابل", "كابل"),
        ("İzmir", "Izmir"),
        ("Çatalca", "Catalca"),
        ("Łódź", "Lodz"),
        ("Мар'їнка", "Мар’їнка"),
    ],
)
def test_spellings_fold_to_one_key(one: str, other: str) -> None:
    """Two spellings of one name have one key, and a key is its own key."""
    assert key(one) == key(other)
    assert key(key(one)) == key(one)


def test_articles_come_off() -> None:
    """The Arabic article comes off in Latin and Arabic letters, and only as an article."""
    assert bare(key("al-Hudaydah")) == "hudaydah"
    assert bare(key("القامشلي")) == key("قامشلي")
    assert bare("alma") == "alma"


@pytest.mark.parametrize(
    ("word", "language", "country"),
    [
        ("Pakistani", "en", "PK"),
        ("afghane", "fr", "AF"),
        ("российского", "ru", "RU"),
        ("Российские", "ru", "RU"),
        ("السودانية", "ar", "SD"),
        ("india", "es", "IN"),
        ("India", "es", None),
        ("Pakistan", "en", None),
        ("Россия", "ru", None),
    ],
)
def test_demonyms(word: str, language: str, country: str | None) -> None:
    """A word for a people gives its country; the country's own name is no such word."""
    assert Demonyms.read(FOLDER / "demonyms.tsv").country(word, language) == country


def test_missing_files_say_how_to_build_them(tmp_path: Path) -> None:
    """Without its files the gazetteer stops the process and names the command."""
    with pytest.raises(Fatal, match=r"gazetteer\.build"):
        Gazetteer.open(tmp_path)


def test_damaged_files_are_fatal(tmp_path: Path) -> None:
    """A file that is cut off or of another format is said at start, not met later."""
    for each in FOLDER.iterdir():
        (tmp_path / each.name).write_bytes(each.read_bytes())
    (tmp_path / "names.marisa").write_bytes(b"not a trie")
    with pytest.raises(Fatal, match="cannot be read"):
        Gazetteer.open(tmp_path)


def test_look_up_is_fast(gazetteer: Gazetteer) -> None:
    """20,000 look-ups take well under 2 s (0.13 s on an idle core)."""
    names = ["Kabul", "Hodeidah", "nosuchplace", "Texas", "Goma", "Minister", "Paris", "حلب"]
    begun = time.process_time()
    for at in range(20_000):
        gazetteer.lookup(names[at % 8])
    assert time.process_time() - begun < 2


def test_data_is_small_and_ships() -> None:
    """All files together stay under 20 MB, and each matches a pattern of the package's data."""
    files = list(FOLDER.iterdir())
    assert sum(each.stat().st_size for each in files) < 20_000_000
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    left = [f.name for f in files if not any(fnmatch.fnmatch(f.name, p) for p in patterns)]
    assert left == []


def test_tables_are_sound() -> None:
    """Every row of the hand-written table has a possible point and a known country."""
    countries = {line.split("\t")[0] for line in (FOLDER / "countries.tsv").open("r")}
    for line in (FOLDER / "curated.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, precision, country, admin1, lat, lon, weight, status, _ = line.split("\t")
        assert precision in ("point", "town", "district", "province", "country", "region"), name
        assert not country or country in countries, name
        assert not admin1 or admin1.startswith(country), name
        assert abs(float(lat)) <= 90, name
        assert abs(float(lon)) <= 180, name
        assert int(weight) > 0, name
        assert status in ("", "unverified"), name
