"""Ways in which a pull request could weaken its own judge: how its head differs from the base, and what must be named.

Every head also tells a lie, so that a door that is open shows: the model has other bytes than its manifest says.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: ["builtin:edge-baseline", packs/acme.yaml]
  parameters:
    max_macs_growth: 0.02
  manifests: ["**/release.yaml"]
  waivers: waivers.yaml
  limits: {rules_min: 5}
"""
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: acme, version: "1", words: How we release.}
spec:
  include:
    # Whoever loosens what judges needs an approver's signature here.
    - pack: builtin:policy
      rules: [POL-001]
      modes: {POL-001: enforce}
  rules:
    - id: ACME-001
      title: The sequence is counted from one
      severity: high
      assert: manifest.metadata.sequence > 0
      rationale: A device that has sequence 0 takes any release for a newer one.
      remediation: Set metadata.sequence to 1 or more.
    - id: ACME-002
      title: The release has a licence
      severity: medium
      assert: has(manifest.metadata.license)
      rationale: Without one nobody may ship it.
      remediation: Set metadata.license to an SPDX expression.
"""
WEAK_PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: weak, version: "1", words: Anything goes.}
spec:
  rules:
    - {id: WEAK-001, title: Anything goes, severity: low, mode: audit, assert: 1 < 2, rationale: none, remediation: none}
"""
WAIVERS = "apiVersion: policy-gate/v1alpha1\nkind: WaiverList\nwaivers: []\n"
OWN_WAIVER = """\
apiVersion: policy-gate/v1alpha1
kind: WaiverList
waivers:
  - {id: W-1, rule: FPR-001, release: kws, subject: artifact kws, owner: jane@example.invalid,
     approved_by: [bob@example.invalid], reason: it is fine, expires: "2099-01-31"}
"""
WORKFLOW = """\
on: [pull_request]
permissions: {}
jobs:
  gate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@0123456789abcdef0123456789abcdef01234567
      - uses: acme/policy-gate-action@89abcdef0123456789abcdef0123456789abcdef
        with: {base: main}
"""
HOOKS = """\
repos:
  - repo: https://example.invalid/policy-gate
    rev: v0.3.0
    hooks:
      - id: policy-gate-check
"""
LIE = b"\x72\x00"
"""A field that an ONNX model may have, empty: the same model in other bytes."""


def manifest(model: bytes) -> str:
    """The manifest of the one release of the repository."""
    digest = hashlib.sha256(model).hexdigest()
    return f"""\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {{name: kws, version: "1.0", sequence: 1, license: Apache-2.0}}
artifacts:
  - {{id: kws, path: model/kws.onnx, size: {len(model)}, digest: "sha256:{digest}"}}
targets:
  - {{id: node, runs: [kws]}}
"""


