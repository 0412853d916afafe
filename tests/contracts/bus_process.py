"""A process on a bus, for tests that need a real one to publish beside or to kill."""

from __future__ import annotations

import json
import sys
import time

from tests.contracts.buses import Place, messages, take


def main(told: str, action: str, topic: str, *words: str) -> None:
    """Do the action and say so on standard output."""
    bus = Place(**json.loads(told)).open()
    if action == "publish":  # name, count: a hundred a batch
        name, count = words[0], int(words[1])
        sent = messages(topic, [f"{name}{number % 10}" for number in range(count)])
        for start in range(0, count, 100):
            bus.publish(sent[start : start + 100])
    elif action == "hang":  # slot, count: poll so many and commit none of them
        take(bus.consume([topic], "group", words[0]), int(words[1]), commit=False)
        print("polled", flush=True)
        time.sleep(600)
    bus.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
