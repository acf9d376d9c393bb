# SPDX-License-Identifier: MIT
# Our KVM program again and again while QEMU boots its guest.
. /tests/lib.sh

(
	sh /tests/kvm_qemu.sh
	: >/tmp/over
) &
runs=0
bad=0
while [ ! -e /tmp/over ]; do
	kvmtest /kvm/guest >/tmp/kvmtest.both || {
		bad=$((bad + 1))
		grep -A 2 '^not ok' /tmp/kvmtest.both | sed 's/^/xtest: note L2: /'
	}
	runs=$((runs + 1))
done
wait
is "each of $runs runs beside QEMU passes" 0 $bad
