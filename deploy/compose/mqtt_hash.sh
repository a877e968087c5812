#!/usr/bin/env bash
# Reads a password, and prints the line for mosquitto's password file, as mosquitto_passwd writes it:
# PBKDF2 of SHA-512, 10,000 rounds. Where there is no python3, openssl does it, which takes the password
# among its words alone: until it ends, others on this machine can see it in the list of processes.
set -euo pipefail
[ $# = 1 ] || { echo "usage: ${0##*/} NAME <password" >&2; exit 2; }
IFS= read -r password
salt=$(openssl rand -base64 12)
if command -v python3 >/dev/null; then
  hash=$(printf '%s' "$password" | python3 -I -c 'import hashlib, sys
from base64 import b64decode, b64encode
made = hashlib.pbkdf2_hmac("sha512", sys.stdin.buffer.read(), b64decode(sys.argv[1]), 10_000)
print(b64encode(made).decode())' "$salt")
else
  hash=$(openssl kdf -keylen 64 -kdfopt digest:SHA512 -kdfopt "pass:$password" \
    -kdfopt "hexsalt:$(openssl base64 -d -A <<<"$salt" | od -An -tx1 | tr -d ' \n')" \
    -kdfopt iter:10000 -binary PBKDF2 | openssl base64 -A)
fi
printf "%s:\$7\$10000\$%s\$%s\n" "$1" "$salt" "$hash"
