#!/usr/bin/env bash
# Builds, tests and measures Sealcam on Debian with Go 1.26. Usage: see usage() below, or run it without arguments.
# Everything that it makes lies in build/ and in static/dist/.
set -euo pipefail
shopt -s inherit_errexit # set -e holds in $(...) too

cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
bin=$root/build/bin
readonly root bin

readonly steps=(format tidy vet staticcheck fuzzseeds unit wasm e2e reproducible)
readonly wasm_packages=(./codec/... ./e2ee/... ./control/... ./signal/... ./viewer/... ./transport/... ./wasm/... ./internal/... ./test/wasmexec/inside)

usage() {
	cat <<END
usage: ./build.sh run [rtsp://user:password@host/path ...]   build, then show demo cameras or your own
       ./build.sh test [step ...]                            all checks, or some: ${steps[*]}
       ./build.sh bench NAME                                 measure; results are JSON lines on standard output
       ./build.sh incident                                   replay January 2020 beside a viewer without sealing, in a browser
       ./build.sh release                                    build/release: the binary with the client in it
END
}

say() { printf '%s\n' "$*" >&2; }

die() {
	say "build.sh: $*"
	exit 1
}

# environment makes results depend on this tree alone, and works for users without a home.
environment() {
	unset GOFLAGS GOOS GOARCH GOEXPERIMENT
	export GOWORK=off
	mkdir -p build
	if [ -z "${HOME:-}" ] || [ ! -d "$HOME" ] || [ ! -w "$HOME" ]; then
		export HOME=$root/build/.home # the dot hides it from go's ./...
		export GOFLAGS=-modcacherw   # so that build/ can be removed
		mkdir -p "$HOME"
	fi
	if ! command -v go >/dev/null && [ -x /usr/local/go/bin/go ]; then
		PATH=$PATH:/usr/local/go/bin
	fi
	command -v go >/dev/null || die "Go is missing: install Go 1.26 or newer from go.dev/dl."
	local version
	version=$(go env GOVERSION)
	case $version in
	go1.[0-9] | go1.[0-9].* | go1.1[0-9] | go1.1[0-9].* | go1.2[0-5] | go1.2[0-5].* | go1.2[0-5]rc*)
		die "$version is too old: install Go 1.26 or newer from go.dev/dl."
		;;
	esac
	described=$(describe)
	readonly described
}

# describe names the tree that is built: a tag, or the commit, and whether files were changed since. The length does not depend on what else
# the repository holds. A copy without a repository of its own must not be named after one that lies around it: it is "dev".
describe() {
	local below
	below=$(git rev-parse --show-prefix 2>/dev/null) && [ -z "$below" ] &&
		git describe --tags --match 'v[0-9]*' --always --dirty --abbrev=12 2>/dev/null || echo dev
}

