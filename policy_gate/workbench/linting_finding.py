"""What lint says of a policy: an error that a run would refuse, a warning, or a note."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from policy_gate.document import Document, problem
from policy_gate.errors import Problem
from policy_gate.frozen import dataclass
from policy_gate.policy.packs import BUILTIN


class Level(StrEnum):
    """How much a finding matters: an error must be mended, a warning is a likely mistake, a note is worth a thought."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a policy can be loaded with, and that is likely not what was meant."""

    level: Level
    problem: Problem

    @property
    def shown(self) -> Problem:
        """The problem with its level before its words."""
        return replace(self.problem, message=f"{self.level.value}: {self.problem.message}")


def warning(document: Document, pointer: str, message: str, hint: str) -> Finding:
    """A likely mistake at a place."""
    return Finding(Level.WARNING, problem(document, pointer, message, hint))


def note(document: Document, pointer: str, message: str, hint: str) -> Finding:
    """Something worth a thought at a place."""
    return Finding(Level.NOTE, problem(document, pointer, message, hint))


def is_own(document: Document) -> bool:
    """Whether a document lies in the tree: what is shipped or fetched is not for its user to mend."""
    return not document.path.startswith(BUILTIN) and "://" not in document.path
