"""What the page about inference cost shows is what the gate reads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from device_world import TESTER, World, target

from policy_gate.areas.cost.facts_device import TargetLatency
from policy_gate.areas.cost.trusted_profiles import trusted_profile
from policy_gate.areas.signature.facts import Measurement
from policy_gate.areas.signature.measurement import MEASUREMENT, read_measurement
from policy_gate.catalogue import bind_rules, sections
from policy_gate.document import load
from policy_gate.manifest import decode_manifest
from policy_gate.policy.loading import Setup, load_config, load_policy

PAGE = Path(__file__).resolve().parents[3] / "docs" / "inference-cost.md"


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_target_shown_names_a_profile_that_is_shipped_and_its_runtime():
    targets, *_ = blocks("yaml")
    head = 'apiVersion: policy-gate/v1alpha1\nkind: ReleaseManifest\nmetadata: {name: kws, version: "1", sequence: 1}\n'
    text = f"{head}artifacts: [{{id: kws-int8, path: model/kws.tflite}}]\n{targets}{blocks('yaml')[2]}"
    manifest = decode_manifest(load(text.encode(), "release.yaml"), sections())
    (shown,) = manifest.targets
    profile = trusted_profile(shown.device.profile, ())
    assert (shown.runtime.name, shown.runtime.version) == (profile.runtime_name, profile.runtime_version)
    assert json.loads(blocks("json")[0])["predicate"]["device"] == profile.device


def test_the_configuration_shown_is_one_the_gate_reads():
    spec, config = load_config(blocks("yaml")[1].encode(), "policy-gate.yaml")
    policy = load_policy(lambda _: b"", Setup(names=spec.policy, source="head", spec=spec, config=config))
    assert bind_rules(policy.rules, policy.values)
    assert spec.profiles == ("profiles/node-v2.yaml",)


def test_the_runtime_shown_lists_operators_as_the_gate_reads_them():
    shown = yaml.safe_load(blocks("yaml")[3])
    text = json.dumps(
        {
            "apiVersion": "policy-gate/v1alpha1",
            "kind": "ReleaseManifest",
            "metadata": {"name": "kws", "version": "1", "sequence": 1},
            "artifacts": [{"id": "kws", "path": "model/kws.tflite"}],
            "targets": [{"id": "node", "runs": ["kws"], **shown}],
        }
    )
    manifest = decode_manifest(load(text.encode(), "release.json"), sections())
    assert len(manifest.targets[0].runtime.operators) == 4


def test_the_statement_shown_is_a_measurement():
    statement = json.loads(blocks("json")[0])
    assert statement["predicateType"] == MEASUREMENT
    assert {one.key for one in read_measurement(statement["predicate"]).figures} == {
        "latency_ms",
        "energy_uj",
        "ram_kib",
        "flash_kib",
    }


def test_the_commands_shown_sign_a_statement_that_counts(tmp_path, monkeypatch):
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from policy_gate.model import Missing

    world = World(tmp_path)
    world.targets = [target(runtime={"name": "stm32cube-ai", "version": "8.1.0"}, device={"class": "STM32H747I-DISCO"})]
    world.measured()
    (tmp_path / "evidence").mkdir(exist_ok=True)
    import hashlib

    statement = json.loads(blocks("json")[0])
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(world.content).hexdigest()
    (tmp_path / "measurement.json").write_text(json.dumps(statement))
    pem = TESTER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "tester.pem").write_bytes(pem)
    monkeypatch.chdir(tmp_path)
    exec(compile(blocks("python")[0], str(PAGE), "exec"), {})
    (tmp_path / "evidence/bench-node-v2.dsse.json").replace(tmp_path / "evidence/bench.json")
    found = world.facts()
    assert not [one for one in found.entries(Measurement) if isinstance(one, Missing)]
    (latency,) = found.entries(TargetLatency)
    assert (latency.mid, latency.high) == (9.8, 10.4)
