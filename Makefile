# `make run` builds Salon and serves it; `make test` runs every check; `make` lists the rest.

SHELL := bash
MAKEFLAGS += --no-print-directory
.SHELLFLAGS := -euo pipefail -c
# Two halves of `make test` run side by side, one on each core.
ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif
.PHONY: help setup run build release pages dist test soak mutants sizes check unit plain e2e fuzz bench load recording signalling bench-turn watch clean \
	parts natively alongside tested browse begin rust browsers fmt prose clippy deny

STEP := @scripts/step.sh
LOCKED := $(if $(CI),--locked)

# The default program to measure.
export SALON_BIN := $(CURDIR)/target/release/salon

# cargo-leptos builds in target/ with its own flags. Plain cargo has another directory, or each
# would rebuild the other's crates.
NATIVE := --target-dir target/native $(LOCKED)

help: ## Show this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

setup: ## Install missing build tools
	@scripts/setup.sh tools

run: release ## Build it and serve it on http://localhost:3000
	@echo "==> Starting Salon: open http://$${SALON_LISTEN:-localhost:3000} (Ctrl-C stops it)"
	@exec target/release/salon

build: setup ## Build quickly, without optimisation
	$(STEP) "Building the server and the browser app, unoptimised" cargo leptos build

release: setup ## Build as users run it
	$(STEP) "Building the server and the browser app (first time: about 10 minutes)" \
		cargo leptos build --split --lib-features split --release
	$(call pack)

dist: pages ## Build one file that includes the pages
	$(call carry,release,release,target)

test: export STEPS := target/steps.txt
# The whole corpus is run again; the search for new inputs is short.
test: export SECONDS_EACH = $(if $(SOAK),600,5)
test: begin browsers setup ## Run everything: checks, native tests, browser tests
	@scripts/setup.sh deny unit fuzz
	@SIDE_BY_SIDE=yes $(MAKE) -j2 natively alongside
	@$(MAKE) browse
	@echo; cat $(STEPS); echo "make test: everything passed in $$(($$(date +%s) - $$(cat target/began))) s"

check: fmt prose clippy deny ## Check format, wording, lints and dependencies

# The server tests mostly wait for time to pass.
unit: ## Run the native tests: the core, properties, the server
	@scripts/setup.sh unit
	$(STEP) "Running the native tests" env RUST_TEST_THREADS=$${RUST_TEST_THREADS:-6} cargo test --features ssr $(NATIVE) -- --show-output

plain: build browsers end2end/node_modules/.package-lock.json ## Test the app in one piece, as plain cargo leptos builds it
	$(STEP) "Calling with the development build" env SALON_BIN=$(CURDIR)/target/debug/salon \
		npm --prefix end2end run --silent test -- -g "two people see and hear each other|every panel opens"

e2e: tested browse ## Run the browser tests (ARGS="-g name" for some)

browse: browsers end2end/node_modules/.package-lock.json
	$(STEP) "Checking the types of the browser tests" npm --prefix end2end run --silent check
	$(STEP) "Running the browser tests" env SALON_BIN=$(CURDIR)/target/dist/debug/salon \
		npm --prefix end2end run --silent test -- $(ARGS)

soak: export SOAK := yes
soak: test ## Run longer versions of everything: every fault, long recordings, 10 minutes of each fuzz target
	$(STEP) "Recording a call for an hour" env SALON_BIN=$(CURDIR)/target/dist/debug/salon node bench/recording.mjs 60

parts: pages ## Check what the first load consists of (ARGS=--sizes prints it, by part)
	$(STEP) "Checking what the first load consists of" node scripts/parts.mjs $(ARGS)

sizes: ## Print how large functions, structs, files and folders are
	@node scripts/sizes.mjs

mutants: ## Break Salon in ten places, one at a time, and check that a test fails each time
	@scripts/setup.sh tools browsers
	$(STEP) "Breaking it on purpose" node scripts/mutants.mjs $(ARGS)

SECONDS_EACH ?= 600
fuzz: ## Search for inputs that break the pure core, 10 minutes per target (SECONDS_EACH=60 for less)
	@scripts/setup.sh fuzz
	$(STEP) "Fuzzing the message parser, the rooms, whole calls, TURN and forwarding, $(SECONDS_EACH) seconds each" scripts/fuzz.sh $(SECONDS_EACH)

