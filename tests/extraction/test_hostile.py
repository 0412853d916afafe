"""Hostile pages end soon or are killed, and the next page is read."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator

import pytest

from pipeline import limits
from pipeline.children import Bounds, Children, Killable
from pipeline.errors import Reject
from pipeline.events import Article, Page
from pipeline.extraction.hostile import HostileError, tame
from pipeline.pages import encode_body
from pipeline.stages import Done, Stage, each
from pipeline.stages.extract import extract
from tests import records
from tests.extraction.hostile import CASES, TEXT, hang

QUICK = [
    "100,000 attributes", "100,000 attributes and a bracket", "divisions in 5,000",
    "divisions in 100,000", "lists in 20,000", "divisions in 1,400", "lists in JSON-LD",
    "objects in JSON-LD", "many graphs in JSON-LD", "comments open", "quotes open",
    "scripts open", "spaces", "combining marks", "long date", "long title",
]  # fmt: skip
SLOW = sorted(set(CASES) - set(QUICK))


def page_of(body: bytes) -> Page:
    body = body[: limits.PAGE_BYTES]
    return records.page(item=records.item(summary=None), body=encode_body(body), size=len(body))


def build() -> Stage:
    return each(extract)


@pytest.fixture(scope="module")
def children() -> Iterator[Children]:
    bounds = Bounds(limits.EXTRACT_SECONDS, limits.CHILD_BYTES)
    pool = Children(functools.partial(build), bounds)
    Killable(pool)([page_of(TEXT)])  # the first call starts the child
    yield pool
    pool.close()


@pytest.mark.parametrize("case", QUICK)
def test_a_hostile_page_ends_at_once(case: str) -> None:
    """What the checks know costs no more than a large page does."""
    page = page_of(CASES[case]())
    began = time.process_time()
    (result,) = build()([page])
    assert time.process_time() - began < 2.5
    assert isinstance(result, Done | Reject)


@pytest.mark.long
@pytest.mark.parametrize("case", SLOW)
def test_a_hostile_page_ends_or_is_killed(case: str, children: Children) -> None:
    """No page keeps a child longer than its deadline, and the child's successor reads the next."""
    began = time.monotonic()
    (result,) = Killable(children)([page_of(CASES[case]())])
    assert isinstance(result, Done | Reject | MemoryError)
    assert time.monotonic() - began < 2 * limits.EXTRACT_SECONDS + 5
    assert isinstance(Killable(children)([page_of(TEXT)])[0], Done)


def test_a_page_that_hangs_is_killed_and_the_pool_lives() -> None:
    """A page that no check foresaw costs itself alone."""
    pool = Children(functools.partial(build), Bounds(1.0, limits.CHILD_BYTES))
    try:
        (first,) = Killable(pool)([page_of(TEXT)])
        (hung,) = Killable(pool)([page_of(hang())])
        (after,) = Killable(pool)([page_of(TEXT)])
    finally:
        pool.close()
    assert isinstance(first, Done)
    assert isinstance(hung, Reject)
    assert "killed" in str(hung)
    assert isinstance(after, Done)


def test_text_far_inside_is_kept() -> None:
    """A page nested deeper than libxml2's 256 elements, as unclosed tags make it, loses nothing."""
    (done,) = build()([page_of(b"<html><body><p>First.</p>" + b"<font>" * 600 + TEXT)])
    assert isinstance(done, Done)
    (article,) = done.made
    assert isinstance(article, Article)
    assert "29 shells fell" in article.body


def test_ordinary_tags_are_left_alone() -> None:
    """A long tag with few attributes, such as an image in its address, stays as it is."""
    html = f'<p>a<img src="data:image/png;base64,{"A" * 50_000}" alt="b">c</p>'
    assert tame(html) == html


def test_too_deep_a_page_is_refused() -> None:
    """What libxml2 would silently cut is refused with the reason."""
    with pytest.raises(HostileError, match="nested 3000 deep"):
        tame("<div>" * 3_000)
