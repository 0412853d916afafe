"""Places of invented sentences: which are found, which place is meant, which are none."""

from __future__ import annotations

import pytest

from pipeline.enrichment import Draft, Entity, check
from pipeline.enrichment.entities import Entities
from pipeline.enrichment.places import Places, publisher_country
from pipeline.events import Place, Relevance

COMPONENTS = (Entities(), Places())


def places(text: str, language: str = "en", *, title: str = "", url: str = "") -> list[Place]:
    draft = Draft(
        title=title,
        body=text,
        url=url,
        language=language,
        relevance=Relevance(score=1.0, relevant=True),
    )
    for each in COMPONENTS:
        each([draft])
    return list(draft.places)


def settled(found: list[Place]) -> set[tuple[str, str | None, str | None]]:
    return {(each.name, each.country, each.precision) for each in found if each.lat is not None}


FACTS = [
    ("en", "Rockets fell on Kandahar at dawn.", "Kandahar", "AF", "town"),
    ("en", "Two posts in Paktika were overrun on Monday.", "Paktika", "AF", "province"),
    ("en", "Traders waited at Torkham for a third day.", "Torkham", "AF", "point"),
    ("en", "Drones struck Nangarhar province, an official said.", "Nangarhar", "AF", "province"),
    ("en", "Rebels entered Goma, North Kivu, overnight.", "Goma", "CD", "town"),
    ("en", "Rebels entered Goma, North Kivu, overnight.", "North Kivu", "CD", "province"),
    ("en", "Shells hit the Zamzam camp near El Fasher.", "El Fasher", "SD", "town"),
    ("en", "Shells hit the Zamzam camp near El Fasher.", "Zamzam", "SD", "point"),
    ("en", "Ukrainian troops left Bakhmut under fire.", "Bakhmut", "UA", "town"),
    ("en", "Tanks moved from Rafah towards Khan Younis.", "Khan Younis", "PS", "town"),
    ("en", "Tanks moved from Rafah towards Khan Younis.", "Rafah", "PS", "town"),
    ("en", "A tanker burned in the Red Sea off Hodeidah.", "Red Sea", None, "region"),
    ("en", "A tanker burned in the Red Sea off Hodeidah.", "Hodeidah", "YE", "town"),
    ("en", "Lebanese officials said a jet hit Tripoli and Beirut.", "Tripoli", "LB", "town"),
    ("en", "Libyan militias fought in Tripoli and Misrata.", "Tripoli", "LY", "town"),
    ("en", "Two men were shot in Paris, Texas, police said.", "Paris", "US", "town"),
    ("fr", "Les combats ont repris à Goma, dans le Nord-Kivu.", "Goma", "CD", "town"),
    ("fr", "Les combats ont repris à Goma, dans le Nord-Kivu.", "Nord-Kivu", "CD", "province"),
    ("fr", "Une frappe a visé un hôpital près d'Alep, en Syrie.", "Alep", "SY", "town"),
    ("fr", "Une frappe a visé un hôpital près d'Alep, en Syrie.", "Syrie", "SY", "country"),
    ("fr", "Des hommes armés ont attaqué Djibo, au Burkina Faso.", "Djibo", "BF", "town"),
    ("fr", "L'armée soudanaise a perdu El-Facher.", "El-Facher", "SD", "town"),
    ("es", "Un ataque dejó tres heridos en Járkov.", "Járkov", "UA", "town"),
    ("es", "Hombres armados atacaron una patrulla en el Catatumbo.", "Catatumbo", "CO", "region"),
    ("es", "Las tropas avanzaron hacia Jan Yunis, en Gaza.", "Jan Yunis", "PS", "town"),
    ("es", "Un coche bomba estalló en Cali, Colombia.", "Cali", "CO", "town"),
    ("ru", "Взрывы прогремели в Харькове и под Бахмутом.", "Харькове", "UA", "town"),
    ("ru", "Взрывы прогремели в Харькове и под Бахмутом.", "Бахмутом", "UA", "town"),
    ("ru", "Удар пришёлся по Донецкой области.", "Донецкой области", "UA", "province"),
    ("ru", "Боевики обстреляли блокпост в Нангархаре.", "Нангархаре", "AF", "province"),
    ("ru", "Самолёты бомбили Идлиб в Сирии.", "Сирии", "SY", "country"),
    ("uk", "Ворог обстріляв Харків і Авдіївку.", "Авдіївку", "UA", "town"),
    ("ar", "سقطت قذائف على مدينة الفاشر في السودان", "الفاشر", "SD", "town"),
    ("ar", "سقطت قذائف على مدينة الفاشر في السودان", "السودان", "SD", "country"),
    ("ar", "غارة استهدفت منزلا في خان يونس", "خان يونس", "PS", "town"),
    ("ar", "اشتباكات عنيفة قرب القامشلي شمال سوريا", "القامشلي", "SY", "town"),
    ("fa", "انفجاری در شهر کابل رخ داد", "کابل", "AF", "town"),
    ("tr", "Saldırı Halep’te üç kişiyi yaraladı.", "Halep", "SY", "town"),
    ("zh", "喀布尔发生爆炸，三人受伤。", "喀布尔", "AF", "town"),
    ("en", "KHARTOUM - Shells fell on a market.", "KHARTOUM", "SD", "town"),
    ("en", "GOMA, DR Congo (Agency) - A convoy was hit.", "GOMA", "CD", "town"),
    ("en", "GOMA, DR Congo (Agency) - A convoy was hit.", "DR Congo", "CD", "country"),
    ("en", "Troops of Niger crossed the Niger river at dawn.", "Niger", "NE", "country"),
    ("fr", "Des tirs ont été entendus en mer Noire.", "mer Noire", None, "region"),
    ("ru", "Корабль затонул в Чёрном море.", "Чёрном море", None, "region"),
    ("ar", "انفجار في البحر الأحمر قرب الحديدة", "البحر الأحمر", None, "region"),
    ("ar", "مقتل جنديين في ولاية نهر النيل في السودان", "ولاية نهر النيل", "SD", "province"),
    ("pt", "Homens armados atacaram Palma, em Cabo Delgado.", "Cabo Delgado", "MZ", "province"),
]