bench: release browsers end2end/node_modules/.package-lock.json ## Measure speed and size, compared with a minimal page
	$(STEP) "Measuring" node bench/run.mjs $(ARGS)

load: release end2end/node_modules/.package-lock.json ## Measure how 1,000 people reconnect after a restart
	$(STEP) "Restarting the server under 1,000 people" node bench/load.mjs $(ARGS)

recording: release browsers end2end/node_modules/.package-lock.json ## Record a call of two for two hours and watch the memory (ARGS=minutes)
	$(STEP) "Recording a call" node bench/recording.mjs $(ARGS)

signalling: release end2end/node_modules/.package-lock.json bench/signalling/node_modules/.package-lock.json ## Measure the server's cost and latency, compared with two servers in Node, and under attack
	$(STEP) "Measuring the signalling" node bench/signalling/run.mjs $(ARGS)
	$(STEP) "Measuring it under attack" node bench/signalling/attack.mjs

bench-turn: release end2end/node_modules/.package-lock.json ## Measure Salon's TURN server, compared with coturn
	@scripts/setup.sh relay
	$(STEP) "Building the load generator" \
		cargo build --release --manifest-path bench/turn/Cargo.toml --target-dir target/turn-load $(LOCKED)
	$(STEP) "Measuring the relay" node bench/turn.mjs $(ARGS)

watch: setup ## Build, serve, and reload on every change
	$(STEP) "Building and serving on http://localhost:3000, again on every change" cargo leptos watch

clean: ## Remove build results (the tools stay)
	@echo "==> Removing build results"
	@rm -rf target end2end/node_modules bench/signalling/node_modules end2end/media end2end/results bench/results

# Parts of the above.

# Names the built pages after their build and compresses them.
define pack
	$(STEP) "Packing the pages" node scripts/pack.mjs
endef

# Builds the server with the pages inside, in profile $(1), into the folder that cargo calls $(2). Its
# crates are in $(3), built in the same profile and with the same flags: by cargo-leptos for users, and for
# the native tests otherwise, because cargo-leptos has a flag of its own in development.
define carry
	$(STEP) "Building the server with the pages inside" env CARGO_BUILD_BUILD_DIR=$(3) \
		cargo build --profile $(1) --no-default-features --features embed $(LOCKED) --target-dir target/dist
	@ls -lh target/dist/$(2)/salon | awk '{print "==> target/dist/$(2)/salon: " $$5 "B, pages included"}'
endef

# Unoptimised: that takes less time, and overflows are checked. A page takes
# 5 ms instead of 1.5.
tested: pages
	$(call carry,dev,debug,target/native)

# Two halves that take about as long as each other.
natively:
	@SIDE_BY_SIDE= LINES_BEGIN_WITH="natively  | " $(MAKE) check unit

alongside:
	@SIDE_BY_SIDE= LINES_BEGIN_WITH="alongside | " $(MAKE) plain tested parts fuzz

pages: setup
	$(STEP) "Building the browser app (first time: about 10 minutes)" \
		cargo leptos build --frontend-only --split --lib-features split --release
	$(call pack)

begin:
	@mkdir -p target && date +%s >target/began && : >$(STEPS)

rust:
	@scripts/setup.sh rust

browsers:
	@scripts/setup.sh browsers networks relay proxies reader films

fmt: rust
	$(STEP) "Checking the format" cargo fmt --all --check

prose:
	$(STEP) "Checking the wording" scripts/prose.sh

clippy: rust
	$(STEP) "Checking the server with clippy" \
		cargo clippy --features ssr --all-targets $(NATIVE) -- -D warnings
	$(STEP) "Checking the browser app with clippy" \
		cargo clippy --package salon --package salon-core --lib --features split --target wasm32-unknown-unknown $(NATIVE) -- -D warnings
	$(STEP) "Checking the fuzz targets with clippy" env RUSTFLAGS="--cfg fuzzing" \
		cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target/fuzz $(LOCKED) -- -D warnings

deny: rust
	@scripts/setup.sh deny
	$(STEP) "Checking the dependencies" scripts/deny.sh

# npm packages of the browser tests and benchmarks.
%/node_modules/.package-lock.json: %/package-lock.json
	$(STEP) "Installing the npm packages of $*" npm --prefix $* ci --no-audit --no-fund --loglevel=error
