# SPDX-License-Identifier: MIT
# All CPUs are busy as in a parallel build while somebody else moves the balloon. Says each time
# what the guest holds when its driver has reached what it was asked for; ends after xenith.moves=.
. /tests/lib.sh

moves=$(value moves)
balloon=/sys/devices/system/xen_memory/xen_memory0
busy=/tmp/busy

# Many short processes in pipes, over files that come and go.
build() {
	at=/tmp/build$1
	n=0
	mkdir "$at"
	while [ -e $busy ]; do
		cat /tests/*.sh /proc/meminfo >"$at/source"
		tr -cs 'a-z' '\n' <"$at/source" | sort | uniq -c | sort -rn >"$at/words"
		gzip -c "$at/source" | tee "$at/object" | gunzip -c | cmp - "$at/source" || return 1
		tar -C "$at" -cf - source words object | tee "$at/archive" | sha256sum >"$at/sum"
		sha256sum <"$at/archive" | cmp - "$at/sum" || return 1
		rm "$at"/*
		n=$((n + 1))
	done
	echo "$n builds"
	[ $n -gt 0 ]
}

# Pages that hold what was written to them, and come clean.
pages() {
	while [ -e $busy ]; do
		tool memory 24 2 || return 1
	done
}

# All of it yields to the balloon's thread, which is one beside five.
renice -n 19 $$ >/dev/null
: >$busy
start pages pages
for cpu in $(seq 0 $(($(nproc) - 1))); do
	start "build-$cpu" build "$cpu"
done

renice -n -19 $$ >/dev/null
seen=
while [ "$moves" -ge 0 ]; do
	held=$(cat $balloon/info/current_kb)
	if [ "$held" != "$seen" ] && [ "$held" = "$(cat $balloon/target_kb)" ]; then
		echo "xtest: holds $held"
		seen=$held
		moves=$((moves - 1))
	fi
	usleep 100000
done
rm $busy
job_verdicts balloon
clean_log "log after the balloon"
