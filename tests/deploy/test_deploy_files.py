"""The files that put Tocsin to work say what they should."""

from __future__ import annotations

import configparser
import csv
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import srsly  # type: ignore[import-untyped]  # comes with spaCy and reads YAML

from connectors.registry import KINDS
from pipeline.config import load

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FEED_DATA = ROOT.parent / "shared" / "data" / "feeds"
SERVICES = {"kafka", "elasticsearch", "kibana", "setup", "tocsin", "users"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    read: dict[str, Any] = srsly.yaml_loads((ROOT / "docker-compose.yml").read_text("utf-8"))
    return read


@pytest.fixture(scope="module")
def world() -> list[dict[str, str]]:
    table = tomllib.loads((DEPLOY / "sources" / "world.toml").read_text("utf-8"))
    sources: list[dict[str, str]] = table["source"]
    return sources


def test_services_stay_healthy(compose: dict[str, Any]) -> None:
    """Every service that stays up has a health check and a restart; the others run once."""
    assert set(compose["services"]) == SERVICES
    for name, service in compose["services"].items():
        stays = service["restart"] != "no"
        assert stays == bool(service.get("healthcheck", {}).get("test")), name
        assert stays == (name not in {"setup", "users"})


def test_services_wait_for_each_other(compose: dict[str, Any]) -> None:
    """What a service waits for is there, and is healthy or done, as it can be."""
    services = compose["services"]
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            once = services[name]["restart"] == "no"
            wanted = "service_completed_successfully" if once else "service_healthy"
            assert wait["condition"] == wanted, name


def test_services_are_confined(compose: dict[str, Any]) -> None:
    """No privileges, a memory limit, known volumes and networks; ports on this machine only."""
    for name, service in compose["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
        volumes = {volume.partition(":")[0] for volume in service.get("volumes", ())}
        assert volumes <= set(compose["volumes"])
        assert set(service["networks"]) <= set(compose["networks"])
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert compose["services"]["tocsin"]["read_only"]
    assert compose["services"]["tocsin"]["user"] not in {"0", "root"}
    assert compose["networks"]["inside"]["internal"]


def test_secrets_come_from_outside(compose: dict[str, Any]) -> None:
    """Each password is a required variable, and each of them stands in the example, empty."""
    example = (DEPLOY / "secrets.example.env").read_text("utf-8")
    given = dict(re.findall(r"^(\w+)=(.*)$", example, re.MULTILINE))
    assert set(given.values()) == {""}
    named = set()
    for service in compose["services"].values():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key:
                found = re.fullmatch(r"\$\{(\w+):\?[^}]+\}", value)
                assert found, key
                named.add(found[1])
    assert named == set(given)


def test_settings_load() -> None:
    """Both files are accepted by the configuration, one embedded, one on the compose services."""
    starter = load(DEPLOY / "tocsin.toml", {})
    assert (starter.bus.url, starter.index.url) == ("embedded", "embedded")
    whole = load(DEPLOY / "tocsin.kafka.toml", {"TOCSIN_INDEX_PASSWORD": "x"})
    assert whole.bus.url == "kafka://kafka:9092"
    assert whole.index.url == "http://elasticsearch:9200"
    for settings in (starter, whole):
        found = [f for pattern in settings.sources.files for f in settings.folder.glob(pattern)]
        assert found == [DEPLOY / "sources" / "world.toml"]


def test_starter_sources(world: list[dict[str, str]]) -> None:
    """About 25 feeds with unique names and addresses, publishers, languages; several languages."""
    assert 20 <= len(world) <= 30
    assert len({s["name"] for s in world}) == len({s["url"] for s in world}) == len(world)
    for source in world:
        assert source["kind"] in KINDS
        assert source["publisher"]
        assert urlsplit(source["url"]).scheme == "https"
        assert re.fullmatch(r"[a-z]{2}", source["language"])
        assert re.fullmatch(r"[A-Z]{2}", source.get("country", "XX"))
    assert len({source["language"] for source in world}) >= 5


def test_starter_addresses_are_known(world: list[dict[str, str]]) -> None:
    """Every address stands in the feed data and answered when that was made."""
    if not FEED_DATA.exists():
        pytest.skip("../shared/data/feeds is not here")
    with (FEED_DATA / "world-feeds.csv").open(encoding="utf-8", newline="") as file:
        alive = {row["url"] for row in csv.DictReader(file) if row["status_2026_02"] == "OK"}
    assert {source["url"] for source in world} - alive == set()


def test_dockerfile() -> None:
    """The image installs only what the lock's hashes name, and does not run as root."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    installs = [line for line in text.splitlines() if "pip install" in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation" in line
    last = text.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!0|root)\w+$", last, re.MULTILINE)
    assert "HEALTHCHECK" in last
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists() or path == "README.md"
        assert f"!{path}" in allowed


def test_systemd_unit() -> None:
    """The unit runs the service as a user of its own and gives it time to stop."""
    unit = configparser.RawConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "tocsin.service")
    service = unit["Service"]
    assert service["ExecStart"].startswith("/opt/tocsin/bin/tocsin run")
    assert service["DynamicUser"] == "yes"
    assert service["KillMode"] == "mixed"
    assert int(service["TimeoutStopSec"]) > 15
