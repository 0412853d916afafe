"""What a URL is: checked, written in one way, and the identity of an article.

Every URL here is hostile; all functions but :func:`is_http` and :func:`registrable` raise
ValueError for what is not a plain http or https URL, and nothing else.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

import idna
import tld

from connectors.base import short_hash
from pipeline import limits

_URL = re.compile(r"(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_SESSION = re.compile(r";jsessionid=[^/;]*", re.IGNORECASE)
_AMP = re.compile(r"^(?:amp;)+", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}

_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/-]")
_QUERY = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/?-]")

# courlan's own pattern also takes cid, eid, uid, keyword, pk_ and gl*, which are the article at
# some publishers (businesswire ?eid=, daejonilbo ?pk_no=): two stories under one id is worse than
# one story under two.  So: only names that mean tracking wherever they stand.
_TRACKER = re.compile(
    r"(?:utm|at|hsa|ns|mtm|matomo|oly|vero|itm)_.*"
    r"|pk_(?:campaign|kwd|keyword|source|medium|content|cid)"
    r"|fbclid|gclid|dclid|twclid|yclid|ysclid|msclkid|gbraid|wbraid|igshid|gclsrc|mkt_tok"
    r"|mc_[ce]id|s_cid|xtor|ocid|ncid|cmpid|icid|itid|taid|tpcc|smid|smtyp|emc|spm|ftag|ito"
    r"|guccounter|guce_referrer(?:_sig)?|ref_src|ref_url|traffic_source|maca|ftcamp|(?-i:CMP)"
    r"|wt[._](?:mc|rss)(?:_id)?|_ga|_gl|_hsenc|_hsmi|__twitter_impression|amp_js_v|sr_share",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"(?:source|ref|src|from|partner|rss|feed|via|cid|campaign)="
    r"(?:rss|feed|atom|rssfeed|rss_feed|twitter|facebook|telegram|newsletter|email)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Parts:
    scheme: str
    host: str
    port: int | None
    path: str
    query: str

    def text(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        query = f"?{self.query}" if self.query else ""
        text = f"{self.scheme}://{host}{port}{self.path}{query}"
        if len(text) > limits.URL_CHARS:
            raise ValueError(f"URL of more than {limits.URL_CHARS} characters")
        return text


def clean(url: str) -> str:
    """The URL as it is asked for: checked, in one spelling, without fragment and user name.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    return _parts(url).text()


def normalise(url: str) -> str:
    """The URL as identity: cleaned, without tracking parameters, session and trailing slashes.

    Parameters keep their order.  ``normalise(normalise(u)) == normalise(u)``.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    parts = _parts(url)
    path = _without_dots(_SESSION.sub("", parts.path)).rstrip("/") or "/"
    return _Parts(parts.scheme, parts.host, parts.port, path, _told(parts.query)).text()


def untracked(url: str) -> str:
    """The URL to show: cleaned, without tracking parameters, its path as the publisher has it.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    parts = _parts(url)
    return _Parts(parts.scheme, parts.host, parts.port, parts.path, _told(parts.query)).text()


def host(url: str) -> str:
    """The host in lower case and ASCII, without port and brackets.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    return _parts(url).host


def port(url: str) -> int:
    """The port that is asked.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    parts = _parts(url)
    return parts.port or _DEFAULT_PORTS[parts.scheme]


def origin(url: str) -> str:
    """Scheme, host and port, as ``https://example.org`` or ``http://example.org:8080``.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    parts = _parts(url)
    return _Parts(parts.scheme, parts.host, parts.port, "", "").text()


@lru_cache(maxsize=10_000)
def registrable(host: str) -> str:
    """The domain that one publisher registers, by the bundled Public Suffix List.

    Names under a private suffix (``a.blogspot.com``) are publishers of their own; what has no
    known suffix (an address, ``localhost``) stands for itself.
    """
    if ":" in host:
        return host
    found = tld.get_fld(host, fix_protocol=True, fail_silently=True, search_private=True)
    return found or host


def article_id(url: str) -> str:
    """The id of the article at the URL.

    Raises:
        ValueError: it is no http or https URL, or a hostile one.
    """
    return short_hash("article", normalise(url))


def is_http(url: str | None) -> bool:
    """Whether it is an http or https URL that may be asked for."""
    try:
        return url is not None and bool(clean(url))
    except ValueError:
        return False


def _parts(url: str) -> _Parts:
    url = url.strip()
    if len(url) > limits.URL_CHARS:
        raise ValueError(f"URL of more than {limits.URL_CHARS} characters")
    if _FORBIDDEN.search(url):
        raise ValueError("URL with a control character or a backslash")
    match = _URL.fullmatch(url)
    if match is None:
        raise ValueError("not an http or https URL")
    scheme = match[1].lower()
    host, port = _authority(match[2])
    path = _without_dots(_escaped(match[3], _PATH)) or "/"
    if port == _DEFAULT_PORTS[scheme]:
        port = None
    parts = _Parts(scheme, host, port, path, _escaped(match[4] or "", _QUERY))
    parts.text()  # escaping makes it longer
    return parts


def _authority(text: str) -> tuple[str, int | None]:
    """Host and port; a user name, which only ever deceives the reader, is dropped."""
    place = text.rpartition("@")[2]
    match = re.fullmatch(r"(\[[^\[\]]*\]|[^:\[\]]*)(?::([0-9]{0,5}))?", place)
    if match is None:
        raise ValueError("URL with a bad host or port")
    port = int(match[2]) if match[2] else None
    if port is not None and not 0 < port < 65_536:
        raise ValueError("URL with a bad port")
    return _host(match[1]), port


def _host(text: str) -> str:
    if text.startswith("["):
        return _ip6(text[1:-1])
    name = text.lower()
    if len(name) > 253:
        raise ValueError("URL with a host of more than 253 characters")
    if not name.isascii():
        name = idna.encode(name, uts46=True, transitional=False).decode("ascii").lower()
    labels = name.removesuffix(".").split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or len(name) > 253:
        raise ValueError("URL with a bad host")
    if _NUMBER.fullmatch(labels[-1]):  # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to some
        return str(ipaddress.IPv4Address(".".join(labels)))
    return ".".join(labels)


def _ip6(text: str) -> str:
    address = ipaddress.IPv6Address(text)
    if address.scope_id is not None:
        raise ValueError("URL with a scoped address")
    return str(address)


def _escaped(text: str, pattern: re.Pattern[str]) -> str:
    return pattern.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    found = match[0]
    if len(found) == 3:
        char = chr(int(found[1:], 16))
        return char if char in _UNRESERVED else found.upper()
    return "".join(f"%{byte:02X}" for byte in found.encode("utf-8"))


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == ".." and len(kept) > 1:
            kept.pop()
        elif segment not in (".", ".."):
            kept.append(segment)
    if segments[-1] in (".", "..") and path:
        kept.append("")
    return "/".join(kept)


def _told(query: str) -> str:
    """The query without what only tracks the reader."""
    fields = (_AMP.sub("", field) for field in query.split("&"))
    return "&".join(field for field in fields if field and not _tracks(field))


def _tracks(field: str) -> bool:
    return bool(_TRACKER.fullmatch(field.partition("=")[0]) or _FROM.fullmatch(field))
