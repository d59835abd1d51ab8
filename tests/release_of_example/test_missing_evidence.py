"""Taking anything away never turns a blocked release into an allowed one, and what may be missing is listed here."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
import yaml
from example_world import CONFIG, FOLDER, LEDGER, MANIFEST, MODEL, SIGNATURE, TODAY, Checkout
from lie import Lie
from lies import LIES
from removals import DAMAGES, places, pointer, without

from policy_gate.errors import GateError
from policy_gate.gate import Request, judge, read_manifest
from policy_gate.manifest.named import named_files
from policy_gate.model import Stage, Verdict
from policy_gate.review import Direction
from policy_gate.source import open_working_tree

pytestmark = pytest.mark.slow

HAS_DEFAULT = "left out, it means what the example says"
TOLD_BY_CONTENT = "the content of the file decides"
OTHER_SIDES_HOLD = "the other sides of the fingerprint are still compared"
NOBODY_ASKS = "no rule of the pack rests on it"
SAYS_LESS = "a description that claims less; nothing in the tree could contradict it"
KNOWN_LICENCE = "a licence of the SPDX list needs no text of its own"
SOURCES_DECIDE = "a set that was made here has the terms of its sources, which are judged"

OPTIONAL = {
    "/artifacts/0/role": HAS_DEFAULT,
    "/artifacts/0/format": TOLD_BY_CONTENT,
    "/fingerprints/kws/weights": OTHER_SIDES_HOLD,
    "/fingerprints/kws/structure": OTHER_SIDES_HOLD,
    "/fingerprints/kws/bound": OTHER_SIDES_HOLD,
    "/fingerprints/kws/interface": OTHER_SIDES_HOLD,
    "/fingerprints/kws/operators": OTHER_SIDES_HOLD,
    "/targets/0/runs/1": "an asset need not be run",
    "/telemetry/0": SAYS_LESS,
    "/lineage/nodes/0/role": NOBODY_ASKS,
    "/lineage/nodes/0/version": NOBODY_ASKS,
    "/lineage/nodes/0/license/text": KNOWN_LICENCE,
    "/lineage/nodes/1/role": NOBODY_ASKS,
    "/lineage/nodes/1/license": SOURCES_DECIDE,
    "/lineage/activities/0/kind": NOBODY_ASKS,
    "/lineage/activities/1/kind": NOBODY_ASKS,
}
"""Every key of the example that a release under `edge-release` may leave out, with the reason."""

NAMED = (
    "deploy/otel-collector.yaml",
    MODEL,
    "model/labels.txt",
    "data/LICENSE-speech.txt",
    "data/speech.sha256",
    "data/train.sha256",
    "evidence/train.yaml",
)

NEWLINE = "the last byte is the end of the last line"
ONLY_SIZE = "of a licence's text only its presence is judged"
STILL_ENOUGH = {
    (SIGNATURE, "one byte short"): NEWLINE,
    ("evidence/train.yaml", "one byte short"): NEWLINE,
    ("deploy/otel-collector.yaml", "one byte short"): NEWLINE,
    ("data/LICENSE-speech.txt", "cut in half"): ONLY_SIZE,
    ("data/LICENSE-speech.txt", "one byte short"): ONLY_SIZE,
}
"""Damage that a release survives when it is signed again after it."""

TRUSTED_OPTIONAL = {
    "trust.yaml": {
        "/keys/0/id": "a name for readers",
    },
    "policy-gate.yaml": {
        "/spec/stage": "the command line names the stage",
        "/spec/parameters/max_weight_kib/*": "the example runs nothing on any other target",
    },
    "evidence/train.yaml": {},  # the manifest maps all of it
}
"""Keys of the other documents that may be missing, where the tree that is judged is trusted too."""


def allowed(request: Request) -> bool:
    """Whether a release passes; a gate that can judge nothing does not pass it."""
    try:
        report = judge(request)
    except GateError:
        return False
    assert report.exit_code in (0, 1, 2), "a crash is no judgement"
    return report.exit_code == 0


def as_yaml(document: object) -> str:
    """As text, by the quick writer where there is one."""
    writer = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(document, Dumper=writer, sort_keys=False)


def signed(
    checkout: Checkout,
    sign: Callable[[Checkout], None] = Checkout.sign,
    enter: Callable[[Checkout], None] = Checkout.enter,
) -> None:
    """Sign and keep the ledger as the producer would; what cannot be signed keeps the signature it has."""
    with suppress(GateError):
        sign(checkout)
    enter(checkout)


def damaged(checkout: Checkout, name: str, damage: str) -> None:
    path = checkout.folder / name
    left = DAMAGES[damage](path.read_bytes())
    path.unlink() if left is None else path.write_bytes(left)


@pytest.fixture
def next_release(checkout: Checkout) -> Checkout:
    """An honest release with a number of its own, so that nothing but the removal is at fault."""
    checkout.bump()
    checkout.sign()
    return checkout


def surviving(checkout: Checkout, files: tuple[str, ...], request: Request, *, again: bool) -> set[tuple[str, str]]:
    """The damages after which the release is still allowed; the checkout is as before afterwards."""
    whole = {name: (checkout.folder / name).read_bytes() for name in (*files, SIGNATURE, LEDGER)}
    found = set()
    for name in files:
        for damage in DAMAGES:
            damaged(checkout, name, damage)
            if again and name != SIGNATURE:
                signed(checkout)
            if allowed(request):
                found.add((name, damage))
            for one, content in whole.items():
                checkout.write(one, content)
    return found


def test_every_file_that_the_manifest_names_is_damaged_here(checkout) -> None:
    with open_working_tree(checkout.root) as tree:
        assert set(named_files(read_manifest(tree, f"{FOLDER}/{MANIFEST}"))) == set(NAMED)


def test_no_file_may_lack_a_byte_after_it_was_signed(next_release) -> None:
    found = surviving(next_release, (*NAMED, SIGNATURE, LEDGER), next_release.request(), again=False)
    assert found == {(SIGNATURE, "one byte short")}


def test_signing_again_hides_no_missing_file(next_release) -> None:
    found = surviving(next_release, (*NAMED, SIGNATURE), next_release.request(), again=True)
    assert found == set(STILL_ENOUGH)


def test_a_missing_file_is_found_before_anything_has_to_be_signed(checkout) -> None:
    checkout.edit("stage: release", "stage: candidate", "policy-gate.yaml")
    checkout.commit()
    checkout.bump()
    checkout.enter()
    found = surviving(checkout, NAMED, checkout.request(Stage.CANDIDATE), again=False)
    assert found == {damage for damage in STILL_ENOUGH if damage[0] != SIGNATURE}


def test_what_the_base_trusts_cannot_be_taken_away_by_the_change_and_trying_is_named(next_release) -> None:
    for name in ("trust.yaml", "policy-gate.yaml"):
        (next_release.folder / name).unlink()
    report = judge(next_release.request())
    assert [record.verdict for record in report.presented] == [Verdict.ALLOWED]
    assert report.review is not None
    assert report.review.verdict is Verdict.BLOCKED
    assert "configuration" in {one.kind for one in report.review.changes if one.direction is Direction.LOOSER}


@pytest.mark.parametrize("name", ["trust.yaml", "policy-gate.yaml"])
def test_nothing_passes_when_lines_are_missing_in_what_is_trusted(name: str, next_release) -> None:
    lines = (next_release.folder / name).read_text(encoding="utf-8").splitlines(keepends=True)
    found = []
    for kept in range(len(lines)):
        next_release.write(name, "".join(lines[:kept]))
        next_release.sign()
        if allowed(trusting_itself(next_release)):
            found.append(kept)
    assert found == []


def trusting_itself(checkout: Checkout) -> Request:
    """As outside CI: no base is named, so the judged tree's own configuration counts."""
    return Request(root=checkout.root, config=CONFIG, stage=Stage.RELEASE, today=TODAY)


