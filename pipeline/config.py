"""The settings: read once, frozen; the only module that reads the environment.

Environment over file over default.  An error names file, line and key, before anything starts.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args, get_type_hints
from urllib.parse import urlsplit

from pipeline.durations import duration


class ConfigError(Exception):
    """The configuration cannot be used; the message names file, line and key."""


class Secret(str):
    """A text that may hold a password: its repr, as in a traceback, does not show it."""

    def __repr__(self) -> str:
        return "Secret('***')"


class Seconds(float):
    """A duration; written as ``"90s"``, ``"15m"``, ``"2h"``, ``"1d"`` or a number of seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusSettings:
    """Where records wait between the stages."""

    url: Secret = Secret("embedded")
    prefix: str = "tocsin"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """Where people search."""

    url: str = "embedded"
    keep: str = "relevant"
    prefix: str = "tocsin"
    days: int = 0
    user: str = ""
    password: Secret = Secret("")
    api_key: Secret = Secret("")
    ca_certs: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """Manners towards the hosts that are asked."""

    contact: str = ""
    allow: tuple[str, ...] = ()
    delay: Seconds = Seconds(1.0)
    connections: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcesSettings:
    """Where the sources stand, besides the main file; patterns relative to it."""

    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """How many processes each stage has under ``tocsin run``."""

    poll: int = 1
    fetch: int = 1
    extract: int = 1
    enrich: int = 1
    resolve: int = 1
    index: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; ``path`` is the file it came from, None without one."""

    data: Path = Path("data")
    bus: BusSettings = BusSettings()
    index: IndexSettings = IndexSettings()
    http: HttpSettings = HttpSettings()
    sources: SourcesSettings = SourcesSettings()
    run: RunSettings = RunSettings()
    source: tuple[Mapping[str, Any], ...] = ()
    slot: str = "0"
    log: str = "info"
    path: Path | None = None

    @property
    def folder(self) -> Path:
        """What relative paths are relative to: the folder of the file, else the present one."""
        return self.path.parent if self.path else Path.cwd()


SECTIONS: Mapping[str, type[Any]] = {
    "bus": BusSettings,
    "index": IndexSettings,
    "http": HttpSettings,
    "sources": SourcesSettings,
    "run": RunSettings,
}
TOP = ("data", "log")
CHOICES = {"index.keep": ("relevant", "all"), "log": ("debug", "info", "warning", "error")}


@dataclass(frozen=True, slots=True)
class Key:
    """A setting: its dotted name, its type and its default."""

    name: str
    kind: Any
    default: Any

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return "TOCSIN_" + self.name.upper().replace(".", "_")


def keys() -> Mapping[str, Key]:
    """Every setting there is, by its dotted name."""
    top = [("", Settings, name) for name in TOP]
    inner = [(f"{part}.", kind, f.name) for part, kind in SECTIONS.items() for f in fields(kind)]
    found = [
        Key(part + name, get_type_hints(kind)[name], getattr(kind(), name))
        for part, kind, name in (*top, *inner)
    ]
    return {key.name: key for key in found}


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this file, or of TOCSIN_CONFIG, or of ./tocsin.toml, or the defaults.

    Raises:
        ConfigError: a file that cannot be read, an unknown key, a wrong type or value.
    """
    path = path or _named(environment)
    file = _File.read(path.resolve()) if path else _File(None, "", {})
    written = _flat(file)
    values = {key.name: _value(key, written, environment, file) for key in keys().values()}
    sections: dict[str, Any] = {
        part: kind(**{f.name: values[f"{part}.{f.name}"] for f in fields(kind)})
        for part, kind in SECTIONS.items()
    }
    settings = Settings(
        **sections,
        data=values["data"],
        log=values["log"],
        source=_source_tables(file),
        slot=environment.get("TOCSIN_SLOT", "0"),
        path=file.path,
    )
    return replace(settings, data=(settings.folder / settings.data).resolve())


