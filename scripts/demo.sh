#!/usr/bin/env bash
# Shows the main job on something real: a server that curl refuses, chainmend in front of it, the same curl succeeding,
# and the fix log that says what was mended. Everything is on loopback, in a temporary folder, and gone afterwards.
#
#   scripts/demo.sh           plays it from start to end
#   scripts/demo.sh --keep    leaves it up, and says how to try it and how to stop it
#
# CHAINMEND_CMAKE_ARGS: further arguments of the first cmake (-DBORINGSSL_ROOT=DIR, say).
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"
cd "$(dirname "$0")/.."
readonly name=mail.contoso.test
readonly program=$PWD/build/release/chainmend
readonly wait_s=30 # the longest that any server may take to be ready

keep=no
for option in "$@"; do
	case "$option" in
	--keep) keep=yes ;;
	-h | --help)
		print_help
		exit 0
		;;
	*) wrong_usage "$option: no such option" ;;
	esac
done

bold='' dim='' green='' red='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
	bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
fi

started=$SECONDS
heading_at=$SECONDS
heading_number=0
heading() {
	[ $heading_number = 0 ] || printf '%s   (%d s)%s\n' "$dim" $((SECONDS - heading_at)) "$plain"
	heading_number=$((heading_number + 1))
	heading_at=$SECONDS
	printf '\n%s%d. %s%s\n' "$bold" $heading_number "$*" "$plain"
}
say() { printf '   %s\n' "$*"; }
good() { printf '   %s✓ %s%s\n' "$green" "$*" "$plain"; }
indent() { sed "s/^/   ${dim}|${plain} /"; }
shown() { printf '   %s$ %s%s\n' "$dim" "$*" "$plain"; }
broken() {
	printf '\n%sdemo: %s%s\n' "$red" "$*" "$plain" >&2
	local log
	for log in "${folder:-/nonexistent}"/*.log; do
		[ -s "$log" ] || continue
		printf -- '--- the end of %s\n' "${log##*/}" >&2
		tail -n 15 "$log" >&2
	done
	exit 1
}

