"""The `privacy account` command: epsilon of training parameters or of a manifest, as an interval that is proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from policy_gate.cli.printing import FORMAT, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from policy_gate.spent import Account

EPILOG = (
    "Exit codes: 0 the claim is confirmed, or none was made; 1 refuted, not resolved, or nothing bounds epsilon; "
    "2 unusable input."
)
MECHANISMS = ("dp-sgd", "gaussian", "laplace", "krr", "zcdp", "tree-aggregation", "rappor")
SCHEMES = (
    "poisson",
    "shuffled",
    "fixed-order",
    "full-batch",
    "without-replacement",
    "truncated-poisson",
    "balls-in-bins",
)
ADJACENCIES = ("add-or-remove-one", "replace-one", "replace-special")


@click.command("account", short_help="Prove epsilon of training parameters, or of a manifest.", epilog=EPILOG)
@click.argument("manifest", required=False, type=click.Path())
@click.option("--epsilon", default="", metavar="NUMBER", help="The claim to judge; none: only show the interval.")
@click.option("--delta", default="", metavar="NUMBER", help="Probability that epsilon does not hold.")
@click.option("--mechanism", type=click.Choice(MECHANISMS), default="dp-sgd", show_default=True)
@click.option("--noise-multiplier", default="", metavar="NUMBER", help="Noise over the clipping norm.")
@click.option("--batch-size", default="", metavar="N", help="Records of a batch, on average.")
@click.option("--dataset-size", default="", metavar="N", help="Records of the training data.")
@click.option("--max-batch-size", default="", metavar="N", help="truncated-poisson: a larger batch is cut to this.")
@click.option("--rate", default="", metavar="NUMBER", help="Instead of both: probability that a record is in a batch.")
@click.option("--steps", default="", metavar="N", help="Updates; for tree-aggregation those of one tree.")
@click.option("--epochs", default="", metavar="NUMBER", help="Instead of steps: passes over the data.")
@click.option("--scheme", type=click.Choice(SCHEMES), help="How batches were drawn; default: poisson.")
@click.option("--adjacency", type=click.Choice(ADJACENCIES), help="Neighbours; default: add-or-remove-one.")
@click.option("--records-per-unit", default="", metavar="N", help="Records of one user; default: a unit is a record.")
@click.option("--microbatch", default="", metavar="N", help="Records clipped together; default: 1.")
@click.option("--trials", default="", metavar="N", help="Runs on private data of which the best was released.")
@click.option("--mean-trials", default="", metavar="NUMBER", help="The same, their number drawn with this mean.")
@click.option("--population", default="", metavar="N", help="People or devices the data came from.")
@click.option("--rho", default="", metavar="NUMBER", help="zcdp: the zero-concentrated loss.")
@click.option("--keep-probability", default="", metavar="NUMBER", help="krr: probability of a true answer.")
@click.option("--categories", default="", metavar="N", help="krr: possible answers.")
@click.option("--reports", default="", metavar="N", help="krr, rappor: reports of one unit.")
@click.option("--trees", default="", metavar="N", help="tree-aggregation: trees, one after each restart.")
@click.option("--hashes", default="", metavar="N", help="rappor: hash functions.")
@click.option("--flip-probability", default="", metavar="NUMBER", help="rappor: f of the permanent response.")
@click.option("--config", default="", metavar="FILE", help="With a manifest: configuration, as for check.")
@click.option("--now", type=click.DateTime(["%Y-%m-%d"]), help="With a manifest: end the window on this day (UTC).")
@FORMAT
def account(manifest: str | None, *, config: str, now: datetime | None, output_format: str, **given: str | None) -> int:
    """Prove how much epsilon a training run costs, from its parameters or from the MANIFEST that states them.

    Shows an interval that holds epsilon, not an estimate: a claim at or above it is confirmed, one below it refuted.
    """
    typed = {name: text or "" for name, text in given.items()}
    found = _of_manifest(manifest, config, now, typed) if manifest else _of_parameters(config, now, typed)
    if output_format == "json":
        from policy_gate.spent import ACCOUNT_SCHEMA

        print_json({"schema": ACCOUNT_SCHEMA, "account": found})
    else:
        from policy_gate.report.privacy_text import render_account

        click.echo(render_account(found), nl=False)
    return _exit_code(found)


def _of_parameters(config: str, now: datetime | None, typed: dict[str, str]) -> Account:
    from policy_gate.errors import Problem, UsageError
    from policy_gate.spending.accounts import account_of
    from policy_gate.spending.parameters import claims_of_parameters

    if config or now is not None:
        raise UsageError("--config and --now belong to a manifest")
    if not any(text for name, text in typed.items() if name != "mechanism"):
        hint = "for example: policy-gate privacy account --noise-multiplier 1.1 --batch-size 256 --dataset-size 60000"
        message = "privacy account takes a MANIFEST, or the parameters of a training run"
        raise UsageError(Problem(message, hint=f"{hint} --epochs 60 --delta 1e-5"))
    return account_of(claims_of_parameters(typed), "", claimed=bool(typed["epsilon"]))


def _of_manifest(manifest: str, config: str, now: datetime | None, typed: dict[str, str]) -> Account:
    from policy_gate.cli.judging import judging_request
    from policy_gate.errors import UsageError
    from policy_gate.spending.manifests import account_of_manifest
    from policy_gate.spending.parameters import option_of

    stated = [option_of(name) for name, text in typed.items() if text and name != "mechanism"]
    if stated or typed["mechanism"] != MECHANISMS[0]:
        raise UsageError(f"{manifest} states the parameters: leave out {', '.join(stated or ['--mechanism'])}")
    return account_of_manifest(judging_request((manifest,), {"config": config, "now": now, "stage": None}))


def _exit_code(found: Account) -> int:
    from policy_gate.spent import Interval, Verdict

    if found.verdict is Verdict.CONFIRMED:
        return 0
    return 0 if found.verdict is Verdict.NOTHING_CLAIMED and isinstance(found.epsilon, Interval) else 1
