#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Makes the test data of tests/fuzz/fuzz-cms.c: throw-away keys in fuzz/keys (a key store folder; they protect nothing) and
# signed messages in fuzz/cms. The first octet of a message is its mode (see fuzz-cms.c). Run it again only when the forms
# change: the keys are kept when they are there, the messages are made anew. And the bodies with a caller in fuzz/json, which
# are kept, too.
set -eu

cd "$(dirname "$0")/fuzz"
mkdir -p keys/private cms
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/ca.cnf" <<'EOF'
[ca]
database = $ENV::WORK/index.txt
new_certs_dir = $ENV::WORK
serial = $ENV::WORK/serial
default_md = sha256
policy = any
default_startdate = 20200101000000Z
default_enddate = 21200101000000Z
[any]
commonName = supplied
[v3_ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
subjectKeyIdentifier = hash
[v3_leaf]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
[req]
distinguished_name = dn
[dn]
EOF
export WORK="$work"
: >"$work/index.txt"
echo 1000 >"$work/serial"

# issue NAME EXTENSIONS [option of openssl ca ...]
issue() {
	name=$1 ext=$2
	shift 2
	openssl req -new -config "$work/ca.cnf" -key "keys/private/$name.key" \
		-subj "/CN=fuzz $name, test data" -out "$work/$name.csr"
	openssl ca -batch -notext -config "$work/ca.cnf" -name ca -extensions "$ext" \
		-keyfile keys/private/ca.key -in "$work/$name.csr" -out "keys/$name.crt" "$@" 2>/dev/null
}

if [ ! -e keys/ca.crt ]; then
	for name in ca ec; do
		openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "keys/private/$name.key"
	done
	openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out keys/private/rsa.key
	chmod 600 keys/private/*.key
	issue ca v3_ca -selfsign
	issue ec v3_leaf -cert keys/ca.crt
	issue rsa v3_leaf -cert keys/ca.crt
fi

printf '{"req": "echo.request"}' >"$work/body"

# seed NAME MODE KEY [option of openssl cms ...]: MODE is the first octet, in octal
seed() {
	name=$1 mode=$2 key=$3
	shift 3
	openssl cms -sign -binary -in "$work/body" -signer "keys/$key.crt" \
		-inkey "keys/private/$key.key" -outform DER -out "$work/message" "$@"
	{ printf "\\$mode"; cat "$work/message"; } >"cms/$name"
}

rm -f cms/*
for key in ec rsa; do
	seed "$key" 000 $key
	seed "$key-sha384" 000 $key -md sha384 -nosmimecap
	seed "$key-sha512" 000 $key -md sha512 -noattr
	seed "$key-sha1" 002 $key -md sha1
	seed "$key-sha1-not-allowed" 000 $key -md sha1
	seed "$key-attached" 001 $key -nodetach
	seed "$key-attached-noattr" 001 $key -nodetach -noattr
	seed "$key-same-content" 000 $key -nodetach
	seed "$key-no-content" 001 $key
	seed "$key-keyid" 000 $key -keyid
	seed "$key-nocerts" 000 $key -nocerts
	seed "$key-values" 004 $key
done
seed two-certificates 000 ec -certfile keys/rsa.crt
seed two-signers 000 ec -signer keys/rsa.crt -inkey keys/private/rsa.key

# user NAME URI: base64 of a certificate of his own
user() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/user.key" -days 36500 \
		-subj "/CN=$1" -addext "subjectAltName=URI:$2" -outform DER 2>/dev/null | base64 -w 0
}

# stated NAME VALUE: a body with that caller
stated() {
	printf '{"req": "echo.request", "id": "0123456789abcdef0123456789abcdef", "caller": %s}' "$2" >"json/$1"
}

if [ ! -e json/caller ]; then
	alice=$(user alice urn:publicid:IDN+ccfed.test+user+alice)
	site=$(user site urn:publicid:IDN+ccfed.test:site+authority+sa)
	other=$(user mallory urn:publicid:IDN+ccfed.testing+user+alice)
	stated caller "{\"certs\": [\"$alice\"], \"listener\": \"am\", \"tls\": \"TLSv1.3\"}"
	stated caller-chain "{\"certs\": [\"$site\", \"$alice\", \"$other\"]}"
	stated caller-short-chain "{\"certs\": [\"$alice\", \"MIIB\", \"MIIB\", \"MA==\"]}"
	stated caller-other "{\"certs\": [\"$other\"]}"
	stated caller-none '{"certs": []}'
	stated caller-garbage '{"certs": ["MIIBqjCCAVCg"], "listener": 5}'
	stated caller-null null
fi
