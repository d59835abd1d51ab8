"""The rule engine: orders collectors by the facts they need, judges every subject, folds to a verdict."""

from policy_gate.engine.advising import advice
from policy_gate.engine.base import Base, Exempt, Exempted, Setting
from policy_gate.engine.collecting import collect, wanted_collectors
from policy_gate.engine.flips import flips_between
from policy_gate.engine.judging import SCHEMA, evaluate, exit_code, fold, judge_facts
from policy_gate.engine.replaying import base_of, not_replayable, replay
from policy_gate.model import BaseState

__all__ = [
    "SCHEMA",
    "Base",
    "BaseState",
    "Exempt",
    "Exempted",
    "Setting",
    "advice",
    "base_of",
    "collect",
    "evaluate",
    "exit_code",
    "flips_between",
    "fold",
    "judge_facts",
    "not_replayable",
    "replay",
    "wanted_collectors",
]
