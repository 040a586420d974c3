#!/usr/bin/env bash
# Unpacks Debian's servers that only tests need into .deps/servers, where installing them would change this machine: no
# user is made, no service begins, nothing outside .deps is written. Quick when they are there already.
#
#   scripts/unpack-servers.sh          unpacks what neither this machine nor .deps has
#   scripts/unpack-servers.sh --list   prints the packages that are unpacked
#
# tests/support/debian_servers.py runs them in a mount namespace in which they stand at their usual places. Where they
# cannot be had the tests that need them are skipped, and say so.
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
readonly folder=$PWD/.deps/servers
readonly packages=(dovecot-imapd dovecot-pop3d slapd prosody python3-aiosmtpd apache2-bin)
readonly programs=(prometheus) # promtool alone: its package's page needs fonts and scripts that promtool does not

say() { printf 'unpack-servers: %s\n' "$*"; }

[ $# -le 1 ] || wrong_usage "one option at a time"
case "${1:-}" in
"") ;;
--list)
	printf '%s\n' "${packages[@]}" "${programs[@]}"
	exit 0
	;;
-h | --help)
	print_help
	exit 0
	;;
*) wrong_usage "$1: no such option" ;;
esac

# Prints what apt would install here, dependencies and all, with the version of each.
list_missing() {
	local program
	LC_ALL=C apt-get install --simulate --no-install-recommends "${packages[@]}" |
		sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\{0,1\}(\([^ ]*\) .*/\1=\3/p' || return
	for program in "${programs[@]}"; do
		dpkg-query --show "$program" >/dev/null 2>&1 || LC_ALL=C apt-cache show --no-all-versions "$program" |
			sed -n "s/^Version: \(.*\)/$program=\1/p"
	done
}

# An old list names packages that are not there any more. Root alone may renew it.
renew_lists() {
	[ "$(id -u)" = 0 ] && apt-get update -qq
}

fetch() {
	local missing
	missing=$(list_missing) || return
	[ -n "$missing" ] || return 0
	say "unpacking $(wc -l <<<"$missing") of Debian's packages into .deps/servers"
	mkdir -p "$folder/packages"
	(cd "$folder/packages" && xargs apt-get download -qq -o APT::Sandbox::User=root <<<"$missing")
}

# All libraries are in usr/lib, where the loader looks, as on any Debian 12.
unpack() {
	local package
	rm -rf "$folder/tree"
	mkdir -p "$folder/tree/usr/lib" "$folder/tree/etc"
	for package in "$folder"/packages/*.deb; do
		[ ! -e "$package" ] || dpkg --extract "$package" "$folder/tree"
	done
	[ ! -d "$folder/tree/lib" ] || cp -a "$folder/tree/lib/." "$folder/tree/usr/lib/"
	rm -rf "$folder/packages"
}

# Ends as a success: the tests themselves name what they lack.
give_up() {
	say "$*: tests that need these servers are skipped"
	exit 0
}

command -v apt-get >/dev/null || give_up "this is no Debian"
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
if [ "$(cat "$folder/unpacked" 2>/dev/null)" = "${packages[*]} ${programs[*]}" ]; then
	exit 0
fi
if ! fetch 2>"$folder/log"; then
	renew_lists || true
	fetch 2>"$folder/log" || give_up "apt-get cannot fetch them: $(tail -n 1 "$folder/log")"
fi
unpack
printf '%s' "${packages[*]} ${programs[*]}" >"$folder/unpacked"
