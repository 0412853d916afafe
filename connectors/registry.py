"""Kinds of connector by name: a plain table, and what other packages declare."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Any

from connectors.base import Connector

KINDS: Mapping[str, str] = {
    "feed": "connectors.feed:Feed",
    "folder": "connectors.folder:Folder",
}
GROUP = "tocsin.connectors"
"""The entry points by which another package offers a kind; a kind of ours cannot be replaced."""


def kinds() -> dict[str, str]:
    """Every kind and where its class is, ours and those of installed packages."""
    return {point.name: point.value for point in entry_points(group=GROUP)} | dict(KINDS)


def options(kind: str) -> dict[str, inspect.Parameter]:
    """What a connector of this kind takes besides its name.

    Raises:
        ValueError: no such kind, or its class cannot be imported.
    """
    parameters = dict(inspect.signature(_load(kind)).parameters)
    parameters.pop("name", None)
    return parameters


def connect(kind: str, name: str, **given: Any) -> Connector:
    """The connector of this kind for this source.

    Raises:
        ValueError: no such kind or option, or a wrong value, with those there are.
    """
    known = options(kind)
    for option in given:
        if option not in known:
            raise ValueError(f"kind {kind!r} has no option {option!r}; it has {', '.join(known)}")
    for option, parameter in known.items():
        if parameter.default is inspect.Parameter.empty and option not in given:
            raise ValueError(f"kind {kind!r} needs the option {option!r}")
        if option in given:
            _fits(kind, parameter, given[option])
    connector: Connector = _load(kind)(name=name, **given)
    return connector


def _load(kind: str) -> Any:
    where = KINDS.get(kind) or kinds().get(kind)  # looking at all packages takes milliseconds
    if where is None:
        raise ValueError(f"there is no kind {kind!r}; there are {', '.join(sorted(kinds()))}")
    try:
        return resolve_name(where)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"kind {kind!r} cannot be loaded from {where}: {error}") from error


def _fits(kind: str, parameter: inspect.Parameter, value: object) -> None:
    """Refuse a value of a type that the annotation does not name; only plain types are."""
    wanted = str(getattr(parameter.annotation, "__name__", parameter.annotation))
    names = {part.strip() for part in wanted.split("|")}
    plain = {"str": str, "int": int, "float": int | float, "bool": bool, "None": type(None)}
    if not names <= plain.keys():
        return
    if isinstance(value, bool) and "bool" not in names:
        fits = False
    else:
        fits = any(isinstance(value, plain[name]) for name in names)
    if not fits:
        raise ValueError(f"option {parameter.name!r} of kind {kind!r} is {value!r}, not {wanted}")
