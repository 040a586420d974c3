#!/usr/bin/env bash
# Makes the demo's certificates, by the openssl command: root.pem (what clients trust), issuing.cer (the intermediate, DER,
# for the authority's web server alone), leaf.pem and leaf.key (the server's). The authorities' keys are not kept.
#
#   scripts/demo-pki.sh DIR NAME URL    NAME: what clients call the server; URL: where issuing.cer is to be had
set -euo pipefail

# shellcheck source=scripts/options.sh
. "$(dirname "$0")/options.sh"

case "${1:-}" in
-h | --help)
	print_help
	exit 0
	;;
esac
[ $# = 3 ] || wrong_usage "it takes DIR NAME URL"
[ -d "$1" ] || wrong_usage "$1: there is no such folder"
folder=$1 name=$2 url=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

sign() { # STEM SUBJECT ISSUER DAYS EXTENSION...
	local stem=$1 subject=$2 issuer=$3 days=$4
	shift 4
	printf '%s\n' "$@" "authorityKeyIdentifier=keyid" >"$work/$stem.ext"
	openssl req -new -key "$work/$stem.key" -subj "$subject" |
		openssl x509 -req -CA "$work/$issuer.pem" -CAkey "$work/$issuer.key" -set_serial "0x$(openssl rand -hex 8)" \
			-days "$days" -sha256 -extfile "$work/$stem.ext" -out "$work/$stem.pem" 2>"$work/log" ||
		{
			cat "$work/log" >&2
			exit 1
		}
}

for stem in root issuing leaf; do
	new_key "$work/$stem.key"
done
openssl req -x509 -new -key "$work/root.key" -subj "/O=Contoso/CN=Contoso Root CA" -days 3650 -sha256 \
	-addext 'keyUsage=critical,keyCertSign,cRLSign' -out "$work/root.pem"
sign issuing "/O=Contoso/CN=Contoso Issuing CA" root 1825 'basicConstraints=critical,CA:TRUE,pathlen:0' \
	'keyUsage=critical,keyCertSign,cRLSign' 'subjectKeyIdentifier=hash'
sign leaf "/O=Contoso/CN=$name" issuing 90 "subjectAltName=DNS:$name" 'keyUsage=critical,digitalSignature' \
	'extendedKeyUsage=serverAuth' "authorityInfoAccess=caIssuers;URI:$url"
openssl x509 -in "$work/issuing.pem" -outform DER -out "$folder/issuing.cer"
cp "$work/root.pem" "$work/leaf.pem" "$work/leaf.key" "$folder/"
