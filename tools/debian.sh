#!/bin/sh
# debian.sh PACKAGE ... [-- PYTHON]: installs the Debian packages that are missing, if it may; says what is missing if it may not.
# Never asks: what stands on standard input belongs to the prompt.
set -u
missing=""
python=""
while [ $# -gt 0 ]; do
    if [ "$1" = "--" ]; then python="${2:-}"; break; fi
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q "install ok installed" || missing="$missing $1"
    shift
done
# a virtual environment needs ensurepip, which Debian keeps in a package of its own
if [ -n "$python" ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then missing="$missing python3-venv"; fi
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "! missing:$missing (no apt-get here; install them as your system does)" >&2
    exit 0
fi
if [ "$(id -u)" = 0 ]; then as=""
elif sudo -n true 2>/dev/null; then as="sudo -n"
else
    echo "! missing:$missing, and no rights to install them. Without libportaudio2 Chronus plays on its null device." >&2
    exit 0
fi
echo "installing Debian packages:$missing ..."
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
if ! { $as apt-get update -q && $as env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
    echo "! could not install:$missing" >&2
    tail -n 5 "$log" >&2
fi
rm -f "$log"
exit 0
