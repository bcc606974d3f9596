# One stamp says the environment is as the lock wants it; every target that needs Python depends on it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
CASE ?= demo-case

.PHONY: help demo test test-slow lint fix bench bench-peers bench-strangers bench-authors fit bench-exam bench-scale bench-sketch bench-nights bench-canary domains lock clean trust sbom
.DEFAULT_GOAL := help

help: ## say what each target does
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "forensics needs Python 3.11 or later: make PYTHON=python3.12 …" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## install and run the main job on sample_logs/
	@rm -rf $(CASE)
	@$(BIN)/forensics investigate sample_logs/logs --accounts sample_logs/accounts.csv --mapping sample_logs/mapping.toml --case $(CASE)
	@printf '\nNext:  %s\n' '$(BIN)/forensics show 1 --case $(CASE)'

test: $(STAMP) ## install and pass all tests
	@$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow"

test-slow: $(STAMP) ## the tests that take minutes
	@$(BIN)/python -m pytest -m slow

lint: $(STAMP) ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

fix: $(STAMP) ## let ruff mend and format what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## speed and memory beside DuckDB, linking on planted worlds
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'duckdb>=2'
	@$(BIN)/python tests/bench/ingest.py
	@$(BIN)/python tests/bench/linking/run.py

bench-peers: $(STAMP) ## detection quality, beside other methods
	@$(BIN)/python tests/bench/peers/run.py

bench-strangers: $(STAMP) ## detection quality on worlds of two independent authors
	@$(BIN)/python tests/bench/strangers/run.py

bench-authors: $(STAMP) ## detection quality on worlds of independent authors: author × level
	@$(BIN)/python tests/bench/authors/run.py

fit: $(STAMP) ## the judge's weights, estimated on worlds of independent authors, each left out in turn
	@$(BIN)/python tests/bench/fit.py --keep $${FIT_FOLDER:-/tmp/forensics-fit} --write

bench-exam: $(STAMP) ## hydra and clean worlds of the reporting split, reliability of verdicts, ablation
	@$(BIN)/python tests/bench/exam/run.py

bench-scale: $(STAMP) ## time, memory and disk stage by stage, from 1 M events up; SCALE="--events 73_000_000" for the largest
	@$(BIN)/python tests/bench/scale/run.py $(SCALE)

bench-sketch: $(STAMP) ## how well prompt sketches find reworded templates
	@$(BIN)/python tests/bench/sketch.py

bench-canary: $(STAMP) ## how surely leaks are traced, and how long a large corpus takes
	@$(BIN)/python tests/bench/canary.py

domains: $(STAMP) ## take the newest list of throw-away mail domains (CC0) into the package
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --upgrade --target .bench/domains disposable-email-domains
	@PYTHONPATH=.bench/domains $(BIN)/python -c 'import pathlib; from importlib.metadata import version; from disposable_email_domains import blocklist; \
	  from forensics.reading.accounts.mailboxes import FILE, list_text; pathlib.Path("forensics/reading/accounts", FILE).write_text(list_text(blocklist, version("disposable-email-domains")))'

bench-nights: $(STAMP) ## 42 nights of a campaign and of clean worlds: ids, false alerts, cost a night
	@$(BIN)/python tests/bench/nights/run.py

lock: $(STAMP) ## write requirements.lock anew from pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --extra dev --custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml

trust: $(STAMP) ## what the tool survives, with figures: inputs tried, faults survived, relations held, mutants killed
	@$(BIN)/python tests/bench/trust/run.py

sbom: $(STAMP) ## bill of materials (CycloneDX) and a check of licences
	@mkdir -p build && $(BIN)/python .ci/sbom.py build/sbom.cdx.json

clean: ## remove what the targets above made
	@rm -rf $(VENV) $(CASE) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .bench
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
