# SPDX-License-Identifier: MIT
# What a boot must look like: a PVH guest of Xen with all its CPUs and memory,
# driven by event channels. xenith.vcpus= and xenith.memory= (MiB) say what the
# guest was configured with.
. /tests/lib.sh

# Linux before 6.0 or so says "paravirtualized kernel"; later ones do so for PV guests only.
succeeds "booted as Xen PVH" sh -c "dmesg | grep -Eq 'Booting (paravirtualized )?kernel on Xen PVH'"
is "all vCPUs are online" "$(value vcpus)" "$(nproc)"
is "hypervisor type" xen "$(cat /sys/hypervisor/type)"

configured=$(value memory)
total=$(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1024))
# Linux keeps its own image and its page descriptors out of MemTotal.
if [ "$total" -le "$configured" ] && [ "$total" -ge $((configured * 9 / 10 - 64)) ]; then
	ok "memory as configured"
else
	not_ok "memory as configured" "configured $configured MiB, MemTotal $total MiB"
fi

succeeds "a clock of Xen or the TSC" grep -qE '^(xen|tsc)$' \
	/sys/devices/system/clocksource/clocksource0/current_clocksource

sleep 1
for kind in 'xen-percpu.*timer' 'xen-(dyn|percpu).*hvc_console'; do
	if [ "$(interrupts "$kind")" -gt 0 ]; then
		ok "events arrive: $kind"
	else
		not_ok "events arrive: $kind" "$(grep -E 'xen' /proc/interrupts | head -n 3)"
	fi
done
if [ "$(nproc)" -gt 1 ]; then
	for i in 1 2 3 4 5 6 7 8; do
		taskset -c $((i % $(nproc))) true
	done
	if [ "$(interrupts 'xen-percpu.*(resched|callfunc)')" -gt 0 ]; then
		ok "IPIs arrive as events"
	else
		not_ok "IPIs arrive as events" "$(grep -E ipi /proc/interrupts | head -n 3)"
	fi
fi

clean_log "nothing to complain about in the log"
