"""The whole pipeline at a glance: the stages and the topics, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from pipeline.bus import TopicSpec
from pipeline.events import Article, Fate, Incident, Item, Page, Story
from pipeline.urls import host, is_http

Kind = type[msgspec.Struct]


@dataclass(frozen=True, slots=True)
class Step:
    """A stage's place: the kind of record it reads from each topic, the topic of each it makes."""

    name: str
    reads: Mapping[str, Kind]
    writes: Mapping[Kind, str]
    batch: int

    @property
    def dead(self) -> str:
        """The topic of its dead letters."""
        return f"{self.name}.dead"


ITEMS, PAGES, ARTICLES, STORIES = "items", "pages", "articles", "stories"
RESOLVED, INCIDENTS, CURSORS, FATES = "resolved", "incidents", "cursors", "fates"

AGAIN = {RESOLVED: "resolved.again", INCIDENTS: "incidents.again"}
"""Where records of a compacted topic are tried again: there they would pass for the latest."""

STEPS = (
    # poll reads the sources, with its cursors, and writes items
    Step("fetch", {ITEMS: Item}, {Page: PAGES}, batch=100),
    Step("extract", {PAGES: Page}, {Article: ARTICLES}, batch=32),
    Step("enrich", {ARTICLES: Article}, {Story: STORIES}, batch=32),
    Step("resolve", {STORIES: Story}, {Story: RESOLVED, Incident: INCIDENTS}, batch=100),
    Step(
        "index",
        {
            RESOLVED: Story,
            INCIDENTS: Incident,
            FATES: Fate,
            AGAIN[RESOLVED]: Story,
            AGAIN[INCIDENTS]: Incident,
        },
        {},
        batch=500,
    ),
)
STEP = {step.name: step for step in STEPS}
STAGES = ("poll", *STEP)
"""The stages in the order of the data; ``delay`` stands beside them, see :data:`DELAYS`."""

DELAYS = {"10s": 10.0, "2m": 120.0, "20m": 1200.0, "3h": 10_800.0}
"""One fixed delay per retry topic, in seconds, so that no record waits behind a longer one."""


def retry_topic(stage: str, delay: str) -> str:
    """Where a stage's records wait that long."""
    return f"{stage}.retry.{delay}"


RETRIES = tuple(retry_topic(step.name, delay) for step in STEPS for delay in DELAYS)

POLL_SHARES = 8
"""The partitions of cursors: into so many shares the sources are cut, one process or more each."""

TOPICS = (
    TopicSpec(ITEMS, partitions=8, days=7),
    TopicSpec(PAGES, partitions=8, days=30),
    TopicSpec(ARTICLES, partitions=8, days=30),
    TopicSpec(STORIES, partitions=1, days=30),  # one partition: one resolve at work
    TopicSpec(RESOLVED, partitions=8, days=None, compacted=True),
    TopicSpec(INCIDENTS, partitions=8, days=None, compacted=True),
    TopicSpec(CURSORS, partitions=POLL_SHARES, days=None, compacted=True),
    TopicSpec(FATES, partitions=8, days=30),
    *(TopicSpec(name, partitions=1, days=7) for name in (*AGAIN.values(), *RETRIES)),
    *(TopicSpec(f"{stage}.dead", partitions=1, days=90) for stage in STAGES),
)


def key_of(record: msgspec.Struct) -> str:
    """The key under which a record lies in its topic."""
    match record:
        case Item(url=url, source=source):
            return host(url) if url and is_http(url) else source
        case Fate(id=item):
            return item
        case Page(id=key) | Article(id=key) | Story(id=key) | Incident(id=key):
            return key
    raise TypeError(f"{type(record).__name__} has no place on the bus")
