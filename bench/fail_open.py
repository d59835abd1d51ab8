"""`make show-fail-open`: what the gate and peers answer to inputs they cannot judge; fails where ours passes one."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent / "cases"))

from fail_open_cases import ROWS, Row
from gate_cases import Answer, ask, make_released, verdict_word
from peer_tools import ask_peer, present_peers

WHAT, CELL, SHOWN = 46, 18, 58
NOTES = """
The peers' rules stand in bench/cases/peer_tools.py; the two controls show that they work.
Where a rule is the matter, the peers' release has an epsilon of 99, which a working rule refuses.
An empty folder is a schema that says nothing, where there are no folders of schemas. A bad algorithm is found by
checkov where `signatures[*].alg` is asked with an operator of jsonpath; `signatures.*.alg` is content with one match.
"""


def main() -> int:
    """Print one line a case; 1 when ours is not as the case asks, or a control shows that a peer is not set up."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours-only", action="store_true", help="do not run, nor install, the peers")
    peers = () if parser.parse_args().ours_only else present_peers()
    kept = True
    _print("input", "policy-gate", peers, "what policy-gate names")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        released = make_released(folder / "released")
        for number, row in enumerate(ROWS):
            here = folder / f"{number}"
            answer = ask(row.ours, released, here / "ours")
            codes = [ask_peer(peer, row.edit, row.policy, here / peer) for peer in peers]
            ours = answer.is_as_expected(row.ours)
            kept &= ours and _is_control_kept(row, codes)
            _print(
                row.ours.words,
                f"{_cell(answer.code)}{'' if ours else ' BROKEN'}",
                tuple(_cell(code) for code in codes),
                _shown(answer),
            )
    if peers and "conftest" not in peers:
        print("\nconftest is not on PATH here, so it is left out.")
    if peers:
        print(NOTES)
    return 0 if kept else 1


def _is_control_kept(row: Row, codes: list[int]) -> bool:
    return row.passes is None or all((code == 0) is row.passes for code in codes)


def _cell(code: int) -> str:
    word = verdict_word(code)
    return word if word.startswith("exit") else f"{word} ({code})"


def _shown(answer: Answer) -> str:
    # Where it is, without the folders of the example that every line would repeat.
    why = answer.why.replace("examples/keyword-spotting/", "")
    return why if len(why) <= SHOWN else f"{why[: SHOWN - 1]}…"


def _print(what: str, ours: str, peers: tuple[str, ...], why: str) -> None:
    cells = "".join(f"{cell:<{CELL}}" for cell in (ours, *peers))
    print(f"{what:<{WHAT}} {cells}{why}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
