#!/usr/bin/env bash
# chainmend beside nginx, HAProxy, hitch and stunnel, over loopback, on this machine: what each costs, as ratios.
#
#   bench/compare.sh                 everything, in less than 15 minutes; bench/results/ and bench/README.md get the results
#   bench/compare.sh --quick         a first look, in some 3 minutes; results go to build/compare/
#   bench/compare.sh --only ecdsa    the cases whose names begin so
#   bench/compare.sh --peers nginx   chainmend and nginx alone
#   bench/compare.sh --help          all options and cases
#
# Installs from Debian what is missing and builds build/release (--build DIR: takes what is built there). Nothing that it
# started is left. CHAINMEND_CMAKE_ARGS: further arguments of cmake (-DBORINGSSL_ROOT=DIR, say).
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/../scripts/options.sh"
root=$(cd "$(dirname "$0")/.." && pwd)

build() {
	local -a cmake_args
	read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
	cd "$root"
	cmake --preset release "${cmake_args[@]}"
	cmake --build build/release --target chainmend chainmend-bench echo_backend limit gauge
}

run() { # MODULE OPTION...
	PYTHONPATH=$root/bench PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m "$@"
}

# Python reads the options before anything is installed. Where it is not there itself, it is installed first.
if [ -x /usr/bin/python3 ]; then
	case " $* " in
	*" --help "* | *" -h "*) run compare --help ;;
	esac
	(run compare.options "$@")
elif [[ " $* " == *" --help "* || " $* " == *" -h "* ]]; then
	print_help
	exit 0
fi

"$root/scripts/install-deps.sh" --bench >&2
case " $* " in
*" --build"*) ;;
*) (build) >&2 ;;
esac
run compare "$@"
