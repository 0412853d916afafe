"""The shelf: an index of either kind, empty, with a prefix of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.indexes import Shelf, Where


@pytest.fixture(params=["embedded", "elastic"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shelf]:
    """An empty index, set up."""
    if request.param == "embedded":
        where = Where(folder=tmp_path)
    else:
        prefix = f"t{uuid.uuid4().hex[:12]}"
        where = Where(url=request.getfixturevalue("elastic_url"), prefix=prefix)
    made = Shelf(where.open(), where)
    made.index.setup()
    yield made
    made.index.close()
    made.clear()
