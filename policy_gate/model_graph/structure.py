"""A short digest of what a call computes and on what shapes, without names: a renamed call keeps it."""

from __future__ import annotations

from collections.abc import Mapping

from policy_gate.model_graph.graph import Graph, Tensor
from policy_gate.model_graph.values import Hole, Value, text
from policy_gate.model_graph.walked import Step, distinct

DIGITS = 12
"""Hexadecimal digits of a digest: among 50,000 calls two different ones collide once in 200,000 models."""

_LONG = 1024
"""Attributes of more bytes enter by their own digest, so that no text of their size is made."""


class Structures:
    """Digests of calls; equal ones are worked out once."""

    def __init__(self) -> None:
        from hashlib import blake2s  # only who asks for digests pays for the import

        self._hash = blake2s
        self._digests: dict[str, str] = {}
        self._values: dict[object, str] = {}

    def of(self, step: Step) -> str:
        """Return the digest of operator, attributes, types, shapes and constant-ness of inputs and outputs, and bodies.

        The content of constants does not enter. It is the same in every Python version and on every platform.
        """
        node = step.node
        domain = "" if node.domain == "ai.onnx" else node.domain
        attributes = self._attributes(node.attributes) if node.attributes else ""
        inputs = ",".join([self._value(value) for value in step.inputs])
        outputs = ",".join([self._value(value) for value in step.outputs])
        key = f"{domain!a}{node.op!a}({attributes})({inputs})({outputs})"
        for body in distinct(step.bodies):
            key += f"({','.join(map(self.of, body.steps))})"
        found = self._digests.get(key)
        if found is None:
            found = self._digests[key] = self._digest(key.encode("ascii"))
        return found

    def _value(self, value: Value | None) -> str:
        if value is None:
            return ""
        known = value.dtype, value.shape, value.constant
        found = self._values.get(known)
        if found is None:
            shape = "?" if isinstance(value.shape, Hole) else text(value.shape)
            found = self._values[known] = f"{value.dtype!a}[{shape}]{'constant' if value.constant else ''}"
        return found

    def _attributes(self, attributes: Mapping[str, object]) -> str:
        return ";".join([f"{name!a}={self._attribute(attributes[name])}" for name in sorted(attributes)])

    def _attribute(self, content: object) -> str:
        if isinstance(content, (str, bytes)) and len(content) > _LONG:
            raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
            return f"{type(content).__name__}:{self._digest(raw)}"
        if isinstance(content, Tensor):
            return f"tensor:{content.dtype!a}:{text(content.dims)}"
        if isinstance(content, Graph):
            return "graph"
        if isinstance(content, tuple) and content and not isinstance(content[0], (int, float)):
            return f"({','.join(map(self._attribute, content))})"
        return ascii(content)

    def _digest(self, content: bytes) -> str:
        return self._hash(content, digest_size=DIGITS // 2).hexdigest()
