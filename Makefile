# make run | test | check | bench | soak | claims | live     (Python 3.11 or newer and make are all that is needed)
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: run test check bench soak claims live lock clean

run: $(VENV)/.core
	$(BIN)/twin run configs/default.yaml

test: $(VENV)/.test
	$(BIN)/python -m pytest -n 2 --dist loadgroup tests --ignore tests/viz/live
	$(BIN)/python -m pytest tests/viz/live

check: $(VENV)/.check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks

soak: $(VENV)/.test                        ## hours: docs/reliability.md; less with e.g. SOAK="R1 R4 --minutes 5"
	$(BIN)/python -m benchmarks.soak $(SOAK)

claims: $(VENV)/.core                      ## the claims lab in full: docs/claims.md; some: CLAIMS="month-end"
	nice $(BIN)/python -m benchmarks.claims $(CLAIMS)

live: $(VENV)/.live
	$(BIN)/twin live configs/default.yaml

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.core: $(VENV)/bin/python pyproject.toml constraints.txt
	$(PIP) -e .
	touch $@

$(VENV)/.live: $(VENV)/.core
	$(PIP) -e ".[live]"
	touch $@

$(VENV)/.test: $(VENV)/.core
	$(PIP) -e ".[test]"
	touch $@

$(VENV)/.check: $(VENV)/.core
	$(PIP) -e ".[test,check]"
	touch $@

$(VENV)/.bench: $(VENV)/.core
	$(PIP) -e ".[test,bench]"
	touch $@

lock: $(VENV)/.check $(VENV)/.bench        ## write constraints.txt from what is installed
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^-e\|@' > constraints.txt

clean:
	rm -rf $(VENV) build *.egg-info
