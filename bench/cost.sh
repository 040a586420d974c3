#!/usr/bin/env bash
# Counts what a transaction costs a worker: instructions, allocations, system calls, an idle connection's memory.
#
#   bench/cost.sh                       all 18 cases, in some 3 minutes, held against bench/cost.expected
#   bench/cost.sh --quick               four of them, in less than one
#   bench/cost.sh ecdsa-1.3-full-tcp    one of them
#   bench/cost.sh --update              writes the counts into bench/cost.expected
#   bench/cost.sh --help                all options
#
# Installs from Debian what is missing and builds build/cost (--build DIR: takes what is built there). Nothing that it
# started is left. CHAINMEND_CMAKE_ARGS: further arguments of cmake (-DBORINGSSL_ROOT=DIR, say).
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/../scripts/options.sh"
root=$(cd "$(dirname "$0")/.." && pwd)
readonly unmeasured=2

build() {
	local -a cmake_args
	read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
	cd "$root"
	cmake --preset cost "${cmake_args[@]}" && cmake --build build/cost --target chainmend still_clock heap_count
}

run() { # MODULE OPTION...
	PYTHONPATH=$root/bench PYTHONDONTWRITEBYTECODE=1 OPENSSL_CONF=$root/bench/cost/openssl.cnf exec /usr/bin/python3 -m "$@"
}

# Python reads the options before anything is installed. Where it is not there itself, it is installed first.
if [ -x /usr/bin/python3 ]; then
	case " $* " in
	*" --help "* | *" -h "* | *" --list "*) run cost "$@" ;;
	esac
	(run cost.options "$@")
elif [[ " $* " == *" --help "* || " $* " == *" -h "* ]]; then
	print_help
	exit 0
fi

"$root/scripts/install-deps.sh" --cost >&2 || exit $unmeasured
case " $* " in
*" --build"*) ;;
*) (build) >&2 || exit $unmeasured ;;
esac
run cost "$@"
