# Two commands do all the set-up: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Pure rooms, and what holds the house together; `make test` runs the rest: trees, git, real models, whole runs.
UNIT := $(addprefix tests/,architecture docs engine expression gate golden manifest model policy report workbench areas/cost areas/fingerprint)
# Half as many again as there are cores: most of a run waits for commands that it started.
WORKERS := $(shell $(PYTHON) -c "import os; print((os.cpu_count() or 1) * 3 // 2)")
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check lint bench bench-action generate accept wheel clean show-fail-open show-holes show-side-doors show-waivers show-pull-request show-pushes show-faults show-limits show-cost show-privacy

$(VENV)/.runtime: pyproject.toml requirements/constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "policy-gate needs Python 3.11 or newer; try: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --constraint requirements/constraints.txt --editable .
	touch $@

$(VENV)/.develop: $(VENV)/.runtime requirements/develop.txt
	$(PIP) install --constraint requirements/constraints.txt --requirement requirements/develop.txt
	touch $@

.bench/.tools: scripts/test_tools.sh
	scripts/test_tools.sh
	touch $@

demo: $(VENV)/.runtime  ## judge the example release, then a copy with honest-looking faults
	$(BIN)/python examples/demo.py

test: $(VENV)/.develop .bench/.tools  ## everything, as CI runs it
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist worksteal

check: $(VENV)/.develop  ## before every commit, in seconds
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/generate.py --check
	$(BIN)/python -m pytest --numprocesses auto -m 'not slow' $(UNIT)

lint: $(VENV)/.develop  ## format and mend what ruff can
	$(BIN)/python -m ruff format .
	$(BIN)/python -m ruff check --fix .

bench: $(VENV)/.develop  ## speed and memory beside other tools, as ratios
	@status=0; for one in run cost privacy expressions replay; do $(BIN)/python bench/$$one.py || status=$$?; done; exit $$status

bench-action: $(VENV)/.develop  ## from the Action's start to the verdict, cold and cached; it downloads packages
	$(BIN)/python bench/action.py

show-fail-open: $(VENV)/.develop  ## what cannot be judged: ours beside other tools
	$(BIN)/python bench/fail_open.py

show-holes: $(VENV)/.develop  ## holes seen in nearby tools, and what ours answers
	$(BIN)/python bench/holes.py

show-side-doors: $(VENV)/.develop  ## ways a pull request may try to weaken its judge, and what becomes of each
	$(BIN)/python examples/side_doors.py

show-waivers: $(VENV)/.develop  ## waivers that count and waivers that do not
	$(BIN)/python examples/waivers.py

show-pull-request: $(VENV)/.develop  ## comment, check run, suggestion and summary of one pull request, as pages in .bench/pull-request
	$(BIN)/python scripts/show_pull_request.py

show-pushes: $(VENV)/.develop .bench/.tools  ## what is written on a pull request push by push
	$(BIN)/python examples/pull_request_tables.py pushes

show-faults: $(VENV)/.develop .bench/.tools  ## what becomes of a run when GitHub fails, fault by fault
	$(BIN)/python examples/pull_request_tables.py faults

show-limits: $(VENV)/.develop  ## how large each report gets for 5,000 findings, and what it leaves out
	$(BIN)/python examples/report_limits.py

show-cost: $(VENV)/.develop  ## what predicted cost promises, held against known counts, measurements and hostile models
	$(BIN)/python bench/show_cost.py

show-privacy: $(VENV)/.develop  ## what the accountant promises, held against published figures, two oracles and hostile input
	$(BIN)/python bench/show_privacy.py

generate: $(VENV)/.develop  ## rebuild schemas, rule reference and the help in the README
	$(BIN)/python scripts/generate.py

accept: $(VENV)/.develop  ## rewrite golden reports; review them as a diff
	$(BIN)/python -m pytest tests/golden --accept

wheel: $(VENV)/.develop  ## build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

clean:
	rm -rf $(VENV) .bench dist build
