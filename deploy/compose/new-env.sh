#!/usr/bin/env bash
# Write .env from .env.example with fresh secrets. Refuses to touch a .env that is there.
set -euo pipefail
umask 077
cd "$(dirname "$0")/../.."
target=${1:-.env}
if [ -e "$target" ]; then
    echo "$target is there already; its secrets open the databases, so it stays as it is." >&2
    exit 1
fi
while IFS= read -r line; do
    case $line in
        LIANXIN_OPEN311_*) echo "$line" ;; # may be empty
        [A-Z]*=) echo "$line$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" ;;
        *) echo "$line" ;;
    esac
done <.env.example >"$target"
echo "$target is written. Keep a copy of LIANXIN_FIELD_KEY in a safe place."
