#!/usr/bin/env bash
# Makes what is of one's own in compose.yaml, in deploy/secrets: random passwords, the addresses that
# contain them, a certificate for the MQTT broker, and the public address that is watched. What is there
# already stays as it is, but for that address, which follows PARKING_DOMAIN whenever it is set.
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
keep() { # name, command…: has the command write the file, whole or not at all, unless there is one
  local name=$1
  shift
  if [ -s "$name" ]; then return; fi
  if ! "$@" >"$name.new" || ! [ -s "$name.new" ]; then
    rm -f "$name.new"
    echo "$name could not be made" >&2
    return 1
  fi
  chmod 444 "$name.new"
  mv "$name.new" "$name"
}

for name in database_admin_password database_owner_password database_serve_password \
  mqtt_password grafana_admin_password; do
  keep "$name" openssl rand -hex 32
done

address() { printf 'postgresql://%s:%s@database:5432/parking\n' "$1" "$2"; }
keep parking_database_url address parking_serve "$(cat database_serve_password)"
keep parking_migration_url address parking_owner "$(cat database_owner_password)"
keep parking_mqtt_url printf 'mqtt://parking:%s@mosquitto:1883\n' "$(cat mqtt_password)"

keep mqtt_passwords "$scripts/mqtt_hash.sh" parking <mqtt_password # gateway.sh adds others

# What Prometheus asks for from outside: a file, as containers without a root to write in take no other.
# It is no secret. Into the same file: the container has that one, and not whatever has its name later.
if [ -n "${PARKING_DOMAIN:-}" ] || ! [ -s outside.yml ]; then
  if [ -e outside.yml ]; then chmod u+w outside.yml; fi
  printf -- '- targets: ["https://%s/v1/lots?limit=1"]\n' "$domain" >outside.yml
  chmod 444 outside.yml
fi

# Until you have a better one: signed by itself, which gateways have to be told to trust.
if ! [ -s mqtt_certificate ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
    -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout key.new -out certificate.new 2>/dev/null
  chmod 444 key.new certificate.new
  mv key.new mqtt_certificate_key
  mv certificate.new mqtt_certificate # last: without it both are made anew
elif [ -n "${PARKING_DOMAIN:-}" ] &&
  openssl x509 -in mqtt_certificate -noout -checkhost "$domain" | grep -q 'NOT match'; then
  # Gateways may trust this one: whether they get another is not for a script to say.
  echo "mqtt_certificate is not for $domain: if gateways are to reach the broker by that name, remove it," \
    "run this again, and have Compose make the broker's container anew" >&2
fi
echo "secrets are in $PWD"
