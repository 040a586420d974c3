#!/usr/bin/env bash
# Everything that is held against the sources without being a test of what they do: quick enough for each commit.
#
#   scripts/check.sh                  every check; clang-tidy on what changed since the commit before
#   scripts/check.sh --base REV       what changed since REV
#   scripts/check.sh --all            clang-tidy on every source
#   scripts/check.sh format rooms     these checks alone
#   scripts/check.sh --list           their names
#
# A check that cannot run here (a tool is missing) is named at the end, with the Debian package to install. Status: 0 all
# that ran was good, 1 something was found, 64 wrong usage.
set -euo pipefail

cd "$(dirname "$0")/.."
readonly fuzz_seconds=60 build=build/asan

say() { printf '%s\n' "$*"; }
die() {
	printf 'check: %s\n' "$*" >&2
	exit 64
}

# name    tool            package         what it says
readonly checks='
format    clang-format    clang-format    C as .clang-format has it
tidy      clang-tidy      clang-tidy      clang-tidy, by .clang-tidy
shell     shellcheck      shellcheck      shellcheck
python    flake8          flake8          flake8, by .flake8
rooms     python3         python3         includes against the rooms
manuals   mandoc          mandoc          mandoc -T lint
docs      python3         python3-pytest  names, links and commands in the pages
cost      valgrind        valgrind        what a connection costs, in counts, against bench/cost.expected
fuzz      clang           clang           a minute of fuzzing, all targets in turn
'

base=HEAD~1
everything=no
wanted=()
while [ $# -gt 0 ]; do
	case "$1" in
	-h | --help)
		sed -n '2,11s/^# \{0,1\}//p' "$0"
		exit 0
		;;
	--list)
		while read -r name _ _ what; do [ -z "$name" ] || printf '%-9s %s\n' "$name" "$what"; done <<<"$checks"
		exit 0
		;;
	--all) everything=yes ;;
	--base)
		[ $# -ge 2 ] || die "--base: since which commit?"
		base=$2
		shift
		;;
	-*) die "$1: no such option; see scripts/check.sh --help" ;;
	*)
		grep -q "^$1 " <<<"$checks" || die "$1: no such check; see scripts/check.sh --list"
		wanted+=("$1")
		;;
	esac
	shift
done

# Tracked, and new ones that are not ignored; those that are there.
sources() { git ls-files --cached --others --exclude-standard -- "$@" | while read -r path; do [ ! -f "$path" ] || say "$path"; done; }

changed_sources() {
	if [ $everything = yes ] || ! git rev-parse --quiet --verify "$base" >/dev/null; then
		sources '*.c'
	else
		{
			git diff --name-only --diff-filter=d "$base" -- '*.c'
			git ls-files --others --exclude-standard -- '*.c'
		} | sort -u
	fi
}

check_format() { sources '*.c' '*.h' | xargs clang-format --dry-run --Werror; }

check_tidy() {
	local paths
	[ -f $build/compile_commands.json ] || cmake --preset asan >/dev/null
	paths=$(changed_sources | while read -r path; do ! grep -qF "/$path\"" $build/compile_commands.json || say "$path"; done)
	[ -n "$paths" ] || return 0
	xargs -P "$(nproc)" -n 4 clang-tidy -p $build --quiet --warnings-as-errors='*' 2>/dev/null <<<"$paths"
}

check_shell() { sources '*.sh' .ci/run | xargs shellcheck; }
check_python() { sources '*.py' | xargs flake8; }
check_rooms() { scripts/rooms.py; }

# The pages as they are installed: that of the configuration is made by the build. They have no date, which mandoc misses.
check_manuals() {
	local page found=0
	cmake --build $build --target texts >/dev/null || return 1
	for page in $(sources '*.1' '*.5') "$build"/texts/conf/install/*.5; do
		mandoc -T lint -W warning "$page" | grep -v ': missing date, ' && found=1
	done
	return $found
}

check_docs() {
	[ -x $build/chainmend ] || { cmake --preset asan && cmake --build $build --target chainmend; } >/dev/null || return 1
	CHAINMEND=$PWD/$build/chainmend /usr/bin/python3 -m pytest tests/flow/test_docs.py -p no:cacheprovider -q
}

check_cost() { bench/cost.sh --quick; }

check_fuzz() {
	local targets
	targets=$(scripts/fuzz.sh --list | wc -l)
	scripts/fuzz.sh -s $((fuzz_seconds / targets > 0 ? fuzz_seconds / targets : 1))
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=() missing=()
while read -r name tool package what; do
	[ -n "$name" ] || continue
	[ ${#wanted[@]} = 0 ] || [[ " ${wanted[*]} " == *" $name "* ]] || continue
	started=$SECONDS
	if ! command -v "$tool" >/dev/null 2>&1; then
		missing+=("$name: $tool is not there (apt-get install $package)")
		printf '%-9s not run\n' "$name"
	elif "check_$name" >"$log" 2>&1; then
		printf '%-9s good     %s (%d s)\n' "$name" "$what" $((SECONDS - started))
	else
		failed+=("$name")
		printf '%-9s FOUND    %s (%d s)\n' "$name" "$what" $((SECONDS - started))
		sed 's/^/    /' "$log"
	fi
done <<<"$checks"

for line in "${missing[@]}"; do say "could not run $line"; done
if [ ${#failed[@]} -gt 0 ]; then
	say "found something: ${failed[*]}"
	exit 1
fi
