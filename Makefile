# Every target sets up what it needs in .venv first: a Python from 3.11 to 3.13 and make are all that has to be there.
# Set-up is redone when pyproject.toml changes. A stamp is written last, so an interrupted set-up is repeated.

VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

# Small enough for two slow cores, long enough that verdicts come out. A margin of 2 percentage points is 7 of the 360 test images.
DEMO := name=demo design=one_factor augment=on,off ema=on,off seed=0,1,2,3,4 data=digits model=cs231n steps=100 eval_every=25 report.margin=2

# ask: a phony prerequisite of the environment where PYTHON is given
.PHONY: help demo test slow lowest lint format bench clean ask
.NOTPARALLEL:

help:
	@echo 'make demo     train a small sweep on handwritten digits, nothing to download; ends with its report (2 minutes)'
	@echo 'make test     the fast tests; ARGS="-k spec -x" goes to pytest'
	@echo 'make slow     the slow tests; the one on CIFAR-10 needs ABLATE_DATA'
	@echo 'make lowest   the fast tests with the oldest versions that pyproject.toml allows, in .venv-lowest'
	@echo 'make lint     format, lint and types'
	@echo 'make format   format the code'
	@echo 'make bench    measure speed and memory against Keras; wants an idle machine (40 minutes)'
	@echo 'make clean    delete the environment, caches and the demo'
	@echo 'PYTHON=python3.12 chooses the Python that .venv is made with; VENV=.venv-3.12 keeps a second environment.'

demo: $(VENV)/.installed
	$(BIN)/ablate -m $(DEMO) store=demo/runs 'hydra.sweep.dir=demo/multirun/$${hydra.sweeper.name}'
	@echo
	@echo 'On your own images (docs/data.md):'
	@echo '  $(BIN)/ablate -m design=one_factor data=arrays data.path=my.npz augment=on,off ema=on,off seed=0,1,2,3,4'

test: $(VENV)/.installed-test
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

slow: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m slow -rs $(ARGS)

lowest:
	$(MAKE) VENV=.venv-lowest .venv-lowest/.installed-lowest
	.venv-lowest/bin/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal $(ARGS)

bench: $(VENV)/.installed-test
	$(BIN)/python -m pytest -m bench tests/bench $(ARGS)

lint: $(VENV)/.installed-lint
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python .ci/words.py

format: $(VENV)/.installed-lint
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf $(VENV) .venv-lowest .mypy_cache .pytest_cache .ruff_cache .hypothesis dist build demo

$(VENV)/.installed: pyproject.toml $(VENV)/.made
	@echo 'Installing into $(VENV); the first time this downloads TensorFlow and takes some minutes.'
	$(INSTALL) --editable .
	@touch $@

# pip has no way to ask for the oldest versions, so uv, which is installed into the same environment, does it here.
$(VENV)/.installed-lowest: pyproject.toml $(VENV)/.made
	@echo 'Installing the oldest versions that pyproject.toml allows into $(VENV).'
	$(INSTALL) uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --resolution lowest-direct --editable '.[test]'
	@touch $@

$(VENV)/.installed-%: pyproject.toml $(VENV)/.made
	@echo 'Installing the extra "$*" into $(VENV); the first time this downloads TensorFlow and takes some minutes.'
	$(INSTALL) --editable '.[$*]'
	@touch $@

# Pythons are tried by running them: a name on the PATH may be a shim of a version manager that has no such version.
# An environment that is there and works is kept; where PYTHON asks for another version, that is said.
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)
$(VENV)/.made: $(if $(PYTHON),ask)
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		if [ -n '$(PYTHON)' ] && [ "$$($(BIN)/python --version)" != "$$($(PYTHON) --version 2>/dev/null)" ]; then \
			echo "$(VENV) has $$($(BIN)/python --version), not that of PYTHON=$(PYTHON). Use VENV=.venv-other, or make clean first." >&2; \
			exit 1; \
		fi; \
		[ -e $@ ] || touch $@; exit; \
	fi; \
	for python in $(PYTHONS); do \
		if $$python -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
			echo "Making $(VENV) with $$($$python --version)"; \
			$$python -m venv --clear $(VENV) && touch $@; exit; \
		fi; \
	done; \
	echo 'Expected Python 3.11, 3.12 or 3.13 with its venv module (on Debian: python3-venv). Received: none among $(PYTHONS). Name one: make PYTHON=/path/to/python3.12' >&2; \
	exit 1