@pytest.mark.parametrize(("language", "text", "name", "country", "precision"), FACTS)
def test_fact(language: str, text: str, name: str, country: str | None, precision: str) -> None:
    """The place named in the sentence is found and settled in its country, at its precision."""
    found = settled(places(text, language))
    assert (name, country, precision) in found, found


NEGATIVES = [
    ("en", "Paris Hilton sang for two hours."),
    ("en", "Kandahar Steel raised its prices."),
    ("en", "The New York Times reported a loss."),
    ("en", "Manchester United beat their rivals."),
    ("en", "Pakistani and Afghan officials met."),
    ("en", "Jack London wrote the novel."),
    ("fr", "Les soldats afghans et pakistanais ont tiré."),
    ("fr", "Le président Victor Milan a parlé."),
    ("es", "El ejército colombiano y la policía rusa."),
    ("ru", "Российский военный ответил украинскому."),
    ("ru", "Министр Антон Киев уехал."),
    ("ar", "قال الجيش الروسي إن القوات الأوكرانية انسحبت"),
    ("ar", "قتل ستة جنود ليلة أمس غربي مدينة كبيرة وفق السلطات"),
    ("ar", "قالت وزارة الداخلية إن الأمن عاد إلى الجنوب في الصباح"),
    ("es", "El ministro del Interior habló de paz con la Defensa."),
    ("ru", "Полиция молчит. Мирные жители ушли. Трое ранены. Победа близка."),
    ("fr", "Orange est la couleur du parti. Justice a été rendue."),
    ("fr", "Valence Martin a porté plainte."),
    ("he", "הצבא אמר כי הביטחון טוב במרכז"),
    ("fa", "دولت گفت که شمال و جنوب در امنیت است"),
]


@pytest.mark.parametrize(("language", "text"), NEGATIVES)
def test_negative(language: str, text: str) -> None:
    """People, firms, papers, clubs and words for peoples are no places."""
    assert places(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("en", "Bandits struck a ferry on the Niger river.", "Niger river"),
        ("en", "Villages on the banks of the Niger burned.", "Niger"),
        ("fr", "Deux villages des rives du Niger ont brûlé.", "Niger"),
        ("es", "Cruzaron el río Níger en canoas.", "río Níger"),
        ("ru", "Мины нашли на берегу Днепра.", "Днепра"),
        ("ar", "سقطت قذائف على ضفة نهر الأردن", "نهر الأردن"),
    ],
)
def test_a_river_is_no_country(language: str, text: str, name: str) -> None:
    """A name beside a word for water or a bank is a region without a country or a point."""
    (found,) = places(text, language)
    assert (found.name, found.country, found.precision) == (name, None, "region")


def test_a_weak_name_needs_its_country() -> None:
    """A town far from the script counts only where the story speaks of its country."""
    alone = places("وصلت العائلات إلى كاليه", "ar")
    borne_out = places("وصلت العائلات إلى كاليه في شمال فرنسا", "ar")
    assert alone == []
    assert {(each.name, each.country) for each in borne_out} == {("كاليه", "FR"), ("فرنسا", "FR")}


