#!/bin/sh
# SPDX-License-Identifier: ISC
#
# Makes the seeds of tests/fuzz/fuzz-gid.c and fuzz-chain.c: throw-away certificates and keys in fuzz/gid, where the first
# octet says which ("c" certificate in DER, "k" public key as text), and chains in fuzz/chain. All of them are made anew.
set -eu

cd "$(dirname "$0")/fuzz"
mkdir -p gid chain
rm -f gid/* chain/*
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

idn=urn:publicid:IDN+plc:site
text='<params><param><value><struct>'
for pair in hrn:planetlab.us.alice uuid:35613211658561211333524440201278703392; do
	text="$text<member><name>${pair%%:*}</name><value><string>${pair#*:}</string></value></member>"
done
text="$text</struct></value></param></params>"

cat >"$work/cnf" <<EOT
[req]
distinguished_name = dn
[dn]
[x2008]
subjectAltName = @x2008_names
[x2008_names]
URI.1 = http://$text
[x2011]
subjectAltName = @x2011_names
[x2011_names]
URI.1 = <params><param><value><struct><member><name>gidCaller</name></member></struct></value></param></params>
EOT

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ec"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out "$work/p384"
openssl genpkey -algorithm ED25519 -out "$work/ed"
openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/rsa"

# certificate NAME KEY SUBJECT [option of openssl req ...]
certificate() {
	name=$1 key=$2 subject=$3
	shift 3
	openssl req -x509 -config "$work/cnf" -key "$work/$key" -days 36500 -subj "$subject" -utf8 \
		-out "$work/$name.pem" "$@"
	{ printf c; openssl x509 -in "$work/$name.pem" -outform DER; } >"gid/$name"
}

certificate user ec /CN=plc.site.alice -addext basicConstraints=critical,CA:FALSE -addext \
	"subjectAltName=URI:$idn+user+alice,URI:urn:uuid:0f5c2eac-8561-4971-9b33-9a8da30572ce,email:alice@example.org"
certificate authority ec /CN=plc.site -addext keyUsage=critical,keyCertSign,cRLSign -addext "subjectAltName=URI:$idn+authority+sa"
certificate rsa rsa /CN=plc.site.bob -addext "subjectAltName=URI:$idn+user+bob"
certificate p384 p384 /CN=plc.site.n1 -addext "subjectAltName=URI:$idn+node+n1.example.org"
certificate ed25519 ed /CN=plc.site.x -addext "subjectAltName=URI:$idn+user+x"
certificate two-urns ec /CN=plc.site.x -addext "subjectAltName=URI:$idn+user+x,URI:$idn+user+y"
certificate no-urn ec /O=plc/CN=Zoë/emailAddress=zoe@example.org
certificate odd-urn ec /CN=plc.site.x -addext "subjectAltName=URI:$idn+user,URI:https://example.org/,DNS:example.org"
certificate critical ec /CN=plc.site.x -addext 1.2.3.4=critical,DER:0500 -addext "subjectAltName=URI:$idn+user+x"
certificate sha1 rsa /CN=plc.site.x -sha1 -addext "subjectAltName=URI:$idn+user+x"
certificate gid-2008 ec /CN=planetlab.us.alice -extensions x2008
certificate ticket-2011 ec /CN=plc.site.x -extensions x2011

# key NAME FILE
key() {
	{ printf k; cat "$2"; } >"gid/key-$1"
}

for kind in ec rsa p384; do
	openssl pkey -in "$work/$kind" -pubout -out "$work/$kind.pub"
	ssh-keygen -i -m PKCS8 -f "$work/$kind.pub" >"$work/$kind.ssh"
	key "$kind-ssh" "$work/$kind.ssh"
done
key ec-pem "$work/ec.pub"
key certificate "$work/user.pem"
openssl req -new -config "$work/cnf" -key "$work/ec" -subj /CN=plc.site.x -out "$work/csr"
key request "$work/csr"
echo 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA me' >"$work/text"
key ed25519-ssh "$work/text"
printf -- '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n' >"$work/text"
key private "$work/text"

user=$work/user.pem authority=$work/authority.pem
cat "$user" >chain/one
cat "$user" "$authority" >chain/two
{ cat "$user"; printf -- '-----parent-----'; cat "$authority"; } >chain/parent-glued
{ cat "$user"; echo '-----parent-----'; cat "$authority"; echo; } >chain/parent
{ cat "$user"; echo '-----parent-----'; } >chain/parent-missing
sed 's/$/\r/' "$user" >chain/crlf
{ echo 'Certificate:'; cat "$user"; } >chain/text-before
{ cat "$user"; echo x; } >chain/text-behind
{ cat "$user"; echo x; cat "$authority"; } >chain/text-between
grep -v -- ----- "$user" >chain/bare
grep -v -- '-----END' "$user" >chain/no-end
cat "$user" "$user" "$user" "$user" "$user" "$user" "$user" "$user" "$user" >chain/nine
