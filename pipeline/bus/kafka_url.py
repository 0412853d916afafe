"""The ``kafka://`` URL of the configuration as settings of kafka-python, the secrets masked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from kafka.errors import KafkaError

from pipeline.errors import Fatal

WORDS = (
    *("security_protocol", "sasl_mechanism", "sasl_plain_username", "sasl_plain_password"),
    *("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_password", "client_id"),
)
SECRETS = ("sasl_plain_password", "ssl_password")
FLAGS = {"true": True, "false": False}
# request_timeout_ms below a broker's stall makes the client reconnect at 43-68 % of a core
COMMON: dict[str, Any] = {"request_timeout_ms": 30_000, "reconnect_backoff_max_ms": 2_000}


class Secret(str):
    """A password that shows as asterisks where a library logs its settings."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def settings(url: str) -> dict[str, Any]:
    """What every client of the cluster is made with.

    Raises:
        Fatal: the URL is not ``kafka://host:port,...?word=value``; the secrets are not told.
    """
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        raise Fatal("bus.url cannot be read: write kafka://host:9092?word=value") from None
    if parts.scheme != "kafka" or not parts.netloc or parts.path not in ("", "/"):
        raise Fatal("bus.url is not of the form kafka://host:9092,host2:9092?word=value")
    if "@" in parts.netloc:
        raise Fatal("bus.url: give the user as ?sasl_plain_username=...&sasl_plain_password=...")
    return COMMON | {"bootstrap_servers": parts.netloc.split(",")} | dict(_words(query))


def _words(query: list[tuple[str, str]]) -> Iterator[tuple[str, Any]]:
    for word, value in query:
        if word == "ssl_check_hostname" and value in FLAGS:
            yield word, FLAGS[value]
        elif word in SECRETS:
            yield word, Secret(value)
        elif word in WORDS:
            yield word, value
        else:
            raise Fatal(f"bus.url: {word} is not one of {', '.join(WORDS)}, ssl_check_hostname")


@contextmanager
def telling(what: str, known: dict[str, Any]) -> Iterator[None]:
    """Turn trouble with the cluster into what failed and where.

    Raises:
        Fatal: any error of the client, without the secrets.
    """
    try:
        yield
    except (KafkaError, OSError, RuntimeError, ValueError, AssertionError) as error:
        said = f"{type(error).__name__}: {error}"
        for word in SECRETS:
            if known.get(word):
                said = said.replace(str(known[word]), "***")
        servers = ",".join(known["bootstrap_servers"])
        raise Fatal(f"Kafka at {servers}: {what}: {said[:500]}") from None
