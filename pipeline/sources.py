"""Sources as data: TOML tables and OPML files in, connectors' settings out."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connectors.base import short_hash
from connectors.registry import connect, options
from pipeline.durations import duration
from pipeline.opml import export_opml, import_opml
from pipeline.source import Source, to_toml

__all__ = ["Source", "Sources", "SourcesError", "export_opml", "import_opml", "load", "to_toml"]

MAX_FILE_BYTES = 20_000_000  # a list of 20,000 sources has 4 MB

_TEXTS = ("name", "kind", "url", "publisher", "country", "language", "group")
_KEYS = (*_TEXTS, "interval", "tier", "enabled")
_NAME = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,200}")
_HEADER = re.compile(r"^[ \t]*\[\[[ \t]*source[ \t]*\]\]", re.MULTILINE)


class SourcesError(Exception):
    """A source is written wrongly; the message names file, line and key and says what to do."""


@dataclass(frozen=True, slots=True)
class Sources:
    """All sources, and what is wrong with the lists they came from, one sentence each."""

    sources: tuple[Source, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a table stands, for messages."""

    file: str
    text: str
    number: int

    def line(self, key: str | None = None) -> str:
        """``file, line n``; TOML's parser gives no lines, so the headers are counted."""
        starts = [found.start() for found in _HEADER.finditer(self.text)]
        if self.number >= len(starts):
            return f"{self.file}, source {self.number + 1}"
        start, end = starts[self.number], [*starts, len(self.text)][self.number + 1]
        found = re.search(
            rf"^[ \t]*[\"']?{re.escape(key or '')}[\"']?[ \t]*=", self.text[start:end], re.M
        )
        at = start + found.start() if key and found else start
        return f"{self.file}, line {self.text.count(chr(10), 0, at) + 1}"


def load(
    tables: Sequence[Mapping[str, Any]],
    files: Sequence[str],
    folder: Path,
    main: str = "tocsin.toml",
) -> Sources:
    """The sources of the main file's ``[[source]]`` tables and of the files.

    ``files`` are names or patterns relative to ``folder``, where ``main`` lies too.

    Raises:
        SourcesError: a file is missing or not TOML, a key is unknown or has a wrong value, two
            sources have one name.
    """
    text = _read(folder / main).decode("utf-8", "replace") if (folder / main).is_file() else ""
    sources = _tables(tables, main, text, folder)
    problems: list[str] = []
    listed: list[Source] = []
    for path in _paths(files, folder, problems):
        shown = str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
        if path.suffix.lower() in (".opml", ".xml"):
            listed += _checked(import_opml(_read(path), shown), shown, problems)
        else:
            sources += _tables(*_toml(path, shown), folder)
    _unique(sources)
    return Sources((*sources, *_added(sources, listed, problems)), tuple(problems))


def _from_table(table: Mapping[str, Any], place: _Place, folder: Path) -> Source:
    """The source that a table describes.

    Raises:
        SourcesError: a key is unknown, missing, or has a wrong value.
    """
    values = dict(table)
    for key in ("name", "url"):
        if key not in values:
            raise SourcesError(f'{place.line()}: this source has no {key}: write {key} = "..."')
    given = {key: values.pop(key) for key in _KEYS if key in values}
    for key, value in given.items():
        _typed(key, value, place)
    if "interval" in given:
        given["interval"] = _interval(given["interval"], place)
    given["url"] = _address(given["url"], folder)
    source = Source(options=values, **given)
    _connects(source, place)
    return source


def _tables(
    tables: Sequence[Mapping[str, Any]], file: str, text: str, folder: Path
) -> list[Source]:
    return [_from_table(table, _Place(file, text, n), folder) for n, table in enumerate(tables)]


