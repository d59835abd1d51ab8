"""One run of the gate: trees and trusted configuration in, a record per manifest and every problem out."""

from policy_gate.gate.change_reviewers import named_reviewers
from policy_gate.gate.earlier_source import split_bases
from policy_gate.gate.fleet import Present
from policy_gate.gate.reading import MAX_DOCUMENT_BYTES, find_manifests, read_document, read_manifest
from policy_gate.gate.request import Report, Request, default_root
from policy_gate.gate.rules import known_rules
from policy_gate.gate.run import judge, judge_each
from policy_gate.gate.trees import open_tree
from policy_gate.gate.trusted import CONFIG_NAME, beside

__all__ = [
    "CONFIG_NAME",
    "MAX_DOCUMENT_BYTES",
    "Present",
    "Report",
    "Request",
    "beside",
    "default_root",
    "find_manifests",
    "judge",
    "judge_each",
    "known_rules",
    "named_reviewers",
    "open_tree",
    "read_document",
    "read_manifest",
    "split_bases",
]
