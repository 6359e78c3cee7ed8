# Two commands for a newcomer: `make demo` and `make test`. Each does all of its own set-up.

PYTHON ?= $(shell sh deploy/choose_python.sh)
VENV   := .venv
BIN    := $(VENV)/bin
ARGS   ?=

REQUESTS ?= 100000
SEED     ?= 1
SEEDS    ?= 20
# So many processes share the tests: much of what they do is wait for other processes.
WORKERS  ?= 3

.PHONY: demo up bench simulate chaos test fuzz mutate check format schemas lock clean

demo: $(VENV)/.runtime  ## the whole story in one process; ARGS="--kafka", ARGS="--json", …
	@$(BIN)/yidi demo $(ARGS)

up: $(VENV)/.runtime  ## start the world and keep it up; Ctrl-C ends it
	@$(BIN)/yidi up $(ARGS)

bench: $(VENV)/.bench  ## measure on real Kafka and durable PostgreSQL
	@$(BIN)/yidi bench $(ARGS)

simulate: $(VENV)/.runtime  ## the real code in virtual time under faults from seeds; SEEDS=1000 ARGS="--seed 1 --hours 1"
	@$(BIN)/yidi simulate --seeds $(SEEDS) $(ARGS)

chaos: $(VENV)/.runtime  ## everything breaks on the real stack, and what was lost is counted; ARGS="--seed 7 --minutes 5"
	@$(BIN)/yidi chaos $(ARGS)

test: $(VENV)/.dev  ## every test, fast ones first, on real PostgreSQL and real Apache Kafka
	@$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: $(VENV)/.dev  ## generated requests at every door; REQUESTS=100000 SEED=1
	@$(BIN)/python -m tests.fuzz --requests $(REQUESTS) --seed $(SEED)

mutate: $(VENV)/.dev  ## change every rule about money a little: how many changes do tests notice?
	@$(BIN)/python -m tests.mutation $(ARGS)

check: $(VENV)/.dev  ## the gate: format, lint, types, imports, house rules, fast tests
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/pytest -q --numprocesses $(WORKERS) -m "not kafka and not slow" tests/tidy tests/domain tests/policy

format: $(VENV)/.dev
	@$(BIN)/ruff format --quiet . && $(BIN)/ruff check --fix --quiet .

schemas: $(VENV)/.dev  ## write contracts/schemas anew from the message bodies
	@$(BIN)/python -m contracts.schemas

lock:  ## renew the pinned versions from pyproject.toml and the list of tools below
	rm -rf .local/lock && $(PYTHON) -m venv .local/lock
	.local/lock/bin/pip install --quiet --upgrade pip setuptools
	.local/lock/bin/pip install --quiet .[local]
	{ sed -n '/^#/p' requirements.txt; .local/lock/bin/pip freeze --all --exclude pip --exclude yidi-hub; } > .local/lock/runtime
	.local/lock/bin/pip install --quiet .[bench]
	{ sed -n '/^#/p' requirements-bench.txt; echo '-r requirements.txt'; .local/lock/bin/pip freeze --all --exclude pip --exclude yidi-hub | grep -vxFf .local/lock/runtime; } > .local/lock/bench
	.local/lock/bin/pip install --quiet -r requirements-tools.in
	{ sed -n '/^#/p' requirements-dev.txt; echo '-r requirements-bench.txt'; .local/lock/bin/pip freeze --all --exclude pip --exclude yidi-hub | grep -vxFf .local/lock/runtime | grep -vxFf .local/lock/bench; } > .local/lock/dev
	mv .local/lock/runtime requirements.txt && mv .local/lock/bench requirements-bench.txt && mv .local/lock/dev requirements-dev.txt

clean:
	rm -rf $(VENV) .local build dist mutants *.egg-info

$(VENV)/.runtime: requirements.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install python3.11 and its venv module."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing pinned packages into $(VENV) (once) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.runtime
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt requirements-bench.txt $(VENV)/.runtime
	@$(BIN)/pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
