"""No report, in any format, holds a line of the lists that stand for people, whether the lists are in order or not."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from checkout import Checkout, commit

from policy_gate.cli.check import FORMATS

KEY = b"a key that is kept elsewhere"
PEOPLE = ("anna", "bert", "chen", "dora")
HEADER = "# hmac-sha256 key=team-2026\n"

PACK = """\
apiVersion: policy-gate/v1alpha1
kind: PolicyConfig
spec:
  policy: [builtin:edge-baseline, builtin:privacy, builtin:lineage]
  manifests: [release.yaml]
"""
CLAIMS = """\
privacy: {claim_type: none}
telemetry: []
lineage:
  nodes:
    - id: dataset:people
      type: source
      role: train
      records: 4
      path: people.list
      record_digests: people.list
      personal_data: identifiable
      legal_basis: {kind: consent, expires: "2099-01-01", withdrawals: withdrawn.csv}
    - {id: dataset:test, type: source, role: test, records: 9, record_digests: test.list, personal_data: identifiable}
    - {id: kws, type: release}
  activities:
    - {id: train, kind: train, uses: [dataset:people], generates: [kws]}
  release: {artifact: kws}
"""


def keyed(person: str) -> str:
    return hmac.new(KEY, person.encode(), "sha256").hexdigest()


def plain(person: str) -> str:
    return hashlib.sha256(person.encode()).hexdigest()


def rising(digests) -> str:
    return "".join(f"{digest}\n" for digest in sorted(digests))


SENTINELS = (*PEOPLE, *(f"{person}@example.invalid" for person in PEOPLE), *map(keyed, PEOPLE), *map(plain, PEOPLE))

LISTS = {
    "in order": HEADER + rising(map(keyed, PEOPLE)),
    "plain": rising(map(plain, PEOPLE)),
    "plain with names": "".join(sorted(f"{plain(person)}  {person}.wav\n" for person in PEOPLE)),
    "keyed with names": HEADER + "".join(sorted(f"{keyed(person)}  {person}.wav\n" for person in PEOPLE)),
    "falling": HEADER + "".join(sorted((f"{keyed(person)}\n" for person in PEOPLE), reverse=True)),
    "people themselves": "".join(f"{person}@example.invalid\n" for person in PEOPLE),
    "a header of people": "".join(f"# {person}@example.invalid\n" for person in PEOPLE),
    "cut short": HEADER + rising(map(keyed, PEOPLE))[:-20],
}


@pytest.mark.parametrize("kind", LISTS)
def test_no_report_tells_a_line_of_a_list(kind: str, checkout: Checkout, git, check) -> None:
    checkout.write("policy-gate.yaml", PACK)
    checkout.write("release.yaml", (checkout.root / "release.yaml").read_text() + CLAIMS)
    commit(git, checkout)
    git(checkout.root, "checkout", "-q", "-b", "work")
    for name in ("people.list", "test.list", "withdrawn.csv"):
        checkout.write(name, LISTS[kind])
    commit(git, checkout)
    for output in FORMATS:
        done = check(checkout, "--format", output, "--verbose", "--base", "main")
        said = f"{done.stdout}\n{done.stderr}".casefold()
        assert done.returncode == 1, said
        assert "priv-025" in said or output not in ("text", "json")  # the others tell some findings, and no passes
        assert [one for one in SENTINELS if one.casefold() in said] == []
        # Nor a piece of one: twelve digits are enough to find a person again.
        assert [one for one in SENTINELS if len(one) == 64 and one[:12] in said] == []
