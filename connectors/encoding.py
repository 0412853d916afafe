"""From bytes to text where the declared encoding is missing, wrong or broken in places."""

from __future__ import annotations

import codecs
import re

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# "<?" or "<r" of an XML document without a byte order mark (XML 1.0, appendix F)
_STARTS = (
    (re.compile(rb"<\x00\x00\x00"), "utf-32-le"),
    (re.compile(rb"\x00\x00\x00<"), "utf-32-be"),
    (re.compile(rb"<\x00[?!a-zA-Z]\x00"), "utf-16-le"),
    (re.compile(rb"\x00<\x00[?!a-zA-Z]"), "utf-16-be"),
)
_EBCDIC = b"\x4c\x6f\xa7\x94"
# what publishers mean when they write the name on the left (WHATWG Encoding Standard)
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
# encodings that the languages were written in before UTF-8
_OF_LANGUAGE = {
    **dict.fromkeys(("ru", "uk", "be", "bg", "sr", "mk", "kk"), ("cp1251", "koi8-u")),
    **dict.fromkeys(("pl", "cs", "hu", "ro", "sk", "sl", "hr", "bs", "sq"), ("cp1250",)),
    **dict.fromkeys(("ar", "fa", "ur", "ps"), ("cp1256",)),
    "el": ("cp1253",),
    "tr": ("cp1254",),
    "he": ("cp1255",),
    "th": ("cp874",),
    "vi": ("cp1258",),
    "zh": ("gb18030", "big5"),
    "ja": ("utf-8", "euc_jp", "cp932"),
    "ko": ("cp949",),
}
_DECLARED = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})|<meta[^>]{0,200}?charset\s*=\s*["']?([\w.:-]{1,40})""",
    re.IGNORECASE,
)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_LANGUAGE = re.compile(rb"""<(?:dc:)?language>\s*([a-z]{2})|\blang\s*=\s*["']([a-z]{2})""", re.I)
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")
_CYRILLIC = 20  # letters; a headline has 40
_HEAD = 4_000  # a declaration stands on the first line, a <meta charset> in the first 1,024 bytes


def known(name: str) -> str | None:
    """Python's name of the text encoding meant by ``name``, None where there is none."""
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # utf-7 has no use but to hide markup
    if not found._is_text_encoding or found.name in ("utf-7", "idna", "punycode"):
        return None
    return _MEANT.get(found.name, found.name)


def decode(data: bytes, content_type: str = "", forced: str | None = None) -> tuple[str, str]:
    """The text and the encoding that gives its bytes again with ``surrogateescape``.

    Where a document in UTF-8 is broken in places the bytes at fault stay as lone surrogates, so
    that the rest does not suffer.
    """
    if forced:
        return data.decode(forced, "surrogateescape"), forced
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _marked(data[len(mark) :], name)
    for start, name in _STARTS:
        if start.match(data):
            return _marked(data, name)
    return _unmarked(data, content_type)


def strict(data: bytes, content_type: str = "", forced: str | None = None) -> str | None:
    """The text, None where no encoding that it declares, nor UTF-8, reads all of it."""
    text, name = decode(data, content_type, forced)
    declared = {forced, "utf-8", *_declared(data, content_type)}
    marked = any(data.startswith(mark) for mark, _ in _BOMS)
    if "\x00" in text or _SURROGATE.search(text) or not (marked or name in declared):
        return None
    return text


_SURROGATE = re.compile("[\ud800-\udfff]")


def _marked(data: bytes, name: str) -> tuple[str, str]:
    try:
        return data.decode(name), name
    except UnicodeDecodeError:
        # a wrong or truncated end is the common fault; a false mark leaves text that is no feed
        return (data.decode(name, "replace"), name) if name != "utf-8" else _unmarked(data, "")


def _unmarked(data: bytes, content_type: str) -> tuple[str, str]:
    declared = _declared(data, content_type)
    if data.startswith(_EBCDIC):
        declared = ["cp037"]
    stateful = [n for n in declared if n.startswith(("iso2022", "hz")) or n == "cp037"]
    for name in [*stateful, "utf-8", *declared]:
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    text = data.decode("utf-8", "surrogateescape")
    bad = sum("\udc80" <= char <= "\udcff" for char in text)
    good = sum(char > "\x7f" for char in text) - bad
    if good > bad:
        return text, "utf-8"
    return _guess(data)


def _declared(data: bytes, content_type: str) -> list[str]:
    """The usable encodings that header and document name, the more trusted first.

    A header that says latin-1 is often a server's default and says nothing, so the document's own
    word goes before it; else the header wins (RFC 7303).
    """
    in_header = _CHARSET.search(content_type)
    in_text = _DECLARED.search(data[:_HEAD])
    header = known(in_header[1]) if in_header else None
    document = known((in_text[1] or in_text[2]).decode("ascii")) if in_text else None
    order = [document, header] if header == "cp1252" else [header, document]
    return [name for name in order if name and name != "utf-8"]


def _guess(data: bytes) -> tuple[str, str]:
    """By the document's language, else by the run lengths of bytes above 127.

    In Western European text such bytes stand alone between ASCII letters; in Cyrillic they form
    words.  A few runs of them, or FE and FF, are noise, which is left as it is.
    """
    language = _LANGUAGE.search(data)
    code = (language[1] or language[2]).decode("ascii").lower() if language else ""
    runs = [len(run) for run in _HIGH_RUN.findall(data)]
    words = sum(runs) > 2.5 * len(runs)
    cyrillic = words and sum(runs) >= _CYRILLIC
    if not code and not cyrillic and (words or b"\xff" in data or b"\xfe" in data):
        return data.decode("utf-8", "surrogateescape"), "utf-8"
    names = _OF_LANGUAGE.get(code) or (("cp1251", "koi8-u") if cyrillic else ("cp1252",))
    if "koi8-u" in names and _inverted(data):
        names = ("koi8-u",)
    for name in (*names, "cp1252"):
        try:
            return data.decode(name), name
        except UnicodeDecodeError:
            continue
    name = names[0]
    return data.decode(name, "surrogateescape"), name


def _inverted(data: bytes) -> bool:
    """Whether read as windows-1251 most letters are capitals: KOI8 has the cases the other way."""
    letters = [c for c in data.decode("cp1251", "replace") if "А" <= c <= "я"]
    return sum(c < "а" for c in letters) > len(letters) / 2
