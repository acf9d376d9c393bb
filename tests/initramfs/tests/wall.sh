# SPDX-License-Identifier: MIT
# Says the time of day for a while; the rig compares it with the machine's clock.
i=0
while [ $i -lt 50 ]; do
	echo "xtest: now $(tool wall)"
	usleep 200000
	i=$((i + 1))
done
