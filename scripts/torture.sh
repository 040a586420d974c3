#!/usr/bin/env bash
# 50,000 connections through a chainmend with AddressSanitizer: resets, half-closes, slow readers and writers on both
# sides, handshakes that are broken off, a reload a second; every byte is compared, and nothing may be left behind.
#
#   scripts/torture.sh            50,000 connections, a seed that it prints
#   scripts/torture.sh 2000 7     so many, with this seed
#
# CHAINMEND: the program, build/asan/chainmend by default (the torture itself is of the same build: tests/torture/
# beside it); CHAINMEND_TEST_WORKERS: its threads.
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."

case "${1:-}" in
-h | --help)
	print_help
	exit 0
	;;
-*) wrong_usage "$1: no such option" ;;
esac
[ $# -le 2 ] || wrong_usage "it takes the number of connections and a seed"
[[ ${1-1} =~ ^[1-9][0-9]{0,8}$ ]] || wrong_usage "$1: how many connections?"
[[ ${2-1} =~ ^[0-9]{1,18}$ ]] || wrong_usage "$2: which seed?"

export CHAINMEND=${CHAINMEND:-$PWD/build/asan/chainmend}
export CHAINMEND_TORTURE_CONNECTIONS=${1:-50000}
export CHAINMEND_TORTURE_SEED=${2:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}

[ -x "$CHAINMEND" ] || {
	echo "torture: $CHAINMEND is not there: build it first (scripts/test.sh does)" >&2
	exit 2
}
echo "seed $CHAINMEND_TORTURE_SEED"
exec /usr/bin/python3 -m pytest tests/flow/test_torture.py -q -p no:cacheprovider
