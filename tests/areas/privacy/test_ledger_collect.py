"""The ledger in a tree: what is kept, what a window spent, and what nobody can know."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from ledger_lines import PATH, book, entry, lines, phase, sha
from privacy_world import only

from policy_gate.area import Evidence, FactBook, History, LedgerFile, Trusted
from policy_gate.areas.lineage.facts import PersonalDataset
from policy_gate.areas.privacy.facts_ledger import LedgerFault, LedgerKept, WindowForecast, WindowSpend
from policy_gate.areas.privacy.ledger.chain import append, previous_of
from policy_gate.areas.privacy.ledger.own import own_entry
from policy_gate.catalogue import AREAS, area, sections
from policy_gate.document import load
from policy_gate.engine import collect, wanted_collectors
from policy_gate.errors import Reason
from policy_gate.manifest import decode_manifest
from policy_gate.model import Missing, Stage
from policy_gate.source import open_working_tree

TODAY = date(2026, 7, 10)
KINDS = (LedgerKept, WindowSpend, WindowForecast)
MODEL, PEOPLE = b"a model", b"the digests of people's records\n"
COLLECTORS = wanted_collectors((*KINDS, PersonalDataset), [one for name in AREAS for one in area(name).collectors])


def sha_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def manifest_of(**changes: object) -> dict:
    """Release 3 of kws, about the people of `data/people`; a section that is None is left out."""
    whole = {
        "apiVersion": "policy-gate/v1alpha1",
        "kind": "ReleaseManifest",
        "metadata": {"name": "kws", "version": "1.3", "sequence": 3},
        "artifacts": [
            {"id": "kws", "path": "model.onnx"},
            {"id": "labels", "path": "labels.txt", "role": "asset"},
        ],
        "privacy": {
            "claim_type": "central-dp",
            "claim": {"epsilon": 4.9, "delta": 1e-6},
            "unit": {"kind": "user", "max_records_per_unit": 1},
            "adjacency": "add-or-remove-one",
            "population": {"id": "kws-users", "size": 400},
            "phases": [phase(dataset="people")],
            "tuning": {"data": "public", "trials": 0},
        },
        "lineage": {
            "nodes": [
                {"id": "people", "type": "source", "role": "train", "path": "people", "personal_data": "pseudonymous"},
                {"id": "noises", "type": "source", "role": "train", "path": "noises", "personal_data": "none"},
                {"id": "kws", "type": "release"},
            ],
            "activities": [{"id": "train", "kind": "train", "uses": ["people", "noises"], "generates": ["kws"]}],
        },
        **changes,
    }
    return {key: one for key, one in whole.items() if one is not None}


def privacy(**changes: object) -> dict:
    return {**manifest_of()["privacy"], **changes}


class World:
    """A tree with one release, and the ledger of the base."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, content in (
            ("model.onnx", MODEL),
            ("labels.txt", b"yes\n"),
            ("people", PEOPLE),
            ("noises", b"hum\n"),
        ):
            (folder / name).write_bytes(content)
        self.content = manifest_of()
        self.base = book(entry(1, "2026-01-10"), entry(2, "2026-04-10"))
        self.others: tuple[LedgerFile, ...] = ()
        self.source = "base:abc"
        self.history = History(base_known=True)

    def evidence(self, aim: float = 8.0) -> Evidence:
        document = load(json.dumps(self.content, indent=1).encode(), "release.json")
        ledger = LedgerFile(path=PATH, content=self.base)
        return Evidence(
            manifest=decode_manifest(document, sections()),
            tree=open_working_tree(self.folder),
            trusted=Trusted(source=self.source, ledger=ledger, ledgers=self.others, window_epsilon=aim),
            facts=FactBook(),
            today=TODAY,
            stage=Stage.CANDIDATE,
            history=self.history,
        )

    def write(self, content: bytes) -> None:
        path = self.folder / PATH
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def enter(self, day: str = "2026-07-10", after: bytes | None = None) -> bytes:
        """Write the ledger with this release's own line at the end."""
        before = self.base if after is None else after
        evidence = self.evidence()
        collect(COLLECTORS, evidence)
        whole = append(before, own_entry(evidence, day, previous_of(before)))
        self.write(whole)
        return whole

    def land(self) -> None:
        """Let the base have the manifest, too."""
        self.history = History(base_known=True, manifest=self.evidence().manifest.digest)

    def found(self, aim: float = 8.0, **trusted: object) -> FactBook:
        evidence = self.evidence(aim)
        return collect(COLLECTORS, replace(evidence, trusted=replace(evidence.trusted, **trusted)))

    def kept(self) -> LedgerKept | Missing:
        return only(self.found(), LedgerKept)

    def spend(self, **trusted: object) -> WindowSpend | Missing:
        return only(self.found(**trusted), WindowSpend)


@pytest.fixture
def world(tmp_path) -> World:
    return World(tmp_path)


