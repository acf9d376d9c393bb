# SPDX-License-Identifier: MIT
# Inside a guest of a guest: all its CPUs, a clock that goes on, a clean log.
. /tests/lib.sh

is "all vCPUs are online" "$(value vcpus)" "$(nproc)"
succeeds "runs on KVM" sh -c "dmesg | grep -q 'Hypervisor detected: KVM'"
succeeds "100 pairs on each CPU" tool clock-within 100
succeeds "sleeps end in time" tool timers 1
# KVM's clock is called stable only when L1 itself goes by the TSC, and here it goes by Xen's clock.
clean_log "log of L2" 'Unstable clock detected, switching default tracing clock'
