# make benchmark   measure the checked-out commit, compare it with the last one measured here, publish the site
# make test        every test
# make site        publish the trend site and serve it on http://localhost:8080
# make peers       strata beside what a user would pick instead; RETROSPEED_DATA names the collections
# make lint        style, types and the walls between the rooms

PYTHON  ?= python3.11
TIER    ?= small
BENCH   ?= .
FAIL_ON ?= never
PORT    ?= 8080

VENV := .venv
BIN  := $(VENV)/bin
PEERS_VENV := .venv-peers
PEERS_ARGS ?=

# Tiers above the one asked for are left out by name, so that asv keeps what an earlier run measured of them.
TIERS_small  := small
TIERS_medium := small,medium
TIERS_large  := small,medium,large
ABOVE_small  := medium|large
ABOVE_medium := large
ABOVE_large  := no-tier-is-above-large
TIERS := $(TIERS_$(TIER))
ABOVE := $(ABOVE_$(TIER))
ifeq ($(TIERS),)
$(error TIER=$(TIER) is not a tier: use small, medium or large)
endif
# asv's own page loads its scripts from the internet; asv-tachyon's shows the same data and needs nothing from elsewhere.
# The last adds a page a machine, of what changed when, and links it from both.
PUBLISH = $(BIN)/asv publish && $(BIN)/asv-tachyon install .asv/html && $(BIN)/retrospeed watch --site
SELECTION := ^(?!.*'($(ABOVE))').*($(BENCH))

.PHONY: benchmark test lint site peers clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.tooling: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt -e '.[site]'
	touch $@

$(VENV)/.development: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install -c constraints.txt -e '.[strata,dev,site]'
	touch $@ $(VENV)/.tooling

benchmark: $(VENV)/.tooling
	@git diff --quiet HEAD -- src || echo "note: asv measures the commit HEAD; your uncommitted changes under src/ are not in it"
	@# asv prints its questions even where --yes answers them.
	@$(BIN)/asv machine --yes > .asv-machine.log || { cat .asv-machine.log; exit 2; }; rm -f .asv-machine.log
	RETROSPEED_TIERS=$(TIERS) $(BIN)/asv run 'HEAD^!' --record-samples --show-stderr --bench "$(SELECTION)"
	$(BIN)/retrospeed show HEAD
	$(BIN)/retrospeed compare previous HEAD --fail-on $(FAIL_ON) --bench "$(SELECTION)"
	$(PUBLISH)
	@echo "The trend site is in .asv/html: run 'make site' to serve it on http://localhost:$(PORT)."

site: $(VENV)/.tooling
	$(PUBLISH)
	@echo "The trend site is on http://localhost:$(PORT) until Ctrl-C."
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory .asv/html

lint: $(VENV)/.development
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	PYTHONPATH=. $(BIN)/lint-imports

test: $(VENV)/.development
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

# An environment of its own: what is compared with would bring a hundred packages into the suite's.
$(PEERS_VENV)/.installed: pyproject.toml constraints.txt studies/peers/constraints.txt
	$(PYTHON) -m venv $(PEERS_VENV)
	$(PEERS_VENV)/bin/python -m pip install -c constraints.txt -c studies/peers/constraints.txt -e '.[peers]'
	@# Its bound on PyStemmer is below what strata needs; it calls nothing that has changed.
	$(PEERS_VENV)/bin/python -m pip install --no-deps llama-index-retrievers-bm25==0.8.0
	touch $@

peers: $(PEERS_VENV)/.installed
	@mkdir -p .asv
	$(PEERS_VENV)/bin/python studies/against_peers.py --markdown .asv/peers.md --json .asv/peers.json $(PEERS_ARGS)

clean:
	rm -rf $(VENV) $(PEERS_VENV) .asv
