"""Puts a policy together: packs resolved, rules selected, parameters filled in, every value with its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from policy_gate.document import Document, bind, load, problem
from policy_gate.errors import PolicyError, Problem
from policy_gate.frozen import dataclass
from policy_gate.model import Input, Mode, Place, Stage
from policy_gate.policy.pack import ConfigDocument, ConfigSpec, Inclusion, PackDocument, Parameter, Rule

BUILTIN = "builtin:"
MAX_PACK_DEPTH = 8
PARAMETER = re.compile(r"\$([a-z][a-z0-9_]{0,63})")

ReadPack = Callable[[str], bytes]
"""Reads a pack named by a path relative to the configuration; raises GateError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One limit as a policy gives it: the value, and where it stands."""

    value: object
    document: Document
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """A selected rule with its limits filled in; `document` and `pointer` say where the rule is written."""

    rule: Rule
    mode: Mode
    limits: Mapping[str, Setting]
    document: Document
    pointer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The rules one run is judged by, ordered by id, and the files they came from."""

    rules: tuple[PolicyRule, ...]
    names: tuple[str, ...]
    inputs: tuple[Input, ...]

    def for_stage(self, stage: Stage) -> tuple[PolicyRule, ...]:
        """The rules that apply at a stage."""
        return tuple(rule for rule in self.rules if stage in rule.rule.stages)


@dataclass(frozen=True, slots=True)
class _Pack:
    name: str
    document: Document
    content: PackDocument


