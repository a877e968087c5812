#!/usr/bin/env bash
# Makes what is of one's own in compose.yaml, in deploy/secrets: random passwords, the addresses that
# contain them, a certificate for the MQTT broker, and the public address that is watched. What is there
# already stays as it is.
set -euo pipefail
umask 077

scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$scripts/../secrets}
domain=${PARKING_DOMAIN:-localhost}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"
mkdir -p -m 755 connectors # for compose/connectors.yaml

# Containers read them under numbers of their own; others on this machine cannot enter the folder.
keep() { # name: writes standard input to the file, whole or not at all, unless there is one
  if [ -e "$1" ]; then
    cat >/dev/null
  else
    cat >"$1.new"
    chmod 444 "$1.new"
    mv "$1.new" "$1"
  fi
}

random() { openssl rand -hex 32; }

for name in database_admin_password database_owner_password database_serve_password \
  mqtt_password grafana_admin_password; do
  random | keep "$name"
done

address() { printf 'postgresql://%s:%s@database:5432/parking\n' "$1" "$(cat "$2")"; }
address parking_serve database_serve_password | keep parking_database_url
address parking_owner database_owner_password | keep parking_migration_url
printf 'mqtt://parking:%s@mosquitto:1883\n' "$(cat mqtt_password)" | keep parking_mqtt_url

"$scripts/mqtt_hash.sh" parking <mqtt_password | keep mqtt_passwords # gateway.sh adds others

# What Prometheus asks for from outside: a file, as containers without a root to write in take no other.
printf -- '- targets: ["https://%s/v1/lots?limit=1"]\n' "$domain" | keep outside.yml

# Until you have a better one: signed by itself, which gateways have to be told to trust.
if ! [ -e mqtt_certificate ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
    -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout key.new -out certificate.new 2>/dev/null
  keep mqtt_certificate_key <key.new
  keep mqtt_certificate <certificate.new
  rm key.new certificate.new
fi
echo "secrets are in $PWD"
