"""Documents that must be refused: each with what is written, and the line that says where and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from checkout import Checkout


@dataclass(frozen=True)
class Case:
    """One hostile checkout: how it is made, the exit code, and what is said (a pattern of one line)."""

    name: str
    make: Callable[[Checkout], None]
    code: int
    said: str
    args: tuple[str, ...] = ()


def _text(name: str, content: str | bytes, said: str, path: str = "release.yaml") -> Case:
    return Case(name, lambda here: _put(here, path, content), 2, said)


def _put(here: Checkout, path: str, content: str | bytes) -> None:
    if path.startswith("release."):
        (here.root / "release.yaml").unlink()
    here.write(path, content)


def _with(name: str, old: str, new: str, said: str) -> Case:
    return Case(name, lambda here: here.replace(old, new), 2, said)


HEAD = "apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\n"
CONFIG = "apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec:\n"
STRICT = CONFIG + '  policy: ["builtin:edge-baseline"]\n'
PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyPack
metadata: {name: own, version: "1", words: A pack of this test.}
spec:
  rules:
    - {id: OWN-001, title: a rule of this test, severity: low, check: CHECK, rationale: a reason, remediation: a way}
"""
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


def _pack(here: Checkout, check: str) -> None:
    here.write("own.yaml", PACK.replace("CHECK", check))
    here.write("policy-gate.yaml", CONFIG + '  policy: ["builtin:edge-baseline", own.yaml]\n')


