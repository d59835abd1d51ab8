# Sourced by the steps of the Action: finds a Python that no pull request brought, into $pg_host.
# All of it is bash itself: a program found by PATH might be a file of the checkout.
# Works in the bash 3.2 of macOS and in the bash of Git for Windows.

pg_ask="import sys
fits = (3, 11) <= sys.version_info[:2] <= (3, 14) and sys.implementation.name == 'cpython'
fits = fits and sys.maxsize > 2**32 and 'free-threading' not in sys.version
sys.stdout.write(sys.executable if fits else '')"

# A path as this bash writes it, into $pg_path: D:\a\b is /D/a/b.
pg_plain() {
  pg_path=${1//\\//}
  if [[ $pg_path == [A-Za-z]:/* ]]; then pg_path=/${pg_path:0:1}${pg_path:2}; fi
}

# Whether a file lies in the checkout, by its name or by where its folder really is.
pg_in_workspace() (
  [[ -n ${GITHUB_WORKSPACE:-} ]] || return 1
  shopt -s nocasematch
  unset CDPATH
  pg_plain "$GITHUB_WORKSPACE"
  workspace=${pg_path%/}
  pg_plain "$1"
  real_workspace=$(cd -P -- "$workspace" 2>/dev/null && pwd -P) || real_workspace=$workspace
  real_folder=$(cd -P -- "${pg_path%/*}" 2>/dev/null && pwd -P) || real_folder=$pg_path
  [[ $pg_path == "$workspace"/* || $real_folder/ == "$workspace"/* || $real_folder/ == "$real_workspace"/* ]]
)

# Every Python there is: first those a runner keeps for setup-python, the newest of them first, then by PATH.
pg_candidates() {
  local one kept=''
  pg_plain "${RUNNER_TOOL_CACHE:-/nowhere}"
  for one in "$pg_path"/Python/3.1[1-4].*/*/bin/python3 "$pg_path"/Python/3.1[1-4].*/*/python.exe; do
    if [[ -f $one ]]; then kept=$one$'\n'$kept; fi
  done
  printf '%s' "$kept"
  type -ap python3 python || true
}

pg_find() {
  local one
  while IFS= read -r one; do
    if [[ $one != /* ]] || pg_in_workspace "$one"; then continue; fi
    pg_host=$("$one" -I -S -c "$pg_ask" 2>/dev/null </dev/null) || pg_host=''
    if [[ -n $pg_host ]]; then return 0; fi
  done < <(pg_candidates)
  echo '::error title=policy-gate::there is no Python 3.11 to 3.14 outside the checkout;' \
    'put actions/setup-python with python-version: "3.13" before this step'
  return 2
}

pg_find || exit 2
