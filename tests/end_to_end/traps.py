"""Everything a checkout can hold to have its own code run; whatever runs leaves a mark."""

from __future__ import annotations

import os
from pathlib import Path

MODULES = (
    "click.py",
    "conftest.py",
    "cryptography/__init__.py",
    "google/protobuf/__init__.py",
    "hashlib.py",
    "json.py",
    "jsonschema.py",
    "numpy/__init__.py",
    "onnx/__init__.py",
    "policy_gate/__init__.py",
    "pydantic/__init__.py",
    "pydantic_core/__init__.py",
    "sitecustomize.py",
    "usercustomize.py",
    "yaml.py",
)
HOOKS = (
    "applypatch-msg",
    "fsmonitor-watchman",
    "post-checkout",
    "post-index-change",
    "pre-commit",
    "reference-transaction",
)
COMMANDS = ("git", "ssh", "python3", "less", "gpg", "git-lfs")

CONFIGURATION = """\
[core]
	repositoryformatversion = 0
	bare = false
	fsmonitor = {trap} fsmonitor
	hooksPath = {hooks}
	sshCommand = {trap} ssh-command
	pager = {trap} pager
	editor = {trap} editor
	askPass = {trap}
	gitProxy = {trap} proxy
	alternateRefsCommand = {trap} alternates
	attributesFile = {root}/.gitattributes
[filter "evil"]
	clean = {trap} clean
	smudge = {trap} smudge
	process = {trap} process
	required = true
[diff]
	external = {trap} external-diff
[diff "evil"]
	textconv = {trap} textconv
	command = {trap} diff-command
[merge "evil"]
	driver = {trap} merge
[alias]
	ls-files = !{trap} alias
	ls-tree = !{trap} alias
	cat-file = !{trap} alias
	rev-parse = !{trap} alias
[credential]
	helper = !{trap} credential
[uploadpack]
	packObjectsHook = {trap} pack-objects
[remote "origin"]
	url = ext::{trap} remote
	promisor = true
	uploadpack = {trap} upload-pack
[extensions]
	partialClone = origin
[protocol "ext"]
	allow = always
[gpg]
	program = {trap} gpg
"""


def lay_traps(root: Path, sprung: Path) -> None:
    """Put hostile modules, commands, hooks, attributes and git settings in a checkout."""
    trap = _script(root / "bin" / "trap", sprung, "${1:-trap}")
    for name in COMMANDS:
        _script(root / "bin" / name, sprung, name)
    for name in HOOKS:
        _script(root / ".git" / "hooks" / name, sprung, f"hook-{name}")
        _script(root / "hooks" / name, sprung, f"hooks-path-{name}")
    for name in MODULES:
        module = root / name
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(f"open({str(sprung / name.replace('/', '-'))!r}, 'w').close()\n")
    (root / ".gitattributes").write_text("* filter=evil diff=evil merge=evil\n")
    if (root / ".git" / "config").exists():
        words = {"trap": trap, "hooks": root / "hooks", "root": root}
        (root / ".git" / "config").write_text(CONFIGURATION.format(**words))


def hostile_environment(root: Path, sprung: Path) -> dict[str, str]:
    """What a careless job could export: the checkout first everywhere."""
    trap = f"{root / 'bin' / 'trap'}"
    kept = {name: one for name, one in os.environ.items() if name not in ("CI", "FORCE_COLOR", "NO_COLOR")}
    return kept | {
        "PATH": f"{root / 'bin'}{os.pathsep}bin{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(root),
        "PYTHONSTARTUP": str(root / "yaml.py"),
        "PYTHONUSERBASE": str(root),
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": f"{trap} environment-fsmonitor",
        "GIT_EXEC_PATH": str(root / "bin"),
        "GIT_EXTERNAL_DIFF": f"{trap} environment-diff",
        "GIT_PAGER": f"{trap} environment-pager",
        "GIT_SSH_COMMAND": f"{trap} environment-ssh",
        "GIT_ASKPASS": trap,
        "GIT_TRACE": str(sprung / "git-trace"),
        "PAGER": f"{trap} pager-variable",
    }


def _script(path: Path, sprung: Path, name: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ntouch "{sprung}/{name}"\nexit 1\n')
    path.chmod(0o755)
    return path
