"""Follows the pipelines of an OpenTelemetry Collector's configuration, and names where they keep nothing back.

What is read and how: the Collector's configuration page, and the sources of the redaction processor, the probabilistic
sampler and the debug exporter. Whatever is not known to this module is a problem that is not proven, never a pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from policy_gate.areas.privacy.collector_processors import (
    ADDS_NOTHING,
    KNOWN,
    SENDS_ELSEWHERE,
    Declared,
    processor_faults,
)
from policy_gate.document import join
from policy_gate.document.rules import shown
from policy_gate.frozen import dataclass

if TYPE_CHECKING:
    from policy_gate.document import Document, Value

_ID = re.compile(r"([A-Za-z][A-Za-z0-9_]{0,62})(?:/[^\s/$][^\s$]{0,127})?")
"""type[/name], after the Collector's component ids; one with white space or `$` is refused here."""
_TOP_LEVEL = frozenset({"receivers", "processors", "exporters", "connectors", "extensions", "service"})
_SERVICE = frozenset({"pipelines", "extensions", "telemetry"})
_PIPELINE = frozenset({"receivers", "processors", "exporters"})
_DEBUG = frozenset({"verbosity", "sampling_initial", "sampling_thereafter", "use_internal_logger"})
_CONNECTORS = frozenset(
    {
        "count",
        "exceptions",
        "failover",
        "forward",
        "otlpjson",
        "roundrobin",
        "routing",
        "servicegraph",
        "signaltometrics",
        "spanmetrics",
        "sum",
    }
)
"""Connectors whose only way out is another pipeline (contrib distribution); any other counts as an exporter."""
_DELIMITER = "::"
"""What joins the parts of a path inside one key: `redaction::allow_all_keys` is a setting of `redaction` (confmap)."""
_SIGNALS = frozenset({"traces", "metrics", "logs", "profiles"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One problem: the pointer to its place, whether it is proven, the signal it concerns ("" for all)."""

    pointer: str
    words: str
    proven: bool
    signal: str = ""
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a configuration does: its faults, and the pipelines that send data on, with their signals."""

    faults: tuple[Fault, ...]
    exporting: tuple[tuple[str, str], ...]


def read_collector(document: Document, declared: Mapping[str, Declared]) -> Reading:
    """Compare a configuration with what the streams declare, by signal; linear in the document."""
    return _Reader(document, declared).read()


class _Reader:
    """One configuration under way; each processor is judged once for each signal, however often it is named."""

    def __init__(self, document: Document, declared: Mapping[str, Declared]) -> None:
        self._document = document
        self._declared = declared
        self._faults: dict[Fault, None] = {}  # each once, in order
        self._exporting: list[tuple[str, str]] = []
        self._judged: dict[tuple[str, str], tuple[Fault, ...]] = {}

    def read(self) -> Reading:
        for pointer in _paths_in_keys(self._document.get("")):
            self._unclear(pointer, f"a key with {_DELIMITER} sets a value elsewhere in the configuration")
        self._closed("", _TOP_LEVEL)
        self._closed("/service", _SERVICE)
        pipelines = self._mapping("/service/pipelines")
        for name in pipelines:
            self._pipeline(name)
        carried = {signal for _, signal in self._exporting}
        for signal in sorted(self._declared.keys() - carried):
            words = f"no pipeline sends {signal} on, which the manifest says are sent: they take another way"
            self._unclear("/service/pipelines", words, signal)
        return Reading(tuple(self._faults), tuple(self._exporting))

    def _pipeline(self, name: str) -> None:
        pointer, signal = join("/service/pipelines", name), _type(name)
        if signal not in _SIGNALS:
            self._unclear(pointer, f"pipeline {shown(name)} is of no signal that is known here")
            return
        self._closed(pointer, _PIPELINE, signal)
        if self._value(pointer) is None:
            return
        for kind in ("receivers", "exporters", "processors"):
            self._require_defined(pointer, kind, signal)
        processors = self._names(pointer, "processors", signal)
        for place, proven, words in _past_the_pipeline(processors):
            self._faults[Fault(place, f"pipeline {name}: {words}", proven, signal)] = None
        if not self._exports(pointer, signal):
            return
        self._exporting.append((name, signal))
        if signal not in self._declared:
            self._fault(pointer, f"pipeline {name} sends {signal}, which no stream of the manifest declares", signal)
            return
        if not isinstance(self._value(f"{pointer}/processors"), (list, type(None))):
            return  # that they are set elsewhere is said already
        self._redacted(name, pointer, processors, signal)
        if self._declared[signal].sampled:
            self._sampled(name, pointer, processors, signal)

    def _exports(self, pointer: str, signal: str) -> bool:
        """Whether data leaves the Collector here; what a connector takes over leaves from another pipeline, if it does.

        A debug exporter with the basic verbosity, which is the default, prints counts only.
        """
        connectors = self._mapping("/connectors", required=False)
        exporters = self._mapping("/exporters", required=False)
        for _, exporter in self._names(pointer, "exporters", signal):
            settings = exporters.get(exporter)
            if exporter in connectors and exporter not in exporters and _type(exporter) in _CONNECTORS:
                continue
            if _type(exporter) == "nop" or (_type(exporter) == "debug" and _counts_only(settings)):
                continue
            return True
        return False

    def _redacted(self, name: str, pointer: str, processors: list[tuple[str, str]], signal: str) -> None:
        """Some redaction lets only declared fields through, and nothing behind it adds any."""
        redactions = [at for at, (_, one) in enumerate(processors) if _type(one) == "redaction"]
        if not redactions:
            words = f"pipeline {name} sends {signal} on without a redaction processor"
            self._fault(pointer, words, signal, "add a redaction processor whose allowed_keys are the declared fields")
            return
        adding = [at for at, (_, one) in enumerate(processors) if _type(one) not in ADDS_NOTHING]
        last_adding = adding[-1] if adding else -1
        behind_all = [processors[at][1] for at in redactions if at > last_adding]
        if behind_all:
            self._least_faults(behind_all, signal)
            return
        place, adds = processors[last_adding]
        redaction = processors[redactions[-1]][1]
        words = f"pipeline {name}: {adds} runs behind {redaction} and may add fields again"
        self._fault(place, words, signal, f"move {redaction} behind {adds}")
        self._least_faults([redaction], signal)

    def _least_faults(self, processors: list[str], signal: str) -> None:
        """One processor that does what it should is enough; where none does, the best of them is told."""
        best = min(dict.fromkeys(processors), key=lambda one: len(self._faults_of(one, signal)))
        self._faults.update(dict.fromkeys(self._faults_of(best, signal)))

    def _sampled(self, name: str, pointer: str, processors: list[tuple[str, str]], signal: str) -> None:
        samplers = [one for _, one in processors if _type(one) == "probabilistic_sampler"]
        if not samplers:
            most = f"{self._declared[signal].percentage:g}"
            self._fault(
                pointer,
                f"pipeline {name} sends {signal} on without a probabilistic_sampler; {most} % are declared",
                signal,
                f"add a probabilistic_sampler with sampling_percentage {most}"
                " (mode equalizing takes no second sample of what the device sampled)",
            )
            return
        self._least_faults(samplers, signal)

    def _faults_of(self, processor: str, signal: str) -> tuple[Fault, ...]:
        key = processor, signal
        if key not in self._judged:
            pointer = join("/processors", processor)
            found = processor_faults(_type(processor), self._value(pointer), self._declared[signal])
            self._judged[key] = tuple(
                Fault(f"{pointer}{one.below}", f"{processor}: {one.words}", one.proven, signal, one.fix)
                for one in found
            )
        return self._judged[key]

    def _require_defined(self, pointer: str, kind: str, signal: str) -> None:
        defined = self._mapping(f"/{kind}", required=False)
        connectors = {} if kind == "processors" else self._mapping("/connectors", required=False)
        for place, one in self._names(pointer, kind, signal):
            if one not in defined and one not in connectors:
                words = f"{kind[:-1]} {one} is not defined in this file, so this is not the whole configuration"
                self._unclear(place, words, signal)

    def _names(self, pointer: str, kind: str, signal: str) -> list[tuple[str, str]]:
        """Component ids of one list with their places; what is no list of ids is said once, and counts as none."""
        listed = self._value(f"{pointer}/{kind}")
        if listed is None:
            return []
        if not isinstance(listed, list):
            self._unclear(f"{pointer}/{kind}", f"{kind} are no list here, so they are set elsewhere", signal)
            return []
        for at, one in enumerate(listed):
            if not isinstance(one, str) or not _ID.fullmatch(one):
                words = f"{kind} hold {shown(str(one))}, which is no component id"
                self._unclear(f"{pointer}/{kind}/{at}", words, signal)
        return [
            (f"{pointer}/{kind}/{at}", one)
            for at, one in enumerate(listed)
            if isinstance(one, str) and _ID.fullmatch(one)
        ]

    def _mapping(self, pointer: str, *, required: bool = True) -> dict[str, Value]:
        found = self._value(pointer)
        if isinstance(found, dict):
            return found
        if required or found is not None:
            self._unclear(pointer, f"{pointer} is no mapping here, so it is set elsewhere")
        return {}

    def _closed(self, pointer: str, keys: frozenset[str], signal: str = "") -> None:
        """Keys that this module does not know may change what the others mean."""
        found = self._value(pointer)
        if found is None:
            return
        if not isinstance(found, dict):
            self._unclear(pointer, f"{pointer or 'the file'} is no mapping here, so it is set elsewhere", signal)
            return
        for key in found:
            if key not in keys:
                self._unclear(join(pointer, key), f"{shown(key)} is not known here", signal)

    def _value(self, pointer: str) -> Value:
        return self._document.get(pointer)

    def _fault(self, pointer: str, words: str, signal: str = "", fix: str = "") -> None:
        self._faults[Fault(pointer, words, proven=True, signal=signal, fix=fix)] = None

    def _unclear(self, pointer: str, words: str, signal: str = "") -> None:
        self._faults[Fault(pointer, words, proven=False, signal=signal)] = None


def _past_the_pipeline(processors: list[tuple[str, str]]) -> Iterator[tuple[str, bool, str]]:
    """Processors that hand data on beside the pipeline, or may: the place, whether that is known, the words."""
    for place, one in processors:
        if _type(one) in SENDS_ELSEWHERE:
            yield place, True, f"{one} sends data elsewhere, beside the pipeline"
        elif _type(one) not in KNOWN:
            yield place, False, f"{one} is of no type that is known here: it may send data elsewhere"


def _type(name: str) -> str:
    found = _ID.fullmatch(name)
    return found[1] if found else ""


def _counts_only(settings: Value) -> bool:
    if settings is None:
        return True
    return isinstance(settings, dict) and settings.keys() <= _DEBUG and settings.get("verbosity", "basic") == "basic"


def _paths_in_keys(root: Value) -> Iterator[str]:
    """Pointers to all keys that are paths, however deep."""
    waiting: list[tuple[str, Value]] = [("", root)]
    while waiting:
        pointer, value = waiting.pop()
        inner = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        for key, below in inner:
            place = join(pointer, str(key))
            if isinstance(key, str) and _DELIMITER in key:
                yield place
            waiting.append((place, below))
