#!/bin/sh
# Have a Chromium for the browser tests: the one that is there, else Debian's package where apt may install it.
# Where neither is possible, say so; tools/check.py then names what was not run.
set -u
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    printf '%s\n' "make: installing Chromium for the browser tests" >&2
    apt-get update -qq >/dev/null && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null && exit 0
fi
printf '%s\n' "make: NO CHROMIUM could be installed here: the browser tests will not run" >&2
exit 0
