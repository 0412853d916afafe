"""What to do when something fails, said by the type of the error.

* TocsinError
  x Skip      end this record here and say why
  x Retry     try this record again later
  x Reject    this record can never work: to the dead letters at once
  x Fatal     stop the process: wrong configuration, lost store, newer schema

An error a stage did not foresee is a Retry; trouble with bus or state is Fatal.
"""

from __future__ import annotations


class TocsinError(Exception):
    """Base of the errors raised on purpose; ``str(error)`` tells an operator what to do."""


class Skip(TocsinError):
    """End this record here; ``reason`` is one word of the closed list in ``fate.v1.json``."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class Retry(TocsinError):
    """Fails now, may work later; ``after`` seconds if known.

    ``counts`` is false when the record itself is not at fault (its host may not be asked yet).
    """

    def __init__(self, message: str, *, after: float | None = None, counts: bool = True) -> None:
        super().__init__(message)
        self.after = after
        self.counts = counts


class Reject(TocsinError):
    """Can never work."""


class Fatal(TocsinError):
    """The process must stop; its supervisor starts it again."""
