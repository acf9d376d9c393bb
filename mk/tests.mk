# SPDX-License-Identifier: MIT
# Every kind of test. Each part writes its counts to build/results/PART.

FUZZ_SECONDS ?= 3
LITMUS_SECONDS ?= 3
# Emulators at once.
JOBS ?= 2
TEST_PARTS := lint unit litmus fuzz model guest system

.PHONY: test $(TEST_PARTS) system-full bench stress random breaks guest-images

# Runs every part, also after a failure, and sums up.
test: packages
	@$(PYTHON) scripts/runall.py $(TEST_PARTS)

# Host programs: rules made from the "// sources:" line of each test.
HOST_TESTS := $(sort $(wildcard tests/unit/test_*.c tests/fuzz/fuzz_*.c))
build/host.mk: scripts/hostrules.py scripts/header.py $(HOST_TESTS)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/hostrules.py $(HOST_TESTS) > $@

unit: build/host.mk build/include/xen
	$(Q)$(MAKE) -k -f mk/host.mk unit; $(PYTHON) scripts/rununit.py $(ONLY)

# The fence pairs on this machine's store buffers, with the fences and without.
litmus: build/include/xen
	$(Q)HOST_CC='$(HOST_CC)' $(PYTHON) scripts/runlitmus.py --seconds $(LITMUS_SECONDS)

# Each fault of tests/breaks in turn, and what notices it: half an hour. STRESS=1: on an emulator too.
breaks: build/host.mk build/include/xen
	$(Q)$(PYTHON) scripts/runbreaks.py $(if $(STRESS),--stress) $(ONLY)

fuzz: build/host.mk build/include/xen
	$(Q)$(MAKE) -k -f mk/host.mk fuzz; \
	  $(PYTHON) scripts/runfuzz.py --seconds $(FUZZ_SECONDS) $(ONLY)

# Models bring their own Makefile, which ends with "N passed, N failed".
model:
	$(Q)$(PYTHON) scripts/runmodel.py

lint: build/host.mk build/include/xen
	$(Q)$(PYTHON) scripts/lint.py $(ONLY)

# Micro-guests: rules made from the comments in each one's main.c.
GUEST_MAINS := $(sort $(wildcard tests/guest/*/main.c))
build/guest.mk: scripts/guestrules.py scripts/header.py $(GUEST_MAINS) \
  $(wildcard tests/guest/*) $(wildcard tests/guest/lib/*)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/guestrules.py $(GUEST_MAINS) > $@
guest-images: build/guest.mk build/include/xen
	$(Q)$(MAKE) -k -f mk/guest.mk images

# Some need the debug build. GUEST_CMDLINE= and GUEST_TIMEOUT= stand in for the guests' own: longer
# forms. GUEST_CPU= is the emulator's model.
guest: all
	$(Q)$(MAKE) DEBUG=1 all
	$(Q)$(MAKE) guest-images; \
	  $(PYTHON) tests/rig/microguest.py --jobs $(JOBS) --machine $(MACHINE) \
	  $(if $(GUEST_CMDLINE),--cmdline '$(GUEST_CMDLINE)') \
	  $(if $(GUEST_TIMEOUT),--timeout $(GUEST_TIMEOUT)) \
	  $(if $(GUEST_CPU),--cpu $(GUEST_CPU)) $(ONLY)

# The long form of tests/guest/vmx_random: 50 VM entries for each seed, under Xenith and without.
SEEDS ?= 2048
RANDOM_SECONDS ?= 3600
random:
	$(Q)$(MAKE) guest ONLY=vmx_random GUEST_CMDLINE='seeds=$(SEEDS)' GUEST_TIMEOUT=$(RANDOM_SECONDS); \
	  status=$$?; grep -h 'row: seed\|entered' build/guest/log/vmx_random64*.log; exit $$status

# Costs are counted in Bochs, where a tick is an instruction; the counting build
# has figures of its own, so it is run besides.
bench: all linux
	$(Q)$(MAKE) COUNT=1 all
	$(Q)$(MAKE) guest-images
	$(Q)$(PYTHON) tests/rig/bench.py $(ONLY)

# The long form of tests/guest/stress; SENDS= and MOVES= make it shorter.
STRESS_FLAGS := $(if $(SENDS),--sends $(SENDS)) $(if $(MOVES),--moves $(MOVES))
stress: all
	$(Q)$(MAKE) DEBUG=1 all
	$(Q)$(MAKE) guest-images
	$(Q)$(PYTHON) tests/rig/stress.py --jobs $(JOBS) --machine $(MACHINE) $(STRESS_FLAGS) $(ONLY)

system: all linux
	$(Q)$(MAKE) guest-images
	$(Q)$(PYTHON) -B scripts/runsystem.py --jobs $(JOBS) --machine $(MACHINE) \
	  $(if $(ONLY),-k '$(ONLY)')
system-full: all linux
	$(Q)$(MAKE) DEBUG=1 all
	$(Q)$(MAKE) guest-images
	$(Q)$(PYTHON) -B scripts/runsystem.py --jobs $(JOBS) --machine $(MACHINE) --full \
	  $(if $(ONLY),-k '$(ONLY)')
