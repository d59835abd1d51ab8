"""What the privacy area knows of data that leaves the device: who may fetch it raw, what a Collector lets through."""

from __future__ import annotations

from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemandAccess(Fact):
    """Whether raw data can be fetched from single devices of a stream, and within which bounds.

    `unstated` are the keys that are not stated or hold no words. `days_left` is negative once `expiry` is over, and
    only means something where `expiry` is stated. `log_problem` says why the audit log cannot be read.
    """

    name: ClassVar[str] = "privacy.on_demand"
    enabled: bool
    unstated: tuple[str, ...] = ()
    approver: str = ""
    scope: str = ""
    expiry: str = ""
    days_left: int = 0
    audit_log: str = ""
    log_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorProblem:
    """One thing a Collector's configuration does not keep, with its line there; `proven` is False where it may be."""

    words: str
    line: int
    proven: bool
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorPipelines(Fact):
    """What the Collector's configuration does with one stream; `file` is "" where the stream names none.

    `exporting` are the pipelines of its signals that send data on. `found` counts all problems, of which some are in
    `problems`.
    """

    name: ClassVar[str] = "privacy.collector"
    streams: int
    file: str = ""
    exporting: tuple[str, ...] = ()
    problems: tuple[CollectorProblem, ...] = ()
    found: int = 0
    unsampled: tuple[str, ...] = ()
    """Signals whose rate nothing in a Collector confirms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorUse(Fact):
    """Which streams name the configuration of a Collector, and which do not."""

    name: ClassVar[str] = "privacy.collector_use"
    naming: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedList(Fact):
    """One list that stands for records, and the key its digests were made with; `file` is "" where none is named.

    `holds` says whose records: "personal", "unstated" or "none". `key_id` is "" for plain digests. `other_key` is the
    key of `other_file`, the first keyed list of people, where it is another one.
    """

    name: ClassVar[str] = "privacy.keyed_list"
    node: str
    file: str
    holds: str
    key_id: str = ""
    other_key: str = ""
    other_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalReports:
    """Reports that one unit makes with noise of its own: what each costs, and how many there are in `window_days`."""

    source: str
    epsilon_per_report: float
    reports: int
    window_days: int
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSpend(Fact):
    """What all reports of one unit cost together in the longest of their windows; no part where nothing is reported.

    `epsilon` is an upper bound by basic composition.
    """

    name: ClassVar[str] = "privacy.local_spend"
    window_days: int = 0
    epsilon: float = 0.0
    parts: tuple[LocalReports, ...] = ()
