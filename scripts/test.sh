#!/usr/bin/env bash
# Installs what is missing, builds with AddressSanitizer and UndefinedBehaviorSanitizer and as operators have it, and runs
# every test.
#
#   scripts/test.sh                    all tests
#   scripts/test.sh --boringssl DIR    the same with another BoringSSL: an installed tree, or a source tree
#   scripts/test.sh -k sni -x          other arguments go to pytest, the whole-program tests
#
# CHAINMEND_CMAKE_ARGS: further arguments of cmake. CHAINMEND_TEST_JOBS: how many whole-program tests run side by side.
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
started=$SECONDS

# Each stage says what it is; where one fails, the last line says which.
stage() {
	now=$*
	printf '\n== %s (%d s)\n' "$now" $((SECONDS - started))
}

read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
pytest_args=()
folder=build # a BoringSSL of its own has build folders of its own
while [ $# -gt 0 ]; do
	case "$1" in
	-h | --help)
		print_help
		exit 0
		;;
	--boringssl)
		read_boringssl "${2:-}"
		cmake_args+=("$boringssl_arg")
		folder=build/$boringssl_build
		shift
		;;
	*) pytest_args+=("$1") ;;
	esac
	shift
done
# pytest checks its own arguments, where it is installed already.
if /usr/bin/python3 -c 'import pytest' 2>/dev/null; then
	complaint=$(/usr/bin/python3 -m pytest --version -p no:cacheprovider "${pytest_args[@]}" 2>&1) ||
		wrong_usage "pytest: $(sed -n 's/^.*error: //p' <<<"$complaint")"
fi
readonly asan=$folder/asan release=$folder/release cost=$folder/cost

# shellcheck disable=SC2154 # status is set by the trap itself
trap 'status=$?; [ $status = 0 ] || printf "\n== FAILED in: %s, status %d, after %d s\n" "$now" $status $((SECONDS - started))' EXIT

stage "installing what is missing"
scripts/install-deps.sh
scripts/unpack-servers.sh

stage "building with ASan and UBSan in $asan"
cmake --preset asan -B "$asan" "${cmake_args[@]}"
cmake --build "$asan"

stage "unit tests"
ctest --test-dir "$asan" --output-on-failure -j "$(nproc)"

# Tests the hardened and optimised build too: it can fail where the sanitizers' build does not.
stage "building what operators run, in $release"
cmake --preset release -B "$release" "${cmake_args[@]}"
cmake --build "$release"

stage "unit tests of what operators run"
ctest --test-dir "$release" --output-on-failure -j "$(nproc)"

# Counts need symbols, and no sanitizer.
stage "building what bench/cost.sh counts, in $cost"
cmake --preset cost -B "$cost" "${cmake_args[@]}"
cmake --build "$cost" --target chainmend still_clock heap_count

# Most of what a whole-program test does is to wait: two a core keep the cores busy. -rs: what was skipped, and why. What measures,
# or fills the machine, runs alone behind them.
flow_tests() { # MARK ARGUMENT...
	local status=0 mark=$1
	shift
	CHAINMEND=$PWD/$asan/chainmend /usr/bin/python3 -m pytest tests/flow -p no:cacheprovider -rs -m "$mark" "$@" "${pytest_args[@]}" ||
		status=$?
	# 5: no test of this mark is among those that were asked for.
	[ $status = 0 ] || { [ $status = 5 ] && [ ${#pytest_args[@]} -gt 0 ]; } || return $status
}
stage "whole-program tests"
flow_tests "not alone" -n "${CHAINMEND_TEST_JOBS:-$(($(nproc) * 2))}" --dist loadfile

stage "whole-program tests that run alone"
flow_tests alone

now="all tests"
printf '\n== ALL TESTS PASSED in %d s\n' $((SECONDS - started))
