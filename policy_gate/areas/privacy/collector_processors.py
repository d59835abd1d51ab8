"""Judges the settings of a Collector's redaction processor and its probabilistic sampler; unknown ones are no pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from policy_gate.document import join
from policy_gate.document.rules import shown
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Value

SHOWN_KEYS = 5

ADDS_NOTHING = frozenset(
    {"batch", "filter", "logdedup", "memory_limiter", "probabilistic_sampler", "redaction", "tail_sampling"}
)
"""Processors that may run behind a redaction: they drop, group or delay what is there."""

KNOWN = ADDS_NOTHING | frozenset(
    {
        "attributes",
        "cumulativetodelta",
        "deltatocumulative",
        "deltatorate",
        "geoip",
        "groupbyattrs",
        "groupbytrace",
        "interval",
        "k8sattributes",
        "metricsgeneration",
        "metricstarttime",
        "metricstransform",
        "resource",
        "resourcedetection",
        "schema",
        "span",
        "transform",
        "unroll",
    }
)
"""Processors whose only way out is the next one of the pipeline (contrib distribution)."""

SENDS_ELSEWHERE = frozenset({"remotetap", "routing", "servicegraph", "spanmetrics"})
"""Processors that hand on what they see beside the pipeline, past a redaction that comes later."""

_REDACTION = frozenset(
    {
        "allow_all_keys",
        "allowed_keys",
        "allowed_values",
        "blocked_key_patterns",
        "blocked_values",
        "db_sanitizer",
        "hash_function",
        "hmac_key",
        "ignored_key_patterns",
        "ignored_keys",
        "redact_all_types",
        "summary",
        "url_sanitizer",
    }
)
_SAMPLER = frozenset(
    {
        "attribute_source",
        "fail_closed",
        "from_attribute",
        "hash_seed",
        "mode",
        "sampling_percentage",
        "sampling_precision",
        "sampling_priority",
    }
)


@dataclass(frozen=True, slots=True)
class Declared:
    """What the streams of one signal declare together: their fields, and the smallest of their rates in percent.

    `sampled` is whether a Collector has to hold to the rate.
    """

    fields: frozenset[str]
    percentage: float
    sampled: bool


@dataclass(frozen=True, slots=True)
class Setting:
    """What is wrong with one setting of a processor, at a pointer below it."""

    below: str
    words: str
    proven: bool = True
    fix: str = ""


def processor_faults(kind: str, settings: Value, declared: Declared) -> tuple[Setting, ...]:
    """Everything that keeps a processor from doing what the manifest declares; settings left out have their defaults.

    `kind` is redaction or probabilistic_sampler.
    """
    if settings is None:
        return ()
    if not isinstance(settings, dict):
        return (Setting("", "its settings are no mapping here, so they are set elsewhere", proven=False),)
    known = _REDACTION if kind == "redaction" else _SAMPLER
    unknown = [
        Setting(join("", key), f"{shown(key)} is not known here", proven=False) for key in settings if key not in known
    ]
    judge = _redaction if kind == "redaction" else _sampler
    stated: dict[str, Value] = {key: value for key, value in settings.items() if value is not None}
    return (*judge(stated, declared), *unknown)


def _redaction(settings: dict[str, Value], declared: Declared) -> Iterator[Setting]:
    """By default no key is allowed; what is ignored is let through unseen."""
    allow_all = settings.get("allow_all_keys", False)
    if allow_all is True:
        fix = "set allow_all_keys to false, and list the declared fields under allowed_keys"
        yield Setting("/allow_all_keys", "allow_all_keys lets every field through", fix=fix)
    elif allow_all is not False:
        yield _elsewhere("allow_all_keys", allow_all)
    for setting in ("allowed_keys", "ignored_keys"):
        yield from _only_declared(setting, settings.get(setting, []), declared)
    if settings.get("ignored_key_patterns", []) != []:
        words = "ignored_key_patterns let every field through that one of them matches"
        yield Setting("/ignored_key_patterns", words, fix="list the declared fields by name under allowed_keys")
    summary = settings.get("summary", "")
    if summary == "debug":
        words = "summary debug sends the names of the fields that it removed"
        yield Setting("/summary", words, fix="set summary to info or silent")
    elif summary not in ("", "info", "silent"):
        yield _elsewhere("summary", summary)


def _only_declared(setting: str, keys: Value, declared: Declared) -> Iterator[Setting]:
    if not isinstance(keys, list):
        yield _elsewhere(setting, keys)
        return
    for at, key in enumerate(keys):
        if not isinstance(key, str) or "$" in key:
            yield Setting(f"/{setting}/{at}", f"{setting} hold {shown(str(key))}, which is set elsewhere", proven=False)
            return
    others = [(at, key) for at, key in enumerate(keys) if key not in declared.fields]
    if others:
        named = ", ".join(shown(str(key)) for _, key in others[:SHOWN_KEYS])
        more = f" and {len(others) - SHOWN_KEYS} more" if len(others) > SHOWN_KEYS else ""
        words = f"{setting} let {named}{more} through, which no stream declares"
        yield Setting(f"/{setting}/{others[0][0]}", words, fix=f"take them out of {setting}, or declare them")


def _sampler(settings: dict[str, Value], declared: Declared) -> Iterator[Setting]:
    """By default nothing is sampled, and what cannot be sampled is dropped."""
    percentage = settings.get("sampling_percentage", 0)
    if isinstance(percentage, bool) or not isinstance(percentage, (int, float)):
        yield _elsewhere("sampling_percentage", percentage)
    elif not math.isfinite(percentage) or percentage < 0:
        yield Setting("/sampling_percentage", f"sampling_percentage {percentage:g} is refused by it", proven=False)
    elif percentage > declared.percentage * (1 + 1e-9):  # 0.29 * 100 is below 29
        words = f"sampling_percentage is {percentage:g}; {declared.percentage:g} % are declared"
        yield Setting("/sampling_percentage", words, fix=f"lower it to {declared.percentage:g}")
    closed = settings.get("fail_closed", True)
    if closed is False:
        words = "fail_closed is false: what cannot be sampled is let through"
        yield Setting("/fail_closed", words, fix="leave fail_closed out, or set it to true")
    elif closed is not True:
        yield _elsewhere("fail_closed", closed)
    if settings.get("sampling_priority", "") != "":
        words = "sampling_priority lets a field of the record decide that it is sent"
        yield Setting("/sampling_priority", words, fix="leave sampling_priority out")


def _elsewhere(setting: str, value: Value) -> Setting:
    return Setting(f"/{setting}", f"{setting} is {shown(str(value))} here, so it is set elsewhere", proven=False)
