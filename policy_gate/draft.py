"""Drafts the smallest manifest for the models found in a folder."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from policy_gate.catalogue import sections
from policy_gate.document import load
from policy_gate.errors import EvidenceError, GateError, Problem, UsageError
from policy_gate.frozen import dataclass
from policy_gate.manifest import decode_manifest
from policy_gate.policy.config import ConfigSpec
from policy_gate.policy.globs import matches
from policy_gate.source import Tree, check_path, git_root, open_working_tree

if TYPE_CHECKING:
    from policy_gate.source import Digest

MANIFEST_NAME = "release.yaml"
MAX_MODELS = 64

CONFIGURATION = """\
# How policy-gate judges this repository. In a pull request this file is read from the base branch.
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  # builtin:edge-baseline needs a model and a manifest; builtin:edge-release demands signature, privacy and lineage too.
  policy: ["builtin:edge-baseline"]
  manifests: ["**/release.yaml"]
"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A drafted manifest, and what its author should look at."""

    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Model:
    path: str
    identifier: str
    digest: Digest
    symbols: tuple[str, ...] = ()
    note: str = ""
    weights_of: str = ""


def draft_release(folder: Path, name: str = "") -> Draft:
    """Draft a manifest for every model file below a folder; raises UsageError when there is none."""
    root = git_root(folder) or folder
    below = folder.relative_to(root).as_posix()
    prefix = "" if below == "." else f"{below}/"
    with open_working_tree(root) as tree:
        models = tuple(_models(tree, prefix))
    if not models:
        patterns = ", ".join(ConfigSpec().models)
        raise UsageError(Problem(f"no model file below {folder} (looked for {patterns})"))
    notes = tuple(f"{model.path}: {model.note}" for model in models if model.note)
    return Draft(_checked(_text(name or _identifier(folder.name, "model"), models)), notes)


def _checked(text: str) -> str:
    """What `init` writes, `check` can read: a draft that is no valid manifest is not written."""
    try:
        decode_manifest(load(text.encode("utf-8", "surrogatepass"), MANIFEST_NAME), sections())
    except GateError as error:
        raise UsageError(
            Problem(f"no manifest can be drafted: {one.message}", hint=one.hint) for one in error.problems
        ) from error
    return text


def _models(tree: Tree, prefix: str) -> Iterator[_Model]:
    patterns = ConfigSpec().models
    found = [entry.path for entry in tree.list() if entry.path.startswith(prefix) and matches(entry.path, patterns)]
    if len(found) > MAX_MODELS:
        raise UsageError(f"{len(found)} model files found: run `policy-gate init` in the folder of one release")
    used: set[str] = set()
    drafted = set(found)
    for path in found:
        symbols, external, note = _look_inside(tree, path)
        identifier = _unused(_identifier(Path(path).stem, "model"), used)
        yield _Model(path.removeprefix(prefix), identifier, _digest(tree, path), symbols, note)
        for beside in external:
            if beside not in drafted:
                drafted.add(beside)
                weights = _unused(_identifier(Path(beside).name, "weights"), used)
                yield _Model(beside.removeprefix(prefix), weights, _digest(tree, beside), weights_of=identifier)


def _unused(identifier: str, used: set[str]) -> str:
    chosen, number = identifier, 2
    while chosen in used:
        chosen, number = f"{identifier}-{number}", number + 1
    used.add(chosen)
    return chosen


def _digest(tree: Tree, path: str) -> Digest:
    found = tree.digests([path])[path]
    if isinstance(found, EvidenceError):
        raise UsageError(Problem(f"{found.reason.value}: {found.detail}", path, hint=found.fix))
    return found


def _look_inside(tree: Tree, path: str) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """Symbolic dimensions of a model's inputs, paths of the files that hold its weights, or why it cannot be read."""
    from policy_gate.model_graph import read_model

    folder = path[: path.rfind("/") + 1]

    def size_of(location: str) -> int:
        with tree.open(check_path(folder + location)) as beside:
            return beside.size

    try:
        with tree.open(path) as file:
            model = read_model(file, path, size_of)
    except EvidenceError as error:
        return (), (), f"cannot be judged yet ({error.reason.value}: {error.detail})"
    shapes = [value.shape or () for value in model.graph.inputs]
    symbols = sorted({extent for shape in shapes for extent in shape if isinstance(extent, str)})
    spelled = tuple(symbol for symbol in symbols if symbol and symbol.isascii() and symbol.isprintable())
    external = tuple(folder + location for location in sorted(model.external_files))
    if len(spelled) < len(symbols):
        return spelled, external, "a dimension has a name that no key can spell: name it in ASCII in the export"
    return spelled, external, f"dimension {', '.join(spelled)} is bound to 1: confirm it" if spelled else ""


def _identifier(text: str, otherwise: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:64] or otherwise


def _text(name: str, models: tuple[_Model, ...]) -> str:
    artifacts = "".join(
        f"  - id: {_yaml(model.identifier)}\n"
        f"    path: {_yaml(model.path)}\n"
        f"    size: {model.digest.size}\n"
        f'    digest: "{model.digest.sha256}"\n'
        + (f"    role: asset  # weights of {model.weights_of}\n" if model.weights_of else "")
        for model in models
    )
    symbols = sorted({symbol for model in models for symbol in model.symbols})
    bound = ", ".join(f"{_yaml(symbol)}: 1" for symbol in symbols)
    dimensions = f"    dimensions: {{{bound}}}  # bound by `init`: confirm\n" if symbols else ""
    runs = ", ".join(_yaml(model.identifier) for model in models if not model.weights_of)
    return (
        f"# Drafted by `policy-gate init`; `policy-gate fix` keeps digests and sizes right.\n"
        f"# Add `license:` under metadata: it is a decision only you can take.\n"
        f"apiVersion: policy-gate/v1alpha1\n"
        f"kind: ReleaseManifest\n"
        f"metadata:\n"
        f"  name: {_yaml(name)}\n"
        f'  version: "0.1.0"\n'
        f"  sequence: 1\n"
        f"artifacts:\n{artifacts}"
        f"targets:\n"
        f"  - id: default\n"
        f"    runs: [{runs}]\n{dimensions}"
    )


def _yaml(text: str) -> str:
    """A scalar as YAML reads it: plain where that is safe, else quoted as JSON, which YAML reads too."""
    plain = re.fullmatch(r"[a-z][a-z0-9_./-]*", text) and text not in ("null", "true", "false")
    return text if plain else json.dumps(text, ensure_ascii=False)
