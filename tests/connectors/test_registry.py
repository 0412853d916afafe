"""Kinds by name, ours and those of other packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors import registry
from connectors.feed import Feed

CODE = """
from connectors.base import Cursor, Polled, Request

class Siren:
    def __init__(self, name: str, url: str, level: int = 1) -> None:
        self.name, self.url, self.level = name, url, level

    def ask(self, cursor):
        return Request(url=self.url)

    def read(self, answer, cursor):
        return Polled()
"""


@pytest.fixture
def siren(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution that declares the kinds "siren", "feed" and "gone"."""
    (tmp_path / "siren_connector.py").write_text(CODE)
    info = tmp_path / "siren_connector-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: siren-connector\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{registry.GROUP}]\nsiren = siren_connector:Siren\n"
        "feed = siren_connector:Siren\ngone = no_such_module:Gone\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))


def test_our_kinds_connect() -> None:
    """Every row of the table names a class that can be made."""
    assert isinstance(registry.connect("feed", "a", url="https://a.example/"), Feed)
    for kind in registry.KINDS:
        url = "file:///srv/in/" if kind == "folder" else "https://a.example/"
        assert registry.connect(kind, "a", url=url).name == "a"


@pytest.mark.usefixtures("siren")
def test_another_package_adds_a_kind() -> None:
    """A kind declared by an entry point connects, but none of ours is replaced."""
    assert registry.connect("siren", "s", url="x:y", level=3).name == "s"
    assert isinstance(registry.connect("feed", "a", url="https://a.example/"), Feed)
    assert set(registry.kinds()) >= {"siren", "feed", "folder"}
    with pytest.raises(ValueError, match="no_such_module"):
        registry.connect("gone", "g", url="x:y")
    with pytest.raises(ValueError, match=r"level.*'high'.*int"):
        registry.connect("siren", "s", url="x:y", level="high")


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "there is no kind 'fed'; there are feed, folder": ("fed", {"url": "https://a.example/"}),
    "no option 'colour'; it has url, encoding": (
        "feed",
        {"url": "https://a.example/", "colour": "red"},
    ),
    "needs the option 'url'": ("feed", {}),
    "option 'encoding' of kind 'feed' is 3, not": (
        "feed",
        {"url": "https://a.example/", "encoding": 3},
    ),
    "write file:///path": ("folder", {"url": "https://a.example/"}),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_wrong_kind_or_option_names_the_right_ones(message: str) -> None:
    """The error says which kinds or options there are."""
    kind, options = WRONG[message]
    with pytest.raises(ValueError, match=message):
        registry.connect(kind, "a", **options)
