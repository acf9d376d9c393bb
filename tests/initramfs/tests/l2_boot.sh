# SPDX-License-Identifier: MIT
# Inside a guest of a guest: says when it came here, and ends the machine on the spot.
printf 'xtest: note booted at TSC '
tool tsc
echo b >/proc/sysrq-trigger
