"""A Collector passes only when every way out of it runs through an allow list of declared fields."""

from __future__ import annotations

import json

import pytest
from collector_world import FILE, HONEST, config, entries, judged, said, stream
from hypothesis import given, settings
from hypothesis import strategies as st

from policy_gate.areas.privacy import collect_collector
from policy_gate.areas.privacy import telemetry_flow_checks as checks
from policy_gate.areas.privacy.collector_config import read_collector
from policy_gate.areas.privacy.collector_processors import Declared
from policy_gate.areas.privacy.facts_telemetry import CollectorPipelines, CollectorUse
from policy_gate.document import load
from policy_gate.errors import DocumentError, Reason
from policy_gate.model import RELEASE, Basis, Missing, Outcome

METRICS, TRACES = "/service/pipelines/metrics", "/service/pipelines/traces"
OUT = {"receivers": ["otlp"], "exporters": ["otlp/backend"]}


def test_a_collector_that_lets_declared_fields_through_passes(tmp_path):
    (fact,) = entries(tmp_path, HONEST)
    answer = checks.collector_keeps(fact, checks.CollectorLimits())
    assert (answer.outcome, fact.basis, fact.exporting) == (Outcome.PASS, Basis.RECOMPUTED, ("metrics", "traces"))
    assert fact.pointer == "/telemetry/0/collector_config"
    assert answer.causes == ("nothing here confirms the rate of metrics: it is only declared",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ([(f"{METRICS}/processors", ["batch"])], "metrics sends metrics on without a redaction"),
        ([(f"{METRICS}/processors", ...)], "without a redaction"),
        ([(f"{METRICS}/processors", None)], "without a redaction"),
        ([("/service/pipelines/metrics~1raw", OUT)], "pipeline metrics/raw sends metrics on without a redaction"),
        ([("/service/pipelines/logs", OUT)], "pipeline logs sends logs, which no stream of the manifest declares"),
        ([("/service/pipelines/profiles", OUT)], "which no stream of the manifest declares"),
        ([("/processors/redaction/allow_all_keys", True)], "allow_all_keys lets every field through"),
        ([("/processors/redaction/allowed_keys", ["latency_ms", "user.email"])], "let 'user.email' through"),
        ([("/processors/redaction/allowed_keys", ["LATENCY_MS"])], "let 'LATENCY_MS' through"),
        ([("/processors/redaction/ignored_keys", ["user.email"])], "ignored_keys let 'user.email' through"),
        ([("/processors/redaction/ignored_key_patterns", [".*"])], "every field through that one of them matches"),
        ([("/processors/redaction/summary", "debug")], "sends the names of the fields that it removed"),
        (
            [("/processors/attributes", {}), (f"{METRICS}/processors", ["redaction", "attributes", "batch"])],
            "attributes runs behind redaction and may add fields again",
        ),
        (
            [("/processors/resource~1x", {}), (f"{METRICS}/processors", ["redaction", "resource/x"])],
            "resource/x runs behind redaction",
        ),
        (
            [("/processors/remotetap", {}), (f"{METRICS}/processors", ["remotetap", "redaction"])],
            "remotetap sends data elsewhere",
        ),
        ([(f"{TRACES}/processors", ["redaction"])], "traces sends traces on without a probabilistic_sampler; 1 %"),
        ([("/processors/probabilistic_sampler/sampling_percentage", 1.01)], "is 1.01; 1 % are declared"),
        ([("/processors/probabilistic_sampler/sampling_percentage", 100)], "is 100; 1 % are declared"),
        ([("/processors/probabilistic_sampler/fail_closed", False)], "what cannot be sampled is let through"),
        (
            [
                ("/exporters/debug", {"verbosity": "normal"}),
                ("/service/pipelines/logs", {**OUT, "exporters": ["debug"]}),
            ],
            "pipeline logs sends logs",
        ),
        (
            [
                ("/exporters/debug", {"Verbosity": "detailed"}),
                ("/service/pipelines/logs", {**OUT, "exporters": ["debug"]}),
            ],
            "pipeline logs sends logs",
        ),
        (
            [("/connectors/own", {}), ("/service/pipelines/logs", {**OUT, "exporters": ["own"]})],
            "pipeline logs sends logs",
        ),
        (
            [("/exporters/file", {}), ("/service/pipelines/logs", {**OUT, "exporters": ["debug", "file"]})],
            "pipeline logs sends logs",
        ),
        (
            [
                ("/connectors/forward", None),
                (f"{METRICS}/exporters", ["forward"]),
                ("/service/pipelines/metrics~1out", {"receivers": ["forward"], "exporters": ["otlp/backend"]}),
            ],
            "pipeline metrics/out sends metrics on without a redaction",
        ),
        (
            [("/connectors/otlp~1backend", None), (f"{METRICS}/processors", [])],
            "metrics sends metrics on without a redaction",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_a_way_out_that_keeps_nothing_back_fails_with_its_words(tmp_path, changes, words):
    answer = judged(tmp_path, config(*changes))
    assert answer.outcome is Outcome.FAIL
    assert words in said(answer)
    assert answer.message.startswith(f"{FILE}:")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            [("/processors/redaction", "${env:REDACTION}")],
            "its settings are no mapping here, so they are set elsewhere",
        ),
        ([("/processors/redaction/allow_all_keys", "${env:ALL}")], "so it is set elsewhere"),
        ([("/processors/redaction/allow_all_keys", "false")], "so it is set elsewhere"),
        ([("/processors/redaction/allow_all_keys", 0)], "so it is set elsewhere"),
        ([("/processors/redaction/allowed_keys", "${file:keys.yaml}")], "so it is set elsewhere"),
        ([("/processors/redaction/allowed_keys", ["latency_ms", "${env:KEY}"])], "which is set elsewhere"),
        ([("/processors/redaction/allowed_keys", ["$KEY"])], "which is set elsewhere"),
        ([("/processors/redaction/Allow_All_Keys", True)], "'Allow_All_Keys' is not known here"),
        ([("/processors/redaction/skip_conditions", ["true"])], "'skip_conditions' is not known here"),
        ([("/processors/redaction/summary", "${env:S}")], "so it is set elsewhere"),
        ([("/processors/probabilistic_sampler/sampling_percentage", "${env:P}")], "so it is set elsewhere"),
        ([("/processors/probabilistic_sampler/sampling_percentage", True)], "so it is set elsewhere"),
        ([("/processors/probabilistic_sampler/sampling_percentage", -1)], "is refused by it"),
        ([("/processors/probabilistic_sampler/fail_closed", "no")], "so it is set elsewhere"),
        ([("/service/pipelines", "${env:PIPELINES}")], "is no mapping here"),
        ([("/service/pipelines", {})], "no pipeline sends metrics on"),
        ([("/service/pipelines", ...)], "no pipeline sends traces on"),
        ([(TRACES, ...)], "no pipeline sends traces on, which the manifest says are sent"),
        ([(f"{TRACES}/exporters", ["debug"])], "no pipeline sends traces on"),
        ([(METRICS, "${env:M}")], "is no mapping here"),
        ([(f"{METRICS}/processors", "${env:P}")], "processors are no list here"),
        ([(f"{METRICS}/processors", ["redaction", "${env:P}"])], "which is no component id"),
        ([(f"{METRICS}/exporters", ["otlp/backend", "otlp/gone"])], "exporter otlp/gone is not defined in this file"),
        ([("/processors/redaction", ...)], "processor redaction is not defined in this file"),
        ([(f"{METRICS}/with", {})], "'with' is not known here"),
        ([("/config_sources", {})], "'config_sources' is not known here"),
        ([("/service/x", {})], "'x' is not known here"),
        ([("/processors/redaction::allow_all_keys", True)], "a key with :: sets a value elsewhere"),
        ([("/receivers/otlp::protocols", {})], "a key with :: sets a value elsewhere"),
        ([("/service/pipelines/x~1y", OUT)], "is of no signal that is known here"),
        (
            [("/processors/own", {}), (f"{METRICS}/processors", ["own", "redaction"])],
            "own is of no type that is known here: it may send data elsewhere",
        ),
    ],
    ids=lambda given: given if isinstance(given, str) else "",
)
def test_what_stands_elsewhere_or_is_not_known_is_no_pass(tmp_path, changes, words):
    answer = judged(tmp_path, config(*changes))
    assert (answer.outcome, answer.reason) == (Outcome.UNKNOWN, Reason.NOT_PROVEN)
    assert words in said(answer)


