# SPDX-License-Identifier: MIT
# Every kind of test. Each part writes its counts to build/results/PART.

FUZZ_SECONDS ?= 3

# Host programs: rules made from the "// sources:" line of each test.
HOST_TESTS := $(sort $(wildcard tests/unit/test_*.c tests/fuzz/fuzz_*.c))
build/host.mk: scripts/hostrules.py $(HOST_TESTS)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/hostrules.py $(HOST_TESTS) > $@

.PHONY: unit fuzz host-unit host-fuzz
unit: build/host.mk build/include/xen
	$(Q)$(MAKE) -k -f mk/host.mk unit; $(PYTHON) scripts/rununit.py $(ONLY)

fuzz: build/host.mk build/include/xen
	$(Q)$(MAKE) -k -f mk/host.mk fuzz; \
	  $(PYTHON) scripts/runfuzz.py --seconds $(FUZZ_SECONDS) $(ONLY)
