"""A file that the configuration names and that is not there is exit 2, and says how to make it."""

from __future__ import annotations

import pytest
from test_base_tricks import CONFIGURATION, manifest


@pytest.mark.parametrize(
    ("key", "words"),
    [("baseline", "`policy-gate baseline` writes it"), ("waivers", "waivers.yaml"), ("trust", "trust.yaml")],
)
def test_a_file_that_is_named_and_not_there_is_exit_2_and_says_what_to_do(key, words, tmp_path, gate) -> None:
    name = "policy-gate.baseline.json" if key == "baseline" else f"{key}.yaml"
    text = CONFIGURATION.replace("policy: [", f'{key}: {name}, policy: ["builtin:signature", ')
    (tmp_path / "policy-gate.yaml").write_text(text)
    (tmp_path / "labels.txt").write_text("labels")
    (tmp_path / "release.yaml").write_text(manifest("kws"))
    done = gate("check", "--stage", "release", cwd=tmp_path)
    assert done.returncode == 2
    assert f"{name}: not in checkout" in done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
