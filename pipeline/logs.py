"""Log lines: to stderr, one line each whatever a source wrote, no secrets."""

from __future__ import annotations

import logging
import re
import sys
import time
import unicodedata

_SECRET = re.compile(
    r"""(?i)((?:passw(?:or)?d|api[_-]?key|token|secret|authorization)["']?\s*[:=]\s*"""
    r"""(?:(?:basic|bearer|apikey)\s+)?)(?:"[^"]*"|'[^']*'|[^\s&]+)|(://[^/\s:@]*:)[^@\s/]+@"""
)
_JOINERS = "\u200c\u200d"  # Persian and Hindi are misspelt without them


class Line(logging.Formatter):
    """Time (UTC), level, logger, message; control characters shown, passwords hidden."""

    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:
        """One line, whatever the message has."""
        return super().formatMessage(record).replace("\n", " ")

    def format(self, record: logging.LogRecord) -> str:
        """One line, and the indented traceback where there is one."""
        first, *rest = super().format(record).split("\n")
        return "\n    ".join([printable(_SECRET.sub(_hide, line)) for line in (first, *rest)])


def configure(level: str) -> None:
    """Send everything of this level and above to stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        Line("%(asctime)sZ %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("elastic_transport", "trafilatura", "asyncio", "htmldate"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    for silent in ("kafka", "trafilatura.core"):  # what matters of it comes as our own error
        logging.getLogger(silent).setLevel(logging.CRITICAL)


def printable(text: str) -> str:
    """The text with control and direction characters replaced, safe for any terminal or log."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _shown(char) for char in text)


def _shown(char: str) -> str:
    if char in _JOINERS:
        return char
    # French sets no-break spaces round its quotation marks
    space = char in "\t\n\r" or unicodedata.category(char) == "Zs"
    return " " if space else f"\\u{ord(char):04x}"


def _hide(match: re.Match[str]) -> str:
    return f"{match[1]}***" if match[1] else f"{match[2]}***@"
