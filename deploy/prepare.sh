#!/bin/sh
# Make what the services of compose.yaml need and is not there yet: a certificate for localhost in
# the first folder, and in the second the key that Prometheus shows. To renew one, remove its file.
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
if [ ! -s "$2/key" ]; then
    .venv/bin/flask --app app keys new --name prometheus >"$2/key.part"
    mv "$2/key.part" "$2/key"
fi