@pytest.mark.parametrize(
    "changes",
    [
        [("/processors/redaction", None)],
        [("/processors/redaction/allowed_keys", [])],
        [("/processors/redaction/allowed_keys", None), ("/processors/redaction/blocked_values", ["[0-9]{16}"])],
        [("/processors/redaction~1strict", {}), (f"{METRICS}/processors", ["redaction/strict"])],
        [
            ("/processors/redaction~1values", {"allow_all_keys": True, "blocked_values": ["x"]}),
            (f"{METRICS}/processors", ["redaction", "redaction/values", "batch"]),
        ],
        [("/processors/attributes", {}), (f"{METRICS}/processors", ["attributes", "redaction"])],
        [("/processors/probabilistic_sampler", None)],
        [("/service/pipelines/logs", {"receivers": ["otlp"], "exporters": ["debug"]})],
        [("/exporters/nop", None), ("/service/pipelines/logs", {"receivers": ["otlp"], "exporters": ["nop"]})],
        [
            ("/connectors/forward", None),
            ("/service/pipelines/metrics~1in", {"receivers": ["otlp"], "exporters": ["forward"]}),
            (f"{METRICS}/receivers", ["forward"]),
        ],
        [("/service/telemetry", {"logs": {"level": "debug"}}), ("/extensions", {"zpages": None})],
    ],
    ids=str,
)
def test_more_private_and_harmless_configurations_pass(tmp_path, changes):
    answer = judged(tmp_path, config(*changes))
    assert answer.outcome is Outcome.PASS, said(answer)


