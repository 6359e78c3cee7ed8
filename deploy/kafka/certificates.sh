#!/bin/sh
# Makes a certificate authority and the broker's certificate for docker-compose.yml (needs openssl).
#
#   sh deploy/kafka/certificates.sh [days] [folder]
#
# tls/kafka.pem  the broker's key and certificate; only the broker mounts it
# ca/ca.pem      what every part knows the broker by
#
# The authority's own key is deleted at once: to renew, run this again, then restart everything.
# Production takes the broker's certificate from its own authority; see docs/production.md.
set -eu
days=${1:-365}
here=${2:-$(dirname "$0")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 077

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days "$days" \
    -subj "/CN=yidi kafka authority" -addext "keyUsage=critical,keyCertSign,cRLSign" \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -subj "/CN=kafka" \
    -keyout "$work/kafka.key" -out "$work/kafka.csr" 2>/dev/null
printf 'subjectAltName=DNS:kafka,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\nauthorityKeyIdentifier=keyid\n' > "$work/extensions"
openssl x509 -req -sha256 -days "$days" -in "$work/kafka.csr" -CA "$work/ca.pem" \
    -CAkey "$work/ca.key" -CAcreateserial -extfile "$work/extensions" -out "$work/kafka.crt" 2>/dev/null

mkdir -p "$here/tls" "$here/ca"
cat "$work/kafka.key" "$work/kafka.crt" "$work/ca.pem" > "$here/tls/kafka.pem"
cp "$work/ca.pem" "$here/ca/ca.pem"
chmod 644 "$here/ca/ca.pem"
# The broker's image runs as user 1000.
[ "$(id -u)" != 0 ] || chown 1000:1000 "$here/tls/kafka.pem"
