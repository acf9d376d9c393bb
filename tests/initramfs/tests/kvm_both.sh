# SPDX-License-Identifier: MIT
# Our KVM program again and again while QEMU boots its guest. xenith.late_nmis=1: a run that finds
# nothing wrong but NMIs behind the next IRET is the machine's (docs/nested.md), and only counted.
. /tests/lib.sh

# only_late OUTPUT: it came to its end, and some NMI was late.
only_late() {
	[ "$(value late_nmis)" = 1 ] && grep -q '^1\.\.' "$1" && grep -q '^not ok' "$1" &&
		! grep '^not ok' "$1" | grep -qv ': NMIs to itself$'
}

(
	sh /tests/kvm_qemu.sh
	: >/tmp/over
) &
runs=0
bad=0
late=0
while [ ! -e /tmp/over ]; do
	if kvmtest /kvm/guest >/tmp/kvmtest.both; then
		:
	elif only_late /tmp/kvmtest.both; then
		late=$((late + 1))
	else
		bad=$((bad + 1))
		grep -A 2 '^not ok' /tmp/kvmtest.both | sed 's/^/xtest: note L2: /'
	fi
	runs=$((runs + 1))
done
wait
echo "xtest: note $late of $runs runs had an NMI behind the next IRET"
is "each of $runs runs beside QEMU passes" 0 $bad
succeeds "NMIs are on time in most" [ $((late * 2)) -lt $runs ]
