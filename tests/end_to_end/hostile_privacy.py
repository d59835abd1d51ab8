"""Privacy sections whose numbers are none, or beyond any accountant: each in a manifest, with what is said of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from checkout import Checkout

POLICY = 'apiVersion: policy-gate/v1alpha1\nkind: PolicyConfig\nspec: {policy: ["builtin:privacy"]}\n'
RELEASE = """\
apiVersion: policy-gate/v1alpha1
kind: ReleaseManifest
metadata: {name: kws, version: "1.0", sequence: 1, license: Apache-2.0}
artifacts: [{id: kws, path: model/kws.onnx}]
privacy:
  claim_type: central-dp
  claim:
    epsilon: 4.3
    delta: 1.0e-6
  unit: {kind: user, max_records_per_unit: 1}
  adjacency: add-or-remove-one
  population: {id: users, size: 85000, window_days: 365}
  phases:
    - id: train
      mechanism: dp-sgd
      noise_multiplier: 0.9
      clip_norm: 1.0
      microbatch: 1
      steps: 6640
      sampling: {scheme: poisson, batch_size: 512, dataset_size: 85000}
  tuning: {data: public, trials: 0}
"""
"""An honest claim: 3.89 at most."""
DIGITS = "9" * 400
MANY_DIGITS = "9" * 5000


@dataclass(frozen=True)
class Extreme:
    """One manifest: what of the honest one is replaced, the state of the claim's rule, and a pattern of what is said.

    `state` is that of PRIV-002: PASS, FAIL or UNKNOWN; REFUSED where the manifest cannot be read at all. With FAIL|UNKNOWN
    both are right: how far below the truth a claim is refuted, and not only unproven, is no matter of safety.
    """

    name: str
    changes: tuple[tuple[str, str], ...]
    state: str
    said: str

    @property
    def text(self) -> str:
        """The manifest."""
        text = RELEASE
        for old, new in self.changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return text

    def fits(self, heard: Heard) -> bool:
        """Whether the answer is one that is right."""
        return heard.state in self.state.split("|") and re.search(self.said, heard.words, re.MULTILINE) is not None

    def ship(self, here: Checkout) -> None:
        """Put the manifest and a policy of the privacy rules alone into a checkout."""
        here.write("release.yaml", self.text)
        here.write("policy-gate.yaml", POLICY)


@dataclass(frozen=True)
class Heard:
    """What `check --format json` answered: the state of the claim's rule, and everything it said of privacy."""

    state: str
    words: str
    bounds: tuple[float, ...]

    @classmethod
    def of(cls, out: str) -> Heard:
        told = json.loads(out)
        judged = [one for record in told["records"] for one in record["judgements"] if one["area"] == "privacy"]
        states = {one["outcome"].upper() for one in judged if one["rule"] == "PRIV-002"}
        words = [json.dumps(one) for one in told["problems"]]
        words += [f"{one['rule']} {one['message']} {' '.join(one['causes'])}" for one in judged]
        facts = [one for record in told["records"] for one in record["facts"]]
        bounds = tuple(one["epsilon_upper"] for one in facts if one["fact"] == "privacy.bound")
        return cls(" ".join(states) or "REFUSED", "\n".join(words), bounds)


def _run(name: str, state: str, said: str = "PRIV-002 ", **values: str) -> Extreme:
    """A run of other parameters; each replaces the honest value of its key. A rate stands in for both sizes."""
    changes = []
    if "rate" in values:
        changes.append(("batch_size: 512, dataset_size: 85000", f"rate: {values.pop('rate')}"))
    for key, value in values.items():
        old = re.search(rf"(?<![a-z_]){key}: [^,}}\n]+", RELEASE)
        assert old is not None
        changes.append((old[0], f"{key}: {value}"))
    return Extreme(name, tuple(changes), state, said)


def _no_number(key: str, value: str) -> Extreme:
    said = "is not a finite number" if value.startswith((".", "-.")) else "64 bits" if value[0] == "9" else key
    shown = value if len(value) < 30 else f"of {len(value)} digits"
    if value == "null" and key in ("clip_norm", "microbatch"):
        return _run(f"{key} null", "UNKNOWN", "PRIV-002 .*clip", **{key: value})
    return _run(f"{key} {shown}", "REFUSED", said, **{key: value})


