# `make demo` and `make test` are all a newcomer needs; CI also runs `make check`.
# The go command fetches everything through its module proxy.

GO      ?= go
# A number of runs, not a time: if the time ends while a worker is busy, the go
# command may report a failure ("context deadline exceeded", without an input).
FUZZFOR ?= 5000x
# Packages to test with the race detector, which is ten times slower: those that start
# goroutines, and of core the replay, which runs in several. The scripts of cmd/thaw start the
# program for each line; what it does is tested in internal/cli. Of the plugin, these are the tests
# with several goroutines. `make nightly` tests all.
RACE       ?= ./core/replay ./fsabstraction/... \
	$(filter-out %/interop %/cmd/thaw,$(shell $(GO) list ./host/...))
RACE_PLUGIN ?= ^(TestWaitEnds|TestInstancesBound|TestTogether|TestWaitedForLost)$$
RACE_FLAGS ?= -short
# Tests flip every n-th bit: of three stores, of segments for verify, and with the
# race detector. The strides are primes, so that each bit of a byte has its turn.
# `make nightly` flips every bit.
DAMAGE_STRIDE ?= 31
FLIP_STRIDE   ?= 127
RACE_STRIDE   ?= 101
# The numbers of power cuts, of writers killed with SIGKILL, and of scripts of random
# operations (of which the plugin answers some), in `make crash`. Several machines share the
# work with another CRASH_SEED each.
CRASH_STATES ?= 1000000
# A quarter of these power cuts for each of five backups and forks, and some 400,000 in compactions
# of each kind, redaction among them, at this density: together a million more.
COPY_STATES     ?= 480000
COMPACT_DENSITY ?= 300
RECOVERY_CHAINS ?= 20000
CRASH_KILLS  ?= 200
CRASH_SEED   ?= 1
METAMORPHIC_SEEDS        ?= 10000
METAMORPHIC_PLUGIN_SEEDS ?= 1000
# The parts of `make crash`.
CRASH_PARTS ?= crash-states crash-kills crash-scripts
# How long `make soak` runs, how many events it writes a second, and where it keeps the store: by
# default in a temporary directory.
SOAK      ?= 30m
SOAK_RATE ?= 400
SOAK_DIR  ?=
# The number of stores that `make interop` writes for each sort of session. `make
# test` also writes some of each.
INTEROP_SEEDS ?= 60
# The number of events that `make bench` writes with each engine.
N ?= 1000000
# The mutants of `make mutants`: a regular expression over table, file and name.
ONLY ?=
# A test skipped for a reason that matches this regular expression fails `make test`
# and `make interop` (see .ci/run).
NO_SKIP ?=

# Only the race detector and SQLite need a C compiler. With cgo the go command would
# compile the standard library twice, since builds for other systems do not use cgo.
CGO_ENABLED ?= 0
export CGO_ENABLED

# go test, with a line for each package when it ends and the skipped tests at the end.
# `make vet` does the checks that -vet=off omits, and more.
TEST = $(GO) run ./.ci/testrun -no-skip '$(NO_SKIP)' $(GO) test -vet=off

comma := ,
space := $() $()
# The directory where tests cache the plugin compiled by wazero.
export THAW_WAZERO_CACHE ?= $(CURDIR)/.cache/wazero

# The tests of the inspector in Chromium, in a module of their own.
CHROME = wasm/browser/chrometest

# What needs SQLite (pure Go), in modules of their own: package project, and the example
# orders.
SQL_MODULES = host/project/sqltest examples/orders

# The systems that the modules must build for.
PLATFORMS = linux/amd64 linux/386 darwin/arm64 windows/amd64 wasip1/wasm js/wasm

# The steps of `make check`.
CHECKS = fmt vet tools benchtest sqltest staticcheck platforms tidy wasm-twice race fuzz

.PHONY: build wasm engine pgo inspector demo test chrome check checks $(CHECKS) bench crash crash-states crash-kills crash-scripts soak nightly interop mutants vet-platforms clean

# Where thaw inspect has its page from. A page of an earlier build is removed: it would be of
# other source.
INSPECT = host/cmd/thaw/internal/inspect/page

