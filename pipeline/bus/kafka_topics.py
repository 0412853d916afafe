"""The topics of the Kafka adapter: created, and brought to their specification."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from pipeline.bus import TopicSpec

OVERHEAD_BYTES = 20_000  # what a record batch of one record adds to key, value and headers
DAY_MS = 86_400_000
COMPACTED_SEGMENT_BYTES = 67_108_864  # the open segment is never compacted, and 1 GB is days
REPLICAS = 3


def setup_topics(known: dict[str, Any], prefix: str, topics: Sequence[TopicSpec]) -> list[str]:
    """Create or upgrade; what was changed, one sentence each.

    Raises:
        KafkaError: the cluster cannot be had or says no.
    """
    admin = KafkaAdminClient(**known)
    try:
        present = {topic["name"]: topic for topic in admin.describe_topics()}
        changes = _create(admin, prefix, [s for s in topics if prefix + s.name not in present])
        old = [spec for spec in topics if prefix + spec.name in present]
        for spec in old:
            count = len(present[prefix + spec.name]["partitions"])
            if count != spec.partitions:
                changes.append(
                    f"topic {spec.name}: has {count} partitions instead of {spec.partitions}; "
                    "left so, because another number would move its keys"
                )
        return changes + _upgrade(admin, prefix, old)
    finally:
        admin.close()


def _configs(spec: TopicSpec) -> dict[str, str]:
    policy = ["compact"] * spec.compacted
    policy += ["delete"] * (spec.days is not None or not spec.compacted)
    configs = {
        "cleanup.policy": ",".join(policy),
        "retention.ms": str(-1 if spec.days is None else int(spec.days * DAY_MS)),
        "max.message.bytes": str(spec.max_bytes + OVERHEAD_BYTES),
        "message.timestamp.type": "LogAppendTime",
        "segment.ms": str(DAY_MS),  # only a whole segment that is closed is ever removed
    }
    if spec.compacted:
        configs["segment.bytes"] = str(COMPACTED_SEGMENT_BYTES)
    return configs


def _create(admin: Any, prefix: str, specs: Sequence[TopicSpec]) -> list[str]:
    if not specs:
        return []
    replicas = min(REPLICAS, len(admin.describe_cluster()["brokers"]))
    wanted = {
        prefix + spec.name: {
            "num_partitions": spec.partitions,
            "replication_factor": replicas,
            # with three copies a record is safe on two; with fewer one broker must be enough
            "configs": _configs(spec) | {"min.insync.replicas": str(2 if replicas > 2 else 1)},
        }
        for spec in specs
    }
    with contextlib.suppress(TopicAlreadyExistsError):  # another process sets up at the same time
        admin.create_topics(wanted, timeout_ms=30_000)
    admin.wait_for_topics(list(wanted), timeout_ms=30_000)
    return [
        f"topic {spec.name}: created with {spec.partitions} partitions and {replicas} replicas"
        for spec in specs
    ]


def _upgrade(admin: Any, prefix: str, specs: Sequence[TopicSpec]) -> list[str]:
    if not specs:
        return []
    asked = [
        ConfigResource(ConfigResourceType.TOPIC, prefix + s.name, dict.fromkeys(_configs(s)))
        for s in specs
    ]
    found = admin.describe_configs(asked, config_filter="all")["topic"]
    changes, wanted = [], []
    for spec in specs:
        have = found[prefix + spec.name]
        differs = {
            key: value for key, value in _configs(spec).items() if have[key]["value"] != value
        }
        if differs:
            wanted.append(ConfigResource(ConfigResourceType.TOPIC, prefix + spec.name, differs))
        changes += [
            f"topic {spec.name}: {key} changed from {have[key]['value']} to {value}"
            for key, value in differs.items()
        ]
    if wanted:
        admin.alter_configs(wanted)
    return changes