# need COMMAND PACKAGE ...: installs the Debian packages whose command is missing.
need() {
	local missing=()
	while [ $# -gt 0 ]; do
		command -v "$1" >/dev/null || missing+=("$2")
		shift 2
	done
	[ ${#missing[@]} -eq 0 ] || install_packages "${missing[@]}"
}

install_packages() {
	local missing=("$@") as=()
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null || ! command -v apt-get >/dev/null; then
			die "missing: ${missing[*]}; ask an administrator to install these packages."
		fi
		as=(sudo)
	fi
	command -v apt-get >/dev/null || die "missing: ${missing[*]}; install these packages with your system's package manager."
	say "installing ${missing[*]} ..."
	# Fresh images have no package lists.
	"${as[@]}" apt-get update -qq >&2
	"${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
		die "apt-get could not install ${missing[*]}: see its message above."
}

need_test_tools() {
	need gcc gcc ffmpeg ffmpeg # gcc for the race detector
	[ -e /usr/include/stdlib.h ] || install_packages libc6-dev
	[ -n "${CHROMIUM:-}" ] || command -v google-chrome >/dev/null || need chromium chromium
	[ -n "${FIREFOX:-}" ] || command -v firefox >/dev/null || need firefox-esr firefox-esr
	need Xvfb xvfb # Firefox has WebGL only where there is a screen
}

# timed WORDS COMMAND ...: runs a command and says how long it took.
timed() {
	local what=$1 begin=$SECONDS
	shift
	say "$what ..."
	"$@"
	say "$what: $((SECONDS - begin)) s"
}

readonly reproducible_flags=(-trimpath -buildvcs=false)
readonly linker_flags='-s -w -buildid='

# Packages of the client that are not hot, or no faster with it: without inlining they are 6 % less to download.
readonly sealcam=github.com/sealcam/sealcam ebiten=github.com/hajimehoshi/ebiten/v2
readonly not_inlined=(
	archive/zip compress/... crypto/tls crypto/x509 crypto/x509/pkix encoding/asn1 encoding/gob encoding/json fmt go/ast go/build/constraint
	go/constant go/parser go/printer go/scanner go/token image/... log/slog math/big mime net net/http net/url os reflect regexp regexp/syntax
	text/template text/template/parse time
	"$ebiten/internal/shader..." "$ebiten/internal/ui" github.com/fxamacker/cbor/v2 github.com/pion/... golang.org/x/text/... nhooyr.io/...
	"$sealcam"/{e2ee/grant,e2ee/pairing,signal...,viewer,viewer/kiosk,viewer/pair}
	"$sealcam"/wasm/{devices,dialog,display,keys,page,recovery,screens,settings,terms,verify}
)

no_inlining=()
for package in "${not_inlined[@]}"; do no_inlining+=("-gcflags=$package=-l"); done
readonly no_inlining
unset package

compile_client() { # compile_client [TREE]
	local tree=${1:-$root} overlay=()
	slim_templates "$tree/build" && overlay=(-overlay "$tree/build/overlay.json")
	compile_wasm "$tree" "${overlay[@]}" -o build/client.wasm ./wasm
	compile_wasm "$tree" "${overlay[@]}" -o build/scanner.wasm ./wasm/scan/program  # fetched only to scan
	compile_wasm "$tree" "${overlay[@]}" -o build/camera.wasm ./wasm/camera/program # in the client's place on #camera
}

compile_wasm() { # compile_wasm TREE ARGUMENT ...
	GOOS=js GOARCH=wasm go build -C "$1" "${reproducible_flags[@]}" -ldflags="$linker_flags" "${no_inlining[@]}" "${@:2}"
}

# slim_templates FOLDER: writes an overlay that takes one call out of text/template, which ebiten fills its built-in shaders with. That
# call of a method by its name makes the linker keep every exported method of the program: 4.1 MB of client instead of 3.2. Templates can
# then call no methods; ebiten's do not. It fails where go refuses overlays: a toolchain in the module cache.
slim_templates() {
	local original
	original=$(go env GOROOT)/src/text/template/exec.go
	case $original in
	"$(go env GOMODCACHE)"/*)
		say "this Go lies in the module cache, which cannot be overlaid: the client becomes larger"
		return 1
		;;
	esac
	mkdir -p "$1"
	sed 's/ptr\.MethodByName(fieldName)/(reflect.Value{})/' "$original" >"$1/template-exec.txt"
	if cmp -s "$original" "$1/template-exec.txt"; then
		say "text/template has changed: adapt slim_templates, or the client becomes larger"
		return 1
	fi
	printf '{"Replace":{"%s":"%s"}}' "$original" "$1/template-exec.txt" >"$1/overlay.json"
}

pack_client() { # pack_client fast|best [TREE]
	go run -C "${2:-$root}" "${reproducible_flags[@]}" ./static/pack -wasm build/client.wasm -scanner build/scanner.wasm -camera build/camera.wasm -quality "$1"
}

compile_binary() { # compile_binary OUTPUT [TREE]
	CGO_ENABLED=0 go build -C "${2:-$root}" "${reproducible_flags[@]}" -ldflags="$linker_flags -X main.version=$described" -o "$1" ./cmd/sealcam
}

build_all() { # build_all fast|best
	timed "client" compile_client
	timed "client, packed ($1)" pack_client "$1"
	timed "sealcam" compile_binary build/bin/sealcam
}

build_tools() {
	go build -C tools -o "$bin/" mvdan.cc/gofumpt honnef.co/go/tools/cmd/staticcheck
}

# js_packages prints the packages among wasm_packages that are built for the browser. Those of the client must be among them.
js_packages() {
	local packages client
	packages=$(GOOS=js GOARCH=wasm go list -e -f '{{if and (not .DepsErrors) (not .Error)}}{{.ImportPath}}{{end}}' "${wasm_packages[@]}")
	client=$(GOOS=js GOARCH=wasm go list -deps -f '{{with .Module}}{{if .Main}}{{$.ImportPath}}{{end}}{{end}}' ./wasm)
	local missing
	missing=$(comm -13 <(sort <<<"$packages") <(sort <<<"$client"))
	[ -z "$missing" ] || die "packages of the client that wasm_packages leaves out: $missing"
	echo "$packages"
}

# --- steps of the tests: each runs in a bash of its own, so that set -e holds in it ---

step_format() {
	build_tools
	local files
	# shellcheck disable=SC2046 # a list of folders
	files=$("$bin/gofumpt" -l $(go_folders))
	if [ -n "$files" ]; then
		say "not formatted; run: build/bin/gofumpt -w ." && say "$files"
		return 1
	fi
}

# go_folders prints the folders at the root that may hold Go files: not build/, whose copies of the tree are not ours to judge.
go_folders() {
	local folder
	for folder in */; do
		[ "$folder" = build/ ] || printf '%s ' "$folder"
	done
}

step_tidy() {
	go mod tidy -diff
	go mod tidy -C tools -diff
}

step_vet() {
	go vet ./...
	go vet -tags e2e ./test/...
	local packages
	packages=$(js_packages)
	# shellcheck disable=SC2086 # a list of packages
	GOOS=js GOARCH=wasm go vet $packages
}

step_staticcheck() {
	build_tools
	"$bin/staticcheck" ./...
	"$bin/staticcheck" -tags e2e ./test/...
	local packages
	packages=$(js_packages)
	# shellcheck disable=SC2086 # a list of packages
	GOOS=js GOARCH=wasm "$bin/staticcheck" $packages
}

# Go runs saved inputs as a part of the tests, but says nothing where none are saved.
step_fuzzseeds() {
	local file target count=0 bad=0 folder
	while IFS=: read -r file target; do
		target=${target#func }
		target=${target%%(*}
		folder=$(dirname "$file")/testdata/fuzz/$target
		if [ -z "$(ls "$folder" 2>/dev/null)" ]; then
			say "$file: $target has no saved inputs in $folder"
			bad=$((bad + 1))
		fi
		count=$((count + 1))
	done < <(grep -roE --include='*_test.go' --exclude-dir=build '^func Fuzz[A-Za-z0-9_]*\(' .)
	# Inputs of a target that was renamed would never run again.
	while read -r folder; do
		target=$(basename "$folder")
		if ! grep -qE "^func $target\(" "$folder"/../../../*_test.go; then
			say "$folder: there is no $target"
			bad=$((bad + 1))
		fi
	done < <(find . -path ./build -prune -o -path '*/testdata/fuzz/*' -type d -print)
	say "$count fuzz targets"
	[ $count -gt 0 ] && [ $bad -eq 0 ]
}

step_unit() {
	need_test_tools
	go test -race -shuffle=on ./...
	go test -count=1 ./codec/h264 # what is too slow under the race detector
}

step_wasm() {
	need_test_tools
	go build -o "$bin/wasmexec" ./test/wasmexec
	local packages log=$root/build/wasm-tests.log passed
	packages=$(GOOS=js GOARCH=wasm go list -e -f \
		'{{if and (not .DepsErrors) (not .Error) (or .TestGoFiles .XTestGoFiles)}}{{.ImportPath}}{{end}}' "${wasm_packages[@]}")
	[ -n "$packages" ] || die "no package has tests for the browser"
	# shellcheck disable=SC2046,SC2086 # lists of packages
	say "in Chromium:" $packages
	# shellcheck disable=SC2046
	say "for native targets alone:" $(GOOS=js GOARCH=wasm go list -e -f '{{if or .DepsErrors .Error}}{{.ImportPath}}{{end}}' "${wasm_packages[@]}")
	# shellcheck disable=SC2086 # a list of packages
	if ! GOOS=js GOARCH=wasm go test -v -exec "$bin/wasmexec" $packages >"$log" 2>&1; then
		grep -E '^(FAIL|ok|---|\s+---.*FAIL)|panic:|_test\.go:' "$log" | grep -vE '^\s*--- (PASS|SKIP)' || true
		die "tests failed in Chromium: the whole output is in build/wasm-tests.log"
	fi
	grep -E '^ok' "$log"
	if grep -E '\[no tests? (to run|files)\]' "$log"; then
		die "these packages ran no test in Chromium"
	fi
	passed=$(grep -cE '^--- PASS' "$log" || true)
	say "$passed tests in Chromium"
	[ "$passed" -gt 0 ]
}

step_e2e() {
	need_test_tools
	build_all fast
	SEALCAM_BIN=$bin/sealcam SEALCAM_ARTIFACTS=$root/build/artifacts \
		go test -tags e2e -count=1 -p 1 -timeout 55m ./test/...
}

# step_reproducible builds two copies of the tree in folders of different length, the second without the build cache.
step_reproducible() {
	local work=$root/build/repro
	local trees=("$work/a" "$work/a-longer/name")
	rm -rf "$work"
	mkdir -p "${trees[@]}"
	list_tree | tar -cf "$work/tree.tar" --null -T -
	local tree
	for tree in "${trees[@]}"; do
		tar -xf "$work/tree.tar" -C "$tree"
		mkdir -p "$tree/build"
	done
	build_copy "${trees[0]}"
	GOCACHE=$work/cache build_copy "${trees[1]}"
	local first second
	first=$(hash_copy "${trees[0]}")
	second=$(hash_copy "${trees[1]}")
	if [ "$first" != "$second" ]; then
		diff <(echo "$first") <(echo "$second") || true
		die "the two builds differ: both are in build/repro"
	fi
	say "$(echo "$first" | wc -l) files are equal in both builds"
	rm -rf "$work"
}

# list_tree prints the files of the project, committed or not, ended by zero bytes.
list_tree() {
	if git rev-parse --git-dir >/dev/null 2>&1; then
		local file
		git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
			[ -e "$file" ] && printf '%s\0' "$file" # not those deleted in the working tree
		done
	else
		find . -path ./build -prune -o -type f '(' -not -path './static/dist/*' -o -name .keep ')' -print0
	fi
}

build_copy() {
	compile_client "$1"
	pack_client fast "$1"
	compile_binary build/sealcam "$1"
}

hash_copy() {
	(cd "$1" && find build static -type f ! -name overlay.json -print0 | sort -z | xargs -0 sha256sum)
}

# --- commands ---

command_run() {
	build_all fast
	exec "$bin/sealcam" demo "$@"
}

known_step() {
	local step
	for step in "${steps[@]}"; do
		[ "$step" = "$1" ] && return
	done
	die "there is no step $1: the steps are ${steps[*]}"
}

command_test() {
	local wanted=("$@") step
	[ $# -gt 0 ] || wanted=("${steps[@]}")
	for step in "${wanted[@]}"; do known_step "$step"; done
	need_test_tools
	local table=() passed=0 failed=0 begin
	for step in "${wanted[@]}"; do
		if [ $failed -gt 0 ]; then
			table+=("$(printf '%-14s not run' "$step")")
			continue
		fi
		begin=$SECONDS
		say "=== $step"
		if bash "$root/build.sh" --step "$step"; then
			passed=$((passed + 1))
			table+=("$(printf '%-14s %4d s  passed' "$step" $((SECONDS - begin)))")
		else
			failed=1
			table+=("$(printf '%-14s %4d s  FAILED: run it alone with ./build.sh test %s' "$step" $((SECONDS - begin)) "$step")")
		fi
	done
	printf '\n%s\n' "all: $SECONDS s"
	printf '%s\n' "${table[@]}"
	printf '%d passed, %d failed\n' $passed $failed
	[ $failed -eq 0 ]
}

command_bench() {
	local name=${1:-} known
	known=$(find test/bench -mindepth 1 -maxdepth 1 -type d -printf '%f ' 2>/dev/null || true)
	if [ -z "$name" ] || [ ! -d "test/bench/$name" ]; then
		die "say what to measure: ${known:-there is nothing yet}"
	fi
	shift
	need_test_tools
	[ "$name" = decoder ] || build_all best # it measures a package alone
	SEALCAM_BIN=$bin/sealcam SEALCAM_ARTIFACTS=$root/build/artifacts go run "./test/bench/$name" "$@"
}

command_incident() {
	timed "client" compile_client
	timed "client, packed (fast)" pack_client fast
	timed "incident" go build "${reproducible_flags[@]}" -o "$bin/incident" ./test/incident
	exec "$bin/incident" "$@"
}

command_release() {
	build_all best
	mkdir -p build/release
	cp build/bin/sealcam build/release/
	build/release/sealcam --version >&2
	(cd build/release && sha256sum sealcam | tee sealcam.sha256)
}

main() {
	local command=${1:-}
	[ $# -gt 0 ] && shift
	case $command in
	run | test | bench | incident | release)
		environment
		"command_$command" "$@"
		;;
	--step)
		environment
		"step_$1"
		;;
	-h | --help | help) usage ;;
	*)
		usage >&2
		exit 2
		;;
	esac
}

main "$@"
