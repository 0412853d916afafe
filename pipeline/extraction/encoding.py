"""From the bytes of a page to its characters, whatever the page says of itself.

The order: byte order mark, valid UTF-8, the charset declared by HTTP, that by the page, detection.
Valid UTF-8 goes before the declarations because bytes of another encoding are almost never valid
UTF-8 by chance, while a declaration is often the server's default and wrong.  Only encodings of the
closed list below are taken from outside: Python also knows ``zip`` and ``unicode_escape``.
"""

from __future__ import annotations

import codecs
import re
import unicodedata

from charset_normalizer import from_bytes

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

# What browsers read for a label (encoding.spec.whatwg.org): a Latin-1 page is a windows-1252 page.
_READ_AS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz": "hz",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "utf-16": "utf-16-le",
    "big5": "big5hkscs",
}
_LISTED = (
    "utf-8 utf-16-le utf-16-be cp866 cp874 cp932 cp949 cp1250 cp1251 cp1252 cp1253 cp1254 cp1255"
    " cp1256 cp1257 cp1258 iso8859-2 iso8859-3 iso8859-4 iso8859-5 iso8859-6 iso8859-7 iso8859-8"
    " iso8859-10 iso8859-13 iso8859-14 iso8859-15 iso8859-16 koi8-r koi8-u mac-cyrillic gb18030"
    " big5hkscs euc_jp iso2022_jp"
)
_KNOWN = frozenset(_LISTED.split())
_MULTIBYTE = frozenset(("gb18030", "big5hkscs", "cp932", "cp949", "euc_jp"))
_SINGLE_BYTE = ("cp1251", "koi8-r", "cp1252", "cp1256", "cp1253", "cp1255", "cp866")
_BY_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "kk", "ky", "tg"), ("cp1251", "koi8-r")),
    **dict.fromkeys(("ar", "fa", "ur", "ps", "ku"), ("cp1256",)),
    **dict.fromkeys(("pl", "cs", "sk", "hu", "ro", "hr", "sl", "sq", "bs"), ("cp1250",)),
    **{"tr": ("cp1254",), "az": ("cp1254",), "el": ("cp1253",), "he": ("cp1255",)},
    **{"zh": ("gb18030", "big5hkscs"), "ja": ("cp932", "euc_jp"), "ko": ("cp949",)},
    **{"th": ("cp874",), "vi": ("cp1258",), "lt": ("cp1257",), "lv": ("cp1257",)},
}

_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
_DECLARED = re.compile(
    rb"(?:<meta[^<>]{0,300}?charset|<\?xml[^<>]{0,100}?encoding)\s*=\s*[\"']?\s*([\w:.-]{2,40})",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(rb"<html[^<>]{0,500}?\blang\s*=\s*[\"']?\s*([A-Za-z]{2})", re.IGNORECASE)
_TAG = re.compile(rb"<[^<>]*>")
_HIGH_WORD = re.compile(rb"[A-Za-z]*[\x80-\xff][A-Za-z\x80-\xff]*")

_HEAD_BYTES = 4_096  # browsers look for the declaration in the first 1,024; some pages put it later
_SAMPLE_BYTES = 400_000  # a page's own text is long enough before this
_SAMPLE_WORDS = 600
_MOSTLY = 0.9  # of the characters beyond ASCII must be sound for UTF-8 with damage
_PLAUSIBLE = 0.6  # of the words must look like words; the right encoding scores over .9


def decode(body: bytes, content_type: str | None = None) -> str:
    """The characters of ``body``; bytes that mean nothing become U+FFFD."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = _declared(body, content_type)
    for name in declared:
        if name.startswith("utf-16") and _has_nul_pairs(body):
            return body.decode(name, "replace")
        if name == "iso2022_jp" and body.isascii():
            return body.decode(name, "replace")
    return _utf8(body) or _by_declaration(body, declared) or _detected(body)


def _declared(body: bytes, content_type: str | None) -> list[str]:
    labels = _CHARSET.findall(content_type or "")[:1]
    labels += [label.decode("ascii", "replace") for label in _DECLARED.findall(body[:_HEAD_BYTES])]
    names = [name for label in labels[:4] if (name := _known(label))]
    return list(dict.fromkeys(names))


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label.strip().lower()).name
    except (LookupError, ValueError):
        return None
    name = _READ_AS.get(name, name)
    return name if name in _KNOWN else None


def _has_nul_pairs(body: bytes) -> bool:
    head = body[:1_000]
    return head.count(0) * 4 > len(head)


def _utf8(body: bytes) -> str | None:
    """``body`` as UTF-8 if it is that, damaged in places perhaps."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    return text if beyond_ascii - damaged > _MOSTLY * beyond_ascii else None


def _by_declaration(body: bytes, declared: list[str]) -> str | None:
    words = _high_words(body)
    for name in declared:
        if name in _MULTIBYTE:
            text = body.decode(name, "replace")
            if text.count("\ufffd") * 100 < len(b"".join(words)):
                return text
        elif not name.startswith("utf") and _score(words, name) >= _PLAUSIBLE:
            return body.decode(name, "replace")
    return None


def _detected(body: bytes) -> str:
    words = _high_words(body)
    hint = _LANGUAGE.search(body[:_HEAD_BYTES])
    hinted = _BY_LANGUAGE.get(hint[1].decode().lower(), ()) if hint else ()
    text = _by_declaration(body, list(hinted))
    if text is not None:
        return text
    best = max(_SINGLE_BYTE, key=lambda name: _score(words, name))
    if _score(words, best) < _PLAUSIBLE:
        guess = from_bytes(b" ".join(words)).best()
        name = _known(guess.encoding) if guess else None
        best = name or "cp1252"
    return body.decode(best, "replace")


def _high_words(body: bytes) -> list[bytes]:
    """The first words with bytes beyond ASCII, outside of tags."""
    return _HIGH_WORD.findall(_TAG.sub(b" ", body[:_SAMPLE_BYTES]))[:_SAMPLE_WORDS]


def _score(words: list[bytes], name: str) -> float:
    """The share of ``words`` that look like words when read as ``name``."""
    if not words:
        return 1.0
    return sum(_is_word(word.decode(name, "replace")) for word in words) / len(words)


def _is_word(word: str) -> bool:
    """One script, one case after the first letter, and in Latin some letters of ASCII.

    Cyrillic read as windows-1252 gives Latin words without one ASCII letter, read as KOI8-R words
    in the opposite case, and Latin read as Cyrillic gives words in two scripts.
    """
    word = word.strip("\xa0«»“”„‘’—–…•©°·")  # typography at the edges says nothing
    if word.isascii():
        return True
    if not all(char.isalpha() or char in "’'-\xad" or _is_mark(char) for char in word):
        return False
    scripts = {unicodedata.name(char, "?").split()[0] for char in word if char.isalpha()}
    ordinary_case = word[1:] == word[1:].lower() or word == word.upper()
    enough_ascii = "LATIN" not in scripts or sum(map(str.isascii, word)) * 3 >= len(word)
    return len(scripts) == 1 and ordinary_case and enough_ascii


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Mc", "Cf")
