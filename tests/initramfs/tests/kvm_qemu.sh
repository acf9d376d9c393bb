# SPDX-License-Identifier: MIT
# Debian's QEMU boots Debian's cloud kernel, once with each number of vCPUs in
# xenith.l2_vcpus=N,... ; its own tests pass and it powers off.
. /tests/lib.sh

for vcpus in $(value l2_vcpus | tr , ' '); do
	start=$(cut -d. -f1 /proc/uptime)
	/usr/bin/qemu-system-x86_64 -L /qemu -M pc,accel=kvm -cpu host -smp "$vcpus" -m 160 -nodefaults \
		-no-user-config -no-reboot -display none -serial stdio -kernel /qemu/bzImage \
		-initrd /qemu/initramfs -append "console=ttyS0 quiet cryptomgr.notests nokaslr \
xenith.name=l2 xenith.test=l2 xenith.then=poweroff xenith.vcpus=$vcpus" </dev/null 2>&1 |
		tee /tmp/l2 | awk '{ print "l2: " $0; fflush() }'
	tr -d '\r' </tmp/l2 >/tmp/l2.text
	sed -n "s/^xtest: ok /xtest: ok $vcpus vCPUs: /p; s/^xtest: not ok /xtest: not ok $vcpus vCPUs: /p" \
		/tmp/l2.text
	succeeds "$vcpus vCPUs: L2 ran its tests" grep -q '^xtest: end l2$' /tmp/l2.text
	succeeds "$vcpus vCPUs: L2 powered off" grep -q 'reboot: Power down' /tmp/l2.text
	echo "xtest: note L2 with $vcpus vCPUs took $(($(cut -d. -f1 /proc/uptime) - start)) s"
done
clean_log "log after QEMU"
