"""The stage that remembers."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path

import pytest

from pipeline.events import Published, Story
from pipeline.resolution.copies import sketch
from pipeline.resolution.memory import Memory
from pipeline.stages import Done
from pipeline.stages.resolve import Resolve, tombstone
from tests.records import BODY, URL, at, story

LONG = " ".join(f"{word}{n}" for n in range(30) for word in ("shell", "market", "town", "guard"))


class Stream:
    """Resolve with what it stored, as the resolved topic keeps it."""

    def __init__(self, folder: Path) -> None:
        self.stored: dict[str, Story] = {}
        self.resolve = Resolve(Memory(folder), lambda: list(self.stored.values()))

    def put(self, *stories: Story) -> list[Done]:
        """Resolve each and keep what came of it."""
        results = self.resolve(stories)
        done = [result for result in results if isinstance(result, Done)]
        assert len(done) == len(results)
        for made in (made for result in done for made in result.made):
            assert isinstance(made, Story)
            if made.id not in self.stored or made.version >= self.stored[made.id].version:
                self.stored[made.id] = made
        return done


@pytest.fixture
def stream(tmp_path: Path) -> Stream:
    return Stream(tmp_path)


def test_a_first_story_is_revision_one(stream: Stream) -> None:
    """With the item that told of it."""
    stream.put(story())
    assert stream.stored["a1"].revision == 1
    assert stream.stored["a1"].items == ("i1",)


def test_a_changed_text_is_a_revision_of_the_same_story(stream: Stream) -> None:
    """The first_seen stays, the version grows, the number of the revision is the next."""
    stream.put(story())
    before = stream.stored["a1"]
    stream.put(story(body=BODY.replace("four", "five"), fetched=at(60), first_seen=at(60)))
    after = stream.stored["a1"]
    assert (after.revision, after.first_seen) == (2, before.first_seen)
    assert after.version > before.version


def test_the_same_text_again_from_another_item_is_a_duplicate(stream: Stream) -> None:
    """Two feeds link to one page: one story, and the second item is told as what it is."""
    stream.put(story())
    (done,) = stream.put(story(item="i2", source="other", fetched=at(5)))
    assert (done.outcome, done.state, done.made) == ("duplicate", "duplicate", ())


def test_the_same_text_again_from_its_own_item_stays_stored(stream: Stream) -> None:
    """A page fetched again after the feed's text went ahead does not turn into a duplicate."""
    stream.put(story())
    (done,) = stream.put(story(fetched=at(5)))
    assert (done.outcome, done.state, done.made) == ("unchanged", "stored", ())


def test_a_record_that_comes_again_gives_the_same_record(stream: Stream) -> None:
    """After a restart, and by replay: the index answers unchanged."""
    stream.put(story())
    first = stream.stored["a1"]
    (again,) = stream.put(story())
    assert again.made == (first,)
    stream.resolve.recall()
    (after,) = stream.put(story())
    assert after.made == (first,)


def test_an_older_page_does_not_replace_a_newer_one(stream: Stream) -> None:
    """Records of one story may overtake each other; the last fetched counts."""
    stream.put(story(fetched=at(60), body=BODY + " More."))
    (done,) = stream.put(story(item="i2", fetched=at(1)))
    assert done.made == ()
    assert stream.stored["a1"].body.endswith("More.")


def test_the_page_replaces_the_feeds_text_and_not_the_other_way_round(stream: Stream) -> None:
    """A later success is a revision; a later failure is none."""
    stream.put(story(text_from="feed", body=BODY[:80]))
    stream.put(story(fetched=at(5)))
    assert stream.stored["a1"].revision == 2
    (done,) = stream.put(story(text_from="feed", body=BODY[:80], fetched=at(9), item="i9"))
    assert done.made == ()


def test_a_page_that_redirects_within_its_site_stays_the_same_story(stream: Stream) -> None:
    """The feed's text came under the first address, the page under the second."""
    stream.put(story(text_from="feed", body=BODY[:80]))
    stream.put(story(id="a2", url="https://www.example.org/2026/arvad", fetched=at(5)))
    assert set(stream.stored) == {"a1"}
    assert stream.stored["a1"].aliases == ("a2",)
    stream.resolve.recall()
    stream.put(story(id="a2", item="i5", fetched=at(9), body=BODY + " Later."))
    assert stream.stored["a1"].revision == 3


def test_a_page_that_leads_to_another_site_takes_nothing_over(stream: Stream) -> None:
    """An item of one publisher never becomes the story of another, nor the other way round."""
    stream.put(story(text_from="feed", body=BODY[:80]))
    stream.put(story(id="b1", url="https://victim.example.com/x", body=LONG, fetched=at(5)))
    stream.put(story(id="b1", url="https://victim.example.com/x", item="v1", body=LONG,
                     fetched=at(6)))  # fmt: skip
    assert set(stream.stored) == {"a1", "b1"}
    assert stream.stored["a1"].aliases == ()


def test_a_killed_story_has_a_state_and_no_text(stream: Stream) -> None:
    """And stays killed whatever comes late, in either order."""
    stream.put(story())
    stream.put(story(status="killed", fetched=at(9)))
    killed = stream.stored["a1"]
    assert (killed.state, killed.title, killed.body) == ("killed", "", "")
    (done,) = stream.put(story(fetched=at(30), body=BODY + " Late."))
    assert done.made == ()
    stream.resolve.recall()
    (done,) = stream.put(story(fetched=at(40), body=BODY + " Later."))
    assert done.made == ()


