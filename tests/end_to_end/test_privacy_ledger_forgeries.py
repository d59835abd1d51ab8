"""The privacy ledger in a real repository, against whoever prepares a release over several changes."""

from __future__ import annotations

import json

import pytest
from ledger_world import LEDGER, MODEL, PEOPLE, Releases, digest, manifest, trained

FIRST_DAY, SECOND_DAY, THIRD_DAY, FOURTH_DAY = "2026-01-10", "2026-04-10", "2026-07-10", "2026-10-10"


@pytest.fixture
def three(checkout, git, gate) -> Releases:
    """Three releases have landed, and the fourth is trained on a branch of its own."""
    releases = Releases(checkout, git, gate).found()
    for sequence, day in ((1, FIRST_DAY), (2, SECOND_DAY), (3, THIRD_DAY)):
        releases.landed(sequence, day)
    releases.branch("work")
    releases.train(4)
    return releases


def changed(line: bytes, **members: object) -> bytes:
    return json.dumps({**json.loads(line), **members}, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def test_a_line_that_landed_before_its_release_is_held_against_the_manifest(three) -> None:
    """A first change lands a line that says little was spent; the second brings the manifest that it names."""
    three.here.write("wake/models/kws.onnx", trained(9))
    three.here.write("wake/data/people.sha256", PEOPLE)
    text = manifest(trained(9), PEOPLE, 1, name="wake", population="kws-users", noise=4.0)
    text = text.replace(f"path: {MODEL}", "path: models/kws.onnx").replace(f"  ledger: {LEDGER}\n", "")
    three.here.write("wake/release.yaml", text)
    three.append(FOURTH_DAY, path="wake/release.yaml")
    *landed, own = three.lines
    quiet = [{**json.loads(own)["phases"][0], "noise_multiplier": 100.0}]
    three.git(three.here.root, "checkout", "-q", "--", ".")
    (three.here.root / "wake/release.yaml").unlink()
    three.write(*landed, changed(own, phases=quiet))
    three.judged(FOURTH_DAY, code=0)
    three.land()
    three.branch("work")
    three.here.write("wake/release.yaml", text)
    said = three.judged(FOURTH_DAY, code=1).stdout
    assert f"{LEDGER}:4: the line of the release says something else (/phases/0/noise_multiplier is not" in said


def test_a_model_that_is_called_an_asset_is_no_old_release(three) -> None:
    """An old model ships once more under the role of the model, and the new one beside it."""
    old, new = trained(2), trained(77)
    text = manifest(old, PEOPLE, 4, name="kws", population="kws-users", noise=1.2)
    asset = (
        f'  - {{id: more, path: models/more.onnx, role: asset, size: {len(new)}, digest: "{digest(new)}"}}\ntargets:'
    )
    text = text.replace("targets:", asset, 1).replace("runs: [kws]", "runs: [kws, more]")
    three.here.write("release.yaml", text)
    three.here.write(MODEL, old)
    three.here.write("models/more.onnx", new)
    three.append(FOURTH_DAY)
    assert "FAIL PRIV-009" in three.judged(FOURTH_DAY, code=1).stdout


def test_data_that_is_said_to_hold_nobody_is_still_known_by_the_phase_about_it(three) -> None:
    three.train(4, name="fresh", population="fresh-users")
    text = (three.here.root / "release.yaml").read_text()
    three.here.write("release.yaml", text.replace("personal_data: pseudonymous", "personal_data: none"))
    three.append(FOURTH_DAY)
    assert "FAIL PRIV-009" in three.judged(FOURTH_DAY, code=1).stdout
