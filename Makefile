# make setup | run | test | check | bench | soak | growth | loop | mutants | docs.  UV_TORCH_BACKEND=cpu spares a machine without a GPU the CUDA libraries (see README).

PYTHON ?= python3
PY := .venv/bin/python
export OMP_WAIT_POLICY ?= PASSIVE
export OMP_NUM_THREADS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: setup run test lint check bench soak growth loop mutants docs format
.DEFAULT_GOAL := setup

setup: .venv/.ready

# uv makes the environment; where it is missing, the environment brings its own.
.venv/.ready: requirements.txt pyproject.toml
	@if command -v uv >/dev/null; then uv venv --quiet --allow-existing --python $(PYTHON) .venv; \
	else $(PYTHON) -m venv .venv && $(PY) -m pip install --quiet uv; fi
	@PATH="$(CURDIR)/.venv/bin:$$PATH" uv pip install --quiet --python $(PY) -r requirements.txt
	@PATH="$(CURDIR)/.venv/bin:$$PATH" uv pip install --quiet --python $(PY) --no-deps --editable .
	@$(PY) -m mner_core weights --profile compact || echo "Setup goes on without pretrained weights; the README says how to bring them by hand."
	@touch $@

# Web and worker (which worker/restart.sh restarts), stopped together with Ctrl-C; `make run PORT=9000` listens elsewhere.
PORT ?= 8501
run: setup
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec honcho start --port $(PORT)

format: setup
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lint: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

check: lint
	$(PY) -m pytest -m "not slow and not browser"

# Tiny models lose more by handing work to threads than they gain: one thread is a third quicker.
test: setup
	OMP_NUM_THREADS=1 $(PY) -m pytest -rs

bench: setup
	OMP_NUM_THREADS=1 $(PY) -m benchmarks

# Faults planted by the seed, N in a room: which of them do the room's tests notice?
SEED ?= 1
N ?= 12
mutants: setup
	nice $(PY) -m tests.mutants --seed $(SEED) --n $(N)

# 100,000 posts are imported while five people save once a second; importing over reading them; predicting 40,000; the nearest of a million vectors.
# Bounded by an hour, seeded, in a home of its own.
soak: setup
	$(PY) -m benchmarks.soak
	$(PY) -m benchmarks.imports --posts 1000 10000 100000
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.prediction --posts 40000
	$(PY) -m benchmarks.vectors

# Every screen, filter and command at 400 to 100,000 posts, in Chromium, and what writing costs: two hours, most of it for building the stores, once, in STORES.
STORES ?= $(CURDIR)/var/growth
SIZES ?= 400 4000 40000 100000
growth: setup
	for posts in $(SIZES); do $(PY) -m benchmarks.big_store $(STORES)/$$posts --posts $$posts; done
	$(PY) -m benchmarks.growth $(addprefix $(STORES)/,$(SIZES))
	$(PY) -m benchmarks.store_costs $(addprefix $(STORES)/,$(SIZES))

# Labels made wrong, found, corrected, trained again: is the next run better? About 50 minutes of one core; WORK keeps what is made.
WORK ?= $(CURDIR)/var/loop
loop: setup
	OMP_NUM_THREADS=1 $(PY) -m benchmarks.loop --work $(WORK)

# The site of the docs, README and docstrings, into var/site; a link that leads nowhere is an error.
docs: setup
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet --strict --config-file .mkdocs.yml