class Work:
    """The files of a checkout, to be changed."""

    def __init__(self, root: Path) -> None:
        """Take a checkout."""
        self.root = root

    def write(self, path: str, content: bytes | str) -> None:
        """Put a file there; its folders are made."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)

    def replace(self, path: str, old: str, new: str) -> None:
        """Change the text of a file in one place."""
        text = (self.root / path).read_text(encoding="utf-8")
        if text.count(old) != 1:
            raise SystemExit(f"{path} has no single '{old}'")
        self.write(path, text.replace(old, new))

    def move(self, path: str, other: str) -> None:
        """Rename a file."""
        (self.root / other).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).rename(self.root / other)

    def link(self, path: str, target: str) -> None:
        """Put a symbolic link in the place of a file."""
        (self.root / path).unlink()
        (self.root / path).symlink_to(target)

    def remove(self, path: str) -> None:
        """Take a file away."""
        (self.root / path).unlink()

    def lie(self) -> None:
        """Ship other bytes than the manifest says."""
        model = self.root / "model/kws.onnx"
        model.write_bytes(model.read_bytes() + LIE)


def lay_base(root: Path, model: bytes) -> None:
    """Write what the base holds: a good release, and everything that judges it."""
    work = Work(root)
    work.write("model/kws.onnx", model)
    work.write("release.yaml", manifest(model))
    work.write("policy-gate.yaml", CONFIG)
    work.write("packs/acme.yaml", PACK)
    work.write("waivers.yaml", WAIVERS)
    work.write(".github/workflows/gate.yml", WORKFLOW)
    work.write(".pre-commit-config.yaml", HOOKS)


@dataclass(frozen=True)
class Door:
    """One way to try: `steps` are commits on top of the base.

    `named` are rows of the table, as kind, name and direction. `found` is what `check --base` still says of the
    release: the lie, unless the door hides the release as a whole.
    """

    name: str
    steps: tuple[Callable[[Work], None], ...]
    named: tuple[tuple[str, str, str], ...]
    found: str = "FPR-001"


def _door(name: str, step: Callable[[Work], None], *named: tuple[str, str, str], found: str = "FPR-001") -> Door:
    def lying(work: Work) -> None:
        work.lie()
        step(work)

    return Door(name, (lying,), named, found)


def _loosen(work: Work) -> None:
    work.replace("policy-gate.yaml", "max_macs_growth: 0.02", "max_macs_growth: 0.5")


def _permit_itself(work: Work) -> None:
    _loosen(work)
    work.replace(
        "policy-gate.yaml",
        "  limits:",
        "  loosens:\n    - {what: parameter max_macs_growth, owner: jane, approved_by: [bob], reason: it is fine,"
        ' expires: "2099-01-31"}\n  limits:',
    )


def _delete_rule(work: Work) -> None:
    text = (work.root / "packs/acme.yaml").read_text(encoding="utf-8")
    work.write("packs/acme.yaml", text[: text.index("    - id: ACME-002")])


def _link_pack(work: Work) -> None:
    work.write("packs/weak.yaml", WEAK_PACK)
    work.link("packs/acme.yaml", "weak.yaml")


def _link_configuration(work: Work) -> None:
    work.write("weak.yaml", CONFIG.replace(", packs/acme.yaml", ""))
    work.link("policy-gate.yaml", "weak.yaml")


def _move_policy(work: Work) -> None:
    work.move("packs/acme.yaml", "elsewhere/acme.yaml")
    work.replace("policy-gate.yaml", "packs/acme.yaml", "elsewhere/acme.yaml")


def _repoint(work: Work) -> None:
    work.write("weak.yaml", WEAK_PACK)
    work.replace("policy-gate.yaml", '["builtin:edge-baseline", packs/acme.yaml]', "[weak.yaml]")
    work.replace("policy-gate.yaml", "  parameters:\n    max_macs_growth: 0.02\n", "")
    work.replace("policy-gate.yaml", "  limits: {rules_min: 5}\n", "")


def _narrow(work: Work) -> None:
    work.replace("policy-gate.yaml", '["**/release.yaml"]', '["nowhere/*.yaml"]')
    work.replace("policy-gate.yaml", "  limits:", "  allow_none: true\n  limits:")


def _model_of_nobody(work: Work) -> None:
    work.write("extra/second.onnx", (work.root / "model/kws.onnx").read_bytes())


def _own_trust(work: Work) -> None:
    work.write("trust.yaml", "apiVersion: policy-gate/v1alpha1\nkind: TrustFile\nkeys: []\nthresholds: {}\n")
    work.replace("policy-gate.yaml", "  waivers:", "  trust: trust.yaml\n  waivers:")


WORKFLOW_PATH = ".github/workflows/gate.yml"
ACTION = "acme/policy-gate-action"
HOOK = "https://example.invalid/policy-gate"

DOORS = (
    _door("loosens a parameter", _loosen, ("parameter", "max_macs_growth", "looser")),
    _door(
        "loosens a parameter with a permission it grants itself",
        _permit_itself,
        ("loosens", "parameter max_macs_growth", "looser"),
        ("parameter", "max_macs_growth", "looser"),
    ),
    _door("deletes a rule", _delete_rule, ("rule", "ACME-002", "looser")),
    _door(
        "removes a rule by configuration",
        lambda work: work.replace("policy-gate.yaml", "  limits:", "  rules: {FPR-001: {remove: true}}\n  limits:"),
        ("rule", "FPR-001", "looser"),
    ),
    _door(
        "makes a rule advisory",
        lambda work: work.replace("policy-gate.yaml", "  limits:", "  rules: {FPR-001: {mode: audit}}\n  limits:"),
        ("mode", "FPR-001", "looser"),
    ),
    _door(
        "replaces what an assertion says",
        lambda work: work.replace("packs/acme.yaml", "manifest.metadata.sequence > 0", "1 < 2"),
        ("check", "ACME-001", "different"),
    ),
    _door("makes a policy a symbolic link", _link_pack, ("pack", "packs/acme.yaml", "looser")),
    _door(
        "makes the configuration a symbolic link", _link_configuration, ("configuration", "policy-gate.yaml", "looser")
    ),
    _door(
        "deletes the configuration",
        lambda work: work.remove("policy-gate.yaml"),
        ("configuration", "policy-gate.yaml", "looser"),
    ),
    _door("waives itself", lambda work: work.write("waivers.yaml", OWN_WAIVER), ("waiver", "W-1", "looser")),
    _door(
        "moves the policy path",
        _move_policy,
        ("configuration", "policy", "different"),
        ("pack", "packs/acme.yaml", "looser"),
    ),
    _door(
        "brings its own device profile",
        lambda work: work.write("profiles/node.yaml", "ns_per_mac: 0.000001\n"),
        ("profile", "profiles/node.yaml", "different"),
    ),
    _door(
        "renames the manifest",
        lambda work: work.move("release.yaml", "ship.yaml"),
        found="release 'kws' of the base has no manifest any more",
    ),
    _door(
        "looks for manifests elsewhere",
        _narrow,
        ("configuration", "manifests **/release.yaml", "looser"),
        ("configuration", "allow_none", "looser"),
    ),
    _door("adds a model under no manifest", _model_of_nobody, found="REL-004"),
    _door(
        "sets fail_on: never",
        lambda work: work.replace("policy-gate.yaml", "  limits:", "  fail_on: never\n  limits:"),
        ("configuration", "fail_on", "looser"),
    ),
    _door(
        "sets fail-on: never in the workflow",
        lambda work: work.replace(WORKFLOW_PATH, "{base: main}", "{base: main, fail-on: never}"),
        ("workflow", f"{WORKFLOW_PATH} line 9", "looser"),
    ),
    _door(
        "repoints policy",
        _repoint,
        ("configuration", "policy", "different"),
        ("rule", "FPR-001", "looser"),
        ("configuration", "rules_min", "looser"),
    ),
    _door("names its own trust file", _own_trust, ("trust file", "trust.yaml", "looser")),
    _door(
        "is held against a base of its own in the workflow",
        lambda work: work.replace(WORKFLOW_PATH, "{base: main}", "{base: weak}"),
        ("workflow", f"{WORKFLOW_PATH} line 9", "looser"),
    ),
    _door(
        "names another configuration in the workflow",
        lambda work: work.replace(WORKFLOW_PATH, "{base: main}", "{base: main, config: weak.yaml}"),
        ("workflow", f"{WORKFLOW_PATH} line 9", "looser"),
    ),
    _door(
        "lets the workflow go on after a failure",
        lambda work: work.replace(WORKFLOW_PATH, "{base: main}", "{base: main}\n        continue-on-error: true"),
        ("workflow", f"{WORKFLOW_PATH} line 10", "looser"),
    ),
    _door(
        "takes the gate out of the workflow",
        lambda work: work.remove(WORKFLOW_PATH),
        ("workflow", WORKFLOW_PATH, "looser"),
    ),
    _door(
        "pins the Action to a branch",
        lambda work: work.replace(WORKFLOW_PATH, "89abcdef0123456789abcdef0123456789abcdef", "main"),
        ("workflow", f"{WORKFLOW_PATH} pin {ACTION}", "looser"),
    ),
    _door(
        "pins the hook to another version",
        lambda work: work.replace(".pre-commit-config.yaml", "v0.3.0", "v0.0.1"),
        ("hook", f".pre-commit-config.yaml pin {HOOK}", "different"),
    ),
    _door(
        "takes the hook away",
        lambda work: work.remove(".pre-commit-config.yaml"),
        ("hook", ".pre-commit-config.yaml", "looser"),
    ),
    _door(
        "breaks the policy that judges the next change",
        lambda work: work.write("packs/acme.yaml", "kind: Nothing\n"),
        ("pack", "packs/acme.yaml", "looser"),
        ("proposal", "as a whole", "looser"),
    ),
    _door(
        "breaks the waivers that the next change is judged with",
        lambda work: work.write("waivers.yaml", "kind: Nothing\n"),
        ("waivers", "waivers.yaml", "looser"),
        ("proposal", "as a whole", "looser"),
    ),
    Door(
        "loosens first, and ships in a second commit",
        (_delete_rule, Work.lie),
        (("rule", "ACME-002", "looser"),),
    ),
)
TWO_PULL_REQUESTS = Door(
    "loosens first, and ships in a second pull request",
    (
        _delete_rule,
        lambda work: work.replace("release.yaml", ", license: Apache-2.0", ""),
    ),
    (("rule", "ACME-002", "looser"),),
    found="ACME-002",
)
"""The first is judged by the base, named and stopped there; the second, on top of it, still has the same base."""
