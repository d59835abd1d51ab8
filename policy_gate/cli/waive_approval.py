"""`waive --approve`: signs what an approver approves, and writes the envelope where the gate looks for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from policy_gate.areas.signature.keys import PrivateKey
    from policy_gate.gate import Request

MAX_KEY_BYTES = 64 * 1024
FOR_AN_ENTRY = "Any other change of what was signed needs a new signature. It counts once it is merged into the base."
FOR_A_CHANGE = (
    "Commit it with the change. It counts for this table and once: another row or value needs a new signature."
)


def approve_one(request: Request, name: str, key: str, output: str, proposer: str) -> int:
    """Sign a waiver, a `loosens` entry or a digest with an approver's key; raises GateError where it is worthless."""
    from policy_gate.cli.paths import inside
    from policy_gate.cli.together import write_together
    from policy_gate.errors import UsageError
    from policy_gate.excepting.approving import approve, find_approvable
    from policy_gate.gate.trees import open_trees
    from policy_gate.gate.trusted import PolicyFiles, read_configuration
    from policy_gate.policy.exceptions import Proven
    from policy_gate.report.escaping import safe

    if not key:
        raise UsageError("--approve needs --key, the private key of an approver")
    private = _read_key(Path(key))
    with open_trees(request) as trees:
        configuration = read_configuration(request.config, trees.head, from_base=False)
        what = find_approvable(configuration, name)
        wanted = inside(output, request.root) if output else ""
        signed = approve(PolicyFiles(configuration, request.today.isoformat()), what, private, wanted, proposer)
    write_together(request.root, signed.texts)
    click.echo(safe(f"{signed.path}: signed by {signed.label}"))
    for words in (*what.words, f"digest {what.digest}"):
        click.echo(safe(f"  {words}"))
    for other in list(signed.texts)[1:]:
        click.echo(safe(f"{other}: names that file now, under `approval`"))
    if not isinstance(signed.proof, Proven):
        click.echo(safe(f"It is no proof yet: {signed.proof.reason}"))
    click.echo(FOR_A_CHANGE if what.document is None else FOR_AN_ENTRY)
    return 0


def _read_key(path: Path) -> PrivateKey:
    from policy_gate.areas.signature.keys import read_private_key
    from policy_gate.errors import Problem, UsageError

    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_KEY_BYTES + 1)
    except OSError as error:
        raise UsageError(Problem(f"the key cannot be read: {error.strerror}", str(path))) from error
    if len(content) > MAX_KEY_BYTES:
        raise UsageError(Problem("is too large to be a key", str(path)))
    return read_private_key(content)
