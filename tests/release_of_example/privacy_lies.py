"""Lies about privacy and telemetry: claims too low, parameters that were not trained with, names called measures."""

from __future__ import annotations

from collections.abc import Callable

from example_world import MANIFEST, Checkout
from lie import Lie, edited

# Without its one stream the release says that it sends nothing, which no file could contradict.
STREAM = "/telemetry/0"
AT_EPSILON = ("claim: {epsilon: ",)
CONFIG = "evidence/train.yaml"


def configured(config: tuple[str, str], *edits: tuple[str, str]) -> Callable[[Checkout], None]:
    """The next release, trained with another configuration, which stands in the tree."""

    def tell(checkout: Checkout) -> None:
        edited(*edits)(checkout)
        checkout.edit(*config, CONFIG)

    return tell


def confirmed_by_itself(checkout: Checkout) -> None:
    """More noise on paper, and a map that leads back to the manifest."""
    edited(
        ("noise_multiplier: 1.3", "noise_multiplier: 13.0"),
        (f"file: {CONFIG}", f"file: {MANIFEST}"),
        ("noise_multiplier: /dp/", "noise_multiplier: /privacy/phases/0/"),
        ("clip_norm: /dp/", "clip_norm: /privacy/phases/0/"),
        ("microbatch: /dp/", "microbatch: /privacy/phases/0/"),
        ("steps: /", "steps: /privacy/phases/0/"),
        ("sampling.scheme: /sampling", "sampling.scheme: /privacy/phases/0/sampling/scheme"),
        ("sampling.batch_size: /", "sampling.batch_size: /privacy/phases/0/sampling/"),
    )(checkout)


NOISE = "    anonymization: {local_dp: {epsilon_per_report: 1000.0, reports_per_window: 1000}}\n"
QUASI = "      - {{name: {}, class: quasi-identifier}}\n"
BY_RATE = (
    ("batch_size: 32, dataset_size: 400", "rate: 0.08"),
    ("sampling.batch_size: /batch_size", "sampling.rate: /rate"),
)

