"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from pipeline.durations import duration, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("1h30m", 5400), ("0s", 0)),
        *(("250ms", 0.25), ("1.5 h", 5400), (" 1w ", 604800), (7, 7), (0.5, 0.5)),
    ],
)
def test_durations_are_read(text: str | float, seconds: float) -> None:
    """Text with units and plain numbers give seconds."""
    assert duration(text) == seconds


@pytest.mark.parametrize("wrong", ["", "15", "15 minutes", "m", "-1s", "1h and 2m", -1, True])
def test_what_is_no_duration_is_told(wrong: str | float) -> None:
    """Anything else is a ValueError that shows the value."""
    with pytest.raises(ValueError, match="not a length of time"):
        duration(wrong)
    with pytest.raises(ValueError, match="finite"):
        duration(float("inf"))


@pytest.mark.parametrize("seconds", [0, 0.25, 1, 59, 60, 90, 900, 5400, 7200, 86400, 604800, 1e-3])
def test_durations_are_written_as_they_are_read(seconds: float) -> None:
    """Writing and reading gives the same seconds."""
    assert duration(written(seconds)) == seconds
