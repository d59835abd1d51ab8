"""What the lineage area knows: the graph, where its nodes come from, their digests, licences and terms."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from policy_gate.frozen import dataclass
from policy_gate.model import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """Ids along one circle, ending with the id it starts with; `pointer` is where its first step is stated."""

    path: tuple[str, ...]
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A node that no activity uses or generates; `pointer` is where its id is stated."""

    node: str
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageGraph(Fact):
    """The graph as a whole: its size, its circles, nodes nothing touches, sources behind what is released."""

    name: ClassVar[str] = "lineage.graph"
    nodes: int
    activities: int
    cycles: tuple[Cycle, ...]
    orphans: tuple[Orphan, ...]
    sources: tuple[str, ...]


class OriginProblem(StrEnum):
    """Why a node has no origin."""

    NONE = "none"
    NOT_A_NODE = "named, but no node of the graph"
    NOT_GENERATED = "no activity generates it"
    NO_SOURCE = "no path back ends at a source"
    GENERATED_SOURCE = "a source that an activity generates"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeOrigin(Fact):
    """Whether one node goes back to a source; `dead_end` is where its path back ends instead."""

    name: ClassVar[str] = "lineage.node_origin"
    node: str
    problem: OriginProblem
    dead_end: str = ""
    suggestion: str = ""


class ReleaseProblem(StrEnum):
    """How the graph and the list of artifacts disagree."""

    NONE = "none"
    NOT_IN_GRAPH = "artifact is not in the graph"
    NOT_IN_MANIFEST = "node is no artifact"
    NOT_A_RELEASE = "node is not of type release"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedArtifact(Fact):
    """One artifact and the node that stands for it; `derived_from` names the artifact through which it is in the graph.

    `claimed` is "" where the node states no digest; `computed` is that of the artifact's file.
    """

    name: ClassVar[str] = "lineage.released_artifact"
    node: str
    problem: ReleaseProblem
    claimed: str = ""
    computed: str = ""
    derived_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeDigest(Fact):
    """The digest stated for a node's file beside the one computed.

    `placeholder` says why no real file has the stated digest; then nothing was computed.
    """

    name: ClassVar[str] = "lineage.node_digest"
    path: str
    claimed: str
    computed: str = ""
    placeholder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRecords(Fact):
    """How many records a node states, and how many digests the file `list_file` lists ("" where it names none).

    Declared only, unless there is a list. About the release, with `node` "", where no node states a number.
    """

    name: ClassVar[str] = "lineage.dataset_records"
    node: str
    records: int
    list_file: str = ""
    listed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonList(Fact):
    """One list of record digests, or of withdrawals, that a node names; about the release where no node names any.

    `holds` says whose records it lists: "personal", "unstated" or "none". `key_id` names the key that its digests were
    made with, "" where it names none.
    """

    name: ClassVar[str] = "lineage.person_list"
    node: str
    file: str
    holds: str
    key_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLicense(Fact):
    """The licence stated for a node: as written and as a normal SPDX expression ("" where it is none).

    `own_terms` are the LicenseRef ids in it. `text` is the file with the licence's text, `text_problem` why it
    could not be read.
    """

    name: ClassVar[str] = "lineage.node_license"
    claimed: str
    spdx: str
    problem: str = ""
    suggestion: str = ""
    own_terms: tuple[str, ...] = ()
    text: str = ""
    text_problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseLicense(Fact):
    """The licence stated for what is released; `contradicts` is a different one stated in `metadata`."""

    name: ClassVar[str] = "lineage.release_license"
    claimed: str
    spdx: str
    problem: str = ""
    suggestion: str = ""
    contradicts: str = ""


class TermKind(StrEnum):
    """What ends on a stated day."""

    NONE = "nothing"
    CONSENT = "legal basis"
    RETENTION = "retention"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeTerm(Fact):
    """A day on which a dataset may no longer be used; days are counted from today and negative once it is over."""

    name: ClassVar[str] = "lineage.node_term"
    term: TermKind
    personal_data: str
    until: str = ""
    days_left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedDay(Fact):
    """A day the manifest states as past, "" where none is needed; `days_ahead` is positive when it is after today."""

    name: ClassVar[str] = "lineage.stated_day"
    what: str
    day: str
    days_ahead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataset(Fact):
    """What is stated of the people in one data set from which the release is made; "" stands for unstated.

    A set that was made here and states no `kind` has what the data it was made from states: the most sensitive kind,
    no basis where one has none, the first end. `feeds` are the sets prepared from it, itself included; `enters` are
    those of them that a step takes into a model. `digest` is that of the node's file, computed, "" where none is read.
    """

    name: ClassVar[str] = "lineage.personal_data"
    node: str
    kind: str
    legal_basis: str
    legal_basis_until: str
    feeds: tuple[str, ...]
    enters: tuple[str, ...]
    digest: str = ""
