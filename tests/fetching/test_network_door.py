from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "policy_gate"
NETWORK = {
    "aiohttp", "asyncio", "ftplib", "github", "http", "httpx", "imaplib", "poplib", "requests", "select", "selectors", "smtplib",
    "socket", "socketserver", "ssl", "telnetlib", "urllib", "urllib3", "wsgiref", "xmlrpc",
}  # fmt: skip
MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def imports(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse((PACKAGE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def opens_something(name: str) -> bool:
    """Whether a module of this name can open a socket; `urllib.parse` only takes addresses apart."""
    return name.split(".", maxsplit=1)[0] in NETWORK and not name.startswith("urllib.parse")


@pytest.mark.parametrize("module", MODULES)
def test_a_module_other_than_the_two_doors_knows_no_network(module) -> None:
    found = {name for name in imports(module) if opens_something(name)}
    assert bool(found) is (module in ("fetching.py", "github/client.py")), found


def test_only_the_command_that_fetches_knows_its_door() -> None:
    knowing = {module for module in MODULES if "policy_gate.fetching" in set(imports(module))}
    assert knowing == {"cli/policy_lock.py", "pinning.py"}


def test_only_the_job_knows_the_door_to_github_and_nothing_that_judges() -> None:
    knowing = {
        module.split("/")[0]
        for module in MODULES
        if any(name == "policy_gate.github" or name.startswith("policy_gate.github.") for name in imports(module))
    }
    assert knowing == {"actions", "github"}
