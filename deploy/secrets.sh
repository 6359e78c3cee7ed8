#!/bin/sh
# Prints .env with a new value for every variable of .env.example (needs openssl).
#
#   umask 077; sh deploy/secrets.sh > .env
#
# Message keys are valid from the first day of this year to the last day of the next.
set -eu
year=$(date +%Y)
grep -E '^YIDI_[A-Z0-9_]+=' "$(dirname "$0")/../.env.example" | cut -d= -f1 | while read -r name; do
    case $name in
    *PASSWORD*) value=$(openssl rand -hex 24) ;;
    *SEALING*) value="k1=$(openssl rand -base64 32)" ;;
    *MESSAGE_KEYS_*)
        who=$(printf %s "${name#YIDI_MESSAGE_KEYS_}" | tr 'A-Z_' 'a-z.')
        value="$who/k1=$(openssl rand -base64 32)@$year-01-01..$((year + 2))-01-01"
        ;;
    *) value=$(openssl rand -base64 32) ;;
    esac
    printf '%s=%s\n' "$name" "$value"
done
