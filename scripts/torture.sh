#!/usr/bin/env bash
# 50,000 connections through a chainmend with AddressSanitizer: resets, half-closes, slow readers and writers on both
# sides, handshakes that are broken off, a reload a second; every byte is compared, and nothing may be left behind.
#
#   scripts/torture.sh                         50,000 connections, a seed that it prints
#   scripts/torture.sh 2000 7                  so many, with this seed
#
# CHAINMEND: the program, build/asan/chainmend by default (the torture itself is of the same build: tests/torture/
# beside it); CHAINMEND_TEST_WORKERS: its threads.
set -euo pipefail

cd "$(dirname "$0")/.."
export CHAINMEND=${CHAINMEND:-$PWD/build/asan/chainmend}
export CHAINMEND_TORTURE_CONNECTIONS=${1:-50000}
export CHAINMEND_TORTURE_SEED=${2:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}

[ -x "$CHAINMEND" ] || {
	echo "torture.sh: $CHAINMEND is not there: build it first (scripts/test.sh does)" >&2
	exit 2
}
echo "seed $CHAINMEND_TORTURE_SEED"
exec /usr/bin/python3 -m pytest tests/flow/test_torture.py -q -p no:cacheprovider