def test_the_place_in_the_configuration_is_told(tmp_path):
    content = "service:\n  pipelines:\n    metrics:\n      receivers: [otlp]\n      exporters: [otlp]\n"
    answer = judged(tmp_path, f"receivers: {{otlp: }}\nexporters: {{otlp: }}\n{content}", stream(signals=["metrics"]))
    assert answer.message == f"{FILE}:5: pipeline metrics sends metrics on without a redaction processor"


@pytest.mark.parametrize(
    ("decision", "outcome"), [("server", Outcome.FAIL), ("device", Outcome.PASS)], ids=["server", "device"]
)
def test_logs_are_sampled_here_where_the_server_decides(tmp_path, decision, outcome):
    logs = {**OUT, "processors": ["redaction"]}
    declared = stream(signals=["events"], sampling={"rate": 0.01, "decision": decision})
    answer = judged(tmp_path, config((METRICS, ...), (TRACES, ...), ("/service/pipelines/logs", logs)), declared)
    assert answer.outcome is outcome, said(answer)


def test_streams_that_share_a_collector_share_fields_and_the_smallest_rate(tmp_path):
    other = stream("other", signals=["traces"], fields=[{"name": "span_kind", "class": "category"}])
    keys = ("/processors/redaction/allowed_keys", ["latency_ms", "span_kind"])
    answer = judged(tmp_path, config(keys), stream(), other)
    assert (answer.outcome, "let 'span_kind' through" in said(answer)) == (Outcome.FAIL, True)  # metrics of one only
    slow = {**other, "sampling": {"rate": 0.001, "decision": "device"}}
    assert "is 1; 0.1 % are declared" in said(judged(tmp_path, HONEST, stream(), slow))


def test_a_pipeline_that_is_nobodys_is_told_once(tmp_path):
    facts = entries(tmp_path, config(("/service/pipelines/logs", OUT)), stream(), stream("second"))
    assert [fact.found for fact in facts] == [1, 0]


