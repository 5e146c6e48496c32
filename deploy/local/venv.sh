#!/bin/sh
# Makes or completes a virtual environment from a lock file with hashes.
#
#     [PYTHON=python3.12] venv.sh <folder> <lock file>
#
# Says in one sentence what this machine lacks. Safe to run again after an interruption.
set -eu
folder=$1
lock=$2

fail() {
    echo "$1" >&2
    exit 1
}

usable() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

if ! usable "$folder/bin/python"; then # not there, or its Python has gone
    found=
    for python in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if usable "$python"; then
            found=$python
            break
        fi
    done
    [ -n "$found" ] || fail "Lianxin needs Python 3.11 or newer, and there is none (python3 is \
$(python3 -V 2>&1 | tail -n 1)): install it, or name it with make PYTHON=/path/to/python3 ..."
    "$found" -c 'import venv, ensurepip' 2>/dev/null || fail "$found cannot make a virtual \
environment (its modules venv and ensurepip are missing): install them, on Debian and Ubuntu with \
apt install python3-venv."
    echo "Making the Python environment in $folder with $("$found" -V) ..."
    rm -rf "$folder"
    "$found" -m venv "$folder" || fail "The virtual environment could not be made in $folder: \
check that the folder can be written to and that there is space on the disk."
fi

pip="$folder/bin/python -m pip --disable-pip-version-check --no-input"
echo "Fetching Python packages of $lock (the first time some 100 MB) ..."
$pip install --retries 2 --require-hashes -r "$lock" || fail "The Python packages could not be \
fetched: check the network or pip's index setting (pip config list), and run it again."
$pip install --quiet --no-deps --no-build-isolation --editable . ||
    fail "Lianxin itself could not be installed into $folder: see the lines above."
