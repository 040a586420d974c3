#!/bin/sh
# Makes the files of this directory anew, by OpenSSL's command: what other programs write, not what BoringSSL writes.
# They are committed, so that the tests need no openssl; run this only to add one. The password is "secret".
set -eu
cd "$(dirname "$0")"

config=$(mktemp)
trap 'rm -f "$config" root.key root.srl leaf.csr' EXIT
cat >"$config" <<'END'
[req]
distinguished_name = dn
[dn]
[ca]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[leaf]
subjectAltName = DNS:a.example
END

openssl ecparam -name prime256v1 -genkey -out root.key
openssl req -new -x509 -key root.key -subj "/CN=Data Root" -days 7300 -config "$config" -extensions ca -out root.pem

# Keys. The EC one has its EC PARAMETERS block in front, as openssl ecparam writes it.
openssl ecparam -name prime256v1 -genkey -out ec.pem
openssl genrsa -traditional -out rsa.pem 1024 2>/dev/null
openssl genrsa -traditional -aes128 -passout pass:secret -out rsa-aes128.pem 1024 2>/dev/null
openssl genrsa -traditional -des3 -passout pass:secret -out rsa-des3.pem 1024 2>/dev/null
openssl pkcs8 -topk8 -nocrypt -in ec.pem -out ec-pkcs8.pem
openssl pkcs8 -topk8 -nocrypt -in ec.pem -outform DER -out ec-pkcs8.der
openssl ec -in ec.pem -outform DER -out ec-sec1.der 2>/dev/null
openssl rsa -traditional -in rsa.pem -outform DER -out rsa-pkcs1.der 2>/dev/null
openssl pkcs8 -topk8 -in ec.pem -passout pass:secret -v2 aes-256-cbc -out ec-pbes2.pem
openssl pkcs8 -topk8 -in ec.pem -passout pass:secret -v2 aes-256-cbc -outform DER -out ec-pbes2.der
openssl pkcs8 -topk8 -in ec.pem -passout pass:secret -v1 PBE-SHA1-3DES -out ec-pbes1.pem
openssl pkcs8 -topk8 -in ec.pem -passout pass:secret -v2 aes-256-cbc -v2prf hmacWithSHA512 -out ec-sha512.pem
openssl genpkey -algorithm ed25519 -out ed25519.pem
openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:1024 -out rsa-pss.pem 2>/dev/null
openssl ec -in ec.pem -pubout -out public.pem 2>/dev/null

# The leaf of ec.pem.
openssl req -new -key ec.pem -subj "/CN=a.example" -out leaf.csr
openssl x509 -req -in leaf.csr -CA root.pem -CAkey root.key -CAcreateserial -days 7300 -extfile "$config" \
	-extensions leaf -out leaf.pem 2>/dev/null
cp leaf.csr request.pem
openssl req -in leaf.csr -outform DER -out request.der
openssl x509 -in leaf.pem -trustout -addtrust serverAuth -out trusted.pem

# Containers.
openssl crl2pkcs7 -nocrl -certfile leaf.pem -certfile root.pem -out chain.p7b
openssl crl2pkcs7 -nocrl -certfile leaf.pem -certfile root.pem -outform DER -out chain.p7c
openssl crl2pkcs7 -nocrl -outform DER -out empty.p7c
pkcs12="openssl pkcs12 -export -in leaf.pem -inkey ec.pem -certfile root.pem"
$pkcs12 -passout pass:secret -out modern.p12
$pkcs12 -passout pass:secret -legacy -out legacy.p12
$pkcs12 -passout pass: -out empty-password.p12
$pkcs12 -passout pass:secret -nomac -out no-mac.p12
openssl pkcs12 -export -nokeys -in root.pem -passout pass:secret -out no-key.p12
cat root.pem leaf.pem | openssl pkcs12 -export -nokeys -passout pass:secret -out leaf-last.p12
openssl pkcs8 -topk8 -nocrypt -in ed25519.pem -outform DER -out second.der
./make-two-keys.py ec-pkcs8.der second.der >two-keys.p12
rm second.der
# GnuTLS leaves out the NULL behind the name of the hash.
certtool --to-p8 --load-privkey ec-pkcs8.pem --password secret --outfile gnutls.pem 2>/dev/null
certtool --to-p12 --load-privkey ec-pkcs8.pem --load-certificate leaf.pem --p12-name x --password secret --outder \
	--outfile gnutls.p12 2>/dev/null
chmod 644 ./*.pem ./*.der ./*.p12 ./*.p7?