def test_without_a_collector_there_is_nothing_to_judge_unless_policy_asks_for_one(tmp_path):
    (fact,) = entries(tmp_path, None, {key: one for key, one in stream().items() if key != "collector_config"})
    assert checks.collector_keeps(fact, checks.CollectorLimits()).outcome is Outcome.NOT_APPLICABLE
    assert checks.collector_keeps(fact, checks.CollectorLimits(require_collector=True)).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, Reason.NOT_IN_TREE),
        (b"\xff\xfe", Reason.UNREADABLE),
        ("a: &x 1\nb: *x\n", Reason.UNREADABLE),
        ("service: {pipelines: {}}\nservice: {}\n", Reason.UNREADABLE),
        ("", Reason.UNREADABLE),
        ("{" * 5000, Reason.UNREADABLE),
        ("x" * (collect_collector.MAX_FILE_BYTES + 1), Reason.TOO_LARGE),
        ("[" + "1," * collect_collector.MAX_NODES + "1]", Reason.UNREADABLE),
    ],
    ids=["absent", "no text", "alias", "twice", "empty", "deep", "large", "many nodes"],
)
def test_a_configuration_that_cannot_be_read_is_missing(tmp_path, content, reason):
    (missing,) = entries(tmp_path, content)
    assert isinstance(missing, Missing)
    assert (missing.reason, missing.pointer) == (reason, "/telemetry/0/collector_config")


@pytest.mark.parametrize("content", ["[]", "x", "{}", "kind: ReleaseManifest\n", "service: \n"])
def test_another_file_in_its_place_is_no_pass(tmp_path, content):
    assert judged(tmp_path, content).outcome is Outcome.UNKNOWN


def test_only_some_configurations_of_one_manifest_are_read(tmp_path):
    named = [stream(f"s{n}", collector_config=f"{n}.yaml") for n in range(collect_collector.MAX_FILES + 1)]
    for n in range(len(named)):
        (tmp_path / f"{n}.yaml").write_text(json.dumps(HONEST), encoding="utf-8")
    found = entries(tmp_path, None, *named)
    assert all(isinstance(one, CollectorPipelines) for one in found[:-1])
    assert found[-1].reason is Reason.TOO_LARGE


def test_many_processors_in_many_pipelines_are_judged_once_each():
    redactions = {f"redaction/{n}": {"allowed_keys": [f"k{n}"]} for n in range(300)}
    pipelines = {f"metrics/{n}": {**OUT, "processors": list(redactions)} for n in range(40)}
    whole = {**HONEST, "processors": redactions, "service": {"pipelines": pipelines}}
    calls: list[int] = []

    class Counted(frozenset):  # each question to the declared fields is one key that is judged
        def __contains__(self, key: object) -> bool:
            calls.append(1)
            return False

    document = load(json.dumps(whole).encode(), "c.json")
    reading = read_collector(document, {"metrics": Declared(Counted(), 1.0, sampled=False)})
    assert len(calls) == 300
    assert len(reading.exporting) == 40


SMALL = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -1, "redaction", "otlp", "batch", "${env:X}", "metrics", "latency_ms"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "service",
                    "pipelines",
                    "metrics",
                    "processors",
                    "exporters",
                    "redaction",
                    "otlp",
                    "allowed_keys",
                    "~/",
                ]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


@settings(max_examples=80, deadline=None)
@given(SMALL)
def test_any_document_is_judged_without_a_crash_and_passes_only_with_a_redaction(content):
    try:
        document = load(json.dumps(content).encode(), "c.json")
    except DocumentError:
        return
    declared = {"metrics": Declared(frozenset({"latency_ms"}), 1.0, sampled=False)}
    reading = read_collector(document, declared)
    for fault in reading.faults:
        assert document.nearest(fault.pointer)[1].line >= 1
    assert reading.faults or "redaction" in str(document.get("/service/pipelines"))


def use(naming: str, without: str) -> CollectorUse:
    return CollectorUse(
        subject=RELEASE, pointer="/telemetry", naming=tuple(naming.split()), without=tuple(without.split())
    )


@pytest.mark.parametrize(
    ("base", "head", "outcome"),
    [
        (("a", ""), ("", "a"), Outcome.FAIL),
        (("a", ""), ("", "b"), Outcome.FAIL),
        (("a", "b"), ("a", "b c"), Outcome.FAIL),
        (("a", "b"), ("", "b"), Outcome.PASS),
        (("a", ""), ("", ""), Outcome.PASS),
        (("", "a"), ("", "a b"), Outcome.PASS),
        (("", ""), ("", "a"), Outcome.PASS),
    ],
    ids=["dropped", "renamed", "one more", "sent no longer", "nothing sent", "never any", "first stream"],
)
def test_no_stream_goes_around_a_collector_that_the_base_has(base, head, outcome):
    assert checks.collector_still_named(use(*head), base=use(*base)).outcome is outcome
