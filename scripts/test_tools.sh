#!/usr/bin/env bash
# Fetches what some tests use beside Python into .bench/: GitHub's own description of its API, the schema of SARIF,
# a linter of workflows, and a runner of Actions on this machine. What cannot be had here is left out; the tests that need it say so and skip.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p .bench/bin .bench/openapi

fetch() {
  local what="$1" there="$2"
  shift 2
  [ -e "$there" ] && return
  echo "fetching $what"
  "$@" >.bench/tools.log 2>&1 || echo "left out: $what (see .bench/tools.log)"
}

if command -v npm >/dev/null; then
  api=.bench/openapi/node_modules/@octokit/openapi/generated/api.github.com.json
  fetch "GitHub's API description" "$api" npm install --prefix .bench/openapi --ignore-scripts --no-audit --no-fund @octokit/openapi@23.0.2
else
  echo "left out: GitHub's API description (no npm here)"
fi
if command -v cargo >/dev/null; then
  # The crate carries the schema; its package is only unpacked, not built.
  fetch "the schema of SARIF 2.1.0" .bench/sarif/schema.json bash -c 'cargo info --quiet serde-sarif@0.8.0 &&
    mkdir -p .bench/sarif && cp "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/serde-sarif-0.8.0/src/schema.json .bench/sarif/'
else
  echo "left out: the schema of SARIF 2.1.0 (no cargo here)"
fi
if command -v go >/dev/null; then
  export GOBIN="$PWD/.bench/bin"
  fetch actionlint .bench/bin/actionlint go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
  fetch act .bench/bin/act go install github.com/nektos/act@v0.2.89
else
  echo "left out: actionlint and act (no Go here)"
fi
exit 0
