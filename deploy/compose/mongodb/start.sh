#!/usr/bin/env bash
# Make the keyfile by which members of the replica set know each other, once, then start mongod
# through the image's own entry point (which makes the administrator at the first start).
# For members on several machines: the same keyfile in the volume of each.
set -euo pipefail
keyfile=/data/configdb/keyfile
if [ ! -s "$keyfile" ]; then
    umask 077
    head -c 756 /dev/urandom | base64 -w 0 | head -c 1000 >"$keyfile.new"
    chown mongodb:mongodb "$keyfile.new"
    chmod 400 "$keyfile.new"
    mv "$keyfile.new" "$keyfile"
fi
exec docker-entrypoint.sh mongod --replSet rs0 --keyFile "$keyfile" --bind_ip_all \
    --wiredTigerCacheSizeGB "${MONGO_CACHE_GB:-0.5}"
