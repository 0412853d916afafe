"""kill -9 at each point between reading and committing, in every stage and in the poller."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.topology import STAGES
from tests.chaos.crashing import POINTS
from tests.stream import Service, Site, entry, fresh_servers, html_page, rss, without_times

TEXTS = (
    "Shells fell on the market of Kutum on Monday morning, the district office said.",
    "At least four people were killed and eleven wounded, a doctor at the hospital told reporters.",
    "A spokesman of the army denied that its artillery had fired on the town.",
)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Two feeds, an article listed twice, a page that is missing, a broken entry."""
    with Site() as served:
        for number in range(8):
            title = f"Shells hit the market of Kutum, report {number}"
            texts = [f"{text} This is report {number}." for text in TEXTS]
            served.pages[f"/n/{number}"] = html_page(title, texts)
        links = [f"{served.base}/n/{number}" for number in range(10)]  # 8 and 9 answer 404
        entries = [entry(number, link) for number, link in enumerate(links)]
        again = entry(100, links[0])
        broken = "<item><title>broken <b>no end</item>"
        served.pages["/one.xml"] = rss([*entries[:5], again, broken])
        served.pages["/two.xml"] = rss(entries[5:])
        yield served


Account = dict[str, int]


def service(folder: Path, site: Site, servers: dict[str, str]) -> Service:
    """A service over the site."""
    sources = [{"name": name, "url": f"{site.base}/{name}.xml"} for name in ("one", "two")]
    return Service(folder, site.settings(sources, keep="all"), servers)


def crashed(given: Service, point: str) -> dict[str, str]:
    """The stories after every stage died once at this point."""
    markers = {stage: given.folder / f"died-{stage}" for stage in STAGES}
    given.run_with(
        {
            stage: [
                sys.executable, "-m", "tests.chaos.crashing", stage, point, str(marker),
                str(given.config), str(os.getpid()),
            ]
            for stage, marker in markers.items()
        }
    )  # fmt: skip
    missing = [stage for stage, marker in markers.items() if not marker.exists()]
    assert missing == (["poll"] if point in ("read", "told", "committed") else []), (
        "who did not die"
    )
    return {url: without_times(story) for url, story in given.stories().items()}


@pytest.fixture(scope="module")
def truth(site: Site, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, str], Account]:
    """The stories and the account of a run in which nobody dies."""
    calm = service(tmp_path_factory.mktemp("calm"), site, {})
    calm.tocsin("run", "--once")
    stories = {url: without_times(story) for url, story in calm.stories().items()}
    assert len(stories) == 10
    return stories, calm.account()


@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_any_point_loses_nothing_and_doubles_nothing(
    point: str, site: Site, truth: tuple[dict[str, str], Account], tmp_path: Path
) -> None:
    """Each stage dies once; the index is that of a run without deaths, and the account closes."""
    rough = service(tmp_path, site, {})
    assert (crashed(rough, point), rough.account()) == truth


@pytest.mark.parametrize(
    "point", ["told", *(pytest.param(p, marks=pytest.mark.long) for p in POINTS if p != "told")]
)
def test_a_death_at_any_point_is_harmless_on_real_servers_too(
    point: str,
    site: Site,
    truth: tuple[dict[str, str], Account],
    tmp_path: Path,
    kafka_url: str,
    elastic_url: str,
) -> None:
    """The same on Kafka and Elasticsearch."""
    rough = service(tmp_path, site, fresh_servers(kafka_url, elastic_url))
    assert (crashed(rough, point), rough.account()) == truth
