# `make demo` and `make test` are all a newcomer needs; `make check` is what CI
# adds. Everything is fetched by the go command through its module proxy.

GO      ?= go
# A number of runs and not a time: where the time is up while a worker is at work, the
# go command can call that a failure ("context deadline exceeded", without an input).
FUZZFOR ?= 5000x
# A race detector is ten times slower; it gets every 101st bit flip.
RACE_STRIDE ?= 101
# `make test` flips one bit in so many of three stores, and for verify of segments.
# CI takes fewer, `make nightly` every one.
DAMAGE_STRIDE ?= 1
FLIP_STRIDE   ?= 23
# What `make crash` tries: power cuts, and writers killed with SIGKILL.
CRASH_STATES ?= 1000000
CRASH_KILLS  ?= 200
# Stores that `make interop` writes for each sort of session.
INTEROP_SEEDS ?= 60
# Events that `make bench` writes with each engine.
N ?= 1000000
# Which mutants `make mutants` tries: a regular expression over table, file and name.
ONLY ?=
# A test that is skipped for a reason that matches this regular expression fails `make
# test` and `make interop` (see .ci/run).
NO_SKIP ?=

# go test, with a line for each package when it ends and the skipped tests at the end.
TEST = $(GO) run ./.ci/testrun -no-skip '$(NO_SKIP)' $(GO) test

# Every system the modules must build for.
PLATFORMS = linux/amd64 linux/386 darwin/arm64 windows/amd64 wasip1/wasm js/wasm

.PHONY: build wasm wasm-twice demo test check bench benchtest crash nightly interop mutants fuzz fmt vet staticcheck testrun race platforms tidy clean

build: wasm
	$(GO) build -o bin/ ./host/cmd/thaw

# The plugin. The same source and compiler give the same bytes; tests build it
# for themselves, with the same flags (wasm/internal/wasmbuild).
WASM = GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 GOFLAGS= $(GO) build -buildmode=c-shared \
	-trimpath -buildvcs=false -ldflags='-s -w -buildid='

wasm:
	$(WASM) -o bin/thaw.wasm ./wasm/guest

# Builds it again from nothing, in a copy of the source elsewhere, and compares.
wasm-twice: wasm
	@set -e; dir=$$(mktemp -d); trap 'chmod -R u+w '"$$dir"' && rm -rf '"$$dir" EXIT; \
		mkdir $$dir/source && cp -R go.mod go.sum core wasm $$dir/source; \
		(cd $$dir/source && GOCACHE=$$dir/cache $(WASM) -o $$dir/thaw.wasm ./wasm/guest); \
		cmp bin/thaw.wasm $$dir/thaw.wasm && echo "both builds of thaw.wasm are the same bytes"

demo: build
	$(GO) run ./examples/demo

# Every single-bit flip and every truncation; `go test ./...` alone tries a 31st.
test:
	THAW_DAMAGE_STRIDE=$(DAMAGE_STRIDE) THAW_FLIP_STRIDE=$(FLIP_STRIDE) $(TEST) -timeout 2h ./...

# Power cuts at every operation of a writer, with new random numbers until there
# were CRASH_STATES of them; some twenty minutes on two cores.
crash:
	THAW_CRASH_STATES=$(CRASH_STATES) THAW_CRASH_KILLS=$(CRASH_KILLS) \
		$(GO) test -timeout 3h -count=1 -v -run 'TestPowerCuts|TestKill' ./host/crash

# What does not fit into CI: every bit, more power cuts and stores, mutants. It takes
# hours.
nightly:
	$(MAKE) test DAMAGE_STRIDE=1 FLIP_STRIDE=1
	$(MAKE) crash interop mutants

# thaw and the real batpak 0.4.0 over the same stores, both ways. It needs cargo,
# which fetches the crate; without one of them nothing is compared, and that is said.
interop:
	THAW_INTEROP_SEEDS=$(INTEROP_SEEDS) $(TEST) -timeout 1h -count=1 ./host/interop

# Changes the code at one point at a time and checks that the test of the tables in
# .ci/mutants notices; every mutant takes some seconds.
mutants:
	$(GO) test ./.ci/mutants
	$(GO) run ./.ci/mutants -only '$(ONLY)'

check: fmt vet testrun benchtest staticcheck platforms tidy wasm-twice race fuzz

fmt:
	@bad=$$(gofmt -l .); test -z "$$bad" || { echo "not formatted: $$bad"; exit 1; }

vet:
	$(GO) vet ./... ./.ci/testrun
	cd host/bench && CGO_ENABLED=0 $(GO) vet ./...

# What CI runs tests with.
testrun:
	$(GO) test ./.ci/testrun

# The benchmark's own tests, without SQLite, which takes a C compiler.
benchtest:
	cd host/bench && CGO_ENABLED=0 $(GO) test ./...

# The linter's own dependencies stay in a module of their own, so that nobody
# who imports thaw downloads them.
staticcheck:
	$(GO) tool -modfile=.ci/tools/go.mod staticcheck ./...

race:
	THAW_DAMAGE_STRIDE=$(RACE_STRIDE) $(TEST) -race -timeout 30m ./...

platforms:
	@set -e; for p in $(PLATFORMS); do echo "vet $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} CGO_ENABLED=0 $(GO) vet ./...; done

tidy:
	$(GO) mod tidy -diff
	cd host/bench && $(GO) mod tidy -diff
	cd .ci/tools && $(GO) mod tidy -diff

# Every fuzz target in the tree, FUZZFOR each, from its committed corpus.
fuzz:
	@set -e; grep -rl --include='*_test.go' '^func Fuzz' core host fsabstraction wasm | xargs -n1 dirname | sort -u | while read dir; do \
		grep -ho '^func Fuzz[A-Za-z0-9_]*' $$dir/*_test.go | cut -d' ' -f2 | while read target; do \
			echo "fuzz $$dir $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZFOR) -fuzzminimizetime 20x ./$$dir </dev/null; done; done

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./core/... ./host/... ./wasm/...
	$(GO) test -run '^$$' -bench . -benchtime 2x -timeout 30m ./examples/plugin
	cd host/bench && $(GO) run ./cmd/bench -n $(N)

clean:
	rm -rf bin
