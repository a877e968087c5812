#!/usr/bin/env bash
# Gives a gateway a new password at the MQTT broker of compose.yaml, and prints it, this once. Its name is
# the lot that it speaks for, or one that mosquitto.acl knows. Afterwards, for the broker to read it:
#
#   docker compose --file deploy/compose.yaml kill --signal HUP mosquitto
set -euo pipefail
name=${1:-}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
file=${2:-$here/../secrets}/mqtt_passwords
if ! [[ $name =~ ^[A-Za-z0-9._-]{1,64}$ ]] || [ "$name" = parking ]; then
  echo "usage: ${0##*/} NAME [FOLDER], with the NAME of a lot or of a gateway" >&2
  exit 2
fi
[ -f "$file" ] || { echo "there is no $file: secrets.sh makes it" >&2; exit 1; }

password=$(openssl rand -hex 16)
line=$("$here/mqtt_hash.sh" "$name" <<<"$password")
others=$(awk -F: -v name="$name" '$1 != name' "$file")
# Into the same file: the container has that one, and not whatever has its name later.
chmod u+w "$file"
printf '%s\n%s\n' "$others" "$line" >"$file"
chmod 444 "$file"
echo "$password"