def builtin_folder() -> Path:
    """Where the shipped packs lie: inside the installed package, or beside it in a checkout of this project."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "builtin"
    return inside if inside.is_dir() else package.parent / "policies"


def builtin_names() -> tuple[str, ...]:
    """Names of the shipped packs, sorted."""
    return tuple(sorted(path.stem for path in builtin_folder().glob("*.yaml")))


def load_config(content: bytes, path: str) -> tuple[ConfigSpec, Document]:
    """Decode a configuration file; raises DocumentError or PolicyError with every problem."""
    document = load(content, path)
    bound = bind(document, ConfigDocument, error=PolicyError)
    return bound.spec, document


def load_policy(
    names: Sequence[str],
    read: ReadPack,
    parameters: Mapping[str, object],
    config: Document | None,
    source: str,
    *,
    complete: bool = True,
) -> Policy:
    """Resolve packs and fill in parameters.

    `source` says which tree `read` reads, for the record.
    With `complete` off, for reading and never for judging, a required parameter without value stays `$name`.
    Raises PolicyError for an unknown pack, rule or parameter, a repeated rule, an endless inclusion, no rule at all.
    """
    packs: dict[str, _Pack] = {}
    selected: dict[str, PolicyRule] = {}
    for name in names:
        for chosen in _rules_of(name, read, packs, ()):
            if chosen.rule.id in selected and selected[chosen.rule.id].document is not chosen.document:
                raise PolicyError(problem(chosen.document, chosen.pointer, f"rule id {chosen.rule.id} is already used"))
            # The same rule by two ways: the stricter mode holds, so that the order of packs never matters.
            if chosen.rule.id not in selected or _stricter(chosen.mode, selected[chosen.rule.id].mode):
                selected[chosen.rule.id] = chosen
    if not selected:
        raise PolicyError("the policy selects no rule; a gate without rules judges nothing")
    values = _parameter_values(packs.values(), parameters, config)
    rules = tuple(_filled(selected[rule_id], values, complete=complete) for rule_id in sorted(selected))
    return Policy(rules=rules, names=tuple(names), inputs=_inputs(packs.values(), source))


def _stricter(mode: Mode, than: Mode) -> bool:
    order = (Mode.AUDIT, Mode.WARN, Mode.ENFORCE)
    return order.index(mode) > order.index(than)


def _rules_of(name: str, read: ReadPack, packs: dict[str, _Pack], above: tuple[str, ...]) -> Iterator[PolicyRule]:
    if name in above or len(above) >= MAX_PACK_DEPTH:
        raise PolicyError(f"packs include each other without end: {' > '.join((*above, name))}")
    pack = packs.get(name) or _load_pack(name, read)
    packs[name] = pack
    for position, rule in enumerate(pack.content.spec.rules):
        yield PolicyRule(
            rule=rule, mode=rule.mode, limits={}, document=pack.document, pointer=f"/spec/rules/{position}"
        )
    for position, inclusion in enumerate(pack.content.spec.include):
        included: dict[str, PolicyRule] = {}
        for one in _rules_of(inclusion.pack, read, packs, (*above, name)):
            if one.rule.id not in included or _stricter(one.mode, included[one.rule.id].mode):
                included[one.rule.id] = one
        yield from _included(pack, position, inclusion, included)


def _included(
    pack: _Pack, position: int, inclusion: Inclusion, offered: Mapping[str, PolicyRule]
) -> Iterator[PolicyRule]:
    wanted = inclusion.rules if inclusion.rules is not None else tuple(offered)
    pointer = f"/spec/include/{position}"
    if not wanted:
        raise PolicyError(problem(pack.document, pointer, f"nothing is taken from {inclusion.pack}"))
    for rule_id in (*wanted, *inclusion.modes):
        if rule_id not in offered:
            known = ", ".join(sorted(offered))
            raise PolicyError(
                problem(pack.document, pointer, f"pack {inclusion.pack} has no rule {rule_id}", f"it has {known}")
            )
    for rule_id in wanted:
        yield replace(offered[rule_id], mode=inclusion.modes.get(rule_id, offered[rule_id].mode))


def _load_pack(name: str, read: ReadPack) -> _Pack:
    if name.startswith(BUILTIN):
        content = _builtin_content(name)
    else:
        content = read(name)
    # The suffix tells YAML from JSON; a shipped pack is always YAML.
    document = load(content, name if not name.startswith(BUILTIN) else f"{name}.yaml")
    return _Pack(name, document, bind(document, PackDocument, error=PolicyError))


def _builtin_content(name: str) -> bytes:
    wanted = name.removeprefix(BUILTIN)
    if wanted not in builtin_names():
        raise PolicyError(Problem(f"there is no pack '{name}'", hint=f"shipped packs: {', '.join(builtin_names())}"))
    return (builtin_folder() / f"{wanted}.yaml").read_bytes()


def _parameter_values(
    packs: Iterable[_Pack], given: Mapping[str, object], config: Document | None
) -> dict[str, Setting | Parameter]:
    """Every parameter of the packs: its value and place, or the declaration of a required one without value."""
    values: dict[str, Setting | Parameter] = {}
    for pack in packs:
        for name, parameter in pack.content.spec.parameters.items():
            pointer = f"/spec/parameters/{name}"
            if name in values and values[name] != _default(pack, pointer, parameter):
                raise PolicyError(problem(pack.document, pointer, f"parameter '{name}' is declared twice"))
            values[name] = _default(pack, pointer, parameter)
    for name, value in given.items():
        pointer = f"/spec/parameters/{name}"
        if name not in values:
            message = f"no pack has a parameter '{name}'"
            hint = f"parameters: {', '.join(sorted(values)) or 'none'}"
            raise PolicyError(problem(config, pointer, message, hint) if config else Problem(message, hint=hint))
        if config is not None:
            values[name] = Setting(value=value, document=config, pointer=pointer)
    return values


def _default(pack: _Pack, pointer: str, parameter: Parameter) -> Setting | Parameter:
    if parameter.required or "default" not in parameter.model_fields_set:
        return parameter
    return Setting(value=parameter.default, document=pack.document, pointer=f"{pointer}/default")


def _filled(chosen: PolicyRule, values: Mapping[str, Setting | Parameter], *, complete: bool) -> PolicyRule:
    limits: dict[str, Setting] = {}
    for name, written in chosen.rule.limits.items():
        pointer = f"{chosen.pointer}/check/{chosen.rule.check_name}/{name}"
        used = PARAMETER.fullmatch(written) if isinstance(written, str) else None
        if used is None or (not complete and isinstance(values.get(used[1]), Parameter)):
            limits[name] = Setting(value=written, document=chosen.document, pointer=pointer)
            continue
        value = values.get(used[1])
        if not isinstance(value, Setting):
            state = "is required, and configuration gives no value" if value else "is declared by no pack"
            raise PolicyError(problem(chosen.document, pointer, f"parameter '{used[1]}' {state}"))
        limits[name] = value
    return replace(chosen, limits=limits)


def _inputs(packs: Iterable[_Pack], source: str) -> tuple[Input, ...]:
    found = (
        Input(
            role="policy",
            source="builtin" if pack.name.startswith(BUILTIN) else source,
            path=pack.name,
            digest=f"sha256:{hashlib.sha256(pack.document.content).hexdigest()}",
        )
        for pack in packs
    )
    return tuple(sorted(found, key=lambda one: (one.source, one.path)))


def place_of(document: Document, pointer: str, source: str) -> Place:
    """The place of a pointer, or of its nearest parent that is there."""
    nearest, span = document.nearest(pointer)
    absent = nearest != pointer
    return Place(
        source=source,
        path=document.path,
        pointer=pointer,
        line=span.line,
        column=span.column,
        # A parent stands in for what is absent: its first character says where to add, not what is wrong.
        end_line=span.line if absent else span.end_line,
        end_column=span.column + 1 if absent else span.end_column,
    )
