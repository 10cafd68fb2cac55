# Everything a person needs. `make help` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# settings go on the command line and reach the processes by themselves: make run HTTP_PORT=8010 DEMO=0

.PHONY: help
help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

.PHONY: run
run: setup  ## the whole city on this machine, until Ctrl-C (DEMO=0: an empty one)
	@exec $(BIN)/python -m deploy.local

.PHONY: setup
setup: $(VENV)/.installed node_modules/.installed $(VENV)/.translated  ## install what is pinned; needs the network once

$(VENV)/.installed: requirements.txt deploy/setup
	@deploy/setup environment $(PYTHON) $(VENV)
	@touch $@

node_modules/.installed: package.json package-lock.json $(VENV)/.installed
	@deploy/setup browser-libraries $(VENV)
	@touch $@

$(VENV)/.translated: $(wildcard tracker/web/translations/*/LC_MESSAGES/*.po) $(VENV)/.installed
	@$(BIN)/pybabel -q compile -d tracker/web/translations
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.installed
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	@touch $@

.PHONY: test
test: setup $(VENV)/.dev  ## linters, then the whole suite on real services
	@deploy/setup test-services
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: explore
explore: setup $(VENV)/.dev  ## the properties of the rules, of many days that no run has seen yet
	$(BIN)/pytest -n 2 --hypothesis-profile=explore tests/domain

.PHONY: lint
lint: setup $(VENV)/.dev  ## the linters alone
	$(BIN)/ruff check .
	$(BIN)/mypy

$(VENV)/.oracles: requirements-oracles.txt $(VENV)/.dev
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements-oracles.txt
	@touch $@

.PHONY: bench-ingest
bench-ingest: setup $(VENV)/.dev  ## fixes per second through the bridge / through a null subscriber, same run
	$(BIN)/python -m bench.ingest

.PHONY: bench-store
bench-store: setup $(VENV)/.dev  ## a hundred million fixes: reading, rewriting and dropping days while ingest runs
	$(BIN)/python -m bench.store

.PHONY: bench-stays
bench-stays: setup $(VENV)/.oracles  ## our stay detector / trackintel and movingpandas on real tracks: the same stays? how fast?
	$(BIN)/pytest -q tests/domain/test_stay_oracles.py
	$(BIN)/python -m bench.stays

.PHONY: bench-reports
bench-reports: setup $(VENV)/.dev  ## a day of 10,000 people judged / the time to read its fixes; pages meanwhile
	$(BIN)/python -m bench.reports

.PHONY: bench-exports
bench-exports: setup $(VENV)/.dev  ## a month of 10,000 people as XLSX and PDF: how long, how much memory?
	$(BIN)/python -m bench.exports

.PHONY: bench-imports
bench-imports: setup $(VENV)/.dev  ## 100,000 people from CSV and XLSX: new, again, with 1 % changed
	$(BIN)/python -m bench.imports

.PHONY: bench-administration
bench-administration: setup $(VENV)/.dev  ## the administrator's pages in a city of 100,000: how long does each take?
	$(BIN)/python -m bench.administration

.PHONY: bench-signing-in
bench-signing-in: setup $(VENV)/.dev  ## 500 employees sign in within a minute: how long does each wait?
	$(BIN)/python -m bench.signing_in

.PHONY: bench-month
bench-month: setup $(VENV)/.dev  ## a simulated month of honest people with imperfect phones: is anybody called absent?
	$(BIN)/python -m bench.month

.PHONY: matrix
matrix: setup $(VENV)/.dev  ## the authorisation matrix alone: who may do what, on pages and over MQTT
	@deploy/setup test-services
	$(BIN)/pytest -q tests/web/test_matrix.py tests/broker_access/test_matrix.py

.PHONY: api-fuzz
api-fuzz: setup $(VENV)/.dev  ## Schemathesis against the API for ten minutes (API_FUZZ_S=3600: an hour)
	@deploy/setup test-services
	API_FUZZ_S=$${API_FUZZ_S:-600} $(BIN)/pytest -q tests/web/test_api_described.py

.PHONY: bench-ledger
bench-ledger: setup $(VENV)/.dev  ## kill everything at random, a hundred times on each broker: what became of each fix?
	@deploy/setup test-services
	LEDGER_AWAY_S=60 $(BIN)/pytest -q tests/ledger/test_hardship.py
	$(BIN)/python -m bench.ledger

.PHONY: clean
clean:  ## remove what set-up installed; the data stay
	rm -rf $(VENV) node_modules .mypy_cache .ruff_cache .pytest_cache bench/build
