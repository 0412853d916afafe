"""Words around place names: kinds, directions, prepositions, and what makes an organisation."""

from __future__ import annotations

import re

from pipeline.enrichment.gazetteer.normal import key

_BY_KIND = {
    "province": "province provinces state region oblast governorate prefecture provincia "
    "departamento département gouvernorat estado estados области область областью область ولاية "
    "محافظة استان ولایت إقليم province provincias région región",
    "district": "district county parish raion municipality borough distrito municipio comté "
    "района район районе район مديرية ضلع woreda",
    "town": "city town village camp ciudad pueblo localidad ville village localité городе город "
    "города село селе поселок посёлок поселке місто місті مدينة بلدة قرية شهر",
}
KINDS: dict[str, str] = {word: kind for kind, words in _BY_KIND.items() for word in words.split()}
_ANY = "|".join(sorted(map(re.escape, KINDS), key=len, reverse=True))
AFTER = re.compile(rf"['’]?s?\s+({_ANY})\b", re.IGNORECASE)
BEFORE = re.compile(
    rf"\b({_ANY})\s+(?:of\s+|de\s+la\s+|de\s+|du\s+|des\s+|del\s+|d['’]\s*)?(?:the\s+)?$",
    re.IGNORECASE,
)
# Words that make water of the name next to them, in the cases that prepositions ask for.
_WATERS = (
    "river lake sea gulf strait rivière fleuve lac mer golfe détroit río rio lago mar golfo "
    "estrecho река реки реке реку рекой озеро озера озере озером море моря морю морем залив залива "
    "заливе пролив пролива проливе річка річки річці річкою озері морі затока затоці نهر "
    "بحر البحر بحيرة خليج مضيق رود دریای دریاچه دریا سمندر nehri gölü denizi körfezi सागर"
)
WATERS = frozenset(_WATERS.split())
WATERS_AFTER = frozenset({"river", "lake", "sea", "nehri", "gölü", "denizi", "körfezi"})
BANKS = (
    "(?:banks?|shores?|course)\\s+of\\s+the|(?:along|across|up|down)\\s+the|(?:rives?|bords|berges)\\s+du|"
    "(?:orillas|riberas?|margens?)\\s+d(?:el|o)|берег(?:у|а|ах|ам)?|ضفة|ضفاف|ضفتي"
)
_DIRECTIONS = (
    "northern southern eastern western central north south east west north-eastern northeastern "
    "northwestern southeastern southwestern upper lower downtown greater nearby outside occupied "
    "mainland inner"
)
DIRECTIONS = frozenset(_DIRECTIONS.split())
PREPOSITIONS: dict[str, frozenset[str]] = {
    language: frozenset(map(key, words.split()))
    for language, words in {
        "en": "in at near from to of outside towards toward into across around over inside "
        "between through via on against off entered left reached captured "
        "seized recaptured retook overran besieged shelled bombed attacked stormed raided "
        "bombarded evacuated encircled hit struck",
        "fr": "à a de en au aux dans vers près sur depuis pour par d l entre du des",
        "es": "en de a desde hacia cerca hasta por entre sobre para del al",
        "pt": "em de no na do da para até perto entre desde",
        "de": "in bei nach aus von nahe um zwischen über vor",
        "it": "a in di da verso presso per tra fra",
        "ru": "в во на под из к у около близ до от с под над через между за возле городе городу "
        "города",
        "uk": "в у на під з із зі до від біля над через між за поблизу",
        "tr": "ve ile",
        "ar": "في من إلى الى على قرب شرق غرب شمال جنوب شرقي غربي شمالي جنوبي وسط ريف داخل مدينة "
        "محافظة ولاية بلدة قرية مخيم نحو باتجاه بين تجاه صوب دخول خارج محيط ضواحي",
        "fa": "در از به شهر استان ولایت شمال جنوب شرق غرب",
        "ur": "میں سے شہر صوبہ ضلع",
        "he": "ליד",
    }.items()
}
# Countries whose own towns have names in the script of a language: theirs are no transliterations.
NATIVE: dict[str, frozenset[str]] = {
    language: frozenset(codes.split())
    for language, codes in {
        "ar": "AE BH DJ DZ EG EH ER IL IQ JO KW LB LY MA MR OM PS QA SA SD SO SY TD TN YE",
        "fa": "IR AF TJ IQ",
        "ps": "AF PK",
        "ur": "PK IN",
        "ckb": "IQ IR",
        "he": "IL PS",
        "hi": "IN NP",
        "ne": "NP IN",
        "bn": "BD IN",
        "ta": "LK IN",
        "am": "ET",
        "ti": "ER ET",
        "my": "MM",
        "ka": "GE",
        "ko": "KR KP",
    }.items()
}
# What makes an organisation, a paper, a club or an institution of the place name before it.
_ORGANISATIONS = (
    "United Rovers Wanderers Athletic FC Times Post Tribune Herald Globe Journal Gazette "
    "Chronicle News Mail Telegraph Examiner Star Sun Steel Airlines Airways University College "
    "Institute Bank Stock Exchange Group Holdings Inc Corp Ltd Company Motors Press Review Record "
    "Museum Hilton Marathon Opera Symphony Orchestra Bulls Lakers Yankees Giants Police Fire "
    "Convention Protocol Accords Agreement Treaty Declaration"
)
ORGANISATIONS = frozenset(_ORGANISATIONS.split())
# Words that some town bears and that news means otherwise, folded.
_NO_PLACES = (
    "eu|un|onu|оон|ес|nato|otan|нато|arab|arabs|west|western|east|eastern|north|northern|south|"
    "southern|white house|congress|pentagon|parliament|senate|hamas|hezbollah|fatah|taliban|"
    "european union|union|allah|central|coast|valley|friday|sunday|monday|tuesday|wednesday|"
    "thursday|saturday|march|may|august|god|hall|army|police|court|party|supreme|государство|"
    "gobierno|gouvernement|ejercito|armee|juan|jose|san|santa|ali|mohammed|muhammad|محمد|علي|احمد"
)
NO_PLACES = frozenset(_NO_PLACES.split("|"))
