#!/usr/bin/env bash
# Gives each part of the demo what it may have: the clients the root, the authority the intermediate, the server its leaf.
set -euo pipefail
readonly chainmend_uid=10001 # as in the Dockerfile

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$(dirname "$0")/demo-pki.sh" "$folder" mail.contoso.test "${AUTHORITY_URL:-http://authority/issuing.cer}"
install -m 0644 "$folder/root.pem" /public/
install -m 0644 "$folder/issuing.cer" /authority/
install -m 0644 "$folder/leaf.pem" /legacy/
# nginx reads it as root, chainmend as its own user.
install -m 0400 -o "$chainmend_uid" "$folder/leaf.key" /legacy/
