"""One source as data, and as TOML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.durations import written

INTERVAL = 900.0  # seconds; a first guess, the poller adapts it


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source as configured; ``options`` are those of its kind, ``group`` its folder in OPML."""

    name: str
    url: str
    kind: str = "feed"
    interval: float = INTERVAL
    options: Mapping[str, Any] = field(default_factory=dict)
    publisher: str | None = None
    country: str | None = None
    language: str | None = None
    tier: int | None = None
    enabled: bool = True
    group: str | None = None


def to_toml(sources: Iterable[Source]) -> str:
    """The sources as ``[[source]]`` tables, without what is as by default."""
    return "\n".join(_table(source) for source in sources)


def _table(source: Source) -> str:
    lines = ["[[source]]", f"name = {_quoted(source.name)}"]
    if source.kind != "feed":
        lines.append(f"kind = {_quoted(source.kind)}")
    lines.append(f"url = {_quoted(source.url)}")
    if source.interval != INTERVAL:
        lines.append(f"interval = {_quoted(written(source.interval))}")
    for key in ("publisher", "country", "language", "group", "tier"):
        value = getattr(source, key)
        if value is not None:
            lines.append(f"{key} = {_quoted(value)}")
    if not source.enabled:
        lines.append("enabled = false")
    lines += [f"{_key(key)} = {_quoted(value)}" for key, value in source.options.items()]
    return "\n".join(lines) + "\n"


def _quoted(value: object) -> str:
    """As a TOML value; JSON's strings, numbers and lists are TOML's but for one character."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_quoted(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_quoted, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else _quoted(key)
