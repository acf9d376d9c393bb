# SPDX-License-Identifier: MIT
# Verdicts that the rig reads from the console: "xtest: ok NAME",
# "xtest: not ok NAME: why". Sourced by every test.

ok() {
	echo "xtest: ok $1"
}

not_ok() {
	echo "xtest: not ok $1: $2"
}

# is NAME WANTED FOUND
is() {
	if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "wanted '$2', found '$3'"; fi
}

# succeeds NAME COMMAND...
succeeds() {
	name=$1
	shift
	if "$@" >/tmp/output 2>&1; then
		ok "$name"
	else
		not_ok "$name" "$(tail -n 3 /tmp/output | tr '\n' ' ')"
	fi
}

# start JOB COMMAND...: in the background, for job_verdicts
start() {
	jobs="$jobs $1"
	job=$1
	shift
	"$@" >"/tmp/$job" 2>&1 && echo 0 >"/tmp/$job.status" &
}

# job_verdicts NAME: of all that were started, at their end, with the last they said
job_verdicts() {
	wait
	for job in $jobs; do
		if [ -e "/tmp/$job.status" ]; then
			ok "$1: $job"
		else
			not_ok "$1: $job" "$(tail -n 2 "/tmp/$job" | tr '\n' ' ')"
		fi
		sed "s/^/xtest: note $job: /" "/tmp/$job" | tail -n 2
	done
}

# The value of xenith.KEY= on the command line.
value() {
	sed -n "s/.*xenith\.$1=\([^ ]*\).*/\1/p" /proc/cmdline
}

# The kernel must have nothing to complain about. What it says of RETBleed is about
# the CPU model (a Skylake without newer microcode) and the same without a hypervisor.
# clean_log NAME [PATTERN of what else may be said]
clean_log() {
	dmesg | grep -v 'RETBleed: WARNING: Spectre v2 mitigation leaves CPU vulnerable' |
		grep -vE "${2:-^\$}" |
		grep -E 'WARNING|BUG|Call Trace|lockup|rcu.*stall|nstable|hung task|Oops|unchecked MSR|timed out|Kernel panic|clocksource: .*skew' \
		>/tmp/complaints
	if [ -s /tmp/complaints ]; then
		not_ok "$1" "$(head -n 3 /tmp/complaints | tr '\n' ' ')"
	else
		ok "$1"
	fi
}

# Sum over all CPUs of the interrupts in the lines that match.
interrupts() {
	grep -E "$1" /proc/interrupts | awk '{ for (i = 2; $i ~ /^[0-9]+$/; i++) n += $i } END { print n + 0 }'
}

# run_l2 VCPUS TEST: QEMU boots Debian's cloud kernel with this test; /tmp/l2.text is what it said
run_l2() {
	/usr/bin/qemu-system-x86_64 -L /qemu -M pc,accel=kvm -cpu host -smp "$1" -m 160 -nodefaults \
		-no-user-config -no-reboot -display none -serial stdio -kernel /qemu/bzImage \
		-initrd /qemu/initramfs -append "console=ttyS0 quiet cryptomgr.notests nokaslr \
xenith.name=l2 xenith.test=$2 xenith.then=poweroff xenith.vcpus=$1" </dev/null 2>&1 |
		tee /tmp/l2 | awk '{ print "l2: " $0; fflush() }'
	tr -d '\r' </tmp/l2 >/tmp/l2.text
}
