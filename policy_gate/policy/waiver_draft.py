"""Drafts a waiver for a finding, and adds it to a waiver file without touching what is there."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from policy_gate.document import load, load_yaml
from policy_gate.document.rendering import json_text, yaml_text
from policy_gate.errors import DocumentError, GateError, PolicyError, UsageError
from policy_gate.frozen import dataclass
from policy_gate.model import Judgement
from policy_gate.policy.exceptions import Proven, is_number
from policy_gate.policy.waiver_file import load_waivers
from policy_gate.policy.waivers import Circumstances, Waiver, decide, subject_words

if TYPE_CHECKING:
    from datetime import date

    from policy_gate.document import Document, Value

HEADER = "apiVersion: policy-gate/v1alpha1\nkind: WaiverList\nwaivers:\n"
_INDENTATION = "  "


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person says of a waiver to be drafted; optional text is "" where they say nothing."""

    id: str
    owner: str
    approved_by: tuple[str, ...]
    reason: str
    expires: str
    reference: str = ""
    versions: str = ""
    artifact: str = ""
    approval: str = ""


def next_waiver_id(waivers: Collection[Waiver], today: date) -> str:
    """The first id such as W-2026-014 of this year that no waiver has."""
    used = {one.id.casefold() for one in waivers}
    number = 1
    while f"w-{today.year}-{number:03d}" in used:
        number += 1
    return f"W-{today.year}-{number:03d}"


def draft_waiver(judgement: Judgement, wish: Wish, circumstances: Circumstances, *, already_running: int) -> str:
    """Draft the entry that would waive a finding, as YAML of one list item; it accepts what was measured and no more.

    Raises UsageError when a waiver cannot cover this finding, or not as wished.
    """
    if not subject_words(judgement.subject):
        raise UsageError(f"'{judgement.subject}' could be read as another subject, so that no waiver can name it")
    entry = _entry(judgement, wish, circumstances)
    text = _block(entry, "")
    try:
        (waiver,) = load_waivers(load(f"{HEADER}{text}".encode(), "the draft"))
    except UnicodeEncodeError:
        raise UsageError("a wish holds half a surrogate pair, which no file can hold") from None
    except GateError as error:
        raise UsageError("; ".join(one.message for one in error.problems)) from None
    # The approval can only be signed once there is a draft, so that here it counts as signed.
    signed = Proven(by=wish.approved_by)
    decision = decide(waiver, judgement, signed, circumstances, running=already_running + 1)
    if not decision.covers:
        raise UsageError(f"a waiver as wished would not cover this finding: {decision.message}")
    return text


def _entry(judgement: Judgement, wish: Wish, circumstances: Circumstances) -> dict[str, Value]:
    measured = judgement.measured
    entry: dict[str, Value] = {
        "id": wish.id,
        "rule": judgement.rule,
        "release": circumstances.release.name,
        "versions": wish.versions,
        "subject": subject_words(judgement.subject),
        "artifact": wish.artifact,
        "accept": measured if is_number(measured) else "",
        "found": measured if isinstance(measured, str) else "",
        "owner": wish.owner,
        "approved_by": list(wish.approved_by),
        "approval": wish.approval,
        "reason": wish.reason,
        "reference": wish.reference,
        "granted": circumstances.today.isoformat(),
        "expires": wish.expires,
    }
    return {key: value for key, value in entry.items() if value != ""}


def append_waiver(document: Document | None, entry: str, path: str) -> str:
    """Give the text of a waiver file with one drafted entry at its end; comments, order and line ends stay.

    `document` is the file as it is, None where there is none yet. Raises PolicyError when the file is no waiver file
    or would be none afterwards, GateError when the entry cannot be written without changing something else.
    """
    added = _read_entry(entry)
    if document is None:
        empty = '{"apiVersion": "policy-gate/v1alpha1", "kind": "WaiverList", "waivers": []}\n'
        content = empty if path.lower().endswith(".json") else f"{HEADER.rstrip()} []\n"
        document = load(content.encode(), path)
    before = load_waivers(document)
    text = _with_entry(document, added, len(before))
    try:
        after = load(text.encode(), document.path, document.limits)
        intended = json.loads(json.dumps(document.root))
        intended["waivers"].append(added)
        is_as_intended = json.dumps(after.root, sort_keys=True) == json.dumps(intended, sort_keys=True)
    except DocumentError:
        is_as_intended = False
    if not is_as_intended:
        raise GateError(f"{document.path}: the entry cannot be added without changing others; add it by hand:\n{entry}")
    load_waivers(after)
    return text


def _read_entry(entry: str) -> Mapping[str, Value]:
    root = load_yaml(entry.encode(), "the draft").root
    if not isinstance(root, list) or len(root) != 1 or not isinstance(root[0], dict):
        raise PolicyError("a draft is one entry of a waiver list")
    return root[0]


def _with_entry(document: Document, entry: Mapping[str, Value], count: int) -> str:
    text = document.text
    whole = document.span("/waivers")
    if text.startswith("[", whole.start) and (count or text.startswith("{", document.span("").start)):
        return _in_flow(document, entry, count)
    line_end = "\r\n" if "\r\n" in text else "\n"
    if not count:
        block = _block(entry, _INDENTATION).replace("\n", line_end)
        return _below(text[: whole.start].rstrip(" ") + text[whole.end :], whole.start - 1, block, line_end)
    block = _block(entry, " " * (whole.column - 1)).replace("\n", line_end)
    end = document.span(f"/waivers/{count - 1}").end
    return _below(text, end - 1 if text[end - 1 : end] == "\n" else end, block, line_end)


def _below(text: str, offset: int, block: str, line_end: str) -> str:
    """Put a block below the line of an offset."""
    at = text.find("\n", offset)
    return f"{text}{line_end}{block}" if at < 0 else f"{text[: at + 1]}{block}{text[at + 1 :]}"


def _in_flow(document: Document, entry: Mapping[str, Value], count: int) -> str:
    text = document.text
    written = json_text(dict(entry))  # JSON is YAML too
    if not count:
        start = document.span("/waivers").start + 1
        return f"{text[:start]}{written}{text[start:]}"
    end = document.span(f"/waivers/{count - 1}").end
    return f"{text[:end]}, {written}{text[end:]}"


def _block(entry: Mapping[str, Value], indentation: str) -> str:
    """Write an entry as an item of a YAML list, a line a key."""
    lines = [f"{key}: {yaml_text(value)}" for key, value in entry.items()]
    starts = ["- ", *["  "] * (len(lines) - 1)]
    return "".join(f"{indentation}{start}{line}\n" for start, line in zip(starts, lines, strict=True))
