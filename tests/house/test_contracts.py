"""Classes, schemas and examples say the same."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from pipeline import codec
from pipeline.contracts import KINDS, contract, file_name, written

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("kind", KINDS, ids=file_name)
def test_the_schema_file_is_that_of_the_class(kind: type[msgspec.Struct]) -> None:
    """Whoever changes one changes the other: python -m pipeline.contracts."""
    assert (SCHEMAS / file_name(kind)).read_text(encoding="utf-8") == written(kind)


@pytest.mark.parametrize("kind", KINDS, ids=file_name)
def test_the_example_is_valid_by_schema_and_by_class(kind: type[msgspec.Struct]) -> None:
    """Both ways: the schema takes it, and the class gives it back unchanged."""
    text = (SCHEMAS / "examples" / file_name(kind)).read_text(encoding="utf-8")
    plain = json.loads(text)
    jsonschema.validate(plain, contract(kind))
    record = codec.decode(kind, text.encode())
    assert codec.carried(record) == {}
    assert codec.builtins(record) == plain


@pytest.mark.parametrize("kind", KINDS, ids=file_name)
def test_the_example_shows_every_field(kind: type[msgspec.Struct]) -> None:
    """A reader of the example has seen the whole record."""
    plain = json.loads((SCHEMAS / "examples" / file_name(kind)).read_text(encoding="utf-8"))
    assert set(plain) == {name for name in kind.__struct_fields__ if name != "unknown"}


@pytest.mark.parametrize("kind", KINDS, ids=file_name)
def test_what_the_class_refuses_the_schema_refuses(kind: type[msgspec.Struct]) -> None:
    """Each field of the example, given a value of a wrong type, fails in both."""
    plain = json.loads((SCHEMAS / "examples" / file_name(kind)).read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(contract(kind))
    for name in plain:
        wrong = {**plain, name: [{"no": "such"}, 1]}
        assert not validator.is_valid(wrong), name
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(wrong, kind)
