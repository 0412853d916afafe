"""Log lines: one each, no secrets, nothing that a terminal obeys."""

from __future__ import annotations

import logging
import sys

import pytest

from pipeline.logs import Line, printable


def written(message: str, *args: object, error: Exception | None = None) -> str:
    """The line as the handler writes it."""
    trouble = None
    if error:
        try:
            raise error
        except Exception:
            trouble = sys.exc_info()
    record = logging.LogRecord("tocsin.test", logging.INFO, "f", 1, message, args, trouble)
    return Line("%(levelname)s %(name)s: %(message)s").format(record)


def test_what_a_source_wrote_stays_on_one_line_and_moves_nothing() -> None:
    """No line break, no escape sequence, no change of direction."""
    line = written("title %s", "a\nERROR forged\r\x1b[2J\x9b31m\u202egnp\u2028\x00")
    assert line.isprintable()
    assert "\n" not in line
    assert "ERROR forged" in line


def test_a_traceback_is_indented() -> None:
    """So that no line of it can be taken for another entry."""
    first, *rest = written("failed", error=ValueError("a\nERROR forged\x1b[1m")).split("\n")
    assert first == "INFO tocsin.test: failed"
    assert all(line.startswith("    ") and line.isprintable() for line in rest)
    assert rest


@pytest.mark.parametrize(
    "text",
    [
        "kafka://user:hunter2@broker:9092",
        "redis://:hunter2@host",
        "password=hunter2",
        "password = 'hunter2 with spaces'",
        "{'password': 'hunter2', 'user': 'x'}",
        '{"api_key": "hunter2"}',
        "api-key: hunter2",
        "Authorization: Bearer hunter2",
        "authorization: Basic hunter2",
        "sasl_plain_password=hunter2&security_protocol=SASL_SSL",
        "PASSWD=hunter2",
        "token:hunter2",
    ],
)
def test_secrets_are_hidden(text: str) -> None:
    """As settings, URLs, headers and dicts write them."""
    assert "hunter2" not in written("cannot connect: %s", text)
    assert "with spaces" not in written("%s", text)
    assert "***" in written("%s", text)


@pytest.mark.parametrize(
    "text",
    [
        "« Douze morts », selon l'armée",
        "نیروهای ارتش می‌گویند",
        "सैन्य कार्र‌वाई",
        "Обстрел Купянска — 3 раненых",
        "警察：死者3人",
        "see https://example.org/a:b@c/d",
        "the secretary said: no",
    ],
)
def test_what_people_write_is_shown_as_they_wrote_it(text: str) -> None:
    """In every script, with its no-break spaces and joiners."""
    assert "\\u" not in printable(text.replace(" ", "\u00a0"))
    assert written("%s", text) == f"INFO tocsin.test: {text}"
