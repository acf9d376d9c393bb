# SPDX-License-Identifier: MIT
# Our KVM program with kvm_intel loaded anew for each of xenith.changes=NAME=VALUE,...
. /tests/lib.sh

for change in $(value changes | tr , ' '); do
	rmmod kvm_intel
	insmod "/lib/modules/$(uname -r)/kvm-intel.ko" "$change"
	found=$(cat "/sys/module/kvm_intel/parameters/${change%=*}")
	is "kvm_intel takes $change" "$(echo "${change#*=}" | tr 01 NY)" "$found"
	kvmtest /kvm/guest >/tmp/kvmtest
	is "the KVM program passes with $change" 0 $?
	grep -A 2 '^not ok' /tmp/kvmtest | sed 's/^/xtest: note L2: /'
done
clean_log "log after kvm_intel's changes"
