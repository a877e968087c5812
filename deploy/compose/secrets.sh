#!/usr/bin/env bash
# Makes the secrets of compose.yaml in deploy/secrets: random passwords, the addresses that contain
# them, and a certificate for the MQTT broker. What is there already stays as it is.
set -euo pipefail
umask 077

folder=${1:-$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)/secrets}
domain=${PARKING_DOMAIN:-localhost}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

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

# As mosquitto_passwd writes it: PBKDF2 of SHA-512, here 10,000 rounds. More names, for gateways:
# docker compose exec mosquitto mosquitto_passwd -b … or add lines that this function makes.
hashed() { # name, file with the password
  local salt hash
  salt=$(openssl rand -base64 12)
  hash=$(openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt "pass:$(cat "$2")" \
    -kdfopt "hexsalt:$(openssl base64 -d -A <<<"$salt" | od -An -tx1 | tr -d ' \n')" \
    -kdfopt iter:10000 -binary PBKDF2 | openssl base64 -A)
  printf "%s:\$7\$10000\$%s\$%s\n" "$1" "$salt" "$hash"
}
hashed parking mqtt_password | keep mqtt_passwords

# Until you have a better one: signed by itself, which gateways have to be told to trust.
if ! [ -e mqtt_certificate ]; then
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
    -subj "/CN=$domain" -addext "subjectAltName=DNS:$domain" \
    -keyout key.new -out certificate.new 2>/dev/null
  keep mqtt_certificate_key <key.new
  keep mqtt_certificate <certificate.new
  rm key.new certificate.new
fi
echo "secrets are in $folder"
