# make        builds bin/databalancer
# make help   lists the targets

# The tests' in-memory MySQL would need the ICU library without this tag.
TAGS    := gms_pure_go
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)

# What make run starts, how long make fuzz runs each target, and further
# arguments of go test and of the benchmarks:
# make test TESTFLAGS='-run Guard -v', make bench BENCHFLAGS='-only join,tpch',
# make test-backends BACKENDFLAGS='-only mysql -- -run Gather ./proxy/...'
RUN_ARGS  ?= -local 2 -log_events -data_dir ./data
FUZZTIME  ?= 30s
TESTFLAGS ?=
BENCHFLAGS ?=
BACKENDFLAGS ?=

# TiDB runs in containers, or else as the program that TIDB_SERVER names.
TIDB   := docker compose -f docker-compose.tidb.yml
TIDB_SH = TIDB_SERVER='$(TIDB_SERVER)' bash scripts/tidb.sh

.DEFAULT_GOAL := build
.PHONY: help deps build run test test-backends lint bench fuzz db_start db_setup db_stop clean

help: ## list the targets
	@grep -hE '^[a-z_-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

deps: ## install what this machine lacks: MariaDB, a C compiler, Go modules
	bash scripts/deps.sh

build: ## build bin/databalancer
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/databalancer ./cmd/databalancer

run: deps build ## run on :8080 with two local servers, data in ./data
	bin/databalancer $(RUN_ARGS)

test: deps lint ## lint and run all tests with the race detector
	go test -race -tags $(TAGS) -timeout 20m $(TESTFLAGS) ./...

test-backends: ## run the tests that talk to servers on MySQL, MariaDB 11.8 and TiDB
	go run -tags $(TAGS) ./test/backends $(BACKENDFLAGS)

lint: ## check formatting, vet, staticcheck
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then \
		echo "gofmt: these files are not formatted:"; echo "$$unformatted"; exit 1; fi
	go vet -tags $(TAGS) ./...
	go tool staticcheck -tags $(TAGS) ./...

bench: deps ## run the benchmarks and write docs/benchmarks.md
	go run -tags $(TAGS) ./test/bench -out docs/benchmarks.md $(BENCHFLAGS)

fuzz: deps ## run each fuzz target, and new seeds of the differential suite, for FUZZTIME
	@set -e; for file in $$(grep -rl --include='*_test.go' '^func Fuzz' .); do \
		for target in $$(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' $$file); do \
			echo "$$(dirname $$file) $$target"; \
			go test -tags $(TAGS) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$(dirname $$file); \
		done; done
	DATABALANCER_TEST_FUZZTIME=$(FUZZTIME) go test -tags $(TAGS) -count 1 -timeout 0 -v -run '^TestNewSeeds$$' ./test/differential

db_start: ## start TiDB: in containers, or TIDB_SERVER=path
	$(TIDB_SH) start $(TIDB) up --detach --wait

db_setup: ## wait for TiDB, make databalancer's databases and user
	$(TIDB_SH) setup $(TIDB) run --rm setup

db_stop: ## stop TiDB; its data stay
	$(TIDB_SH) stop $(TIDB) down

clean: ## remove what was built
	rm -rf bin