def test_every_key_that_may_be_missing_is_listed_and_no_other_may(next_release) -> None:
    document = yaml.safe_load(next_release.text)
    found = set()
    for keys in places(document):
        next_release.write(MANIFEST, as_yaml(without(document, keys)))
        signed(next_release)
        if allowed(next_release.request()):
            found.add(pointer(keys))
    assert found == set(OPTIONAL)


@pytest.mark.parametrize("name", TRUSTED_OPTIONAL)
def test_every_key_that_may_be_missing_elsewhere_is_listed_and_no_other_may(name: str, next_release) -> None:
    document = yaml.safe_load((next_release.folder / name).read_text(encoding="utf-8"))
    found = set()
    for keys in places(document):
        next_release.write(name, as_yaml(without(document, keys)))
        next_release.sign()
        if allowed(trusting_itself(next_release)):
            found.add(pointer(keys))
    assert found == set(TRUSTED_OPTIONAL[name])


def removals(lie: Lie, lying: Checkout, honest: set[str]) -> list[str]:
    """The places whose removal is most likely to hide a lie, and some others: chosen by a seed, the same each time."""
    chance = random.Random(f"{lie.area}: {lie.words}")
    everything = [pointer(keys) for keys in places(yaml.safe_load(lying.text))]
    report = judge(lying.request())
    blamed = {one.place.pointer for record in report.presented for one in record.judgements if one.blocks}
    near = [one for one in everything if one not in honest or any(f"{at}/".startswith(f"{one}/") for at in blamed)]
    optional = [one for one in everything if one in OPTIONAL]
    picked = [
        *chance.sample(near, min(3, len(near))),
        *chance.sample(optional, min(2, len(optional))),
        chance.choice(everything),
    ]
    return [one for one in dict.fromkeys(picked) if one not in lie.undone_by]


def hides(lie: Lie, lying: Checkout, removed: str, text: str) -> bool:
    """Whether a lie passes without one place of its manifest, signed as the liar does."""
    document = yaml.safe_load(text)
    keys = next(keys for keys in places(document) if pointer(keys) == removed)
    lying.write(MANIFEST, as_yaml(without(document, keys)))
    signed(lying, lie.sign, lie.enter)
    return allowed(lying.request())


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie.area}: {lie.words}")
def test_no_lie_is_hidden_by_leaving_something_out(lie: Lie, checkout) -> None:
    honest = {pointer(keys) for keys in places(yaml.safe_load(checkout.text))}
    lying = lie.told(checkout)
    chosen, text = removals(lie, lying, honest), lying.text
    hidden = [one for one in chosen if hides(lie, lying, one, text)]
    assert hidden == []


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie.area}: {lie.words}")
def test_no_lie_is_hidden_by_damaging_a_file(lie: Lie, checkout) -> None:
    lying = lie.told(checkout)
    chance = random.Random(f"{lie.area}: {lie.words}")
    name, damage = chance.choice((*NAMED, SIGNATURE)), chance.choice(list(DAMAGES))
    damaged(lying, name, damage)
    if name != SIGNATURE:
        signed(lying, lie.sign, lie.enter)
    assert not allowed(lying.request())


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie.undone_by], ids=lambda lie: f"{lie.area}: {lie.words}")
def test_a_lie_that_is_taken_back_leaves_an_honest_release(lie: Lie, checkout) -> None:
    lying = lie.told(checkout)
    hidden = partial(hides, lie, lying, text=lying.text)
    assert [removed for removed in sorted(lie.undone_by) if not hidden(removed)] == []
