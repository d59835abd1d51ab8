"""Reads packs and follows inclusions: every rule that is taken, every value a parameter is given on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from policy_gate import __version__
from policy_gate.document import Document, bind, load, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Mode
from policy_gate.policy.direction import stricter_mode
from policy_gate.policy.exceptions import read_day
from policy_gate.policy.pack import Inclusion, PackDocument, Parameter, Rule
from policy_gate.policy.sources import included_source
from policy_gate.policy.versions import at_least

BUILTIN = "builtin:"
MAX_PACK_DEPTH = 8
MAX_PACKS = 200
MAX_POLICY_BYTES = 2 * 1024 * 1024
MAX_TAKEN = 20_000
"""Rules, parameters and inclusions over all ways: packs that include each other several times multiply."""
ALWAYS = "builtin:policy"
"""The rules about policies themselves, which are part of every policy."""

ReadPack = Callable[[str], bytes]
"""Reads a pack named by a path or a pinned source; raises GateError."""


@dataclass(frozen=True, slots=True)
class Pack:
    """One pack file, decoded."""

    name: str
    document: Document
    content: PackDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One value as a policy gives it, where it stands, and in what: a pack, a preset, the configuration."""

    value: object
    document: Document
    pointer: str
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One `when`: the expression and where it stands."""

    text: str
    document: Document
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A rule by one way through the inclusions; `mode` holds today, `mode_after` once a rollout is over."""

    rule: Rule
    pack: Pack
    pointer: str
    mode: Mode
    mode_after: Mode
    note: str
    conditions: tuple[Condition, ...]
    floor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A parameter as one way through the inclusions gives it; `setting` is None where nothing gives a value."""

    name: str
    parameter: Parameter
    pack: Pack
    setting: Setting | None
    floor: bool


def builtin_folder() -> Path:
    """Where the shipped packs lie: inside the installed package, or beside it in a checkout of this project."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "builtin"
    return inside if inside.is_dir() else package.parent / "policies"


def builtin_names() -> tuple[str, ...]:
    """Names of the shipped packs, sorted."""
    return tuple(sorted(path.stem for path in builtin_folder().glob("*.yaml")))


class PackReader:
    """Reads each pack once; `today` decides which rollouts are over."""

    def __init__(self, read: ReadPack, today: str) -> None:
        """Read packs of the tree by `read`, shipped ones from the package."""
        self._read = read
        self._today = today
        self._bytes_read = 0
        self._taken = 0
        self.packs: dict[str, Pack] = {}

    def take(
        self, name: str, above: tuple[str, ...] = (), given: Mapping[str, Setting] | None = None, *, floor: bool = False
    ) -> Iterator[Taken | Offer]:
        """Yield every rule and parameter of a pack and of what it includes; values `given` from above win."""
        if name in above or len(above) >= MAX_PACK_DEPTH:
            raise PolicyError(f"packs include each other without end: {' > '.join((*above, name))}")
        pack = self.pack(name)
        spec = pack.content.spec
        self._count(1 + len(spec.parameters) + len(spec.rules))
        given = given or {}
        for key, parameter in pack.content.spec.parameters.items():
            yield Offer(
                name=key, parameter=parameter, pack=pack, setting=given.get(key) or _default(pack, key), floor=floor
            )
        for position, rule in enumerate(pack.content.spec.rules):
            yield self._own(pack, rule, f"/spec/rules/{position}", floor=floor)
        for position, inclusion in enumerate(pack.content.spec.include):
            pointer = f"/spec/include/{position}"
            inner = {**_values(pack, pointer, inclusion), **given}
            included = included_source(name, inclusion.pack)
            found = list(self.take(included, (*above, name), inner, floor=floor))
            yield from _selected(pack, pointer, inclusion, found)

    def pack(self, name: str) -> Pack:
        """One pack by its name; raises PolicyError where there is none, or where it needs a newer tool."""
        if name not in self.packs:
            content = builtin_content(name) if name.startswith(BUILTIN) else self._read(name)
            self._bytes_read += len(content)
            if len(self.packs) >= MAX_PACKS or self._bytes_read > MAX_POLICY_BYTES:
                most = f"at most {MAX_PACKS} packs and {MAX_POLICY_BYTES // 1024} KiB are read"
                raise PolicyError(f"the policy is too large: {most}, and {name} is one more")
            self.packs[name] = decode_pack(content, name)
        return self.packs[name]

    def reached(self, names: Iterable[str]) -> frozenset[str]:
        """Of the packs that were read, those with these names and all that they include."""
        waiting, found = list(names), set[str]()
        while waiting:
            name = waiting.pop()
            if name not in found and name in self.packs:
                found.add(name)
                waiting.extend(included_source(name, one.pack) for one in self.packs[name].content.spec.include)
        return frozenset(found)

    def _count(self, taken: int) -> None:
        self._taken += taken
        if self._taken > MAX_TAKEN:
            raise PolicyError(f"the policy is too large: its packs include each other more than {MAX_TAKEN} times over")

    def _own(self, pack: Pack, rule: Rule, pointer: str, *, floor: bool) -> Taken:
        mode = after = rule.mode
        note = ""
        if rule.rollout is not None:
            _refuse_no_day(pack, f"{pointer}/rollout/effective_on", rule.rollout.effective_on)
            after = rule.rollout.mode_after
            mode = rule.rollout.mode if self._today < rule.rollout.effective_on else after
            if stricter_mode(rule.rollout.mode, after) is not after:
                raise PolicyError(
                    problem(pack.document, f"{pointer}/rollout", "a rollout ends stricter than it starts, not looser")
                )
            if mode is not after:
                note = f"{after.value} from {rule.rollout.effective_on} on"
        conditions = (
            (Condition(text=rule.when, document=pack.document, pointer=f"{pointer}/when"),) if rule.when else ()
        )
        return Taken(
            rule=rule,
            pack=pack,
            pointer=pointer,
            mode=mode,
            mode_after=after,
            note=note,
            conditions=conditions,
            floor=floor,
        )