PRIVACY_LIES = (
    Lie("privacy", "the claim was rounded down", edited(("epsilon: 4.3", "epsilon: 3.8")), "PRIV-002", AT_EPSILON),
    Lie(
        "privacy",
        "the claim is below what any accountant could prove",
        edited(("epsilon: 4.3", "epsilon: 0.5")),
        "PRIV-002",
        AT_EPSILON,
    ),
    Lie(
        "privacy",
        "more noise is stated than was trained with",
        edited(("noise_multiplier: 1.3\n", "noise_multiplier: 1.5\n")),
        "PRIV-008",
        ("mechanism: dp-sgd\n      noise_multiplier: ",),
    ),
    Lie(
        "privacy",
        "fewer steps are stated than were trained",
        edited(("steps: 90", "steps: 60")),
        "PRIV-008",
        ("microbatch: 1\n      steps: ",),
    ),
    Lie(
        "privacy",
        "batches were shuffled under a claim for Poisson samples",
        configured(("sampling: poisson", "sampling: shuffled"), ("scheme: poisson", "scheme: shuffled")),
        "PRIV-002",
        AT_EPSILON,
        also=dict.fromkeys(
            ("PRIV-003", "PRIV-009"), "what shuffled batches prove is above what policy allows, alone and in a window"
        ),
    ),
    Lie(
        "privacy",
        "the data set is ten times as large on paper",
        edited(("dataset_size: 400", "dataset_size: 4000")),
        "PRIV-013",
        ("batch_size: 32, dataset_size: ",),
    ),
    Lie(
        "privacy",
        "the size is that of data which nobody describes",
        edited(("dataset: dataset:kws-train", "dataset: dataset:kws-all"), ("dataset_size: 400", "dataset_size: 4000")),
        "PRIV-013",
        ("    - id: train\n      dataset: ",),
        also={"PRIV-019": "no phase is about the data that was trained on"},
    ),
    Lie(
        "privacy",
        "delta is above one over the population",
        edited(("delta: 1.0e-6", "delta: 3.0e-3")),
        "PRIV-004",
        ("delta: ",),
    ),
    Lie(
        "privacy",
        "a small population is stated beside a large data set",
        edited(("delta: 1.0e-6", "delta: 3.0e-3"), ("id: kws-users-eu, size: 400", "id: kws-users-eu, size: 40")),
        "PRIV-004",
        ("delta: ",),
    ),
    Lie(
        "privacy",
        "four records were clipped together",
        configured(("microbatch: 1", "microbatch: 4"), ("microbatch: 1", "microbatch: 4")),
        "PRIV-012",
        ("clip_norm: 1.0\n      microbatch: ",),
        also=dict.fromkeys(
            ("PRIV-002", "PRIV-003", "PRIV-009"), "a microbatch doubles the sensitivity, and with it the epsilon"
        ),
    ),
    Lie(
        "privacy",
        "the configuration clipped 64 records together, and the manifest says one",
        configured(("microbatch: 1", "microbatch: 64")),
        "PRIV-008",
        ("clip_norm: 1.0\n      microbatch: ",),
    ),
    Lie(
        "privacy",
        "the configuration shuffled, and the map leaves out how batches were drawn",
        configured(("sampling: poisson", "sampling: shuffled"), ("            sampling.scheme: /sampling\n", "")),
        "PRIV-008",
        ("sampling: {scheme: ",),
    ),
    Lie(
        "privacy",
        "the manifest is its own evidence",
        confirmed_by_itself,
        "PRIV-008",
        ("- file: ",),
    ),
    Lie(
        "privacy",
        "a delta near one proves any epsilon of one person",
        configured(
            ("batch_size: 32", "rate: 0.08"),
            ("epsilon: 4.3, delta: 1.0e-6", "epsilon: 0.000001, delta: 0.99"),
            ("size: 400, window_days", "size: 1, window_days"),
            *BY_RATE,
        ),
        "PRIV-004",
        ("claim: {epsilon: 0.000001, delta: ",),
    ),
    Lie(
        "privacy",
        "a rate is stated, and not of which data",
        configured(("batch_size: 32", "rate: 0.08"), ("      dataset: dataset:kws-train\n", ""), *BY_RATE),
        "PRIV-013",
        ("      steps: 90\n      ",),
        also={"PRIV-019": "no phase is about the data that was trained on"},
    ),
    Lie(
        "privacy",
        "the guarantee is for one example of many",
        edited(("kind: user, max_records_per_unit: 1", "kind: example, max_records_per_unit: 1")),
        "PRIV-006",
        ("unit: {kind: ",),
    ),
    Lie(
        "privacy",
        "hyper-parameters were chosen on the private data",
        edited(("tuning: {data: public, trials: 0}", "tuning: {data: private, trials: 20}")),
        "PRIV-011",
        ("sampling.batch_size: /batch_size\n  ",),
        also=dict.fromkeys(
            ("PRIV-002", "PRIV-003", "PRIV-009"), "trials are part of the epsilon; nothing says what compared them"
        ),
    ),
    Lie(
        "privacy",
        "the best of twenty runs costs what one run costs",
        edited(("tuning: {data: public, trials: 0}", "tuning: {data: private, trials: 20, scored_on: public}")),
        "PRIV-002",
        AT_EPSILON,
        also=dict.fromkeys(("PRIV-003", "PRIV-009"), "what twenty runs prove is above what policy allows"),
    ),
    Lie(
        "privacy",
        "a name of a user is called a measure",
        edited(("- {name: model_version", "- {name: user_email, class: measure}\n      - {name: model_version")),
        "TEL-001",
        ("- {name: latency_ms, class: measure}\n      - {name: ",),
        undone_by=frozenset({"/telemetry/0/fields/1", STREAM}),
    ),
    Lie(
        "privacy",
        "a user is known by the same number for a hundred years",
        edited(
            (
                "- {name: model_version",
                "- {name: user_id, class: stable-id, rotation_days: 36500}\n      - {name: model_version",
            )
        ),
        "TEL-001",
        ("class: stable-id, rotation_days: ",),
        undone_by=frozenset({"/telemetry/0/fields/1", STREAM}),
    ),
    Lie(
        "privacy",
        "noise that hides nobody stands in for a crowd",
        edited(
            (
                "      - {name: model_version",
                f"{QUASI.format('zip')}{QUASI.format('age')}      - {{name: model_version",
            ),
            (
                "    sampling: {rate: 0.01",
                f"{NOISE}    sampling: {{rate: 0.01",
            ),
        ),
        "TEL-002",
        ("telemetry:\n  - ",),
        also={"PRIV-015": "a thousand reports of an epsilon of a thousand cost a million"},
        undone_by=frozenset({STREAM}),
    ),
    Lie(
        "privacy",
        "every device reports",
        edited(("sampling: {rate: 0.01", "sampling: {rate: 1.0")),
        "TEL-003",
        ("sampling: {rate: ",),
        undone_by=frozenset({STREAM}),
    ),
)