@dataclass(frozen=True, slots=True)
class _File:
    """The file as text and as tables, to say where a fault stands."""

    path: Path | None
    text: str
    tables: Mapping[str, Any]

    @classmethod
    def read(cls, path: Path) -> _File:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{path}: cannot be read: {error}") from error
        try:
            return cls(path, text, tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not TOML: {error}") from error

    def error(self, name: str, problem: str) -> ConfigError:
        line = self.line(name)
        return ConfigError(f"{self.path}:{line}: {name}: {problem}")

    def line(self, name: str) -> int:
        """The line on which a key stands, 1 if it cannot be found."""
        part, _, key = name.rpartition(".")
        section = ""
        for number, line in enumerate(self.text.splitlines(), 1):
            if head := re.match(r"\s*\[+\s*([^\]]*?)\s*\]", line):
                section = head[1]
                if section == name:
                    return number
            elif section == part and re.match(rf"\s*\"?{re.escape(key)}\"?\s*[=.]", line):
                return number
        return 1


def _named(environment: Mapping[str, str]) -> Path | None:
    if "TOCSIN_CONFIG" in environment:
        return Path(environment["TOCSIN_CONFIG"])
    return Path("tocsin.toml") if Path("tocsin.toml").is_file() else None


def _flat(file: _File) -> dict[str, Any]:
    """What the file sets, by dotted name."""
    flat: dict[str, Any] = {}
    for name, value in file.tables.items():
        if name == "source":
            continue
        if name in SECTIONS and isinstance(value, dict):
            flat.update({f"{name}.{key}": inner for key, inner in value.items()})
        else:
            flat[name] = value
    for name in flat:
        if name not in keys():
            near = difflib.get_close_matches(name, keys(), n=1)
            hint = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(keys())}"
            raise file.error(name, f"unknown key; {hint}")
    return flat


def _value(
    key: Key, written: Mapping[str, Any], environment: Mapping[str, str], file: _File
) -> Any:
    """The value of one setting; the environment wins over the file."""
    try:
        if key.variable in environment:
            value = _from_text(key, environment[key.variable])
        elif key.name in written:
            value = _from_toml(key, written[key.name])
        else:
            return key.default
        return _checked(key, value)
    except ValueError as error:
        if key.variable in environment:
            raise ConfigError(f"environment variable {key.variable}: {error}") from error
        raise file.error(key.name, str(error)) from error


def _from_text(key: Key, text: str) -> Any:
    if key.kind is int:
        return int(text)
    if get_args(key.kind):  # a list: separated by commas
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return _from_toml(key, text)


def _from_toml(key: Key, value: Any) -> Any:
    if key.kind is Seconds:
        return Seconds(duration(value))
    if get_args(key.kind):
        if not (isinstance(value, list) and all(isinstance(part, str) for part in value)):
            raise ValueError(f"a list of texts is wanted, not {_shown(key, value)}")
        return tuple(value)
    wanted = int if key.kind is int else str
    if not isinstance(value, wanted) or isinstance(value, bool):
        word = "a whole number" if wanted is int else "a text"
        raise ValueError(f"{word} is wanted, not {_shown(key, value)}")
    return key.kind(value)


def _checked(key: Key, value: Any) -> Any:
    if key.name in CHOICES and value not in CHOICES[key.name]:
        raise ValueError(f"one of {', '.join(CHOICES[key.name])} is wanted, not {value!r}")
    least = 0 if key.name == "index.days" else 1
    if key.kind is int and value < least:
        raise ValueError(f"at least {least} is wanted, not {value}")
    if key.name in ("bus.url", "index.url"):
        _check_url(key.name, str(value))
    return value


def _check_url(name: str, url: str) -> None:
    schemes = ("kafka",) if name == "bus.url" else ("http", "https")
    if url != "embedded" and urlsplit(url).scheme not in schemes:
        raise ValueError(f'"embedded" or {schemes[0]}://HOST:PORT is wanted')


def _shown(key: Key, value: Any) -> str:
    return "what is there" if key.kind is Secret else repr(value)


def _source_tables(file: _File) -> tuple[Mapping[str, Any], ...]:
    tables = file.tables.get("source", [])
    if not (isinstance(tables, list) and all(isinstance(table, dict) for table in tables)):
        raise file.error("source", "is written as [[source]] tables")
    return tuple(tables)