def test_the_own_line_has_all_bytes_that_ship_and_the_data_of_people_alone(world) -> None:
    world.enter()
    (*_, last) = lines_in(world)
    assert last["artifacts"] == sorted([sha_of(MODEL), sha_of(b"yes\n")])
    assert last["population"]["datasets"] == [sha_of(PEOPLE)]


def lines_in(world: World) -> list[dict]:
    return [json.loads(line) for line in (world.folder / PATH).read_bytes().splitlines()]


def test_a_stated_digest_of_data_that_is_not_here_is_one_to_know_it_by(world) -> None:
    nodes = manifest_of()["lineage"]["nodes"]
    nodes[0] = {**nodes[0], "path": "far/away", "digest": {"sha256": sha_of(b"far away")}}
    world.content = manifest_of(lineage={**manifest_of()["lineage"], "nodes": nodes})
    world.enter()
    assert lines_in(world)[-1]["population"]["datasets"] == [sha_of(b"far away")]


def test_a_ledger_with_the_own_line_is_kept(world) -> None:
    world.enter()
    kept = world.kept()
    assert (kept.fault, kept.lines, kept.new_lines, kept.oldest_new_days) == (LedgerFault.NONE, 3, 1, 0)


def test_a_release_that_landed_needs_no_new_line(world) -> None:
    world.base = world.enter()
    world.write(world.base + b"")
    kept = world.kept()
    assert (kept.fault, kept.new_lines) == (LedgerFault.NONE, 0)


def test_what_landed_is_not_held_against_files_that_changed_since(world) -> None:
    world.base = world.enter()
    world.land()
    (world.folder / "people").write_bytes(b"others")
    assert world.kept().fault is LedgerFault.NONE


def test_a_line_that_landed_without_its_manifest_is_held_against_it(world) -> None:
    *landed, own = world.enter().splitlines(keepends=True)
    quiet = own.replace(b'"noise_multiplier":1.2,"', b'"noise_multiplier":99.0,"')
    assert quiet != own
    world.base = b"".join((*landed, quiet))
    world.write(world.base)
    assert world.kept().fault is LedgerFault.DIFFERS
    assert world.spend().releases == 3


def test_without_a_base_the_own_line_is_still_held_against_the_manifest(world) -> None:
    world.source = "head"
    world.base = world.enter()
    (world.folder / "people").write_bytes(b"others")
    assert world.kept().fault is LedgerFault.DIFFERS


@pytest.mark.parametrize(
    ("tell", "fault", "line"),
    [
        (lambda world: world.write(world.base), LedgerFault.NO_LINE, 0),
        (lambda world: None, LedgerFault.GONE, 0),
        (lambda world: world.write(b""), LedgerFault.GONE, 0),
        (lambda world: world.enter(after=book(entry(1, "2026-01-10"))), LedgerFault.CHANGED, 2),
        (lambda world: world.enter(after=book(entry(2, "2026-04-10"))), LedgerFault.CHANGED, 1),
        (lambda world: world.write(world.enter()[:-1]), LedgerFault.BROKEN, 3),
        (lambda world: world.write(world.enter() + b"\n"), LedgerFault.BROKEN, 4),
        (lambda world: world.write(world.enter() * 2), LedgerFault.BROKEN, 4),
        (lambda world: world.enter("2026-07-11"), LedgerFault.DATED, 3),
        (lambda world: world.enter("2026-04-09"), LedgerFault.DATED, 3),
    ],
    ids=["none", "absent", "empty", "cut", "other", "short", "blank", "twice", "to come", "back"],
)
def test_what_is_wrong_is_named_with_its_line(world, tell, fault, line) -> None:
    tell(world)
    kept = world.kept()
    assert (kept.fault, kept.line) == (fault, line)


def test_a_newer_line_of_the_same_name_is_not_passed_over(world) -> None:
    world.enter()
    whole = (world.folder / PATH).read_bytes()
    newer = entry(7, "2026-07-10", previous=previous_of(whole))
    world.write(append(whole, newer))
    assert world.kept().fault is LedgerFault.NOT_NEWEST


def test_the_landed_number_with_another_manifest_is_named(world) -> None:
    world.base = world.enter()
    world.content = manifest_of(metadata={"name": "kws", "version": "1.4", "sequence": 3})
    kept = world.kept()
    assert kept.fault is LedgerFault.OTHER_MANIFEST
    assert "line 3 landed with the manifest sha256:" in kept.detail


@pytest.mark.parametrize("stated", ["privacy/other.jsonl", "ledger.jsonl"])
def test_a_manifest_that_names_another_ledger_is_named(world, stated) -> None:
    world.enter()
    world.content = manifest_of(privacy=privacy(ledger=stated))
    assert world.kept().fault is LedgerFault.OTHER_PATH


@pytest.mark.parametrize("stated", ["../ledger.jsonl", "/etc/ledger", "privacy\\ledger.jsonl"])
def test_a_ledger_outside_the_tree_is_unknown(world, stated) -> None:
    world.enter()
    world.content = manifest_of(privacy=privacy(ledger=stated))
    assert isinstance(world.kept(), Missing)


