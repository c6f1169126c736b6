# `make` alone lists the targets. They need Go and Node; with a C compiler, tests run under the race
# detector.

# The mode that `make dev` runs: password or passwordless.
MODE = passwordless
# Further arguments of `make dev`, `lambdas`, `bench`, `attack` and `vulnerabilities`.
ARGS =

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK = golang.org/x/vuln/cmd/govulncheck@v1.9.0
ACTIONLINT = github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

# Not ./...: it would include node_modules, where some Go files have names that the go command refuses.
DIRS = $(filter-out bin/ cdk.out/ dist/ docs/ node_modules/,$(wildcard */))
PACKAGES = . $(patsubst %,./%...,$(DIRS))

# The files that `npm ci` writes at its end, for the CDK CLI and for the sign-in page.
NODE_MODULES = node_modules/.package-lock.json $(patsubst %/package-lock.json,%/node_modules/.package-lock.json,$(wildcard web/package-lock.json))

# The CDK's Node processes send no telemetry and print no notice about the end of this Node's life.
export CDK_DISABLE_CLI_TELEMETRY = true
test test-update synth bench test-consumers test-newest: export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = \
	$(shell node -p 'process.versions.node.split(".")[0]' 2>/dev/null)

.PHONY: help go dev check test test-update lint synth lambdas bench attack test-consumers test-portable release \
	test-release vulnerabilities outdated test-newest verify clean npm

# Every target that compiles depends on it.
go:
	@command -v go >/dev/null || { echo "go is not on PATH; install Go 1.26 or later from https://go.dev/dl"; exit 1; }

# Every target that needs Node: before a minute of compiling, not after it.
npm:
	@command -v npm >/dev/null || { echo "npm is not on PATH; install Node 22 or 24 from https://nodejs.org"; exit 1; }

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

# Without cgo and with -trimpath, the functions share what is compiled for the command.
DEV_BUILD = -trimpath -o bin/emailotp ./cmd/emailotp

# The command is current if it was built by this toolchain, and no file and no directory changed
# since the build began. `go build` finds that out too, in a third of a second of two processors.
IS_CURRENT = test -x bin/emailotp && test "$$(go version)" = "$$(cat bin/.built 2>/dev/null)" && \
	test -z "$$(find . \( -name '.?*' -o -name node_modules -o -name bin -o -name dist -o -name docs -o \
	-name cdk.out -o -name testdata -o -name '*_test.go' \) -prune -o -newer bin/.built -print)"

dev: export CGO_ENABLED = 0
dev: go npm ## sign in on this machine (MODE=password for the other mode, ARGS for flags)
	@test -x bin/emailotp || echo "The first start compiles for about a minute with two processors; later ones take a second." >&2
	@$(IS_CURRENT) || { mkdir -p bin && go version >bin/.building && \
		$(if $(wildcard bin/emailotp),go build,go run ./internal/gobuild) $(DEV_BUILD) && mv bin/.building bin/.built; }
	@bin/emailotp dev --example --mode $(MODE) $(ARGS)

check: go ## gofmt, go vet, staticcheck and the quick tests, without the CDK: under a minute
	@go run ./internal/testrun -check -staticcheck $(STATICCHECK)

test: go $(NODE_MODULES) ## run all tests
	@go run ./internal/testrun

test-update: go $(NODE_MODULES) ## write the golden files anew
	@go run ./internal/testrun -update

lint: go ## gofmt, go vet, staticcheck, and actionlint for the workflows
	@unformatted=$$(gofmt -l *.go $(DIRS)); \
	if [ -n "$$unformatted" ]; then echo "not formatted by gofmt:" $$unformatted; exit 1; fi
	go vet $(PACKAGES)
	go run $(STATICCHECK) $(PACKAGES)
	go run $(ACTIONLINT) -shellcheck= -pyflakes=

synth: go $(NODE_MODULES) ## synthesise all environments into cdk.out, strictly
	node_modules/.bin/cdk synth --quiet --strict --no-notices

lambdas: go ## write the functions as zips into dist/lambdas
	@go run ./cmd/emailotp lambdas $(ARGS)

bench: go $(NODE_MODULES) ## measure
	@go run ./tools/bench $(ARGS)

attack: go ## attack the sign-in and see every bound hold
	@go run ./tools/attack $(ARGS)
	@test -n "$(ARGS)" || EMAILOTP_ATTACK=all go test -count=1 -timeout 60m -run TestEveryWeaknessIsFound ./tools/attack

test-consumers: go $(NODE_MODULES) ## import the construct in every way there is
	EMAILOTP_CONSUMERS=all go test -count=1 -timeout 60m ./internal/consumers/...

test-portable: go ## vet for Windows and macOS what does not link the CDK
	@go run ./internal/testrun -portable

release: go ## make the files of a release in dist/release, and upload nothing
	@go run ./internal/release

test-release: go ## make the files of a release twice, from the last commit, and compare the bytes
	@go run ./internal/release -twice

vulnerabilities: go ## look up the modules that are linked in Go's vulnerability database (ARGS=-db=URL for a mirror)
	go run $(GOVULNCHECK) $(ARGS) $(PACKAGES)

# In a line of `go list -m -u`, what is known of a module whose versions the proxy does not list.
NOT_LISTED = {{else if .Error}}{{.Path}} {{.Version}} stays: the module proxy lists no versions of it

outdated: go ## list the direct dependencies that have a newer version, where that database can't be reached
	@go list -e -m -u -f '{{if .Update}}{{.Path}} {{.Version}}, newest {{.Update.Version}}$(NOT_LISTED){{end}}' \
		$$(go list -m -f '{{if not (or .Main .Indirect)}}{{.Path}}{{end}}' all)

test-newest: go $(NODE_MODULES) ## the quick tests with the newest dependencies, in a copy of the checkout
	@rm -rf dist/newest && mkdir -p dist && git clone --quiet . dist/newest
	cd dist/newest && go list -e -m -u -f '{{if .Update}}{{.Path}}@{{.Update.Version}}$(NOT_LISTED){{end}}' \
		$$(go list -deps -test -f '{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}' $(PACKAGES) | sort -u) >../newest.txt
	@grep ' stays: ' dist/newest.txt || true
	cd dist/newest && go get $$(grep @ ../newest.txt) && go mod tidy && go vet . ./constructs/... ./stacks/... && \
		go run ./internal/testrun -check -staticcheck $(STATICCHECK)

verify: test-update ## regenerate the golden files; git must show no change
	git diff --exit-code

clean: ## remove the files that the other targets wrote
	rm -rf .emailotp bin cdk.out dist node_modules web/dist web/node_modules

NPM_CI = cd $(1) && npm ci --no-audit --no-fund && touch node_modules/.package-lock.json

node_modules/.package-lock.json: package-lock.json | npm
	$(call NPM_CI,.)

web/node_modules/.package-lock.json: web/package-lock.json | npm
	$(call NPM_CI,web)
