# `make run` builds Salon and serves it; `make test` runs every check; `make` lists the rest.

SHELL := bash
MAKEFLAGS += --no-print-directory
.SHELLFLAGS := -euo pipefail -c
# Side by side are what plain cargo builds and what cargo-leptos builds, one on each core.
ifndef SIDE_BY_SIDE
.NOTPARALLEL:
endif
.PHONY: help setup run build release pages dist test soak mutants sizes check unit plain e2e fuzz bench load recording signalling watch clean \
	natively in-browsers tested browse begin rust browsers fmt clippy deny

STEP := @scripts/step.sh
LOCKED := $(if $(CI),--locked)

# What is measured, where nothing else is said.
export SALON_BIN := $(CURDIR)/target/release/salon

# cargo-leptos builds in target/ with flags of its own. Plain cargo has another directory, or
# each would rebuild what the other built.
NATIVE := --target-dir target/native $(LOCKED)

help: ## Show this list
	@sed -n 's/^\([a-z0-9]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 18

setup: ## Install what building needs and is missing
	@scripts/setup.sh tools

run: release ## Build it and serve it on http://localhost:3000
	@echo "==> Starting Salon: open http://$${SALON_LISTEN:-localhost:3000} (Ctrl-C stops it)"
	@exec target/release/salon

build: setup ## Build it quickly, without optimisation
	$(STEP) "Building the server and the browser app, unoptimised" cargo leptos build

release: setup ## Build it as users run it
	$(STEP) "Building the server and the browser app (first time: about 10 minutes)" \
		cargo leptos build --split --lib-features split --release --precompress

dist: pages ## Build it as one file that carries its pages
	$(call carry,release,release)

test: export STEPS := target/steps.txt
# All that was ever interesting is tried again; the hunt for more is short.
test: export SECONDS_EACH = $(if $(SOAK),600,15)
test: begin browsers setup ## Run everything: checks, native tests, browser tests
	@scripts/setup.sh deny unit fuzz
	@SIDE_BY_SIDE=yes $(MAKE) -j2 natively in-browsers
	@$(MAKE) browse
	@echo; cat $(STEPS); echo "make test: everything passed in $$(($$(date +%s) - $$(cat target/began))) s"

check: fmt clippy deny ## Check format, lints and dependencies

# Most of what the tests of the server wait for is time.
unit: ## Run the native tests: the core, properties, the server
	@scripts/setup.sh unit
	$(STEP) "Running the native tests" env RUST_TEST_THREADS=$${RUST_TEST_THREADS:-6} cargo test --features ssr $(NATIVE) -- --show-output

plain: build browsers end2end/node_modules/.package-lock.json ## Test what plain cargo leptos builds: the app in one piece
	$(STEP) "Calling with the development build" env SALON_BIN=$(CURDIR)/target/debug/salon \
		npm --prefix end2end run --silent test -- -g "two people see and hear each other|every panel opens"

e2e: tested browse ## Run the browser tests (ARGS="-g name" for some)

browse: browsers end2end/node_modules/.package-lock.json
	$(STEP) "Checking the types of the browser tests" npm --prefix end2end run --silent check
	$(STEP) "Running the browser tests" env SALON_BIN=$(CURDIR)/target/dist/debug/salon \
		npm --prefix end2end run --silent test -- $(ARGS)

soak: export SOAK := yes
soak: test ## Run everything at length: every fault, long recordings, 10 minutes of each fuzz target
	$(STEP) "Recording a call for an hour" env SALON_BIN=$(CURDIR)/target/dist/debug/salon node bench/recording.mjs 60

sizes: ## Print how large functions, structs, files and folders are
	@node scripts/sizes.mjs

mutants: ## Break Salon in ten places, one at a time, and see that a test fails each time
	@scripts/setup.sh tools browsers
	$(STEP) "Breaking it on purpose" node scripts/mutants.mjs $(ARGS)

SECONDS_EACH ?= 600
fuzz: ## Hunt for inputs that break the pure core, 10 minutes for each target (SECONDS_EACH=60 for less)
	@scripts/setup.sh fuzz
	$(STEP) "Fuzzing the message parser and the rooms, $(SECONDS_EACH) seconds each" scripts/fuzz.sh $(SECONDS_EACH)

bench: release browsers end2end/node_modules/.package-lock.json ## Measure speed and size, against a bare page
	$(STEP) "Measuring" node bench/run.mjs $(ARGS)

load: release end2end/node_modules/.package-lock.json ## Measure how 1,000 people come back after a restart
	$(STEP) "Taking the server away from 1,000 people" node bench/load.mjs $(ARGS)

recording: release browsers end2end/node_modules/.package-lock.json ## Record a call of two for two hours and watch the memory (ARGS=minutes)
	$(STEP) "Recording a call" node bench/recording.mjs $(ARGS)

signalling: release end2end/node_modules/.package-lock.json bench/signalling/node_modules/.package-lock.json ## Measure the server's cost and latency, against two servers in Node, and under attack
	$(STEP) "Measuring the signalling" node bench/signalling/run.mjs $(ARGS)
	$(STEP) "Measuring it under attack" node bench/signalling/attack.mjs

watch: setup ## Build, serve and reload at every change
	$(STEP) "Building and serving on http://localhost:3000, again at every change" cargo leptos watch

clean: ## Remove what was built (the tools stay)
	@echo "==> Removing what was built"
	@rm -rf target end2end/node_modules bench/signalling/node_modules end2end/media end2end/results bench/results

# Parts of the above.

# Builds the server with the pages inside: with profile $(1), into the folder that cargo calls $(2).
# The crates are those that cargo-leptos has built with it.
define carry
	$(STEP) "Building the server with its pages inside" env CARGO_BUILD_BUILD_DIR=target \
		cargo build --profile $(1) --no-default-features --features embed $(LOCKED) --target-dir target/dist
	@ls -lh target/dist/$(2)/salon | awk '{print "==> target/dist/$(2)/salon: " $$5 "B, pages included"}'
endef

# Unoptimised, as the crates that it stands on are built for the development build anyway, and with
# every check for overflows: a page takes it 5 ms instead of 1.5.
tested: pages
	$(call carry,dev,debug)

natively:
	@SIDE_BY_SIDE= LINES_BEGIN_WITH="plain cargo  | " $(MAKE) check unit fuzz

in-browsers:
	@SIDE_BY_SIDE= LINES_BEGIN_WITH="cargo-leptos | " $(MAKE) plain tested

pages: setup
	$(STEP) "Building the browser app (first time: about 10 minutes)" \
		cargo leptos build --frontend-only --split --lib-features split --release --precompress

begin:
	@mkdir -p target && date +%s >target/began && : >$(STEPS)

rust:
	@scripts/setup.sh rust

browsers:
	@scripts/setup.sh browsers networks relay proxies reader films

fmt: rust
	$(STEP) "Checking the format" cargo fmt --check

clippy: rust
	$(STEP) "Checking the server with clippy" \
		cargo clippy --features ssr --all-targets $(NATIVE) -- -D warnings
	$(STEP) "Checking the browser app with clippy" \
		cargo clippy --lib --features split --target wasm32-unknown-unknown $(NATIVE) -- -D warnings

deny: rust
	@scripts/setup.sh deny
	$(STEP) "Checking the dependencies" scripts/deny.sh

# What browser tests and measurements need from npm.
%/node_modules/.package-lock.json: %/package-lock.json
	$(STEP) "Installing what $* needs from npm" npm --prefix $* ci --no-audit --no-fund --loglevel=error
