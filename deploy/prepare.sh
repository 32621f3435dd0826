#!/bin/sh
# Put what other services of compose.yaml read into their volumes: in the first folder a certificate
# for localhost, unless there is one, in the second the key that Prometheus shows.
set -eu
# Their readers are in the group of the service.
umask 027
if [ ! -s "$1/certificate.pem" ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj /CN=localhost \
        -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" \
        -keyout "$1/key.part" -out "$1/certificate.part" 2>/dev/null
    chmod 640 "$1/key.part"
    mv "$1/key.part" "$1/key.pem"
    mv "$1/certificate.part" "$1/certificate.pem"
fi
printf '%s\n' "$METRICS_KEY" >"$2/key.part"
mv "$2/key.part" "$2/key"