def test_a_town_where_the_script_is_at_home_needs_a_preposition_only() -> None:
    """An Arabic name of a town in an Arab country is no transliteration of a word."""
    (found,) = places("وصلت العائلات إلى طبرق", "ar")
    assert found.country == "LY"


def test_a_lower_case_word_is_no_place_whatever_spacy_says() -> None:
    """A place label on a word without a capital is not believed."""
    label = Entity(text="ditch", label="GPE", field="body", start=4, end=9)
    draft = Draft(title="", body="The ditch was dug.", language="en", entities=(label,))
    Places(everything=True)([draft])
    assert draft.places == ()


def test_a_paper_is_no_town_whatever_spacy_says() -> None:
    """A place label on the first word of a paper's or club's name is not believed."""
    body = "The Kabul Times wrote so."
    label = Entity(text="Kabul", label="GPE", field="body", start=4, end=9)
    draft = Draft(title="", body=body, language="en", entities=(label,))
    Places(everything=True)([draft])
    assert draft.places == ()


def test_the_province_after_a_comma_decides() -> None:
    """What follows a name after a comma outweighs a country of that name and a capital."""
    for text, name in (
        ("He was held in Lebanon, Indiana, on Friday.", "Lebanon"),
        ("She was shot in Dublin, Ohio, while London and Belfast slept.", "Dublin"),
    ):
        found = {each.name: each.country for each in places(text)}
        assert found[name] == "US"


def test_weak_evidence_leaves_a_place_open() -> None:
    """An ambiguous name without context keeps its candidates and gets no coordinates."""
    (found,) = places("A man was hurt in Springfield.")
    assert (found.lat, found.lon, found.geonames, found.canonical) == (None, None, None, None)
    assert len(found.candidates) > 1
    assert found.confidence < 0.6


def test_a_name_unknown_to_the_gazetteer_is_kept() -> None:
    """A place that only spaCy saw is told with its name and nothing made up."""
    found = {each.name: each for each in places("Soldiers entered Zarqovia on Friday.")}
    assert all(each.lat is None and each.country is None for each in found.values())


def test_mentions_are_merged_with_their_evidence() -> None:
    """Title and body mentions of one place are one place whose evidence points at the text."""
    title, body = "Blast in Kabul", "A blast shook Kabul. Residents of Kabul fled."
    (found,) = places(body, title=title)
    assert [each.field for each in found.evidence] == ["title", "body", "body"]
    for each in found.evidence:
        text = title if each.field == "title" else body
        assert text[each.start : each.end] == "Kabul"
    assert found.evidence[1].sentence == "A blast shook Kabul."
    assert (found.geonames, found.admin1, found.canonical) == (1138958, "AF-KAB", "Kabul")
    assert found.confidence > 0.8


def test_spellings_of_one_place_are_one() -> None:
    """Two spellings that mean one place give one place."""
    found = places("Les combats à Alep. À Halep, en Syrie, on fuit.", "fr")
    assert [each.country for each in found if each.precision == "town"] == ["SY"]


def test_the_publisher_counts() -> None:
    """Where the text says nothing the publisher's country decides between two Hyderabads."""
    text = "Gunmen fired at a bus in Hyderabad."
    at_home = places(text, url="https://news.example.pk/a")
    assert {each.country for each in at_home} == {"PK"}
    assert {each.country for each in places(text, url="https://news.example.in/a")} == {"IN"}


@pytest.mark.parametrize(
    ("url", "country"),
    [
        ("https://a.example.ua/x", "UA"),
        ("https://a.example.co.uk/x", "GB"),
        ("https://a.example.com/x", None),
        ("https://a.example.io/x", None),
        ("http://[::1", None),
        ("", None),
    ],
)
def test_publisher_country(url: str, country: str | None) -> None:
    """The domain tells the country, save where the world uses it for other things."""
    assert publisher_country(url) == country


def test_drafts_that_are_not_relevant_are_left_alone() -> None:
    """A draft that is not relevant gets no places unless everything is asked for."""
    draft = Draft(
        title="", body="Kabul", language="en", relevance=Relevance(score=0, relevant=False)
    )
    Places()([draft])
    assert draft.places == ()


def test_the_chain_is_in_order() -> None:
    """Entities, then places, is a chain; the other way round is refused."""
    given = {"title", "body", "url", "language", "relevance"}
    check(COMPONENTS, given)
    with pytest.raises(ValueError, match="entities"):
        check(COMPONENTS[::-1], given)


def test_a_long_list_of_places_is_done_quickly() -> None:
    """A hostile text of ten thousand names is limited."""
    found = places("Kabul, Goma, Aleppo, Paris. " * 3_000, "fr")
    assert len(found) <= 10
