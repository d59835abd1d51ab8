from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "policy_gate"
NETWORK = {
    "aiohttp", "asyncio", "ftplib", "http", "httpx", "imaplib", "poplib", "requests", "select", "selectors", "smtplib",
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


@pytest.mark.parametrize("module", MODULES)
def test_a_module_other_than_fetching_knows_no_network(module) -> None:
    found = {name for name in imports(module) if name.split(".")[0] in NETWORK}
    assert bool(found) is (module == "fetching.py"), found


def test_only_the_command_that_fetches_knows_the_door() -> None:
    knowing = {module for module in MODULES if "policy_gate.fetching" in set(imports(module))}
    assert knowing == {"cli/policy_lock.py", "pinning.py"}
