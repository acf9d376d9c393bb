# SPDX-License-Identifier: MIT
# KVM's modules load without a complaint. xenith.kvm_intel= (NAME=VALUE) is a parameter for
# kvm_intel. Says which parameters it then has.
. /tests/lib.sh

modules=/lib/modules/$(uname -r)
succeeds "irqbypass loads" insmod "$modules/irqbypass.ko"
succeeds "kvm loads" insmod "$modules/kvm.ko"
# shellcheck disable=SC2046 # none or one word
succeeds "kvm_intel loads" insmod "$modules/kvm-intel.ko" $(value kvm_intel)
for parameter in /sys/module/kvm_intel/parameters/*; do
	echo "xtest: kvm_intel ${parameter##*/}=$(cat "$parameter")"
done
clean_log "log after loading kvm_intel"
