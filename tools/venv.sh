#!/bin/sh
# Make the virtual environment named by $1 from the hash lock. Every step that can fail says what to do.
set -eu
venv="$1"
python="${PYTHON:-python3}"
say() { printf '%s\n' "$*" >&2; }

command -v "$python" >/dev/null 2>&1 || { say "make: $python is not there; install Python 3.11 or newer, or set PYTHON=..."; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "make: Haven needs Python 3.11 or newer; $("$python" -V) is older. Set PYTHON=..."; exit 1; }
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "make: installing python3-venv"
        apt-get update -qq && apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    else
        say "make: this Python cannot make virtual environments; install the package python3-venv"; exit 1
    fi
fi
[ -x "$venv/bin/python" ] || { say "make: creating $venv"; "$python" -m venv "$venv"; }
say "make: installing the locked packages (once; a minute or two)"
# The lock names everything, so nothing is resolved; and what is never imported need not be compiled.
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
pip install -q --no-deps --no-compile --require-hashes -r requirements-dev.lock
pip install -q --no-deps --no-compile --no-build-isolation --no-index -e .
pip check
touch "$venv/ready"