def _toml(path: Path, shown: str) -> tuple[Sequence[Mapping[str, Any]], str, str]:
    try:
        text = _read(path).decode("utf-8-sig").replace("\r\n", "\n")
        found = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise SourcesError(f"{shown} is not UTF-8: save it as UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SourcesError(f"{shown} is not TOML: {error}") from error
    for key in found:
        if key != "source":
            raise SourcesError(
                f"{shown}: unknown key {key!r}: a list of sources has only [[source]]"
            )
    tables = found.get("source", [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise SourcesError(f"{shown}: write [[source]] with two brackets before each source")
    return tables, shown, text


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise SourcesError(f"{path.name} is larger than {MAX_FILE_BYTES:,} bytes: split it")
        return path.read_bytes()
    except OSError as error:
        raise SourcesError(f"{path} cannot be read: {error.strerror}") from error


def _paths(files: Sequence[str], folder: Path, problems: list[str]) -> list[Path]:
    paths: dict[Path, None] = {}
    for pattern in files:
        if not any(sign in pattern for sign in "*?["):
            found = [folder / pattern]
            if not found[0].is_file():
                raise SourcesError(f"sources.files: {pattern} is not in {folder}: correct its name")
        elif Path(pattern).is_absolute():
            raise SourcesError(f"sources.files: {pattern}: write patterns relative to {folder}")
        else:
            found = sorted(path for path in folder.glob(pattern) if path.is_file())
            if not found:
                problems.append(f"sources.files: {pattern} matches no file in {folder}")
        paths.update(dict.fromkeys(found))
    return list(paths)


def _typed(key: str, value: object, place: _Place) -> None:
    problem = _fault(key, value)
    if problem:
        raise SourcesError(f"{place.line(key)}: {key} = {value!r}: {problem}")


def _fault(key: str, value: object) -> str | None:
    if key in _TEXTS and (not isinstance(value, str) or not value.strip()):
        return "write a text in quotes"
    if key == "name" and not _NAME.fullmatch(str(value)):
        return "a name has at most 200 characters, on one line"
    if key == "tier" and (isinstance(value, bool) or not isinstance(value, int)):
        return "write a whole number"
    if key == "enabled" and not isinstance(value, bool):
        return "write true or false"
    return None


def _interval(value: Any, place: _Place) -> float:
    try:
        seconds = duration(value)
    except ValueError as error:
        raise SourcesError(f"{place.line('interval')}: interval: {error}") from error
    if seconds <= 0:
        raise SourcesError(f'{place.line("interval")}: interval must be more than 0, like "15m"')
    return seconds


def _address(url: str, folder: Path) -> str:
    """A path without a scheme is relative to the configuration."""
    try:
        if urlsplit(url).scheme:
            return url
    except ValueError:
        return url
    return (folder / url).absolute().as_uri() + ("/" if url.endswith("/") else "")


def _connects(source: Source, place: _Place) -> None:
    try:
        known = options(source.kind)
    except ValueError as error:
        raise SourcesError(f"{place.line('kind')}: kind: {error}") from error
    for key in source.options:
        if key not in known or key in _KEYS:
            names = ", ".join(sorted({*_KEYS, *known}))
            raise SourcesError(f"{place.line(key)}: unknown key {key!r}: a source has {names}")
    try:
        connect(source.kind, source.name, url=source.url, **source.options)
    except (ValueError, TypeError) as error:
        raise SourcesError(f"{place.line()}: source {source.name!r}: {error}") from error


def _unique(sources: Sequence[Source]) -> None:
    seen: set[str] = set()
    for source in sources:
        if source.name in seen:
            raise SourcesError(f"two sources are named {source.name!r}: give each its own name")
        seen.add(source.name)


def _checked(found: Sequence[Source], file: str, problems: list[str]) -> list[Source]:
    good = []
    for source in found:
        try:
            connect(source.kind, source.name, url=source.url, **source.options)
            if source.kind == "feed" and urlsplit(source.url).scheme not in (
                "http",
                "https",
                "file",
            ):
                raise ValueError(f"{source.url!r} is no http address: correct its xmlUrl")
        except (ValueError, TypeError) as error:
            problems.append(f"{file}: entry {source.name!r}: {error}")
        else:
            good.append(source)
    return good


def _added(
    sources: Sequence[Source], listed: Sequence[Source], problems: list[str]
) -> list[Source]:
    """Those of the OPML files that are not there yet by address, each with a name of its own."""
    names = {source.name for source in sources}
    urls = {source.url: source.name for source in sources}
    added: list[Source] = []
    for source in listed:
        if source.url in urls:
            if urls[source.url] != source.name:
                other = urls[source.url]
                problems.append(f"entry {source.name!r} has the address of {other!r}: asked once")
            continue
        name = source.name
        if name in names:  # by the address, so that it stays when the list grows
            name = f"{name[:180]}-{short_hash(source.url)[:6]}"
        names.add(name)
        urls[source.url] = name
        added.append(replace(source, name=name))
    return added
