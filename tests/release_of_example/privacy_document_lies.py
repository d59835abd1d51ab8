"""Lies of a team that claims no guarantee: documents that are old, unfinished, of other data, or changed afterwards."""

from __future__ import annotations

from collections.abc import Callable

from example_world import Checkout
from lie import Lie
from voice_world import ASSESSMENT, DAY, DPIA, PURPOSE, assess, calls_from, digest_of, never_claimed

AT_DAY, AT_DIGEST, AT_PATH = ("    date: ",), (f"path: {ASSESSMENT}\n    digest: ",), ("assessment:\n    path: ",)
CALLS = calls_from("data/train.sha256")


def told(*edits: tuple[str, str], document: tuple[str, str] | None = None) -> Callable[[Checkout], None]:
    """The next release of a team without a guarantee, its manifest edited, and its assessment with a new digest."""

    def tell(checkout: Checkout) -> None:
        never_claimed(checkout)
        if document is not None:
            assess(checkout, *document)
        for before, after in edits:
            checkout.edit(before, after)

    return tell


def changed_afterwards(checkout: Checkout) -> None:
    never_claimed(checkout)
    checkout.edit("risk is low", "risk is nil", ASSESSMENT)


PRIVACY_DOCUMENT_LIES = (
    Lie(
        "privacy",
        "the assessment was changed after it was made",
        changed_afterwards,
        "PRIV-023",
        AT_DIGEST,
        also={"PRIV-014": "an assessment that is another file covers nothing"},
    ),
    Lie(
        "privacy",
        "the digest is that of another assessment",
        told((digest_of(DPIA), digest_of("another"))),
        "PRIV-023",
        AT_DIGEST,
        also={"PRIV-014": "an assessment that is another file covers nothing"},
    ),
    Lie(
        "privacy",
        "an old assessment is said to be of last week",
        told((f'"{DAY}"', '"2026-11-16"')),
        "PRIV-023",
        AT_DAY,
    ),
    Lie(
        "privacy",
        "an assessment is of a day that is yet to come",
        told((f'"{DAY}"', '"2027-11-02"'), document=(DAY, "2027-11-02")),
        "PRIV-023",
        AT_DAY,
    ),
    Lie(
        "privacy",
        "a template stands for an assessment",
        told(document=("The remaining risk is low.", "TBD")),
        "PRIV-023",
        AT_PATH,
    ),
    Lie(
        "privacy",
        "voices were added, and only the manifest says that they were assessed",
        told(
            ("  activities:\n", f"{CALLS}  activities:\n"),
            ("uses: [dataset:speech]", 'uses: [dataset:speech, "dataset:calls"]'),
            ('covers: ["', 'covers: ["dataset:calls", "'),
        ),
        "PRIV-014",
        ("    covers: ",),
    ),
    Lie(
        "privacy",
        "a model with voices in it is fetched from elsewhere",
        told(
            ("  activities:\n", f"{CALLS.replace('type: source', 'type: model')}  activities:\n"),
            ("uses: [dataset:kws-train]", 'uses: [dataset:kws-train, "dataset:calls"]'),
        ),
        "PRIV-014",
        ("    covers: ",),
    ),
    Lie(
        "privacy",
        "the purpose is to be found later",
        told((PURPOSE, "TBD by the product team")),
        "PRIV-020",
        ("claim_type: none\n  purpose: ",),
    ),
    Lie(
        "privacy",
        "voices that tell who speaks are said to be of no special category",
        told(("personal_data: pseudonymous", "personal_data: special-category")),
        "PRIV-022",
        ("  special_categories: ",),
    ),
    Lie(
        "privacy",
        "the public interest is stated, and no safeguard",
        told(
            ("personal_data: pseudonymous", "personal_data: special-category"),
            ("{present: false}", "{present: true, condition: substantial-public-interest}"),
        ),
        "PRIV-022",
        ("  special_categories: ",),
    ),
)
