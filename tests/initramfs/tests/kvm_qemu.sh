# SPDX-License-Identifier: MIT
# Debian's QEMU boots Debian's cloud kernel, once with each number of vCPUs in
# xenith.l2_vcpus=N,... ; its own tests pass and it powers off.
. /tests/lib.sh

for vcpus in $(value l2_vcpus | tr , ' '); do
	start=$(cut -d. -f1 /proc/uptime)
	run_l2 "$vcpus" l2
	sed -n "s/^xtest: ok /xtest: ok $vcpus vCPUs: /p; s/^xtest: not ok /xtest: not ok $vcpus vCPUs: /p" \
		/tmp/l2.text
	succeeds "$vcpus vCPUs: L2 ran its tests" grep -q '^xtest: end l2$' /tmp/l2.text
	succeeds "$vcpus vCPUs: L2 powered off" grep -q 'reboot: Power down' /tmp/l2.text
	echo "xtest: note L2 with $vcpus vCPUs took $(($(cut -d. -f1 /proc/uptime) - start)) s"
done
clean_log "log after QEMU"
