#!/bin/sh
# SPDX-License-Identifier: MIT
# Install what is missing of packages.txt, as root or by sudo, and say what.
# In sh: on a fresh machine there may be no Python yet.
set -eu
cd "$(dirname "$0")/.."

if ! command -v dpkg-query >/dev/null; then
	echo 'packages: this is no Debian; packages.txt lists what is needed' >&2
	exit 0
fi

missing=''
for package in $(sed 's/#.*//' packages.txt); do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	as_root='env'
elif command -v sudo >/dev/null; then
	as_root='sudo env'
else
	echo "packages: missing:$missing" >&2
	echo 'packages: neither root nor sudo: install them by hand' >&2
	exit 1
fi
echo "packages: installing$missing"
# Lists may be missing or older than the archive; a failure shows at the install.
$as_root apt-get update -q >/dev/null || true
# shellcheck disable=SC2086 # words by intent
$as_root DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
