"""Bytes become the characters that were meant, whatever is declared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.encoding import decode

RUSSIAN = "Взрыв произошёл на складе в Заречном, погибли три человека. Военные молчат."
FRENCH = "L’armée a été accusée d’avoir lancé l’engin ; dépôt brûlé à Beldara, où l’hôpital…"
ARABIC = "قتل أربعة أشخاص على الأقل في قصف على سوق أرواد صباح الاثنين"
GREEK = "Τέσσερις νεκροί από βομβαρδισμό στην αγορά της πόλης, είπε ο κυβερνήτης"
POLISH = "Żołnierze ostrzelali targ w Arwad, zginęły cztery osoby, powiedział wójt"
CHINESE = "周一早晨炮弹击中阿瓦德市场，造成四人死亡，十一人受伤，地区办公室说。"


def html(text: str, lang: str = "", meta: str = "") -> str:
    charset = f'<meta charset="{meta}">' if meta else ""
    return f'<!DOCTYPE html><html lang="{lang}"><head>{charset}</head><body><p>{text}</p>'


@pytest.mark.parametrize(
    ("text", "encoding", "http", "meta", "lang"),
    [
        (RUSSIAN, "utf-8", "text/html; charset=iso-8859-1", "", ""),
        (RUSSIAN, "utf-8", "text/html", "windows-1251", ""),
        (RUSSIAN, "cp1251", "text/html; charset=utf-8", "utf-8", "ru"),
        (RUSSIAN, "cp1251", "text/html; charset=utf-8", "windows-1251", ""),
        (RUSSIAN, "cp1251", "text/html; charset=iso-8859-1", "", ""),
        (RUSSIAN, "koi8-r", "", "", ""),
        (RUSSIAN, "koi8-r", 'text/html;charset="KOI8-R"', "utf-8", ""),
        (FRENCH, "cp1252", "text/html; charset=utf-8", "utf-8", ""),
        (FRENCH, "cp1252", "text/html; charset=ISO-8859-1", "", ""),
        (FRENCH, "utf-16-le", "text/html; charset=utf-16", "", ""),
        (ARABIC, "cp1256", "text/html", "utf-8", ""),
        (ARABIC, "cp1256", "text/html", "windows-1256", "ar"),
        (GREEK, "cp1253", "", "", ""),
        (POLISH, "cp1250", "", "windows-1250", "pl"),
        (POLISH, "iso8859-2", "text/html; charset=iso-8859-2", "", ""),
        (CHINESE, "gb18030", "text/html; charset=gb2312", "", "zh"),
        (CHINESE, "gb18030", "text/html; charset=utf-8", "", "zh-CN"),
        (CHINESE, "utf-8", "text/html; charset=unicode_escape", "zip", ""),
    ],
)
def test_declarations_are_checked(
    text: str, encoding: str, http: str, meta: str, lang: str
) -> None:
    """A right declaration is followed and a wrong one repaired."""
    assert text in decode(html(text, lang, meta).encode(encoding), http)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_wins(encoding: str) -> None:
    """The mark says the encoding and is no part of the text."""
    found = decode(html(RUSSIAN).encode(encoding), "text/html; charset=windows-1251")
    assert found == html(RUSSIAN)


def test_damaged_utf8_stays_utf8() -> None:
    """One broken character, as a cut leaves it, does not turn the page into another encoding."""
    body = html(RUSSIAN).encode() + b"\xd0 <p>" + b"\xff"
    assert RUSSIAN in decode(body, "text/html")


@given(st.binary(max_size=300), st.text(max_size=40))
def test_anything_is_decoded(body: bytes, declared: str) -> None:
    """No bytes and no declaration raise an error."""
    assert isinstance(decode(body, f"text/html; charset={declared}"), str)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_utf8_is_read_as_it_was_written(text: str) -> None:
    """Valid UTF-8 without a mark comes back unchanged."""
    assert decode(text.encode(), "text/html") == text.removeprefix("\ufeff")
