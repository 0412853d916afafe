"""Stamps are read as written, and nothing is guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.extraction.dates import has_clock, is_likely, parse_stamp

READ = [
    ("Mon, 23 Feb 2026 10:00:00 EST", "2026-02-23T15:00:00", "-05:00", "second"),
    ("Mon, 23 Feb 2026 10:00 PDT", "2026-02-23T17:00:00", "-07:00", "minute"),
    ("Mon, 23 Feb 2026 10:00", "2026-02-23T10:00:00", None, "minute"),
    ("Mon, 23 Feb 2026 10:00 GMT+2", "2026-02-23T08:00:00", "+02:00", "minute"),
    ("23 Feb 26 10:00 UT", "2026-02-23T10:00:00", "+00:00", "minute"),
    ("Monday, 23-Feb-98 10:00:00 GMT", "1998-02-23T10:00:00", "+00:00", "second"),
    ("Mon, 23 Feb 2026 10:00:00 -0000", "2026-02-23T10:00:00", "-00:00", "second"),
    ("Mon, 23 Feb 2026 10:00:00 IST", "2026-02-23T10:00:00", None, "second"),
    ("2026-02-23T10:00:00Z", "2026-02-23T10:00:00", "+00:00", "second"),
    ("2026-02-23T10:00:00.123456+0530", "2026-02-23T04:30:00", "+05:30", "second"),
    ("2026-02-23T10:00-05", "2026-02-23T15:00:00", "-05:00", "minute"),
    ("2026-02-23 10:00:00 +0000 UTC", "2026-02-23T10:00:00", "+00:00", "second"),
    ("2026-02-23T10:00:00", "2026-02-23T10:00:00", None, "second"),
    ("2026-02-23T24:00:00Z", "2026-02-24T00:00:00", "+00:00", "second"),
    ("2026-02-23T10:00:00+99:99", "2026-02-23T10:00:00", None, "second"),
    ("2026-02-23", "2026-02-23T00:00:00", None, "day"),
    ("2026/02/23", "2026-02-23T00:00:00", None, "day"),
    ("20260223T100000Z", "2026-02-23T10:00:00", "+00:00", "second"),
    ("20260223T1000+0100", "2026-02-23T09:00:00", "+01:00", "minute"),
    ("20260223", "2026-02-23T00:00:00", None, "day"),
    ("1771840800", "2026-02-23T10:00:00", "+00:00", "second"),
    ("1771840800000", "2026-02-23T10:00:00", "+00:00", "second"),
    ("Mon Feb 23 10:00:00 2026", "2026-02-23T10:00:00", None, "second"),
    ("Mon Feb 23 10:00:00 +0000 2026", "2026-02-23T10:00:00", "+00:00", "second"),
    ("Mon Feb 23 2026 10:00:00 GMT+0100 (CET)", "2026-02-23T09:00:00", "+01:00", "second"),
    ("February 23, 2026 10:00 PM EST", "2026-02-24T03:00:00", "-05:00", "minute"),
    ("Feb. 23rd, 2026, 12:05 a.m.", "2026-02-23T00:05:00", None, "minute"),
    ("10 am, 23 February 2026", "2026-02-23T10:00:00", None, "hour"),
    ("23 février 2026 à 10h05", "2026-02-23T10:05:00", None, "minute"),
    ("lundi 1er mars 2026", "2026-03-01T00:00:00", None, "day"),
    ("23 de febrero de 2026, 10:00", "2026-02-23T10:00:00", None, "minute"),
    ("23 февраля 2026 г., 10:00", "2026-02-23T10:00:00", None, "minute"),
    ("пн, 23 фев 2026 10:00:00 +0300", "2026-02-23T07:00:00", "+03:00", "second"),
    ("23 فبراير 2026 10:00", "2026-02-23T10:00:00", None, "minute"),
    ("٢٣ شباط/فبراير ٢٠٢٦", "2026-02-23T00:00:00", None, "day"),
    ("3 كانون الثاني 2026 3:05 م", "2026-01-03T15:05:00", None, "minute"),
    ("23. März 2026", "2026-03-23T00:00:00", None, "day"),
    ("23 Şubat 2026", "2026-02-23T00:00:00", None, "day"),
    ("2026年2月23日 10時05分", "2026-02-23T10:05:00", None, "minute"),
    ("2026年2月23日 午後3時05分", "2026-02-23T00:00:00", None, "day"),
    ("23.02.2026, 10:00 Uhr", "2026-02-23T10:00:00", None, "minute"),
    ("02.03.2026", "2026-03-02T00:00:00", None, "day"),
    ("02/23/2026", "2026-02-23T00:00:00", None, "day"),
    ("23/02/2026", "2026-02-23T00:00:00", None, "day"),
]

REFUSED = [
    "", "  ", "x", "yesterday", "03/04/2026", "31 Feb 2026", "2026-13-01", "23 Foo 2026",
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1970-01-01T00:00:00Z", "1900-01-01",
    "9999-12-31T23:59:59-12:00", "Mon, 23 Feb 2026 25:00:00 GMT", "10:00", "5 listopad 2026",
    "1 " * 200,
]  # fmt: skip


@pytest.mark.parametrize(("text", "time", "offset", "precision"), READ)
def test_stamps_are_read(text: str, time: str, offset: str | None, precision: str) -> None:
    """The moment in UTC, the zone and the precision are as written."""
    stamp = parse_stamp(text, "feed")
    assert stamp is not None
    assert stamp.time == datetime.fromisoformat(time).replace(tzinfo=UTC)
    assert (stamp.offset, stamp.precision) == (offset, precision)
    assert (stamp.basis, stamp.text) == ("feed", text)


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_date_is_refused(text: str) -> None:
    """Empty fields, impossible days, two meanings and what is no date give nothing."""
    assert parse_stamp(text, "page") is None


def test_nothing_gives_nothing() -> None:
    """A stamp that is absent is no error."""
    assert parse_stamp(None, "feed") is None


@given(st.text(max_size=150))
def test_no_text_raises(text: str) -> None:
    """Whatever is written, the answer is a date in UTC or none."""
    stamp = parse_stamp(text, "page")
    assert stamp is None or (stamp.time is not None and stamp.time.tzinfo is UTC)


@given(
    st.datetimes(datetime(1991, 1, 1), datetime(2099, 12, 30)),
    st.integers(-14 * 60, 14 * 60),
)
def test_iso_stamps_come_back(moment: datetime, minutes: int) -> None:
    """What ISO 8601 writes is read to the second, in every zone."""
    sign, size = "-" if minutes < 0 else "+", abs(minutes)
    zone = f"{sign}{size // 60:02}:{size % 60:02}"
    stamp = parse_stamp(f"{moment.replace(microsecond=0).isoformat()}{zone}", "feed")
    assert stamp is not None
    expected = moment.replace(microsecond=0, tzinfo=UTC) - timedelta(minutes=minutes)
    assert (stamp.time, stamp.offset) == (expected, zone)


def test_the_far_future_is_not_likely() -> None:
    """Two days ahead of the fetch is a zone or a weekly, more is an error."""
    stamp = parse_stamp("2026-02-23", "page")
    assert stamp is not None
    assert is_likely(stamp, datetime(2026, 2, 21, tzinfo=UTC))
    assert not is_likely(stamp, datetime(2026, 2, 20, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "known"),
    [("2026-02-23T10:00:00Z", True), ("2026-02-23", False), ("2026-02-23T00:00:00+05:00", False)],
)
def test_midnight_is_no_time_of_day(text: str, known: bool) -> None:
    """A day written as its first second has no time of day."""
    stamp = parse_stamp(text, "feed")
    assert stamp is not None
    assert has_clock(stamp) is known
