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

memory() {
	free=$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)
	tool memory $((free * 6 / 10 / 1024)) "$seconds"
}

jobs="processes memory timers"
processes >/tmp/processes 2>&1 && echo 0 >/tmp/processes.status &
memory >/tmp/memory 2>&1 && echo 0 >/tmp/memory.status &
tool timers "$seconds" >/tmp/timers 2>&1 && echo 0 >/tmp/timers.status &
if [ "$cpus" -gt 1 ]; then
	jobs="$jobs pipes hotplug clock"
	tool pipes "$seconds" >/tmp/pipes 2>&1 && echo 0 >/tmp/pipes.status &
	hotplug >/tmp/hotplug 2>&1 && echo 0 >/tmp/hotplug.status &
	while [ "$(date +%s)" -lt "$end" ]; do
		tool clock-across 200 || exit 1
		sleep 1
	done >/tmp/clock 2>&1 && echo 0 >/tmp/clock.status &
fi
wait

for job in $jobs; do
	if [ -e "/tmp/$job.status" ]; then
		ok "stress: $job"
	else
		not_ok "stress: $job" "$(tail -n 2 "/tmp/$job" | tr '\n' ' ')"
	fi
	sed "s/^/xtest: note $job: /" "/tmp/$job" | tail -n 2
done
is "all CPUs are back" "$cpus" "$(nproc)"
clean_log "log after the stress"
