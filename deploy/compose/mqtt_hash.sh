#!/usr/bin/env bash
# Reads a password, and prints the line for mosquitto's password file, as mosquitto_passwd writes it:
# PBKDF2 of SHA-512, 10,000 rounds.
set -euo pipefail
[ $# = 1 ] || { echo "usage: ${0##*/} NAME <password" >&2; exit 2; }
IFS= read -r password
salt=$(openssl rand -base64 12)
hash=$(openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt "pass:$password" \
  -kdfopt "hexsalt:$(openssl base64 -d -A <<<"$salt" | od -An -tx1 | tr -d ' \n')" \
  -kdfopt iter:10000 -binary PBKDF2 | openssl base64 -A)
printf "%s:\$7\$10000\$%s\$%s\n" "$1" "$salt" "$hash"
