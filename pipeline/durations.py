"""Lengths of time as people write them: "90s", "15m", "1h30m", "1d"."""

from __future__ import annotations

import math
import re

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|[smhdw])\s*")


def duration(value: str | float) -> float:
    """The seconds that ``value`` means: a number of seconds, or text such as "15m".

    Raises:
        ValueError: not a length of time, with what is expected.
    """
    seconds = _of_text(value) if isinstance(value, str) else _of_number(value)
    if not math.isfinite(seconds) or seconds < 0:
        raise ValueError(f"{value!r} is not a length of time: it must be finite and not negative")
    return seconds


def written(seconds: float) -> str:
    """The shortest text from which :func:`duration` gives the same seconds again."""
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds:.15g}s"


def _of_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f'{value!r} is not a length of time: write seconds, or text like "15m"')
    return float(value)


def _of_text(text: str) -> float:
    parts = list(_PART.finditer(text.strip()))
    if not parts or "".join(part.group() for part in parts) != text.strip():
        raise ValueError(
            f'{text!r} is not a length of time: write a number and ms, s, m, h, d or w, like "15m"'
        )
    return sum(float(part[1]) * _SECONDS[part[2]] for part in parts)