folder=
pids=()
stop_all() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${pids[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	pids=()
	[ -z "$folder" ] || rm -rf "$folder"
	folder=
}
trap stop_all EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# In a session of its own, so that it outlives a closed terminal where --keep asks for that.
start() { # LOG COMMAND...
	local log=$1
	shift
	setsid "$@" </dev/null >"$log" 2>&1 &
	pids+=($!)
	last_pid=$!
}

# Bash opens the connection itself; nothing is sent.
answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

wait_until() { # WHAT PID COMMAND...
	local what=$1 pid=$2 deadline=$((SECONDS + wait_s))
	shift 2
	until "$@"; do
		kill -0 "$pid" 2>/dev/null || broken "$what: its process has ended"
		[ $SECONDS -lt $deadline ] || broken "$what: not within $wait_s s"
		sleep 0.1
	done
}

free_ports() { # COUNT, all distinct
	python3 - "$1" <<'PYTHON'
import socket, sys
held = [socket.create_server(("127.0.0.1", 0)) for _ in range(int(sys.argv[1]))]
print(*(one.getsockname()[1] for one in held))
PYTHON
}

# The demo's machine may have a proxy for the world outside; loopback is not outside.
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

printf '%schainmend: a server that clients refuse, mended in front of their eyes%s\n' "$bold" "$plain"

heading "Installing what is missing"
scripts/install-deps.sh --demo | indent

heading "Building chainmend (the first time BoringSSL too, which takes some minutes)"
build_log=$(mktemp)
read -r -a cmake_args <<<"${CHAINMEND_CMAKE_ARGS:-}"
if ! { cmake --preset release "${cmake_args[@]}" && cmake --build build/release --target chainmend; } >"$build_log" 2>&1; then
	cat "$build_log" >&2
	rm -f "$build_log"
	broken "the build failed; its output stands above"
fi
{ grep '^-- BoringSSL' "$build_log" || true; } | indent
rm -f "$build_log"
"$program" --version | indent

heading "A certificate authority, and a server that is set up as so many are"
folder=$(mktemp -d)

read -r authority_port nginx_port proxy_port admin_port < <(free_ports 4)
authority_url=http://127.0.0.1:$authority_port/issuing.cer
scripts/demo-pki.sh "$folder" "$name" "$authority_url"

# The authority's web server reads the intermediate when it starts; from then on no file holds it.
start "$folder/authority.log" python3 -u tests/support/aia_server.py --port "$authority_port" "/issuing.cer=$folder/issuing.cer"
wait_until "the authority's web server" "$last_pid" answers "$authority_port"
rm "$folder/issuing.cer"
say "Contoso Root CA       what clients trust ($folder/root.pem)"
say "Contoso Issuing CA    the intermediate: to be had from $authority_url and nowhere else"
say "$name     the server's certificate, with its key"

nginx=$(command -v nginx || printf /usr/sbin/nginx)
cat >"$folder/nginx.conf" <<NGINX
daemon off;
master_process off;
pid $folder/nginx.pid;
error_log $folder/nginx-error.log warn;
events {}
http {
	access_log off;
	client_body_temp_path $folder/nginx-body;
	proxy_temp_path $folder/nginx-proxy;
	fastcgi_temp_path $folder/nginx-fastcgi;
	uwsgi_temp_path $folder/nginx-uwsgi;
	scgi_temp_path $folder/nginx-scgi;
	server {
		listen 127.0.0.1:$nginx_port ssl;
		server_name $name;
		ssl_certificate $folder/leaf.pem;  # the leaf alone: this is what is wrong
		ssl_certificate_key $folder/leaf.key;
		default_type text/plain;
		location / { return 200 "Hello from the legacy server, which nobody dares to touch.\n"; }
	}
}
NGINX
start "$folder/nginx.log" "$nginx" -e "$folder/nginx-error.log" -p "$folder" -c "$folder/nginx.conf"
nginx_pid=$last_pid
wait_until "nginx" "$nginx_pid" answers "$nginx_port"
say "nginx serves it, the leaf alone, on 127.0.0.1:$nginx_port"

ask() { # PORT
	curl --silent --show-error --noproxy '*' --max-time 20 --cacert "$folder/root.pem" \
		--resolve "$name:$1:127.0.0.1" "https://$name:$1/"
}
show_ask() { shown "curl --cacert root.pem --resolve $name:$1:127.0.0.1 https://$name:$1/"; }
certificates_sent() { # PORT
	openssl s_client -connect "127.0.0.1:$1" -servername "$name" -showcerts </dev/null 2>/dev/null |
		grep -c 'BEGIN CERTIFICATE'
}

heading "Before: curl asks the legacy server"
show_ask "$nginx_port"
status=0
ask "$nginx_port" >"$folder/answer" 2>&1 || status=$?
head -n 1 "$folder/answer" | indent
[ $status = 60 ] || broken "curl should refuse this server with status 60, and ended with $status"
grep -q 'unable to get local issuer certificate' "$folder/answer" || broken "curl refused it for another reason than the missing issuer"
good "curl refuses it, status 60: the server sends $(certificates_sent "$nginx_port") certificate, and its issuer is missing"

# A cache of its own, so that the proxy has to fetch for itself.
check() { # PORT WANTED OPTION...
	local port=$1 wanted=$2 status=0
	shift 2
	shown "chainmend check $name --connect 127.0.0.1:$port --roots demo=root.pem $*"
	"$program" check "$name" --connect "127.0.0.1:$port" --roots "demo=$folder/root.pem" --cache "$folder/cache-of-check-$port" \
		"$@" >"$folder/answer" 2>&1 || status=$?
	indent <"$folder/answer"
	[ $status = "$wanted" ] || broken "check should end with status $wanted here, and ended with $status"
}

heading "What chainmend says about the legacy server"
check "$nginx_port" 1 --fetch-allow 127.0.0.1
good "status 1: something is wrong, and the mended chain repairs all of it"

heading "chainmend in front of it"
cat >"$folder/chainmend.ini" <<INI
[chainmend]
workers = 2
roots = demo=$folder/root.pem
# The demo's authority is on this machine; without this line only public addresses are asked.
fetch_allow = 127.0.0.1
cache = $folder/cache
fix_log = $folder/fixes.jsonl
admin = $admin_port

[site mail]
listen = 127.0.0.1:$proxy_port
hostnames = $name
# The leaf that the backend serves, with its key; its chain is chainmend's business.
certificate = backend
key = $folder/leaf.key
backend = tls://127.0.0.1:$nginx_port
backend_name = $name
backend_verify = mend
INI
indent <"$folder/chainmend.ini"
shown "chainmend run -c chainmend.ini"
start "$folder/chainmend.log" "$program" run -c "$folder/chainmend.ini"
chainmend_pid=$last_pid
mended() { ask "$proxy_port" >/dev/null 2>&1; }
wait_until "the mended chain" "$chainmend_pid" mended
[ "$(grep -c 'GET /issuing.cer' "$folder/authority.log")" -ge 2 ] || broken "chainmend did not fetch the intermediate from $authority_url"
good "it listens on 127.0.0.1:$proxy_port, and has fetched what was missing"

heading "After: the same curl, the same CA file"
show_ask "$proxy_port"
status=0
ask "$proxy_port" >"$folder/answer" 2>&1 || status=$?
indent <"$folder/answer"
[ $status = 0 ] || broken "curl should succeed through chainmend, and ended with status $status"
grep -q 'Hello from the legacy server' "$folder/answer" || broken "the answer is not the legacy server's"
sent=$(certificates_sent "$proxy_port")
[ "$sent" = 2 ] || broken "chainmend should send two certificates, leaf and intermediate, and sent $sent"
good "status 0: chainmend sends $sent certificates, and the answer is the legacy server's own"

heading "What chainmend says about itself, without any fetching"
check "$proxy_port" 0 --offline
good "status 0: nothing is wrong"

heading "The fix log"
shown "chainmend log fixes.jsonl   (the file itself has one finding a line, as JSON)"
"$program" log "$folder/fixes.jsonl" | indent
grep '"subject_of":"certificate"' "$folder/fixes.jsonl" | grep '"missing_intermediate"' | grep -q '"severity":"fixed"' ||
	broken "the fix log does not say that missing_intermediate was fixed"
good "the log says what was mended; its advice says what to do on the server itself"

heading "In short, and what to do next"
shown "chainmend log fixes.jsonl --summary"
"$program" log "$folder/fixes.jsonl" --summary | indent

heading "The page that shows all of this"
readonly page=http://127.0.0.1:$admin_port
admin_get() { curl --silent --show-error --fail --noproxy '*' --max-time 20 "$page$1"; }
shown "curl $page/readyz; curl $page/metrics"
[ "$(admin_get /readyz)" = ready ] || broken "the page should say that chainmend is ready"
admin_get / >"$folder/answer" || broken "the page is not to be had at $page"
grep -q '<title>chainmend</title>' "$folder/answer" || broken "$page/ is not the page"
admin_get /metrics >"$folder/answer" || broken "the metrics are not to be had at $page/metrics"
grep -E '^chainmend_(site_state|chain_trusted).* 1$' "$folder/answer" | indent
grep -q '^chainmend_site_state{site="mail",state="mended"} 1$' "$folder/answer" || broken "the site should be mended"
good "for a person: $page/, for Prometheus: $page/metrics, for scripts: $page/api/status"

if [ $keep = yes ]; then
	heading "Left up, as asked"
	say "look:  $page/   (the chains side by side, in a browser)"
	say "try:   curl --cacert $folder/root.pem --resolve $name:$proxy_port:127.0.0.1 https://$name:$proxy_port/"
	say "       curl --cacert $folder/root.pem --resolve $name:$nginx_port:127.0.0.1 https://$name:$nginx_port/   (refused)"
	say "       openssl s_client -connect 127.0.0.1:$proxy_port -servername $name -CAfile $folder/root.pem -showcerts"
	say "       $program check $name --connect 127.0.0.1:$proxy_port --roots demo=$folder/root.pem"
	say "read:  $folder/chainmend.ini, $folder/fixes.jsonl, $folder/chainmend.log"
	say "stop:  kill ${pids[*]}; rm -r $folder"
	pids=()
	folder=
else
	heading "Stopping everything"
	kill "$chainmend_pid"
	status=0
	wait "$chainmend_pid" || status=$?
	[ $status = 0 ] || broken "chainmend should end with status 0 after SIGTERM, and ended with $status"
	started_pids=("${pids[@]}")
	stop_all
	for pid in "${started_pids[@]}"; do
		! kill -0 "$pid" 2>/dev/null || broken "process $pid is still there"
	done
	good "chainmend ended with status 0; nothing is left running or lying around"
fi
printf '\n%sDone in %d s: refused before, trusted after.%s\n' "$bold" $((SECONDS - started)) "$plain"
