# SPDX-License-Identifier: MIT
# Time never goes back, on one CPU or from one CPU to another.
. /tests/lib.sh

succeeds "1000 pairs on each CPU" tool clock-within 1000
if [ "$(nproc)" -gt 1 ]; then
	succeeds "1000 pairs from CPU to CPU" tool clock-across 1000
fi
clean_log "log after the clock test"
