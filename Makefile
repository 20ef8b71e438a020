# make demo and make test are all that a newcomer needs; each sets up what it lacks.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GOTESTSUM   := go run gotest.tools/gotestsum@v1.13.0
GOFUMPT     := go run mvdan.cc/gofumpt@v0.12.0
STATICCHECK := go run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

# These packages run goroutines of ours: their tests also run under the race detector.
RACE := ./pkg/app/... ./pkg/consume/... ./pkg/event/... ./pkg/web/... ./pkg/export/...

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 12

.PHONY: build
build: ## build bin/tuition
	@echo "==> building bin/tuition"
	@CGO_ENABLED=0 go build -trimpath -o bin/tuition ./cmd/tuition

.PHONY: engine
engine: ## fetch the ClickHouse engine for the embedded default (npm)
	@go run ./internal/servertest/fetch engine

.PHONY: demo
demo: engine build ## run the whole pipeline on a simulated organisation and serve its pages
	@bin/tuition demo $(DEMO)

.PHONY: test-setup
test-setup: engine
	@go run ./internal/servertest/fetch kafka promtool
	@echo "==> npm ci playwright-core"; cd internal/browser && npm ci --no-audit --no-fund --loglevel=error

.PHONY: test
test: test-setup ## set up what the tests need and run all of them
	@echo "==> tests"
	@$(GOTESTSUM) --format pkgname --packages "./..." -- -p 1 -timeout 20m
	@echo "==> race detector"
	@CGO_ENABLED=1 $(GOTESTSUM) --format pkgname --packages "$(RACE)" -- -race -short -p 1 -timeout 10m

.PHONY: check
check: ## gofumpt, go vet, staticcheck
	@unformatted=$$($(GOFUMPT) -l cmd pkg internal schemas dashboards deploy); \
	  if [ -n "$$unformatted" ]; then echo "gofumpt: $$unformatted"; exit 1; fi
	@go vet ./...
	@$(STATICCHECK) ./...

.PHONY: vuln
vuln: ## govulncheck; needs the vulnerability database
	@$(GOVULNCHECK) ./...

.PHONY: fuzz
fuzz: ## fuzz the decoder for a minute each
	@go test ./pkg/event -run '^$$' -fuzz . -fuzztime 60s

.PHONY: bench
bench: test-setup ## events per second through real Kafka, side by side; BENCH=-n=200000 for a short one
	@go run ./internal/bench $(BENCH)

CAMPAIGN ?=
SCALE    ?= 1
.PHONY: campaigns
campaigns: ## simulate organisations of known truth and write docs/campaigns.md; CAMPAIGN=name for one, SCALE=0.1 for a tenth
	@go run ./internal/campaign/run -scale $(SCALE) $(CAMPAIGN)

.PHONY: bench-compute
bench-compute: engine ## a computation over years of changes at three sizes, into docs/benchmark.md; BENCH=-changes=50000000 for a large one
	@go run ./internal/benchcompute -document docs/benchmark.md $(BENCH)

.PHONY: long
long: test-setup ## the long campaigns: faults, coverage simulations, soak
	@TUITION_LONG=1 go test ./internal/faults/... ./internal/property/... ./pkg/event/... ./pkg/simulate/... ./pkg/stats/... ./pkg/learning/... -timeout 6h -v
