"""Names what an ONNX file can hold that no call needs, and how long a text may be before it counts as such."""

from __future__ import annotations

LONG_TEXT_BYTES = 1024
"""A name above this length is no name that a reader of a graph could use."""

DOCUMENTATION = "documentation"
METADATA = "metadata"
ANNOTATIONS = "annotations"
TRAINING = "training information"
LONG_NAMES = "long names"
UNKNOWN_FIELDS = "fields unknown to this version"
UNUSED_CONSTANTS = "constants that no call uses"
UNUSED_FUNCTIONS = "functions that nothing calls"
UNREAD_ATTRIBUTES = "attributes that no operator reads"
UNRUN_GRAPHS = "subgraphs that no operator runs"
TEXTS = "texts in attributes"
