"""The example as a team without differential privacy ships it: a purpose, special categories, an assessment."""

from __future__ import annotations

import hashlib

from example_world import EXAMPLE, MANIFEST, Checkout

ASSESSMENT = "docs/impact-assessment.md"
DAY = "2026-11-02"
"""Three weeks before the day on which the tests judge."""

DPIA = f"""\
# Data-protection impact assessment: keyword spotting

Last reviewed on {DAY} by the privacy team, together with the people who train the model.

## What is processed

Short recordings of twelve spoken words (dataset:speech), given by volunteers who agreed to it in writing.
Their names are kept elsewhere; a recording bears a number. Nothing in it tells who speaks, and the model is
not trained to recognise a speaker. The device hears a word, and sends no sound.

## Why it is needed, and whether less would do

Synthetic voices alone missed every third word of children. Four hundred recordings were enough; the others
were deleted. Only the spectral features leave the recording room.

## Risks for those who speak

- A model could remember a voice: a membership test on held-out speakers guessed no better than a coin.
- A recording could be stolen: the disks are encrypted, and access ends with the project.
- Consent could be withdrawn: the number of a speaker is looked up, and the model is trained again.

## Outcome

The remaining risk is low. It is looked at again each year, and whenever a data set is added.
"""

PURPOSE = "recognise twelve spoken words on the device, and nothing else"
AT_PRIVACY, AT_TELEMETRY = "privacy:\n", "telemetry:\n"


def section(digest: str) -> str:
    """The privacy section that states documents in the place of a guarantee."""
    return f"""\
privacy:
  claim_type: none
  purpose: {PURPOSE}
  special_categories: {{present: false}}
  assessment:
    path: {ASSESSMENT}
    digest: "{digest}"
    date: "{DAY}"
    covers: ["dataset:speech"]

"""


def digest_of(text: str) -> str:
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def calls_from(path: str) -> str:
    """A node of the lineage: recordings of other people, which lie in a file of the example."""
    return f"""\
    - id: dataset:calls
      type: source
      role: train
      license: {{expression: CC-BY-4.0}}
      path: {path}
      digest: {{sha256: "{digest_of((EXAMPLE / path).read_text(encoding="utf-8"))}"}}
      personal_data: pseudonymous
      legal_basis: {{kind: consent, expires: "2099-06-30"}}
      retention_until: "2099-01-01"
      retrieved: "2026-02-01"
"""


def without_guarantee(checkout: Checkout) -> None:
    """Put documents in the place of the guarantee, as a team without it writes them."""
    text = checkout.text
    start, end = text.index(AT_PRIVACY), text.index(AT_TELEMETRY)
    checkout.write(MANIFEST, text[:start] + section(digest_of(DPIA)) + text[end:])
    checkout.write(ASSESSMENT, DPIA)


def never_claimed(checkout: Checkout) -> None:
    """A repository in which no release ever claimed a guarantee; the next one is in the making."""
    without_guarantee(checkout)
    checkout.sign()
    checkout.commit()
    checkout.bump()


def assess(checkout: Checkout, before: str, after: str) -> None:
    """Change the assessment at one place, and state its digest again."""
    old = (checkout.folder / ASSESSMENT).read_text(encoding="utf-8")
    checkout.edit(before, after, ASSESSMENT)
    new = (checkout.folder / ASSESSMENT).read_text(encoding="utf-8")
    checkout.edit(digest_of(old), digest_of(new))
