"""Lies about privacy and telemetry: claims too low, parameters that were not trained with, names called measures."""

from __future__ import annotations

from lie import Lie, edited

# Without its one stream the release says that it sends nothing, which no file could contradict.
STREAM = "/telemetry/0"
AT_EPSILON = ("claim: {epsilon: ",)

PRIVACY_LIES = (
    Lie("privacy", "the claim was rounded down", edited(("epsilon: 4.3", "epsilon: 4.2")), "PRIV-002", AT_EPSILON),
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
        edited(("noise_multiplier: 0.9\n", "noise_multiplier: 1.1\n")),
        "PRIV-008",
        ("mechanism: dp-sgd\n      noise_multiplier: ",),
    ),
    Lie(
        "privacy",
        "fewer steps are stated than were trained",
        edited(("steps: 6640", "steps: 5000")),
        "PRIV-008",
        ("microbatch: 1\n      steps: ",),
    ),
    Lie(
        "privacy",
        "batches were shuffled under a claim for Poisson samples",
        edited(("scheme: poisson", "scheme: shuffled")),
        "PRIV-002",
        AT_EPSILON,
        also={"PRIV-003": "what shuffled batches prove is above what policy allows"},
    ),
    Lie(
        "privacy",
        "delta is above one over the population",
        edited(("delta: 1.0e-6", "delta: 2.0e-5")),
        "PRIV-004",
        ("delta: ",),
    ),
    Lie(
        "privacy",
        "a small population is stated beside a large data set",
        edited(("delta: 1.0e-6", "delta: 2.0e-5"), ("id: kws-users-eu, size: 85000", "id: kws-users-eu, size: 8500")),
        "PRIV-004",
        ("delta: ",),
    ),
    Lie(
        "privacy",
        "four records were clipped together",
        edited(("microbatch: 1", "microbatch: 4")),
        "PRIV-012",
        ("microbatch: ",),
        also=dict.fromkeys(("PRIV-002", "PRIV-003"), "a microbatch doubles the sensitivity, and with it the epsilon"),
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
        ("  tuning: ",),
        also=dict.fromkeys(
            ("PRIV-002", "PRIV-003"), "trials on private data are part of the epsilon, and not counted yet"
        ),
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
        "every device reports",
        edited(("sampling: {rate: 0.01", "sampling: {rate: 1.0")),
        "TEL-003",
        ("sampling: {rate: ",),
        undone_by=frozenset({STREAM}),
    ),
)
