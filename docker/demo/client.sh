#!/usr/bin/env bash
# The client: refused by the legacy server, content with chainmend. Fails where either is not so.
set -euo pipefail
readonly name=mail.contoso.test
readonly legacy=${LEGACY:-legacy:443} proxy=${PROXY:-chainmend:443}
readonly tries=60 # of one second each, for the servers to be up and the chain to be mended

ask() { curl --silent --show-error --max-time 20 --cacert /public/root.pem --connect-to "$name:443:$1" "https://$name/"; }

status=0
for ((try = 0; try < tries; try++)); do
	status=0
	before=$(ask "$legacy" 2>&1) || status=$?
	[ $status = 7 ] || [ $status = 6 ] || break # it is not up yet
	sleep 1
done
printf 'before, at the legacy server: status %d: %s\n' $status "${before%%$'\n'*}"
[ $status = 60 ] || exit 1

for ((try = 0; try < tries; try++)); do
	status=0
	after=$(ask "$proxy" 2>&1) || status=$?
	[ $status != 0 ] || break
	sleep 1
done
printf 'after, through chainmend:     status %d: %s\n' $status "${after%%$'\n'*}"
[ $status = 0 ]
