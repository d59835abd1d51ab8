"""Replay rate beside parsing alone: `policy replay` over records of the example, and `json.loads` of the same lines.

Both use two processes and start as a command does, so that start-up counts for both. The records are those of the
example release by `edge-release`, made different in name, version, sequence and multiply-accumulates; the policy
that is tried lowers one budget, so that about half of them flip.

    python bench/replay.py [--records 2000] [--rounds 3]

The default is a fifth of 10,000 records, since time grows with their number alone; ask for more to see that.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from measure import Command, Sample, in_turn, median_ms, peak_mib, ratio

PROJECT = Path(__file__).resolve().parents[1]
EXAMPLE = "examples/keyword-spotting"
OURS = [sys.executable, "-I", "-m", "policy_gate.cli"]
PROCESSES, SEED = 2, 20261123
MACS = 2_656_768
"""Multiply-accumulates of the example's model; its budget is 3,000,000."""
PARSE = """\
import json, os, sys
path, count = sys.argv[1], int(sys.argv[2])
def part(number):
    with open(path, "rb") as lines:
        for at, line in enumerate(lines):
            if at % count == number:
                json.loads(line)
for number in range(1, count):
    if not os.fork():
        part(number)
        os._exit(0)
part(0)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
"""


def example_record() -> str:
    """The record of the example release, as `check` writes it."""
    argv = ["check", f"{EXAMPLE}/release.yaml", "--config", f"{EXAMPLE}/policy-gate.yaml", "--no-base"]
    done = subprocess.run([*OURS, *argv, "--format", "json"], cwd=PROJECT, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return json.dumps(json.loads(done.stdout)["records"][0], sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def records(count: int) -> Iterator[str]:
    """Different records of one release, a line each."""
    source, template = random.Random(SEED), example_record()
    for number in range(count):
        changed = template.replace('"sequence":41', f'"sequence":{number}').replace("1.4.0", f"1.{number}.0")
        yield changed.replace("keyword-spotting", f"kws-{number % 97}").replace(
            str(MACS), str(source.randint(2_000_000, 2_999_999))
        )


def write_policies(folder: Path) -> Path:
    """The example's configuration with a lower budget; no trust file, since nothing is read but the record."""
    text = (PROJECT / EXAMPLE / "policy-gate.yaml").read_text(encoding="utf-8")
    path = folder / "policy-gate.yaml"
    path.write_text(text.replace("node-v2: 3000000", "node-v2: 2500000"), encoding="utf-8")
    return path


def main() -> int:
    """Print records a second of both, and the ratio."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    count: int = asked.records
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = folder / "records.jsonl"
        with lines.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{one}\n" for one in records(count))
        report = folder / "report.json"
        replay = ["policy", "replay", "--policy", str(write_policies(folder)), "--jobs", str(PROCESSES), str(lines)]
        commands = [
            Command("replay", [*OURS, *replay, "--format", "json", "--output", str(report)], folder, expect=(1,)),
            Command("parse", [sys.executable, "-I", "-c", PARSE, str(lines), str(PROCESSES)], folder),
        ]
        samples = in_turn(commands, asked.rounds)
        totals = json.loads(report.read_text(encoding="utf-8"))["totals"]
        kib = lines.stat().st_size / count / 1024
    _print(count, kib, samples, totals)
    return 0 if totals["releases"] == count and 0 < totals["newly_blocking"] < count else 1


def _print(count: int, kib: float, samples: dict[str, list[Sample]], totals: dict[str, int]) -> None:
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores{load}; {PROCESSES} processes each")
    print(f"{count:,} records of {kib:.0f} KiB: {totals['newly_blocking']:,} would newly be blocked\n")
    for name, words in (("replay", "policy replay"), ("parse", "json.loads alone")):
        seconds = median_ms(samples[name], wall=True) / 1000
        memory = f"{peak_mib(samples[name]):.0f} MiB"
        print(f"{words:<18} {seconds:>7.2f} s  {count / seconds:>8,.0f} records/s  {memory:>8} in the first process")
    wall, cpu = ratio(samples, "replay", "parse", wall=True), ratio(samples, "replay", "parse")
    print(f"{'ratio':<18} {wall:>7.2f} x of the time, {cpu:.2f} x of the work of all processors")


if __name__ == "__main__":
    sys.exit(main())
