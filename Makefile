# Two commands do everything: `make run` and `make test`.
# Both install what the machine lacks (scripts/setup), then build with the same light profile.

export PATH := $(HOME)/.cargo/bin:$(PATH)

.PHONY: help run test setup lint release bench fuzz dist-clean fixtures clients clients-setup postgres

help: ## What this Makefile can do
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup ## The main job: read fixtures/, build the warehouse, publish out/index.html
	cargo run --locked --quiet -- run

test: setup ## The whole test suite
	cargo test --locked

setup: ## Install what the machine lacks: a CJK font, a C compiler
	@scripts/setup

lint: ## Formatting and clippy, warnings denied
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

release: setup ## The optimised binary, for production and benchmarks: target/release/shebao
	cargo build --locked --release

bench: setup ## Measure the stages, reading and unpivoting, beside other libraries; compare the lines of one run with each other
	@scripts/setup-peers
	cargo bench --locked
	cargo build --locked --release
	python3 scripts/bench_records.py "$${CARGO_TARGET_DIR:-target}/release/shebao" "$${XDG_CACHE_HOME:-$$HOME/.cache}/shebao/peers-venv/bin/python"
	python3 scripts/bench_publication.py "$${CARGO_TARGET_DIR:-target}/release/shebao" "$${XDG_CACHE_HOME:-$$HOME/.cache}/shebao/peers-venv/bin/python"

fuzz: setup ## Fuzz every reader and parser, FUZZ_SECONDS (60) each; says where failing inputs lie
	scripts/fuzz

fixtures: ## Make the office files under fixtures/ and tests/bad/ again from their text (Python 3)
	scripts/make-fixtures

clients-setup: ## Install the programs that products are opened with in tests: LibreOffice, a browser, axe, sdmx1, frictionless, DuckDB
	@scripts/setup-clients

postgres: ## Install the PostgreSQL server that the tests of extracts out of a database start
	@scripts/setup-postgres

clients: setup ## Open what was published with the programs of its readers: DuckDB, LibreOffice, a browser
	scripts/check-clients

dist-clean: ## Remove everything that can be made again
	cargo clean
	rm -rf warehouse out
