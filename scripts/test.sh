#!/usr/bin/env bash
# Installs what is missing, builds with AddressSanitizer and UndefinedBehaviorSanitizer and as operators have it, and runs
# every test.
#
#   scripts/test.sh                all tests
#   scripts/test.sh -k sni -x      arguments go to pytest, the whole-program tests
#
# CHAINMEND_CMAKE_ARGS: further arguments of cmake (-DBORINGSSL_ROOT=DIR, say).
set -euo pipefail

cd "$(dirname "$0")/.."
readonly build=build/asan
started=$SECONDS

stage() { printf '\n== %s (%d s)\n' "$*" $((SECONDS - started)); }
# shellcheck disable=SC2154 # status is set by the trap itself
trap 'status=$?; [ $status = 0 ] || printf "\n== FAILED in: %s, status %d, after %d s\n" "$now" $status $((SECONDS - started))' EXIT

now="installing what is missing"
stage "$now"
scripts/install-deps.sh

now="building with ASan and UBSan in $build"
stage "$now"
read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
cmake --preset asan "${cmake_args[@]}"
cmake --build "$build"

now="unit tests"
stage "$now"
ctest --test-dir "$build" --output-on-failure -j "$(nproc)"

# What operators run is hardened and optimised, and can fail where the sanitizers' build does not.
now="building what operators run, in build/release"
stage "$now"
cmake --preset release "${cmake_args[@]}"
cmake --build build/release

now="unit tests of what operators run"
stage "$now"
ctest --test-dir build/release --output-on-failure -j "$(nproc)"

now="whole-program tests"
stage "$now"
CHAINMEND=$PWD/$build/chainmend /usr/bin/python3 -m pytest tests/flow -p no:cacheprovider "$@"

now="all tests"
printf '\n== ALL TESTS PASSED in %d s\n' $((SECONDS - started))
