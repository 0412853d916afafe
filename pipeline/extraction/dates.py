"""A stamp as a feed, a page or a wire wrote it, read without guessing.

Read are RFC 822 and 850, RFC 3339 and ISO 8601, what JavaScript, Go and C print, Unix seconds, and
dates in words.  Not read is what has two meanings: ``03/04/2026`` is no date here, and an ``IST``
or ``BST`` is no zone, for each names several.  A stamp without a zone has no ``offset``, and its
time is taken as UTC; ``precision`` says how much of it was written.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from pipeline.events import Basis, Precision, Published
from pipeline.extraction.months import month

EARLIEST_YEAR = 1990  # older is an empty field: year 1, 1900 and 1970 are what programs write
LATEST_YEAR = 2100  # is_likely is stricter, but needs to know when the page was seen
AHEAD = timedelta(days=2)  # a page may be dated tomorrow by its zone, not next week
STAMP_CHARS = 120  # the longest honest one, with its zone in words, has 70

# Those of RFC 822, section 5, and the others that mean one thing wherever they stand.
_HOURS = {
    **{"Z": 0.0, "UT": 0, "UTC": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "MEZ": 1, "WAT": 1},
    **{"CEST": 2, "MESZ": 2, "EET": 2, "CAT": 2, "SAST": 2, "EEST": 3, "MSK": 3, "EAT": 3},
    **{"PKT": 5, "NPT": 5.75, "WIB": 7, "WITA": 8, "WIT": 9, "HKT": 8, "AWST": 8, "JST": 9},
    **{"KST": 9, "ACST": 9.5, "AEST": 10, "ACDT": 10.5, "AEDT": 11, "NZST": 12, "NZDT": 13},
    **{"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7},
    **{"AKST": -9, "AKDT": -8, "HST": -10, "NST": -3.5, "NDT": -2.5, "BRT": -3},
}

_CLOCK = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?|\s?h\s?(\d{2})?(?![^\W\d_])"
    r"|(?=\s?[ap]\.?\s?m\b))(?![\d:])(?:\s?([ap])\.?\s?m\b\.?|\s([صم])(?!\w))?",
    re.IGNORECASE,
)
_ZONE = re.compile(
    r"\s*\(?(?:(?:GMT|UTC?)\s?)?([+-]\d{1,2}(?::?\d{2})?)(?![\d-])|\s*\(?([A-Z]{1,5})\b",
    re.IGNORECASE,
)
_COMPACT = re.compile(
    r"(\d{4})(\d\d)(\d\d)(?:T?(\d\d)(\d\d)(\d\d)?(?:[.,]\d{1,9})?)?(?!\d)", re.IGNORECASE
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})([-/.])\s?(\d{1,2})\2\s?(\d{4})(?!\d)")
_DAY_NAME = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|º|ª)?[\s.,-]*(?:(?:de|of|del)\s+)?"
    r"([^\W\d_]{2,}(?:\s[^\W\d_]{2,})?)(?:\s?/\s?[^\W\d_]+(?:\s[^\W\d_]+)?)?"
    r"[\s.,/-]*(\d{4}|\d\d)(?!\d)"
)
_NAME_DAY = re.compile(r"([^\W\d_]{3,})[.\s]*(\d{1,2})(?:st|nd|rd|th)?[\s,.]+(\d{4})(?!\d)")
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d{1,9})?")
_CJK_CLOCK = {ord("時"): ":", ord("时"): ":", ord("시"): ":", ord("分"): " ", ord("분"): " "}
_HALF_OF_DAY = re.compile("午後|下午|오후|午前|上午|오전")  # stands before the hour: day only
_MARKS = ("Mn", "Cf")
_DIGIT = re.compile(r"\d")


def parse_stamp(text: str | None, basis: Basis) -> Published | None:
    """The stamp read; None for what is no date, has two meanings or is before 1990."""
    written = " ".join((text or "").split())
    if not written or len(written) > STAMP_CHARS:
        return None
    plain = _plain(written)
    if not _DIGIT.search(plain):
        return None
    for read in (_epoch, _compact, _worded):
        try:
            found = read(plain)
        except (ValueError, OverflowError):  # a 31st of February
            return None
        if found is not None:
            return _published(found, basis, written)
    return None


def is_likely(stamp: Published, seen: datetime) -> bool:
    """Whether what was seen at ``seen`` may have been published at that time."""
    return stamp.time is not None and stamp.time <= seen + AHEAD


def has_clock(stamp: Published) -> bool:
    """Whether the time of day is known; midnight to the second is what programs write for a day."""
    if stamp.time is None or stamp.precision not in ("second", "minute"):
        return False
    local = stamp.time + _offset(stamp.offset)
    return stamp.precision == "minute" or local.time() != time(0)


@dataclass(frozen=True, slots=True)
class _Stamp:
    """The parts of a stamp; ``zone`` is the offset in hours and minutes, None where none stands."""

    day: date
    clock: time | None = None
    precision: Precision = "day"
    zone: str | None = None


def _published(stamp: _Stamp, basis: Basis, written: str) -> Published | None:
    if not EARLIEST_YEAR <= stamp.day.year <= LATEST_YEAR:
        return None
    zone = timezone(_offset(stamp.zone))
    moment = datetime.combine(stamp.day, stamp.clock or time(0), zone).astimezone(UTC)
    return Published(
        time=moment, offset=stamp.zone, basis=basis, precision=stamp.precision, text=written
    )


def _offset(zone: str | None) -> timedelta:
    if zone is None:
        return timedelta(0)
    size = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -size if zone[0] == "-" else size


def _plain(text: str) -> str:
    """In ASCII digits, without accents that stand alone and marks of direction."""
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text).translate(_CJK_CLOCK)
    return "".join(_ascii_digit(char) for char in text if unicodedata.category(char) not in _MARKS)


def _ascii_digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if char.isdecimal() else char


def _epoch(text: str) -> _Stamp | None:
    found = _EPOCH.fullmatch(text)
    if found is None:
        return None
    moment = datetime.fromtimestamp(int(text[:10]), UTC)
    return _Stamp(moment.date(), moment.time(), "second", "+00:00")


def _compact(text: str) -> _Stamp | None:
    found = _COMPACT.match(text)
    if found is None:
        return None
    day = date(int(found[1]), int(found[2]), int(found[3]))
    if found[4] is None:
        return _Stamp(day)
    zone, _ = _zone(text, found.end())
    clock = time(int(found[4]), int(found[5]), int(found[6] or 0))
    return _Stamp(day, clock, "second" if found[6] else "minute", zone)


def _worded(text: str) -> _Stamp | None:
    found = None if _HALF_OF_DAY.search(text) else _CLOCK.search(text)
    if found is None:
        day = _day(text)
        return _Stamp(day) if day else None
    zone, end = _zone(text, found.end())
    day = _day(f"{text[: found.start()]} {text[end:]}")
    if day is None:
        return None
    hour, minute, second = _hour(found), int(found[2] or found[4] or 0), int(found[3] or 0)
    if (hour, minute, second) == (24, 0, 0):  # ISO 8601 for the end of the day
        day, hour = day + timedelta(days=1), 0
    precision: Precision = "second" if found[3] else "minute" if found[2] or found[4] else "hour"
    return _Stamp(day, time(hour, minute, min(second, 59)), precision, zone)


def _hour(clock: re.Match[str]) -> int:
    hour, half = int(clock[1]), (clock[5] or clock[6] or "").lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        return hour  # "14:00 pm" is two in the afternoon too
    return hour % 12 + (12 if half in ("p", "م") else 0)


def _zone(text: str, start: int) -> tuple[str | None, int]:
    """The offset that stands at ``start``, and where it ends."""
    found = _ZONE.match(text, start)
    if found and found[1]:
        digits = found[1][1:].replace(":", "")
        digits = f"{digits:0>2}00" if len(digits) < 3 else f"{digits:0>4}"
        zone = f"{found[1][0]}{digits[:2]}:{digits[2:]}"
        if abs(_offset(zone)) <= timedelta(hours=14) and digits[2:] < "60":
            return zone, found.end()
    elif found and (hours := _HOURS.get(found[2].upper())) is not None:
        sign = "-" if hours < 0 else "+"
        return f"{sign}{int(abs(hours)):02}:{round(abs(hours) % 1 * 60):02}", found.end()
    return None, start


def _day(text: str) -> date | None:
    if found := _YEAR_FIRST.search(text):
        return date(int(found[1]), int(found[2]), int(found[3]))
    if found := _DAY_FIRST.search(text):
        return _numeric(int(found[1]), int(found[3]), int(found[4]), found[2])
    if found := _DAY_NAME.search(text):
        number = month(found[2]) or month(found[2].split()[0])
        if number:  # else it was the "rd" of "March 23rd, 2026"
            return date(_year(found[3]), number, int(found[1]))
    if found := _NAME_DAY.search(text):
        number = month(found[1])
        return date(int(found[3]), number, int(found[2])) if number else None
    return None


def _numeric(first: int, second: int, year: int, mark: str) -> date | None:
    """A date in figures; with dots the day stands first everywhere, else it must show."""
    if mark == "." or first > 12 or first == second:
        return date(year, second, first)
    return date(year, first, second) if second > 12 else None


def _year(text: str) -> int:
    """RFC 2822, section 4.3: two digits up to 49 are after 2000."""
    return int(text) + (0 if len(text) == 4 else 2000 if text < "50" else 1900)
