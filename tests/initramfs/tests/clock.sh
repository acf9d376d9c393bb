# SPDX-License-Identifier: MIT
# Time never goes back, on one CPU or from one CPU to another, and the wall
# clock can be compared with the machine's by the rig.
. /tests/lib.sh

succeeds "1000 pairs on each CPU" tool clock-within 1000
if [ "$(nproc)" -gt 1 ]; then
	succeeds "1000 pairs from CPU to CPU" tool clock-across 1000
fi
echo "xtest: wallclock $(date +%s) uptime $(cut -d ' ' -f 1 /proc/uptime) tsc $(tool tsc)"
clean_log "log after the clock test"
