# SPDX-License-Identifier: MIT
# Everything at once for xenith.seconds= (60) seconds: processes, timers, pipes
# between CPUs, CPUs going off and on, memory pressure.
. /tests/lib.sh

seconds=$(value seconds)
seconds=${seconds:-60}
cpus=$(nproc)
end=$(($(date +%s) + seconds))

processes() {
	n=0
	while [ "$(date +%s)" -lt "$end" ]; do
		for i in 1 2 3 4; do
			(exec /bin/busybox true) || return 1
		done
		n=$((n + 4))
	done
	echo "$n processes"
	[ "$n" -gt 0 ]
}

hotplug() {
	n=0
	while [ "$(date +%s)" -lt "$end" ]; do
		cpu=$((n % (cpus - 1) + 1))
		echo 0 >"/sys/devices/system/cpu/cpu$cpu/online" || return 1
		sleep 1
		echo 1 >"/sys/devices/system/cpu/cpu$cpu/online" || return 1
		sleep 1
		n=$((n + 1))
	done
	echo "$n times off and on"
}

clock() {
	while [ "$(date +%s)" -lt "$end" ]; do
		tool clock-across 200 || return 1
		sleep 1
	done
}

memory() {
	free=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)
	tool memory $((free * 6 / 10 / 1024)) "$seconds"
}

start processes processes
start memory memory
start timers tool timers "$seconds"
if [ "$cpus" -gt 1 ]; then
	start pipes tool pipes "$seconds"
	start hotplug hotplug
	start clock clock
fi
job_verdicts stress
is "all CPUs are back" "$cpus" "$(nproc)"
clean_log "log after the stress"
