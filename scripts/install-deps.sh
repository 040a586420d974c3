#!/usr/bin/env bash
# Installs from Debian what is missing, and nothing that is there: quick, and without apt, when nothing is missing.
#
#   scripts/install-deps.sh           all of it: to build, to play the demo, to run the tests
#   scripts/install-deps.sh --demo    to build and to play the demo
#   scripts/install-deps.sh --bench   to build and to compare with other terminators (bench/compare.sh)
#   scripts/install-deps.sh --cost    to build and to count what a transaction costs (bench/cost.sh)
#   scripts/install-deps.sh --check   all of it, and the linters: to check the sources (scripts/check.sh)
#   scripts/install-deps.sh --build   to build alone (an image's build stage, say)
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
readonly upstream_wait=15 # seconds for upstream's host to answer

build_packages=(
	build-essential cmake ninja-build clang pkg-config git ca-certificates curl
	libuv1-dev libinih-dev libcurl4-gnutls-dev libjansson-dev libidn2-dev libmicrohttpd-dev zlib1g-dev libbrotli-dev libcmocka-dev
)
demo_packages=(openssl python3)
bench_packages=(openssl python3 util-linux libnginx-mod-stream haproxy hitch stunnel4 gnuplot-nox strace linux-perf)
cost_packages=(openssl python3 util-linux binutils valgrind libc6-dbg strace)
test_packages=(
	python3-pytest python3-pytest-xdist python3-cryptography python3-jsonschema python3-websockets gnutls-bin binutils
	logrotate chromium libnginx-mod-stream gnuplot-nox strace valgrind libc6-dbg mandoc
)
check_packages=(clang-format clang-tidy shellcheck flake8 mandoc)

say() { printf 'install-deps: %s\n' "$*"; }
die() {
	printf 'install-deps: %s\n' "$*" >&2
	exit 1
}
has() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }
is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

wanted=("${build_packages[@]}" "${demo_packages[@]}" "${test_packages[@]}")
wants_nginx=yes
[ $# -le 1 ] || wrong_usage "one option at a time"
case "${1:-}" in
"") ;;
--demo) wanted=("${build_packages[@]}" "${demo_packages[@]}") ;;
--bench) wanted=("${build_packages[@]}" "${bench_packages[@]}") ;;
--cost)
	wanted=("${build_packages[@]}" "${cost_packages[@]}")
	wants_nginx=no
	;;
--check) wanted+=("${check_packages[@]}") ;;
--build)
	wanted=("${build_packages[@]}")
	wants_nginx=no
	;;
-h | --help)
	print_help
	exit 0
	;;
*) wrong_usage "$1: no such option" ;;
esac

if ! has dpkg-query || ! has apt-get; then
	die "this is no Debian. The packages that are needed, by Debian's names: ${wanted[*]} nginx"
fi

# One dpkg-query for all: what is not listed as installed is missing.
find_missing() {
	local installed package
	installed=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' "${wanted[@]}" 2>/dev/null || true)"
	for package in "${wanted[@]}"; do
		case "$installed" in
		*" installed=$package "*) ;;
		*) printf '%s\n' "$package" ;;
		esac
	done
	if [ "$wants_nginx" = yes ] && ! has nginx; then
		printf 'nginx-light\n'
	fi
}

# The address of each upstream's git stands in one place, its CMake module.
upstream_answers() {
	local url
	url=$(sed -n 's/^set(_[a-z]*_url \(.*\))$/\1/p' "cmake/$1.cmake")
	[ -n "$url" ] && has git &&
		GIT_TERMINAL_PROMPT=0 timeout "$upstream_wait" git ls-remote --exit-code "$url" HEAD >/dev/null 2>&1
}

# Whether the sources of a library are neither here nor to be had from upstream.
lacks_sources() {
	! compgen -G ".deps/${1,,}-*/CMakeLists.txt" >/dev/null && ! upstream_answers "$1"
}

# npm is the way to the other copies of BoringSSL and llhttp, and Debian's npm is some hundreds of packages: only where nothing
# else helps.
needs_npm() {
	! has npm && { lacks_sources BoringSSL || lacks_sources Llhttp; }
}

as_root=()
if [ "$(id -u)" != 0 ]; then
	has sudo && as_root=(sudo)
fi

# Debian starts a service that it installs. Ours are wanted as programs: an nginx that nobody asked for must not take port 80.
policy=/usr/sbin/policy-rc.d
wrote_policy=no
forbid_services() {
	[ -e "$policy" ] && return
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
	"${as_root[@]}" chmod 755 "$policy"
	wrote_policy=yes
}
allow_services() {
	if [ "$wrote_policy" = yes ]; then
		"${as_root[@]}" rm -f "$policy"
		wrote_policy=no
	fi
}

apt_updated=no
apt_install() {
	if [ "$(id -u)" != 0 ] && [ ${#as_root[@]} = 0 ]; then
		die "missing: $*. There is no sudo here: install them as root (apt-get install --no-install-recommends $*)"
	fi
	if [ "$apt_updated" = no ]; then
		"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
			die "apt-get update failed; its reason stands above"
		apt_updated=yes
	fi
	say "installing $*"
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null ||
		die "apt-get could not install: $*. Its reason stands above"
}

mapfile -t missing < <(find_missing)

if [ ${#missing[@]} -gt 0 ]; then
	for other in libcurl4-openssl-dev libcurl4-nss-dev; do
		if [[ " ${missing[*]} " == *" libcurl4-gnutls-dev "* ]] && is_installed "$other"; then
			die "$other is installed, and Debian allows one flavour of libcurl's headers at a time. chainmend needs" \
				"libcurl4-gnutls-dev (one libssl a process). To swap them: apt-get install libcurl4-gnutls-dev." \
				"This is not done here, because something else of yours may be built with $other"
		fi
	done
	trap allow_services EXIT
	forbid_services
	apt_install "${missing[@]}"
	# Not started now, and not at the next boot either.
	for service in nginx-light:nginx haproxy:haproxy hitch:hitch stunnel4:stunnel4; do
		if [[ " ${missing[*]} " == *" ${service%:*} "* ]] && [ -d /run/systemd/system ]; then
			"${as_root[@]}" systemctl disable --quiet "${service#*:}.service" || true
		fi
	done
fi

if needs_npm; then
	say "upstream's BoringSSL or llhttp cannot be reached from here: npm will fetch the other copy"
	trap allow_services EXIT
	forbid_services
	apt_install npm
	missing+=(npm)
fi

if [ ${#missing[@]} -eq 0 ]; then
	say "everything is there"
else
	say "done"
fi
