#!/usr/bin/env bash
# Checks the sources without running the tests: format, linters, rooms, pages, costs, some fuzzing.
#
#   scripts/check.sh                  every check; clang-tidy on the sources that changed since the last commit but one
#   scripts/check.sh --base REV       clang-tidy on the sources that changed since REV
#   scripts/check.sh --all            clang-tidy on every source
#   scripts/check.sh format rooms     these checks alone
#   scripts/check.sh --list           the names of the checks
#
# scripts/install-deps.sh --check installs the tools. CHAINMEND_CMAKE_ARGS: further arguments of cmake.
#
# Status: 0 every check ran and found nothing; 1 a check found something; 2 a check could not run, and no other one found
# anything; 64 wrong usage.
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
readonly fuzz_seconds=60 build=build/asan
readonly nothing_to_do=3 # what a check returns that has nothing to look at

say() { printf '%s\n' "$*"; }

# name    tool            package         what is checked
readonly checks='
format    clang-format    clang-format    C against .clang-format
shell     shellcheck      shellcheck      scripts, by shellcheck
python    flake8          flake8          Python, by flake8
rooms     python3         python3         includes against the rooms
manuals   mandoc          mandoc          manual pages, by mandoc -T lint
docs      pytest-3        python3-pytest  names, links and commands in the pages
tidy      clang-tidy      clang-tidy      C, by clang-tidy
cost      valgrind        valgrind        what a connection costs, in counts, against bench/cost.expected
fuzz      clang           clang           a minute of fuzzing, all targets in turn
'
names=$(awk 'NF { print $1 }' <<<"$checks")
readonly names

base=
everything=no
wanted=()
while [ $# -gt 0 ]; do
	case "$1" in
	-h | --help)
		print_help
		exit 0
		;;
	--list)
		while read -r name _ _ what; do [ -z "$name" ] || printf '%-9s %s\n' "$name" "$what"; done <<<"$checks"
		exit 0
		;;
	--all) everything=yes ;;
	--base)
		[ $# -ge 2 ] || wrong_usage "--base: since which commit?"
		git rev-parse --quiet --verify "$2^{commit}" >/dev/null || wrong_usage "--base $2: there is no such commit here"
		base=$2
		shift
		;;
	-*) wrong_usage "$1: no such option" ;;
	*)
		grep -qxF -- "$1" <<<"$names" || wrong_usage "$1: no such check (--list names them)"
		wanted+=("$1")
		;;
	esac
	shift
done
[ $everything = no ] || [ -z "$base" ] || wrong_usage "--all and --base stand together: use one of them"

# Files that git tracks, and new ones that it does not ignore, as far as they are there.
sources() {
	git ls-files --cached --others --exclude-standard -- "$@" | while read -r path; do [ ! -f "$path" ] || say "$path"; done
}

# Where the commit before is not there (the first one, a shallow clone), what is not committed yet has changed.
changed_sources() {
	local since=${base:-HEAD~1}
	if [ $everything = yes ]; then
		sources '*.c'
		return
	fi
	git rev-parse --quiet --verify "$since^{commit}" >/dev/null || since=HEAD
	{
		git diff --name-only --diff-filter=d "$since" -- '*.c' && git ls-files --others --exclude-standard -- '*.c'
	} | sort -u
}

# Brings the build up to date, so that no check looks at what an older commit built.
build_targets() {
	local -a cmake_args
	read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
	cmake --preset asan "${cmake_args[@]}" && cmake --build $build --target "$@"
}

check_format() { sources '*.c' '*.h' | xargs clang-format --dry-run --Werror; }
check_shell() { sources '*.sh' .ci/run | xargs shellcheck; }
check_python() { sources '*.py' | xargs flake8; }
check_rooms() { scripts/rooms.py; }

# Sources that this build does not compile (those of other presets) are left out. The build makes headers that they include.
# One file a run: of several in one run, clang-tidy 14 takes each va_list after the first file for uninitialised.
check_tidy() {
	local changed paths
	changed=$(changed_sources) || return 1
	[ -n "$changed" ] || return $nothing_to_do
	build_targets all || return 1
	paths=$(while read -r path; do ! grep -qF "/$path\"" $build/compile_commands.json || say "$path"; done <<<"$changed")
	[ -n "$paths" ] || return $nothing_to_do
	xargs -P "$(nproc)" -n 1 clang-tidy -p $build --quiet --warnings-as-errors='*' <<<"$paths" 2>&1 |
		sed '/ warnings\{0,1\} generated\.$/d'
}

# The page of the configuration is made by the build.
check_manuals() {
	build_targets texts || return 1
	{ sources '*.1' '*.5' && find $build/texts -name '*.[1-8]'; } | xargs mandoc -T lint -W warning
}

check_docs() {
	build_targets chainmend || return 1
	CHAINMEND=$PWD/$build/chainmend /usr/bin/python3 -m pytest tests/flow/test_docs.py -p no:cacheprovider -q
}

check_cost() { bench/cost.sh --quick; }

check_fuzz() {
	local targets
	targets=$(scripts/fuzz.sh --list | wc -l) && [ "$targets" -gt 0 ] || return 1
	scripts/fuzz.sh -s $((fuzz_seconds / targets > 0 ? fuzz_seconds / targets : 1))
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=() missing=()
while read -r name tool package what; do
	[ -n "$name" ] || continue
	[ ${#wanted[@]} = 0 ] || [[ " ${wanted[*]} " == *" $name "* ]] || continue
	if ! command -v "$tool" >/dev/null 2>&1; then
		missing+=("$name: $tool is not there (apt-get install $package)")
		printf '%-9s NOT RUN  %s\n' "$name" "$what"
		continue
	fi
	started=$SECONDS status=0
	"check_$name" >"$log" 2>&1 </dev/null || status=$?
	case $status in
	0) result=good ;;
	"$nothing_to_do") result=nothing ;;
	*)
		result=FOUND
		failed+=("$name")
		;;
	esac
	printf '%-9s %-8s %s (%d s)\n' "$name" $result "$what" $((SECONDS - started))
	[ $result != FOUND ] || sed 's/^/    /' "$log"
done <<<"$checks"

for line in "${missing[@]}"; do say "could not run $line"; done
if [ ${#failed[@]} -gt 0 ]; then
	say "found something: ${failed[*]}"
	exit 1
fi
[ ${#missing[@]} = 0 ] || exit 2
