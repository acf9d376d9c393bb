# SPDX-License-Identifier: MIT
# Our own KVM program, xenith.runs=N times (else once), and what its guest found out.
. /tests/lib.sh

runs=$(value runs)
for run in $(seq "${runs:-1}"); do
	kvmtest /kvm/guest >/tmp/kvmtest
	status=$?
	sed -n 's/^ok [0-9]* - /xtest: ok L2: /p; s/^not ok [0-9]* - \(.*\)/xtest: not ok L2: \1/p; s/^# /xtest: note L2: /p' \
		/tmp/kvmtest
	is "the KVM program passes" 0 $status
done
clean_log "log after the KVM program"
