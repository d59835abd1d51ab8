"""A Collector's configuration that keeps what a stream declares, and ways to change it."""

from __future__ import annotations

import copy
import json

from privacy_world import facts_of

from policy_gate.areas.privacy import telemetry_flow_checks as checks
from policy_gate.areas.privacy.facts_telemetry import CollectorPipelines
from policy_gate.model import Answer, Missing

FILE = "deploy/otel-collector.yaml"
HONEST: dict = {
    "receivers": {"otlp": {"protocols": {"grpc": {"endpoint": "${env:LISTEN}"}}}},
    "processors": {
        "memory_limiter": {"check_interval": "1s", "limit_mib": 400},
        "redaction": {"allow_all_keys": False, "allowed_keys": ["latency_ms", "model_version"], "summary": "silent"},
        "probabilistic_sampler": {"sampling_percentage": 1, "mode": "equalizing"},
        "batch": None,
    },
    "exporters": {"otlp/backend": {"endpoint": "${env:BACKEND}", "headers": {"token": "${env:TOKEN}"}}, "debug": None},
    "service": {
        "pipelines": {
            "metrics": {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "redaction", "batch"],
                "exporters": ["otlp/backend"],
            },
            "traces": {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "probabilistic_sampler", "redaction", "batch"],
                "exporters": ["otlp/backend", "debug"],
            },
        }
    },
}


def config(*changes: tuple[str, object]) -> dict:
    """The honest configuration with values put at pointers; `...` takes one out."""
    changed = copy.deepcopy(HONEST)
    for pointer, value in changes:
        *above, last = [part.replace("~1", "/") for part in pointer.strip("/").split("/")]
        inner = changed
        for part in above:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else inner[int(part)]
        if value is ...:
            del inner[last]
        else:
            inner[last] = value
    return changed


def stream(identifier: str = "runtime", **changes) -> dict:
    return {
        "id": identifier,
        "purpose": "latency regression",
        "signals": ["metrics", "traces"],
        "fields": [{"name": "latency_ms", "class": "measure"}, {"name": "model_version", "class": "category"}],
        "sampling": {"rate": 0.01, "decision": "device"},
        "retention_days": 30,
        "collector_config": FILE,
        **changes,
    }


def entries(folder, content: dict | str | bytes | None, *streams: dict) -> tuple[CollectorPipelines | Missing, ...]:
    """What is found of the streams; a dict is written as JSON, which is YAML too."""
    if content is not None:
        target = folder / FILE
        target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(content, indent=1) if isinstance(content, dict) else content
        target.write_bytes(text.encode() if isinstance(text, str) else text)
    return facts_of(folder, None, list(streams or (stream(),))).entries(CollectorPipelines)


def judged(folder, content: dict | str, *streams: dict) -> Answer:
    """The answer about the first stream."""
    fact = entries(folder, content, *streams)[0]
    assert isinstance(fact, CollectorPipelines), fact
    return checks.collector_keeps(fact, checks.CollectorLimits())


def said(answer: Answer) -> str:
    return "\n".join((answer.message, *answer.causes))
