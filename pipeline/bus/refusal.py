"""What neither adapter takes, so that both refuse the same."""

from __future__ import annotations

from pipeline.bus import Message
from pipeline.errors import Reject


def refusal(message: Message, limit: int) -> Reject | None:
    """Why this message can never be published to a topic with this limit on bytes, if so."""
    try:
        words = [message.key, *message.headers, *message.headers.values()]
        size = len(message.value or b"") + sum(len(word.encode()) for word in words)
    except UnicodeEncodeError:
        return Reject(f"a key or header for the topic {message.topic} is not Unicode text")
    if size > limit:
        return Reject(f"{size} bytes, and the topic {message.topic} takes at most {limit}")
    return None
