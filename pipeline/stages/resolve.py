"""Story as coded -> story as stored: the stage that remembers.

It alone sets revision, version, first_seen, copy_of and similarity, aliases, items and state.
What it says of a set of stories does not depend on the order in which they came, as far as their
publication times tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec.structs import replace

from pipeline.events import Story
from pipeline.resolution.memory import Known, Memory, order, text_of, version_of
from pipeline.stages import Done, Result
from pipeline.urls import host, registrable

ITEMS_KEPT = 200  # of one story: a live page is listed again and again


class Resolve:
    """See :data:`pipeline.stages.Stage`; one process at a time."""

    def __init__(self, memory: Memory, stored: Callable[[], Iterable[Story]]) -> None:
        self._memory = memory
        self._stored = stored

    def recall(self) -> None:
        """Read back what was stored until now.

        Raises:
            Fatal: the scratch file cannot be written.
        """
        self._memory.recall(self._stored())

    def __call__(self, stories: Sequence[Story]) -> Sequence[Result]:
        """One result per story, in order."""
        results = [self._resolve(story) for story in stories]
        self._memory.let_go(max(story.fetched for story in stories))
        return results

    def _resolve(self, story: Story) -> Done:
        if story.state == "forgotten":
            return self._forget(story)
        id = self._id(story)
        known = self._memory.known.get(id)
        if known is None:
            return self._store(story, replace(story, items=(story.item,), aliases=()), 1)
        if problem := self._not_news(story, id, known):
            return problem
        old = self._memory.story(id)
        alias = () if story.id in (id, *old.aliases) else (story.id,)
        merged = replace(
            story,
            id=id,
            first_seen=old.first_seen,
            aliases=(*old.aliases, *alias),
            items=_with(old.items, story.item),
        )
        changed = text_of(story) != known.text
        return self._store(story, merged, known.revision + changed)

    def _forget(self, asked: Story) -> Done:
        """What an operator took out stays out; a story no longer remembered is so again."""
        id = self._memory.aliases.get(asked.id, asked.id)
        known = self._memory.known.get(id)
        if known and known.state == "forgotten":
            return Done(outcome="unchanged", state=None, story=id)
        stored = self._memory.story(id) if known else asked
        version = max(asked.version, stored.version) + 1
        gone = replace(tombstone(stored, "forgotten"), version=version)
        self._memory.put(gone)
        return Done(made=(gone,), outcome="forgotten", state=None, story=id)

    def _id(self, story: Story) -> str:
        """The story this belongs to: by its address, or by the item that told of it before.

        A page that redirects elsewhere on the same site is the same story; one that leads to
        another site is not, or any publisher could take over another's story.
        """
        id = self._memory.aliases.get(story.id, story.id)
        earlier = self._memory.items.get(story.item)
        if id in self._memory.known or earlier is None or earlier not in self._memory.known:
            return id
        return earlier if _same_site(self._memory.known[earlier].url, story.url) else id

    def _not_news(self, story: Story, id: str, known: Known) -> Done | None:
        """What becomes of a story that changes nothing."""
        mine = story.item in self._memory.story(id).items
        version, same = version_of(story), text_of(story) == known.text
        if known.state != "live":  # a kill may come before its story, and is the last word
            return _end(id, mine, "unchanged", f"the story is {known.state}")
        if version >> 8 == known.version >> 8 and same and mine:
            return None  # the very record again, after a restart or by replay: say it again
        if story.status == "killed":
            return None
        if same and self._memory.coded_alike(story, known):
            return _end(id, mine, "unchanged", "this text of this story was here before")
        if version < known.version:
            return _end(id, mine, "superseded", "a later text of this story is stored")
        if story.text_from == "feed" and known.text_from == "page":
            return _end(id, mine, "unchanged", "the feed's text says less than the page stored")
        return None

    def _store(self, coded: Story, story: Story, revision: int) -> Done:
        known = self._memory.known.get(story.id)
        version = version_of(coded)
        if known and version >> 8 == known.version >> 8:
            version, revision = known.version, known.revision
        story = replace(story, revision=revision, version=version)
        if coded.status == "killed":
            story = tombstone(story, "killed")
        self._memory.put(story)
        later: list[Story] = []
        if story.state == "live":
            story, later = self._place(story)
        outcome = "new" if revision == 1 else f"revision {revision}"
        return Done(made=(story, *later), detail=outcome, story=story.id)

    def _place(self, story: Story) -> tuple[Story, list[Story]]:
        """The story with its original named, and the later stories whose original it is."""
        near = self._memory.copies.near(story.id)
        mine = order(story)
        earlier = [
            (self._memory.known[other.id].published, other)
            for other in near
            if self._memory.known[other.id].published < mine
        ]
        first = min(earlier, key=lambda pair: pair[0])[1] if earlier else None
        story = replace(
            story,
            copy_of=first.id if first else None,
            similarity=round(first.similarity, 2) if first else None,
        )
        self._memory.put(story)
        moved = [
            self._copy(other.id, story, other.similarity)
            for other in near
            if self._follows(other.id, mine)
        ]
        return story, moved

    def _follows(self, other: str, mine: tuple[object, str]) -> bool:
        """Whether the other story's original is the one at hand, and it does not know yet."""
        known = self._memory.known[other]
        if known.published <= mine:
            return False
        original = self._memory.known.get(known.copy_of or "")
        return original is None or original.published > mine

    def _copy(self, other: str, original: Story, similarity: float) -> Story:
        story = self._memory.story(other)
        moved = replace(
            story,
            copy_of=original.id,
            similarity=round(similarity, 2),
            version=story.version + 1,
        )
        self._memory.put(moved)
        return moved


def tombstone(story: Story, state: str) -> Story:
    """The record that takes a story out of every search: the same id, a state, no text."""
    return replace(
        story, state=state, title="", body="", events=(), claims=(), authors=(),
        categories=(), mentions=type(story.mentions)(), copy_of=None, similarity=None,
    )  # fmt: skip


def _end(id: str, mine: bool, outcome: str, detail: str) -> Done:
    """An item that helped to make the story is stored with it; any other is a duplicate."""
    if mine:
        return Done(outcome=outcome, state="stored", detail=detail, story=id)
    return Done(outcome="duplicate", state="duplicate", detail=detail, story=id)


def _with(items: tuple[str, ...], item: str) -> tuple[str, ...]:
    return items if item in items else (*items, item)[-ITEMS_KEPT:]


def _same_site(one: str, other: str) -> bool:
    try:
        return registrable(host(one)) == registrable(host(other))
    except ValueError:
        return False
