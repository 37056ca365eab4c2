# What a newcomer needs: `make run`, `make build`, `make test`. Everything lands in .venv/, target/ and out/.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
PIP := $(VENV)/bin/python -m pip --disable-pip-version-check
OUT ?= out/vogels_abbott
WHEELS := target/wheels
# Cargo shows on a terminal what it compiles; a log has no use for that.
QUIET := $(shell test -t 2 || echo --quiet)

.PHONY: build run test format lint test-rust test-python test-outside test-third-party compare-with-nest bench bench-processor bench-emulator fuzz clean

## Set up the virtual environment, build, fetch the pinned firmware.
build: $(VENV)/ready
	@echo "building the native extension (some minutes the first time)"
	@rm -f $(WHEELS)/taproot-*.whl
	@$(VENV)/bin/maturin build --release --compatibility linux --interpreter $(VENV)/bin/python --out $(WHEELS) $(QUIET)
	@echo "installing it, with what it needs, in $(VENV)"
	@$(PIP) install --quiet "$$(echo $(WHEELS)/taproot-*.whl)[test]"
	@$(PIP) install --quiet --no-deps --force-reinstall $(WHEELS)/taproot-*.whl
	@$(VENV)/bin/taproot firmware install
	@echo "ready: $(VENV)/bin/taproot and $(VENV)/bin/python"

$(VENV)/ready: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] < (3, 11))' || \
	  { echo "taproot needs CPython 3.11 or later; set PYTHON=/path/to/python3.11"; exit 1; }
	@command -v cargo >/dev/null || { echo "taproot needs Rust (cargo) on the PATH; see https://rustup.rs"; exit 1; }
	@echo "setting up a virtual environment in $(VENV)"
	@$(call virtual,$(VENV))
	@$(PIP) install --quiet 'maturin>=1.9,<2'
	@touch $@

# Debian keeps ensurepip, which brings pip into a virtual environment, in a package of its own (python3-venv). Without it the
# pip that is there does that.
virtual = $(PYTHON) -m venv $(1) >/dev/null 2>&1 || { $(PYTHON) -m venv --clear --without-pip $(1) && \
  $(PYTHON) -m pip --disable-pip-version-check --python $(1)/bin/python install --quiet pip; }

## The Vogels-Abbott benchmark on an emulated SpiNN-5 board.
run: build
	$(VENV)/bin/taproot run examples/vogels_abbott.py --out $(OUT)

## Everything: format, lints, Rust, Python and end-to-end tests.
test: format lint build test-rust test-python test-outside

format:
	cargo fmt --all --check

lint:
	cargo clippy --workspace --all-targets --quiet -- -D warnings

test-rust: build
	TAPROOT_FIRMWARE="$$($(VENV)/bin/taproot firmware path)" cargo test --workspace --quiet

test-python: build
	$(VENV)/bin/python -m pytest -q python/tests tests/python

## Speed, beside what it should reach. Not part of the tests.
bench: build bench-emulator
	$(VENV)/bin/python bench/coba.py

## The emulated processor beside Unicorn's, on the same loops.
bench-processor:
	cargo build --quiet --release -p taproot-emulator --example loops
	$(call environment,processors,-r software-emulator/conformance/requirements.txt)
	$(OUTSIDE)/processors/bin/python bench/processor.py target/release/examples/loops

## The emulator alone; the table goes to docs/emulator/speed.md.
bench-emulator: build
	$(call environment,processors,-r software-emulator/conformance/requirements.txt)
	$(call environment,spynnaker_runs,-r tests/outside/spynnaker_runs/requirements.txt)
	$(VENV)/bin/python bench/emulator.py --write docs/emulator/speed.md

## Other people's software as the judge: PyNN's mock back end, sPyNNaker's own bytes, Unicorn's ARM, SpiNNMan and rig on
## four emulated chips.
test-outside: build
	cargo build --quiet --workspace --examples
	$(VENV)/bin/python tests/outside/network/compare_with_mock.py target/debug/examples/expand
	$(call environment,spynnaker,-r tests/outside/spynnaker/requirements.txt)
	$(VENV)/bin/python tests/outside/spynnaker/compare.py $(OUTSIDE)/spynnaker/bin/python target/debug/examples/dump_image
	$(call environment,processors,-r software-emulator/conformance/requirements.txt)
	$(OUTSIDE)/processors/bin/python software-emulator/conformance/arm_cases.py target/debug/examples/arm-cases
	$(call environment,spinnman,-r tests/outside/spinnman/requirements.txt)
	$(OUTSIDE)/spinnman/bin/python -m pytest -q -p no:cacheprovider tests/outside/spinnman -k spin3
	$(call environment,rig,-r tests/outside/rig/requirements.txt)
	$(OUTSIDE)/rig/bin/python -m pytest -q -p no:cacheprovider tests/outside/rig -k spin3

## SpiNNMan, rig and sPyNNaker against emulated boards, all of it. Minutes; rewrites docs/emulator/third-party.md.
test-third-party: build
	$(call environment,spinnman,-r tests/outside/spinnman/requirements.txt)
	$(call environment,rig,-r tests/outside/rig/requirements.txt)
	$(call environment,spynnaker_runs,-r tests/outside/spynnaker_runs/requirements.txt)
	$(VENV)/bin/python tests/outside/third_party.py $(OUTSIDE)

## PyNN's VAbenchmarks.py over several draws, beside NEST. A quarter of an hour; the table is in docs/pynn.md.
compare-with-nest: build
	$(call environment,nest,-r tests/outside/nest/requirements.txt)
	PATH="$(CURDIR)/$(OUTSIDE)/nest/bin:$$PATH" $(OUTSIDE)/nest/bin/python tests/outside/nest/draws.py \
	  $(OUTSIDE)/nest/bin/python $(VENV)/bin/python

OUTSIDE := target/outside
# A virtual environment of its own under target/outside: name, what pip installs.
environment = @test -e $(OUTSIDE)/$(1)/ready || { { $(call virtual,$(OUTSIDE)/$(1)); } && \
  $(OUTSIDE)/$(1)/bin/python -m pip install --quiet --disable-pip-version-check $(2) && touch $(OUTSIDE)/$(1)/ready; }

## Every fuzz target for SECONDS each, or TARGETS="sdp eieio" alone. See fuzz/README.md.
SECONDS ?= 20
TARGETS ?=
fuzz:
	@cargo fuzz --version >/dev/null 2>&1 || \
	  { echo "make fuzz needs cargo-fuzz and a C++ compiler: cargo install cargo-fuzz"; exit 1; }
	@set -e; all=$$(cargo run --quiet -p taproot-tests --example fuzz_seeds fuzz/corpus); \
	for target in $(or $(TARGETS),$$all); do \
	  echo "== $$target"; \
	  RUSTC_BOOTSTRAP=1 cargo fuzz run $$target -- -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=64 \
	    -max_len=16384 -print_final_stats=1; \
	done

clean:
	rm -rf $(VENV) target out