def test_a_ledger_that_is_a_link_is_unknown(world) -> None:
    world.enter()
    (world.folder / PATH).rename(world.folder / "elsewhere")
    (world.folder / PATH).symlink_to(world.folder / "elsewhere")
    assert isinstance(world.kept(), Missing)


@pytest.mark.parametrize("content", [b"{}\n", b"\n", book(entry(1))[:-1]])
def test_a_base_whose_ledger_cannot_be_read_leaves_everything_unknown(world, content) -> None:
    world.base = content
    world.write(content)
    for kind in KINDS:
        assert only(world.found(), kind).reason is Reason.UNREADABLE


def test_a_base_whose_ledger_this_clone_does_not_have_leaves_everything_unknown(world) -> None:
    world.enter()
    found = world.found(ledger=LedgerFile(path=PATH, fault="LFS pointer: far away"))
    for kind in KINDS:
        assert "LFS pointer" in only(found, kind).detail


@pytest.mark.parametrize("section", ["privacy", "lineage"])
def test_without_claim_or_lineage_nothing_is_known(world, section) -> None:
    world.write(world.base)
    world.content = manifest_of(**{section: None})
    found = world.found()
    assert isinstance(only(found, WindowSpend), Missing)
    assert isinstance(only(found, WindowForecast), Missing)


def test_people_without_a_digest_are_unknown_whatever_other_data_has(world) -> None:
    world.enter()
    nodes = [{key: one for key, one in node.items() if key != "path"} for node in manifest_of()["lineage"]["nodes"]]
    nodes[1]["path"] = "noises"
    world.content = manifest_of(lineage={**manifest_of()["lineage"], "nodes": nodes})
    found = world.spend()
    assert (found.reason, "'people' has no digest" in found.detail) == (Reason.NOT_DECLARED, True)


# What the window spent


def test_the_window_counts_the_lines_of_the_base_and_this_release(world) -> None:
    world.enter()
    spend = world.spend()
    assert (spend.releases, spend.window_days, spend.claims_sum, spend.leaves) == (3, 365, 14.7, "2027-01-10")
    assert spend.epsilon_upper <= 7.45
    assert spend.counted[0] == f"kws 1 of 2026-01-10, claimed 4.9 ({PATH}:1)"


def test_it_is_known_as_tightly_as_policy_asks_and_no_tighter(world) -> None:
    loose, tight = (world.spend(window_epsilon=aim) for aim in (20.0, 8.0))
    assert loose.epsilon_upper > 8.0 > tight.epsilon_upper
    assert (loose.epsilon_lower, tight.epsilon_lower > 7.4) == (0.0, True)


def test_a_line_that_only_the_head_has_counts_too(world) -> None:
    more = append(
        world.base, entry(1, "2026-07-01", name="wake", artifacts=[sha("f")], previous=previous_of(world.base))
    )
    world.enter(after=more)
    assert world.spend().releases == 4


def test_a_head_whose_lines_were_changed_takes_nothing_away(world) -> None:
    world.enter(after=b"")
    assert world.spend().releases == 3


def test_ledgers_of_other_repositories_count(world) -> None:
    theirs = book(entry(5, "2026-05-01", name="wake"), entry(6, "2026-06-01", name="wake"))
    world.others = (LedgerFile(path="ledgers/wake.jsonl", content=theirs),)
    spend = world.spend()
    assert spend.releases == 5
    assert any("ledgers/wake.jsonl:2" in one for one in spend.counted)
    world.others = (LedgerFile(path="ledgers/wake.jsonl", content=theirs[:-1]),)
    assert world.spend().reason is Reason.UNREADABLE


def test_the_manifests_own_window_is_used_and_kept_in_the_fact(world) -> None:
    world.content = manifest_of(privacy=privacy(population={"id": "kws-users", "size": 400, "window_days": 100}))
    assert (world.spend().window_days, world.spend().releases) == (100, 2)


def test_the_noise_that_is_advised_fits(world) -> None:
    aim = 7.0
    (advice,) = world.spend(window_epsilon=aim).noise_advice
    world.content = manifest_of(
        privacy=privacy(phases=[phase(dataset="people", noise_multiplier=advice.noise_multiplier)])
    )
    assert world.spend(window_epsilon=aim).epsilon_upper <= aim


def test_the_forecast_says_what_one_more_release_would_come_to(world) -> None:
    forecast = only(world.found(), WindowForecast)
    assert len(forecast.with_more) == 1
    assert forecast.with_more[0] == pytest.approx(8.64, abs=0.01)


def test_every_fact_names_the_same_release(world) -> None:
    assert len(lines(entry(1), entry(2))) == 2
    assert {entry.subject.kind for kind in KINDS for entry in world.found().entries(kind)} == {"release"}
