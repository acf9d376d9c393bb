# SPDX-License-Identifier: MIT
# QEMU's guest with 1 vCPU boots to its first test and is gone: for `make bench`.
. /tests/lib.sh

run_l2 1 l2_boot
succeeds "L2 booted" grep -q '^xtest: note booted at TSC [0-9]*$' /tmp/l2.text