def test_a_kill_may_come_before_its_story(stream: Stream) -> None:
    """Wires are not in order."""
    stream.put(story(status="killed"))
    (done,) = stream.put(story(fetched=at(9)))
    assert done.made == ()
    assert stream.stored["a1"].state == "killed"


def forget(stored: Story) -> Story:
    """What the command puts on the topic."""
    return tombstone(stored, "forgotten")


def test_a_forgotten_story_has_a_state_and_no_text_and_stays_so(stream: Stream) -> None:
    """Whatever comes later: another text, a redirect, another item, a restart, years."""
    stream.put(story(categories=("Arvad",)))
    before = stream.stored["a1"]
    (done,) = stream.put(forget(before))
    gone = stream.stored["a1"]
    assert (done.outcome, done.state) == ("forgotten", None)
    assert (gone.state, gone.title, gone.body, gone.categories) == ("forgotten", "", "", ())
    assert (gone.version > before.version, gone.items) == (True, ("i1",))
    later = 60 * 24 * 1000
    for number, minutes in enumerate((9, 10, later, later + 60 * 24 * 91)):
        stream.put(story(body=f"{BODY} Late {number}.", fetched=at(minutes)))
        stream.put(story(id="a2", url=f"{URL}-2", fetched=at(minutes)))
        stream.put(story(item="i2", status="killed", fetched=at(minutes)))
        assert stream.stored == {"a1": gone}
        stream.resolve.recall()
    assert [done.made for done in stream.put(forget(before), before)] == [(), ()]


def test_a_story_let_go_from_memory_can_be_forgotten(stream: Stream) -> None:
    """The record brings its ids and its version with it."""
    stored = story(version=77 << 8, items=("i1", "i2"), aliases=("a2",))
    stream.put(forget(stored))
    assert stream.stored["a1"].version == stored.version + 1
    stream.put(story(id="a2", item="i9", fetched=at(9)), story(item="i2", fetched=at(9)))
    assert {id: one.state for id, one in stream.stored.items()} == {"a1": "forgotten"}


def test_a_copy_of_what_is_forgotten_stays_marked(stream: Stream) -> None:
    """It is another publisher's; a text that comes later is no copy of what is not there."""
    stream.put(wire("a", 1), wire("b", 2))
    stream.put(forget(stream.stored["a"]))
    stream.put(wire("c", 3))
    assert (stream.stored["b"].body, stream.stored["b"].copy_of) == (BODY, "a")
    assert stream.stored["c"].copy_of == "b"


def wire(id: str, minutes: int, body: str = BODY, **more: object) -> Story:
    """A story of a publisher of its own."""
    published = Published(time=at(minutes), basis="feed", precision="minute")
    url = f"https://{id}.example.net/1"
    return story(id=id, item=f"i-{id}", url=url, body=body, published=published, **more)


def copies(stories: Iterable[Story], folder: Path) -> dict[str, str | None]:
    """Who is a copy of whom after these came in this order."""
    stream = Stream(folder)
    for one in stories:
        stream.put(one)
    return {id: stored.copy_of for id, stored in stream.stored.items()}


def test_a_copy_is_stored_and_names_the_earliest(tmp_path: Path) -> None:
    """Whatever the order in which the copies came here."""
    cut = BODY.rpartition(",")[0] + ", a resident said."
    group = [wire("c", 30), wire("a", 10), wire("b", 20, cut, title="Another headline")]
    for number, order in enumerate(permutations(group)):
        found = copies(order, tmp_path / str(number))
        assert found == {"a": None, "b": "a", "c": "a"}


def test_another_report_of_the_same_event_is_no_copy(tmp_path: Path) -> None:
    """Only the same text is."""
    other = (
        "Four people died and eleven were injured when artillery struck the market of Arvad, the "
        "district office reported. The Northern Front rejected any part in it. Traders said that "
        "they had heard three explosions shortly after the stalls opened on Monday, and that "
        "ambulances took an hour to come."
    )
    assert copies([wire("a", 1), wire("b", 2, other)], tmp_path) == {"a": None, "b": None}


def test_a_story_coded_anew_keeps_its_revision(stream: Stream) -> None:
    """The text is the same: only what we say of it is new."""
    stream.put(story())
    stream.put(story(models={"relevance": "2"}, fetched=at(5)))
    assert stream.stored["a1"].revision == 1
    assert stream.stored["a1"].models == {"relevance": "2"}


def test_a_sketch_does_not_depend_on_case_or_punctuation() -> None:
    """Publishers change both."""
    one, other = sketch(BODY), sketch(BODY.upper().replace(".", " - "))
    assert one is not None
    assert other is not None
    assert (one == other).all()


def test_what_was_seen_long_ago_is_let_go(stream: Stream) -> None:
    """Memory is bounded by 90 days."""
    stream.put(story())
    stream.put(story(id="z", item="z", url="https://example.net/z", fetched=at(60 * 24 * 91)))
    assert set(stream.resolve._memory.known) == {"z"}


def test_many_stories_in_any_order_give_the_same_copies(tmp_path: Path) -> None:
    """A hundred stories of ten texts, shuffled with three seeds."""
    texts = [f"{BODY} {' '.join(f'w{t}x{n}' for n in range(60))}" for t in range(10)]
    group = [wire(f"s{n}", n, texts[n % 10]) for n in range(100)]
    results = []
    for seed in range(3):
        random.Random(seed).shuffle(group)
        results.append(copies(group, tmp_path / str(seed)))
    assert results[0] == results[1] == results[2]
    assert results[0]["s57"] == "s7"
