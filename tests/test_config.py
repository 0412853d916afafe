"""The settings: environment over file over default, and errors that name the place."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.config import ConfigError, keys, load


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    path = folder / "tocsin.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_key_has_a_default(tmp_path: Path) -> None:
    """An empty file is a working configuration."""
    settings = load(written(tmp_path, ""), {})
    assert settings.bus.url == "embedded"
    assert settings.index.keep == "relevant"
    assert settings.http.delay == 1.0
    assert settings.data == tmp_path / "data"


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """For every kind of value."""
    path = written(tmp_path, '[bus]\nurl = "embedded"\n[http]\ndelay = "5s"\nconnections = 9')
    settings = load(
        path,
        {
            "TOCSIN_BUS_URL": "kafka://broker:9092",
            "TOCSIN_HTTP_CONNECTIONS": "4",
            "TOCSIN_HTTP_ALLOW": "127.0.0.1, news.internal",
            "TOCSIN_SLOT": "3",
        },
    )
    assert settings.bus.url == "kafka://broker:9092"
    assert (settings.http.connections, settings.http.delay) == (4, 5.0)
    assert settings.http.allow == ("127.0.0.1", "news.internal")
    assert settings.slot == "3"


def test_every_key_can_be_set_by_its_variable(tmp_path: Path) -> None:
    """The table of keys is the whole of what can be set."""
    values = {"int": "2", "Seconds": "7s"}
    for key in keys().values():
        text = values.get(getattr(key.kind, "__name__", ""), "embedded")
        text = {"index.keep": "all", "log": "debug"}.get(key.name, text)
        settings = load(written(tmp_path, ""), {key.variable: text})
        part, _, name = key.name.rpartition(".")
        value = getattr(getattr(settings, part) if part else settings, name)
        assert value != "" or key.default == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[bus]\nulr = 'x'", ["tocsin.toml:2", "bus.ulr", "did you mean bus.url"]),
        ("dat = 'x'", ["tocsin.toml:1", "dat", "did you mean data"]),
        ("[buss]\nurl = 'x'", ["tocsin.toml", "buss"]),
        ("[http]\n\nconnections = 'two'", ["tocsin.toml:3", "http.connections", "whole number"]),
        ("[http]\nconnections = 0", ["http.connections", "at least 1"]),
        ("[http]\nconnections = true", ["http.connections", "whole number"]),
        ("[http]\nallow = 'x'", ["http.allow", "list of texts"]),
        ("[http]\ndelay = 'soon'", ["http.delay", "soon"]),
        ("[index]\nkeep = 'some'", ["index.keep", "relevant, all"]),
        ("[index]\nurl = 'es:9200'", ["index.url", "embedded"]),
        ("[bus]\nurl = 'http://x'", ["bus.url", "kafka://"]),
        ("bus = 'x'", ["bus"]),
        ("source = 3", ["source", "[[source]]"]),
        ("data = ", ["tocsin.toml", "TOML"]),
    ],
)
def test_a_fault_names_file_line_and_key(tmp_path: Path, text: str, words: list[str]) -> None:
    """Before anything starts."""
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text), {})
    for word in words:
        assert word in str(caught.value)


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    """Not the file, which is innocent."""
    with pytest.raises(ConfigError, match="TOCSIN_HTTP_CONNECTIONS"):
        load(written(tmp_path, ""), {"TOCSIN_HTTP_CONNECTIONS": "many"})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Also one named by the environment."""
    missing = tmp_path / "no.toml"
    for path, environment in ((missing, {}), (None, {"TOCSIN_CONFIG": str(missing)})):
        with pytest.raises(ConfigError, match=r"no\.toml"):
            load(path, environment)


def test_a_secret_does_not_show(tmp_path: Path) -> None:
    """Neither in the settings' repr nor in an error."""
    path = written(tmp_path, "[index]\npassword = 'hunter2'\n[bus]\nurl = 'kafka://u:hunter2@h:1'")
    assert "hunter2" not in repr(load(path, {}))
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, "[index]\npassword = ['hunter2']"), {})
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, "[bus]\nurl = 'kafak://u:hunter2@h'"), {})
    assert "hunter2" not in str(caught.value)
