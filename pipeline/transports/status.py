"""What the status of an HTTP answer means for the record that asked."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from connectors.base import Answer
from pipeline import limits
from pipeline.errors import Retry, Skip

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The statuses whose Location is followed."""

_GONE = frozenset({404, 410})
_LATER = frozenset({408, 425, 429})


class StatusSkip(Skip):
    """The server's answer ends the record; ``status`` is what it said."""

    def __init__(self, reason: str, status: int) -> None:
        super().__init__(reason, f"HTTP {status}")
        self.status = status


class StatusRetry(Retry):
    """The server cannot answer now; ``status`` is what it said."""

    def __init__(self, status: int, after: float | None) -> None:
        super().__init__(f"HTTP {status}", after=after)
        self.status = status


def checked(answer: Answer) -> Answer:
    """The answer if it is one: any 2xx, or 304.

    Raises:
        StatusSkip: 404 and 410 (``gone``); any other refusal (``refused``).
        StatusRetry: 408, 425, 429 and all from 500 to 599, after Retry-After if it is given.
    """
    status = answer.status
    if 200 <= status < 300 or status == 304:
        return answer
    if status in _GONE:
        raise StatusSkip("gone", status)
    if status in _LATER or 500 <= status < 600:
        raise StatusRetry(status, retry_after(answer))
    raise StatusSkip("refused", status)


def retry_after(answer: Answer) -> float | None:
    """The seconds that Retry-After asks for, at most a day; None where it is missing or absurd."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 12:
        return min(float(text), limits.RETRY_AFTER_SECONDS)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    date = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return max(0.0, min(_seconds(answer.time, date), limits.RETRY_AFTER_SECONDS))


def _seconds(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds()