NUMBERS = ("noise_multiplier", "epsilon", "delta", "steps", "clip_norm", "microbatch", "batch_size", "dataset_size")
VALUES = (".nan", ".inf", "-.inf", '"1"', "true", "0", "-1", "null", "[1]", "{a: 1}", "9" * 400, "9" * 5000)
NO_NUMBERS = tuple(_no_number(key, value) for key in NUMBERS for value in VALUES)
"""Every value that an accountant may take for a number, in every place that has one."""
OUT_OF_RANGE = (
    _run("noise 1e-320", "UNKNOWN", "PRIV-002 .*noise", noise_multiplier="1.0e-320"),
    _run("noise 5e-324", "UNKNOWN", "PRIV-002 .*noise", noise_multiplier="5.0e-324"),
    _run("noise 1e-400, which is 0", "REFUSED", "noise_multiplier", noise_multiplier="1.0e-400"),
    _run("noise 1e400, which is infinite", "REFUSED", "too large", noise_multiplier="1.0e+400"),
    _run("noise 1e7", "REFUSED", "noise_multiplier", noise_multiplier="1.0e+7"),
    _run("delta 1e-300", "UNKNOWN", "PRIV-002 .*delta", delta="1.0e-300"),
    _run("delta 5e-324", "UNKNOWN", "PRIV-002 .*delta", delta="5.0e-324"),
    _run("delta 1e-400, which is 0", "REFUSED", "delta", delta="1.0e-400"),
    _run("delta 1", "REFUSED", "delta", delta="1"),
    _run("delta 2", "REFUSED", "delta", delta="2.0"),
    _run("epsilon 1e10", "REFUSED", "epsilon", epsilon="1.0e+10"),
    _run("steps 10.5", "REFUSED", "steps", steps="10.5"),
    _run("steps 1e9 and one", "REFUSED", "steps", steps="1000000001"),
    _run("rate 1.2", "REFUSED", "rate", rate="1.2"),
    _run("rate .nan", "REFUSED", "finite", rate=".nan"),
    _run("rate 5e-324", "UNKNOWN", "PRIV-002 .*rate", rate="5.0e-324"),
    _run("batch larger than the data", "REFUSED", "batch_size", batch_size="85001"),
    _run("2^63 records", "REFUSED", "64 bits", dataset_size="9223372036854775808"),
)
BEYOND = (
    _run("rate 1e-9, a million steps", "PASS", rate="1.0e-9", noise_multiplier="1.0", steps="1000000", delta="1.0e-10"),
    _run(
        "the same, 0.000001 claimed",
        "FAIL|UNKNOWN",
        rate="1.0e-9",
        noise_multiplier="1.0",
        steps="1000000",
        delta="1.0e-10",
        epsilon="1.0e-6",
    ),
    _run("rate 1e-7, noise 0.5", "PASS", rate="1.0e-7", noise_multiplier="0.5", steps="100000", delta="1.0e-9"),
    _run("ten million steps", "PASS", rate="1.0e-4", noise_multiplier="2.0", steps="10000000", delta="1.0e-8"),
    _run(
        "the same, 0.4 claimed",
        "FAIL|UNKNOWN",
        rate="1.0e-4",
        noise_multiplier="2.0",
        steps="10000000",
        delta="1.0e-8",
        epsilon="0.4",
    ),
    _run(
        "VaultGemma's figure",
        "PASS",
        rate="4.0801595e-5",
        noise_multiplier="0.614",
        steps="100000",
        delta="1.1e-10",
        epsilon="2.0",
    ),
    _run(
        "the same run, 1.68 claimed",
        "FAIL",
        rate="4.0801595e-5",
        noise_multiplier="0.614",
        steps="100000",
        delta="1.1e-10",
        epsilon="1.68",
    ),
    _run(
        "the same run, delta 1e-12",
        "PASS",
        rate="4.0801595e-5",
        noise_multiplier="0.614",
        steps="100000",
        delta="1.0e-12",
    ),
    _run(
        "delta 1e-30, 9.9 claimed",
        "PASS",
        rate="0.01",
        noise_multiplier="1.0",
        steps="1000",
        delta="1.0e-30",
        epsilon="9.9",
    ),
    _run(
        "delta 1e-30, 4.3 claimed",
        "FAIL|UNKNOWN",
        rate="0.01",
        noise_multiplier="1.0",
        steps="1000",
        delta="1.0e-30",
    ),
    _run("delta 1e-250", "FAIL|UNKNOWN", delta="1.0e-250"),
    _run("noise 0.1, a million steps", "FAIL|UNKNOWN", rate="1.0e-5", noise_multiplier="0.1", steps="976563"),
    _run("noise 0.01", "FAIL|UNKNOWN", rate="0.01", noise_multiplier="0.01", steps="100"),
    _run("noise 0.0001, a thousand million steps", "FAIL|UNKNOWN", noise_multiplier="0.0001", steps="1000000000"),
    _run("a hundred million steps", "FAIL|UNKNOWN", steps="100000000"),
    _run("a thousand million steps at rate 1e-9", "PASS", rate="1.0e-9", steps="1000000000"),
    _run("rate 1e-30", "PASS", rate="1.0e-30"),
    _run("rate 1e-30, 1e-300 claimed", "FAIL|UNKNOWN", rate="1.0e-30", epsilon="1.0e-300"),
    _run("noise 1e6, 5e-324 claimed", "FAIL|UNKNOWN", noise_multiplier="1.0e+6", steps="1", epsilon="5.0e-324"),
    _run("rate 1 less 1e-16", "FAIL", rate="0.9999999999999999"),
    _run("a million records of one user", "FAIL|UNKNOWN", max_records_per_unit="1000000"),
    _run("fifty records of one user", "FAIL|UNKNOWN", max_records_per_unit="50"),
    _run("one record replaced", "FAIL|UNKNOWN", adjacency="replace-one"),
    _run("shuffled batches", "UNKNOWN", scheme="shuffled"),
    _run("delta 0.9", "PASS", delta="0.9"),
)
"""Parameters that can be accounted for, but not by every accountant: a verdict, or words that none is possible."""
