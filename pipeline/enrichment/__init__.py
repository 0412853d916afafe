"""What a text says: a chain of components, each of which adds one kind of fact to a draft.

A component declares the fields of :class:`Draft` that it needs and those that it adds;
:func:`check` refuses a chain in a wrong order before anything runs.  Drafts live inside the enrich
stage only: what leaves it is a frozen :class:`~pipeline.events.Story`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, fields
from typing import Literal, Protocol

from pipeline.events import Actor, Claim, Event, Place, Published, Relevance

__all__ = ["GIVEN", "Component", "Draft", "Entity", "check", "load"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A name found in the text: ``label`` as spaCy's (GPE, LOC, ORG, PERSON, NORP, FAC ...).

    ``start`` and ``end`` count code points of ``field``; ``text`` is what stands there.
    """

    text: str
    label: str
    field: Literal["title", "body"]
    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Draft:
    """A story in the making: what the article gave, then what the components add.

    ``declared`` is the language that the source or page claims, ``language`` the one recognised;
    ``actors`` and ``places`` are those named anywhere in the text.
    """

    title: str
    body: str
    url: str = ""
    published: Published = field(default_factory=Published)
    declared: str | None = None
    language: str | None = None
    relevance: Relevance | None = None
    entities: tuple[Entity, ...] = ()
    places: tuple[Place, ...] = ()
    actors: tuple[Actor, ...] = ()
    events: tuple[Event, ...] = ()
    claims: tuple[Claim, ...] = ()


GIVEN = frozenset({"title", "body", "url", "published", "declared"})
"""The fields that every draft has before the first component."""

FIELDS = frozenset(each.name for each in fields(Draft))


class Component(Protocol):
    """One kind of fact: reads the fields in ``needs``, sets those in ``adds``, keeps no memory.

    ``version`` goes into the story beside ``name``, so that it grows when an answer may change.
    A draft must come out the same whichever other drafts stand in its batch.
    """

    @property
    def name(self) -> str:
        """One plain word, unique in the chain."""

    @property
    def version(self) -> str:
        """Which code and model answered."""

    @property
    def needs(self) -> frozenset[str]:
        """Fields of the draft that must be set before."""

    @property
    def adds(self) -> frozenset[str]:
        """Fields of the draft that are set after."""

    def load(self) -> None:
        """Read the model now rather than on first use; a second call does nothing.

        Raises:
            Fatal: a model or native part is missing; the message says how to install it.
        """

    def __call__(self, drafts: Sequence[Draft]) -> None:
        """Set the fields in ``adds`` on each draft."""


def check(chain: Sequence[Component], given: Collection[str] = GIVEN) -> None:
    """Make sure that every component finds what it needs.

    Raises:
        ValueError: a need that nothing before adds, a field no draft has, or a name used twice.
    """
    known, names = set(given), set[str]()
    for component in chain:
        if component.name in names:
            raise ValueError(f"two components are named {component.name!r}")
        if strange := (component.needs | component.adds) - FIELDS:
            raise ValueError(f"{component.name} names {_listed(strange)}, which no draft has")
        if missing := component.needs - known:
            raise ValueError(
                f"{component.name} needs {_listed(missing)}: put what adds it before it"
            )
        names.add(component.name)
        known |= component.adds


def load(chain: Sequence[Component]) -> None:
    """Load every model of the chain, so that a missing one is an error at start.

    Raises:
        Fatal: as the components' ``load``.
    """
    for component in chain:
        component.load()


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names))
