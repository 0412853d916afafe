"""The Kafka URL is read whole, and no secret in it is ever shown."""

from __future__ import annotations

import pytest

from pipeline.bus.kafka import KafkaBus
from pipeline.bus.kafka_url import settings, telling
from pipeline.errors import Fatal

URL = (
    "kafka://one:9092,two:9093?security_protocol=SASL_SSL&sasl_mechanism=SCRAM-SHA-512"
    "&sasl_plain_username=reader&sasl_plain_password=s%26cret&ssl_check_hostname=false"
)


def test_url() -> None:
    """Hosts and settings are read, escapes undone."""
    known = settings(URL)
    assert known["bootstrap_servers"] == ["one:9092", "two:9093"]
    assert known["sasl_plain_password"] == "s&cret"
    assert known["ssl_check_hostname"] is False
    assert known["sasl_plain_username"] == "reader"


def test_secret_is_masked() -> None:
    """Neither the bus, nor its settings, nor an error shows the password."""
    known = settings(URL)
    assert "s&cret" not in repr(known)
    assert "cret" not in repr(KafkaBus(URL, prefix="t"))
    with pytest.raises(Fatal) as told, telling("it", known):
        raise ValueError("refused: reader s&cret")
    assert "s&cret" not in str(told.value)
    assert told.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "http://h:9092",
        "kafka://",
        "kafka://user:hidden@h:9092",
        "kafka://h:9092?sasl_plain_passwrd=hidden",
        "kafka://h:9092?hidden",
        "kafka://[h:9092?sasl_plain_password=hidden",
    ],
)
def test_bad_url(url: str) -> None:
    """A URL that cannot be used is Fatal and not repeated in the error."""
    with pytest.raises(Fatal, match=r"bus\.url") as told:
        KafkaBus(url, prefix="t")
    assert "=hidden" not in str(told.value)
    assert ":hidden" not in str(told.value)
