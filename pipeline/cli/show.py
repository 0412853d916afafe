"""Printing: JSON Lines for programs, tables for people, nothing a source wrote taken as control."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.logs import printable

# no line ends within a line, nothing that a terminal obeys or that turns the direction of text
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def dumped(row: Mapping[str, Any]) -> str:
    """The row as one line of JSON, readable but for what is no plain character."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def lines(rows: Iterable[Mapping[str, Any]]) -> None:
    """Each row as one line of JSON."""
    for row in rows:
        sys.stdout.write(dumped(row) + "\n")


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """The rows in columns as wide as needed; the last one is cut at the terminal's edge."""
    cells = [[printable(_text(row.get(column))) for column in columns] for row in rows]
    shown = [list(columns), *cells]
    widths = [max(len(row[at]) for row in shown) for at in range(len(columns))]
    edge = shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else None
    for row in shown:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        print("  ".join(padded).rstrip()[:edge])


def say(*texts: str) -> None:
    """A line for a person for each text, on stdout, whatever the text holds."""
    for text in texts:
        print(printable(text))


def note(text: str) -> None:
    """A line beside the output, on stderr."""
    print(printable(text), file=sys.stderr)


class Progress:
    """One line on a terminal that is written again and again; silent elsewhere."""

    def __init__(self) -> None:
        self._on = sys.stderr.isatty()

    def show(self, text: str) -> None:
        """Replace the line."""
        if self._on:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\x1b[K" + printable(text)[:width])
            sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._on:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(_text(part) for part in value)
    return str(value)