# Without node, npm or the network the command is built without the page, and .ci/page says why.
build: wasm
	@rm -f $(INSPECT)/*.gz
	@GO='$(GO)' NO_SKIP='$(NO_SKIP)' .ci/page $(CURDIR)/$(INSPECT)
	$(GO) build -o bin/ ./host/cmd/thaw

# The plugin. The same source and compiler give the same bytes; tests build their
# own, with the same flags (wasm/internal/wasmbuild).
WASM_FLAGS = -trimpath -buildvcs=false -ldflags='-s -w -buildid='
WASM   = GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 GOFLAGS= $(GO) build -buildmode=c-shared $(WASM_FLAGS)
# The same for browsers.
ENGINE = GOOS=js GOARCH=wasm CGO_ENABLED=0 GOFLAGS= $(GO) build $(WASM_FLAGS)

wasm:
	$(WASM) -o bin/thaw.wasm ./wasm/guest

engine:
	$(ENGINE) -o bin/engine.wasm ./wasm/browser/engine

# Builds both modules again from a copy of the source elsewhere, and compares. Every file
# of the copy ends with one more comment, which makes it different source for the go
# command: it compiles the packages again, and uses only the standard library's cache.
wasm-twice: wasm engine
	@set -e; dir=$$(mktemp -d); trap 'rm -rf '"$$dir" EXIT; \
		cp -R go.mod go.sum core wasm $$dir; \
		find $$dir -name '*.go' | while read -r file; do echo '// the end' >>"$$file"; done; \
		(cd $$dir && $(WASM) -o thaw.wasm ./wasm/guest && $(ENGINE) -o engine.wasm ./wasm/browser/engine); \
		for m in thaw engine; do cmp bin/$$m.wasm $$dir/$$m.wasm; done; \
		echo "both builds of thaw.wasm and of engine.wasm are the same bytes"

# The inspector, a page of one file: bin/inspector/inspector.html. It needs node, whose npm
# fetches a few small libraries.
inspector:
	cd .ci/tools && $(GO) run ./inspector

# The profile by which the compiler optimizes the plugin, from questions to the store
# that examples/plugin's benchmarks write: some minutes. Its events are of the guest's
# packages, in native code.
pgo:
	THAW_BENCH_STORE=$(CURDIR)/.cache/bench-store $(GO) test -run '^$$' -bench BenchmarkQuestions/sequence -benchtime 1x ./examples/plugin
	THAW_BENCH_STORE=$(CURDIR)/.cache/bench-store $(GO) test -run '^$$' -bench 'BenchmarkNative/(entity|scope|kind|stream)$$' -benchtime 2s \
		-cpuprofile $(CURDIR)/wasm/guest/default.pgo -o .cache/engine.test ./wasm/internal/engine

demo: build
	$(GO) run ./examples/demo
	cd examples/orders && $(GO) run .
	@rm -rf bin/sample
	@$(GO) run ./wasm/browser/sample -o bin/sample
	@echo "The inspector, with a sample store in it: bin/thaw inspect bin/sample"

# A sample of every single-bit flip and every truncation.
test:
	THAW_DAMAGE_STRIDE=$(DAMAGE_STRIDE) THAW_FLIP_STRIDE=$(FLIP_STRIDE) $(TEST) -timeout 12h ./...
	$(MAKE) --no-print-directory chrome

# What users do with the inspector, in Chromium. Without Chromium, node, npm or what npm
# fetches the tests are skipped with the reason. `make nightly` has them open a million events.
chrome:
	$(GO) run ./.ci/testrun -C $(CHROME) -no-skip '$(NO_SKIP)' $(GO) test -vet=off $(CHROME_FLAGS) ./...

# Power cuts at every operation of a writer, CRASH_STATES in all, with new random
# numbers; writers killed with SIGKILL; and the same script of random operations in many
# configurations. Some half an hour on two cores. A failure prints the command that replays it.
crash: $(CRASH_PARTS)

crash-states:
	THAW_CRASH_STEP=1 THAW_CRASH_SEED=$(CRASH_SEED) THAW_CRASH_STATES=$(CRASH_STATES) \
		$(GO) test -timeout 3h -count=1 -v -run 'TestPowerCuts' ./host/crash
	THAW_CRASH_STEP=1 THAW_CRASH_SEED=$(CRASH_SEED) THAW_COMPACT_DENSITY=$(COMPACT_DENSITY) THAW_CRASH_STATES=$(COPY_STATES) \
		$(GO) test -timeout 3h -count=1 -v -run 'TestCompactionPowerCuts|TestCopiesPowerCuts' ./host/crash
	THAW_CRASH_STEP=1 THAW_CRASH_SEED=$(CRASH_SEED) THAW_RECOVERY_CHAINS=$(RECOVERY_CHAINS) THAW_SALVAGE_DENSITY=40 \
		$(GO) test -timeout 3h -count=1 -v -run 'TestRecoveryAgainAndAgain|TestSalvagePowerCuts' ./host/crash

crash-kills:
	THAW_CRASH_KILLS=$(CRASH_KILLS) $(GO) test -timeout 1h -count=1 -v -run 'TestKill' ./host/crash
	cd examples/orders && THAW_CRASH_KILLS=$(CRASH_KILLS) $(GO) test -count=1 -v -run TestKill .

crash-scripts:
	THAW_METAMORPHIC_SEED=$(CRASH_SEED) THAW_METAMORPHIC_SEEDS=$(METAMORPHIC_SEEDS) \
		$(GO) test -timeout 3h -count=1 -run TestMetamorphic ./host/metamorphic
	THAW_METAMORPHIC_SEED=$(CRASH_SEED) THAW_METAMORPHIC_SEEDS=$(METAMORPHIC_PLUGIN_SEEDS) \
		$(GO) test -timeout 3h -count=1 -run TestMetamorphic ./wasm/plugin

# A writer, readers, a follower and a projection, killed again and again while the index is
# damaged; bin/soak.svg shows memory and descriptors.
soak:
	@mkdir -p bin
	$(GO) build -o bin/soak ./host/crash/soak
	bin/soak -for $(SOAK) -rate $(SOAK_RATE) -dir '$(SOAK_DIR)' -chart bin/soak.svg

# The tests too long for CI, in some hours: every bit, more power cuts and stores,
# every package with the race detector, long fuzzing, go vet for the other systems,
# mutants.
nightly:
	THAW_FULL=1 THAW_CRASH_STEP=1 $(MAKE) test DAMAGE_STRIDE=1 FLIP_STRIDE=1
	$(MAKE) crash interop vet-platforms
	$(MAKE) race RACE=./... RACE_FLAGS=
	CGO_ENABLED=1 $(MAKE) sqltest SQL_FLAGS=-race
	$(MAKE) fuzz FUZZFOR=1000000x
	$(MAKE) mutants

# Compares thaw with batpak 0.4.0 over the same stores, in both directions. It needs
# cargo, which fetches the crate; without either, the tests are skipped with the reason.
interop:
	THAW_INTEROP_SEEDS=$(INTEROP_SEEDS) $(TEST) -timeout 1h -count=1 ./host/interop

# Changes the code at one point at a time and checks that the test named in
# .ci/mutants fails; every mutant takes some seconds.
mutants:
	$(GO) test ./.ci/mutants
	$(GO) run ./.ci/mutants -only '$(ONLY)'

check: $(CHECKS)

checks: # for .ci/run, which prints the time of each
	@echo $(CHECKS)

fmt:
	@bad=$$(gofmt -l .); test -z "$$bad" || { echo "not formatted: $$bad"; exit 1; }

vet:
	$(GO) vet ./... ./.ci/testrun ./.ci/platforms
	cd host/bench && $(GO) vet ./...
	@set -e; for m in $(SQL_MODULES) $(CHROME) .ci/tools; do (cd $$m && $(GO) vet ./...); done

# The tests of CI's own tools, and whether mutants and their tests are where the tables say.
tools:
	$(GO) test -vet=off ./.ci/testrun ./.ci/platforms
	$(GO) run ./.ci/mutants -list
	cd .ci/tools && $(GO) vet ./inspector && $(GO) test -vet=off ./inspector

# The benchmark's own tests, without SQLite, which needs a C compiler.
benchtest:
	cd host/bench && $(GO) test -vet=off ./...

sqltest:
	@set -e; for m in $(SQL_MODULES); do (cd $$m && $(GO) test -vet=off $(SQL_FLAGS) ./...); done

# The linter's dependencies are in a separate module, so that importing thaw does not
# download them.
staticcheck:
	$(GO) tool -modfile=.ci/tools/go.mod staticcheck ./...
	cd $(CHROME) && $(GO) tool -modfile=$(CURDIR)/.ci/tools/go.mod staticcheck ./...

race:
	CGO_ENABLED=1 THAW_DAMAGE_STRIDE=$(RACE_STRIDE) $(TEST) -race $(RACE_FLAGS) -timeout 3h $(RACE)
	CGO_ENABLED=1 $(TEST) -race -short -timeout 3h -run '$(RACE_PLUGIN)' ./wasm/plugin

# Type-checks every package and test from source, as compiled for each system.
platforms:
	$(GO) run ./.ci/platforms $(subst $(space),$(comma),$(strip $(PLATFORMS))) ./...

# The same with the compiler and go vet, which takes minutes.
vet-platforms:
	@set -e; for p in $(PLATFORMS); do echo "vet $$p"; \
		GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./...; done

tidy:
	$(GO) mod tidy -diff
	cd host/bench && $(GO) mod tidy -diff
	@set -e; for m in $(SQL_MODULES) $(CHROME) .ci/tools; do (cd $$m && $(GO) mod tidy -diff); done

# Every fuzz target in the tree, FUZZFOR each, from its committed corpus.
fuzz:
	GO='$(GO)' .ci/fuzz $(FUZZFOR)

bench:
	$(GO) test -run '^$$' -bench . -benchmem ./core/... ./host/... ./wasm/...
	$(GO) test -run '^$$' -bench . -benchtime 2x -timeout 30m ./examples/plugin
	cd host/bench && CGO_ENABLED=1 $(GO) run ./cmd/bench -n $(N)

clean:
	rm -rf bin .cache $(INSPECT)/*.gz