DOCUMENTS = (
    _text("an alias bomb", BOMB, r"^release\.yaml:1:4: the anchor &a is not allowed"),
    _text("an alias without an anchor", HEAD + "metadata: *gone\n", r"^release\.yaml:3:11: .*alias"),
    _text("a key given twice", HEAD + "kind: ReleaseManifest\n", r"^release\.yaml:3:1: the key 'kind' is given twice"),
    _text("an object of Python", '!!python/object/apply:os.system ["touch sprung"]\n', r"^release\.yaml:1:1: the tag"),
    _text("a tag of one's own", HEAD + "metadata: !evil {}\n", r"^release\.yaml:3:11: the tag"),
    _text("a merge", HEAD + "metadata:\n  <<: {name: kws}\n", r"^release\.yaml:4:3: .*'<<'"),
    _text("a tab that indents", HEAD + "metadata:\n\tname: kws\n", r"^release\.yaml:4:1: .*\n  Indent with spaces, not tabs"),
    _text("UTF-16", (HEAD + "metadata: {}\n").encode("utf-16"), r"^release\.yaml:1:1: the file is UTF-16"),
    _text("UTF-16 without a mark", HEAD.encode("utf-16-le"), r"^release\.yaml:1:2: character U\+0000 is not allowed"),
    _text("bytes that are no UTF-8", HEAD.encode() + b"metadata: \xff\n", r"^release\.yaml:3:11: byte 0xFF is not"),
    _text("a byte order mark", b"\xef\xbb\xbf" + HEAD.encode(), r"^release\.yaml:1:1: .*byte order mark"),
    _text("a NUL", HEAD + "metadata: {name: k\0ws}\n", r"^release\.yaml:3:19: character U\+0000 is not allowed"),
    _text("an escape that a terminal obeys", HEAD + "a: \x1b[2J\n", r"^release\.yaml:3:4: character U\+001B"),
    _text("text that runs backwards", HEAD + "a: \u202eevil\n", r"^release\.yaml:3:4: character U\+202E"),
    _text("a carriage return alone", "kind: a\rkind: b\n", r"^release\.yaml:1:8: .*carriage return"),
    _text("two megabytes", HEAD + "# " + "x" * 2_000_000 + "\n", r"^release\.yaml: over the reader's limits: "),
    _text("ten thousand lists in one another", "[" * 10_000 + "]" * 10_000, r"^release\.yaml:1:65: .*deeper than 64"),
    _text("ten thousand mappings in one another", "{a: " * 10_000, r"^release\.yaml:1:\d+: .*deeper than 64"),
    _text("half a million values", "[" + "a," * 500_000 + "]", r"^release\.yaml:1:\d+: .*more than 200000"),
    _text("nothing", "", r"^release\.yaml:1:1: the document is empty"),
    _text("nothing but a comment", "# later\n", r"^release\.yaml:1:1: the document is empty"),
    _text("a second document", HEAD + "---\nkind: other\n", r"^release\.yaml:3:1: a second document"),
    _text("a directive", "%YAML 1.1\n---\n" + HEAD, r"^release\.yaml:1:1: a directive"),
    _text("a list at the top", "- kind: ReleaseManifest\n", r"^release\.yaml:1:1: .*mapping"),
    _text("a broken flow", HEAD + "metadata: {name: kws\n", r"^release\.yaml:\d+:\d+: "),
    _text("a key that looks like another", HEAD + "t\u0430rgets: []\n", r"^release\.yaml:3:1: the key .*U\+0430"),
    _text("a list as a key", HEAD + "? [a, b]\n: c\n", r"^release\.yaml:3:\d+: a list or mapping is used as a key"),
    _text("half a surrogate pair", HEAD + 'a: "\\ud800"\n', r"^release\.yaml:3:\d+: .*character"),
    _text("JSON with NaN", '{"metadata": {"sequence": NaN}}', r"^release\.json:1:27: ", "release.json"),
    _text("JSON with a comma too many", '{"kind": "a",}', r"^release\.json:1:1\d: ", "release.json"),
    _text("JSON with a key given twice", '{"kind": 1, "kind": 2}', r"^release\.json:1:13: .*twice", "release.json"),
    _text("JSON nested ten thousand deep", "[" * 10_000, r"^release\.json:1:65: .*deeper than 64", "release.json"),
    _text("JSON with an endless number", "1" * 100_000, r"^release\.json:1:1: ", "release.json"),
    _with("a misspelt key", "artifacts:", "artefacts:", r"^release\.yaml:4:1: unknown field 'artefacts'\n  did you mean 'artifacts'\?"),
    _with("a misspelt key further in", "version:", "verzion:", r"^release\.yaml:3:\d+: unknown field 'verzion'\n  did you mean 'version'\?"),
    _with("a kind that is another's", "ReleaseManifest", "PolicyPack", r"^release\.yaml:2:7: .*'ReleaseManifest'"),
    _with("a version of the format from the future", "v1alpha1", "v9", r"^release\.yaml:1:13: "),
    _with("a mapping where a list belongs", "  - {id: node, runs: [kws]}", "  id: node", r"^release\.yaml:7:3: .*it should be a list"),
    _with("text where a list belongs", "[kws]", "kws", r"^release\.yaml:7:\d+: .*it should be a list"),
    _with("a version that is a number", 'version: "1.0"', "version: 1.0", r"^release\.yaml:3:\d+: .*it should be text\n  Quote it"),
    _with("a sequence that is not a number", "sequence: 1", "sequence: .nan", r"^release\.yaml:3:\d+: \.nan is not a finite number"),
    _with("a sequence without end", "sequence: 1", "sequence: .inf", r"^release\.yaml:3:\d+: \.inf is not a finite number"),
    _with("a sequence of thirty digits", "sequence: 1", f"sequence: {10**30}", r"^release\.yaml:3:\d+: the integer .*64 bits"),
    _with("a sequence under zero", "sequence: 1", "sequence: -1", r"^release\.yaml:3:\d+: .*it should be at least 0"),
    _with("a sequence that is true", "sequence: 1", "sequence: true", r"^release\.yaml:3:\d+: .*it should be a whole number"),
    _with("a sequence that is text", "sequence: 1", 'sequence: "1"', r"^release\.yaml:3:\d+: .*it should be a whole number"),
    _with("a sequence with a point", "sequence: 1", "sequence: 1.0", r"^release\.yaml:3:\d+: .*it should be a whole number"),
    _with("a sequence with a leading zero", "sequence: 1", "sequence: 010", r"^release\.yaml:3:\d+: .*starts with a zero"),
    _with("a size beyond every number", "size: ", "size: 1e999 #", r"^release\.yaml:5:\d+: "),
    _with("a digest in capitals", "sha256:", "SHA256:", r"^release\.yaml:5:\d+: .*64 lower-case hex digits"),
    _with("a name with a slash", "name: kws", "name: ../kws", r"^release\.yaml:3:\d+: "),
    _with("a target that runs what is not there", "[kws]", "[kwz]", r"^release\.yaml:7:\d+: 'kwz' is no artifact of this manifest\n  did you mean 'kws'\?"),
    _with("a dimension of zero", "[kws]", "[kws], dimensions: {N: 0}", r"^release\.yaml:7:\d+: .*at least 1"),
    _with("a dimension beyond 31 bits", "[kws]", "[kws], dimensions: {N: 4294967296}", r"^release\.yaml:7:\d+: .*at most 2147483647"),
    _with("a path of five thousand characters", "model/kws.onnx", "a" * 5000, r"^release\.yaml:5:\d+: .*at most 1024 characters"),
    _text("a configuration with a misspelt key", CONFIG + "  polices: []\n", r"^policy-gate\.yaml:4:3: unknown field 'polices'\n  did you mean 'policy'\?", "policy-gate.yaml"),
    _text("a configuration with no policy", CONFIG + "  policy: []\n", r"^policy-gate\.yaml:4:11: .*at least 1", "policy-gate.yaml"),
    _text("a configuration of aliases", BOMB, r"^policy-gate\.yaml:1:4: the anchor", "policy-gate.yaml"),
    _text("a parameter that no pack has", CONFIG + "  policy: ['builtin:edge-baseline']\n  parameters: {anything: 1}\n", r"^policy-gate\.yaml:5:\d+: no pack has a parameter 'anything'", "policy-gate.yaml"),
    _text("an unknown shipped pack", CONFIG + '  policy: ["builtin:none"]\n', r"there is no pack 'builtin:none'", "policy-gate.yaml"),
    _text("a pack outside the checkout", CONFIG + '  policy: ["../pack.yaml"]\n', r"'\.\./pack\.yaml' has the segment '\.\.'", "policy-gate.yaml"),
    _text("a trust file that is not there", CONFIG + '  policy: ["builtin:signature"]\n  stage: release\n  trust: trust.yaml\n', r"^trust\.yaml: not in checkout", "policy-gate.yaml"),
    Case("a check that does not exist", lambda here: _pack(here, "release.sequense"), 2, r"^own\.yaml:6:\d+: there is no check 'release\.sequense'"),
    Case("a limit for a check that takes none", lambda here: _pack(here, "{fingerprint.digest_matches: {max: 1}}"), 2, r"^own\.yaml:6:\d+: .*takes no limits"),
    Case("a limit that is not a number", lambda here: _pack(here, "{fingerprint.digest_matches: {max: .nan}}"), 2, r"^own\.yaml:6:\d+: \.nan is not a finite number"),
)  # fmt: skip
