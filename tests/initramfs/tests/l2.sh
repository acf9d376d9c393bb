# SPDX-License-Identifier: MIT
# Inside a guest of a guest: all its CPUs, a clock that goes on, a clean log.
. /tests/lib.sh

is "all vCPUs are online" "$(value vcpus)" "$(nproc)"
succeeds "runs on KVM" sh -c "dmesg | grep -q 'Hypervisor detected: KVM'"
succeeds "100 pairs on each CPU" tool clock-within 100
succeeds "sleeps end in time" tool timers 1
clean_log "log of L2"
