"""The one clock; whoever needs the time is given it as a function."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present time, UTC."""
    return datetime.now(UTC)