def is_plain(name: str) -> bool:
    """Whether a pack is named by its path in the tree."""
    return "://" not in name and not name.startswith(BUILTIN)


def _refuse_no_day(pack: Pack, pointer: str, day: str) -> None:
    """A rollout until a day that does not exist would never be over, or be over on another day than it says."""
    try:
        read_day(day)
    except ValueError as error:
        raise PolicyError(problem(pack.document, pointer, f"effective_on {error}")) from error


@lru_cache(maxsize=2 * MAX_PACKS)  # the stages of a policy, and its preview, read the same packs
def decode_pack(content: bytes, name: str) -> Pack:
    """Decode the bytes of a pack; raises GateError with every problem."""
    # The suffix tells YAML from JSON; a shipped or fetched pack is always YAML.
    document = load(content, name if is_plain(name) else f"{name.rpartition('#')[2].removesuffix('.yaml')}.yaml")
    _refuse_old_tool(document)
    return Pack(name, document, bind(document, PackDocument, error=PolicyError))


def _refuse_old_tool(document: Document) -> None:
    """A pack that needs a newer tool says so before its new words are called unknown; no rule is ever skipped."""
    needed = document.get("/metadata/requires")
    if not isinstance(needed, str):
        return  # absent, or of a wrong type, which binding reports
    try:
        enough = at_least(__version__, needed)
    except ValueError as error:
        raise PolicyError(problem(document, "/metadata/requires", f"'{needed}' is no version: {error}")) from error
    if not enough:
        message = f"this pack needs policy-gate {needed} or newer, and this is {__version__}"
        raise PolicyError(problem(document, "/metadata/requires", message, "upgrade policy-gate: no rule is skipped"))


def builtin_content(name: str) -> bytes:
    """The bytes of a shipped pack; raises PolicyError where there is none of this name."""
    wanted = name.removeprefix(BUILTIN)
    if wanted not in builtin_names():
        raise PolicyError(Problem(f"there is no pack '{name}'", hint=f"shipped packs: {', '.join(builtin_names())}"))
    return (builtin_folder() / f"{wanted}.yaml").read_bytes()


def _default(pack: Pack, name: str) -> Setting | None:
    parameter = pack.content.spec.parameters[name]
    if not parameter.has_default:
        return None
    pointer = f"/spec/parameters/{name}/default"
    return Setting(value=parameter.default, document=pack.document, pointer=pointer, origin=f"pack {pack.name}")


def _values(pack: Pack, pointer: str, inclusion: Inclusion) -> dict[str, Setting]:
    return {
        name: Setting(
            value=value, document=pack.document, pointer=f"{pointer}/parameters/{name}", origin=f"pack {pack.name}"
        )
        for name, value in inclusion.parameters.items()
    }


def _selected(
    pack: Pack, pointer: str, inclusion: Inclusion, found: Sequence[Taken | Offer]
) -> Iterator[Taken | Offer]:
    offers = [one for one in found if isinstance(one, Offer)]
    rules = [one for one in found if isinstance(one, Taken)]
    offered = {one.rule.id for one in rules}
    wanted = offered if inclusion.rules is None else set(inclusion.rules)
    if not wanted:
        raise PolicyError(problem(pack.document, pointer, f"nothing is taken from {inclusion.pack}"))
    for key, named in (("rules", inclusion.rules or ()), ("modes", inclusion.modes), ("when", inclusion.when)):
        for rule_id in named:
            if rule_id not in offered:
                _refuse_name(pack, f"{pointer}/{key}", f"pack {inclusion.pack} has no rule {rule_id}", offered)
            if rule_id not in wanted:
                _refuse_name(pack, f"{pointer}/{key}", f"rule {rule_id} is not taken from {inclusion.pack}", wanted)
    names = {one.name for one in offers}
    for name in inclusion.parameters:
        if name not in names:
            where = f"{pointer}/parameters/{name}"
            _refuse_name(pack, where, f"pack {inclusion.pack} has no parameter '{name}'", names)
    yield from offers
    for one in rules:
        if one.rule.id in wanted:
            yield _changed(pack, pointer, inclusion, one)


def _refuse_name(pack: Pack, pointer: str, message: str, known: set[str]) -> None:
    raise PolicyError(problem(pack.document, pointer, message, f"it has {', '.join(sorted(known)) or 'none'}"))


def _changed(pack: Pack, pointer: str, inclusion: Inclusion, one: Taken) -> Taken:
    rule_id = one.rule.id
    if rule_id in inclusion.modes:
        mode = inclusion.modes[rule_id]
        one = replace(one, mode=mode, mode_after=mode, note="")
    if rule_id in inclusion.when:
        where = f"{pointer}/when/{rule_id}"
        condition = Condition(text=inclusion.when[rule_id], document=pack.document, pointer=where)
        one = replace(one, conditions=(*one.conditions, condition))
    return one
