# SPDX-License-Identifier: MIT
# Builds the host's test programs (unit tests and fuzz targets). build/host.mk
# names each program's objects; the first folder below build/unit or build/fuzz
# says which sanitizer they are built with.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

include mk/toolchain.mk

# Hosted, with the same warnings; test functions leave cmocka's argument unused.
HOST_FLAGS := -std=gnu11 $(WARNINGS) -Wno-unused-parameter -g -O1 -fno-omit-frame-pointer \
  -I tests/host -I. -isystem build/include -DXENITH_DEBUG=1 -DXENITH_COUNT=0
ASAN := -fsanitize=address,undefined -fno-sanitize-recover=all
TSAN := -fsanitize=thread

.PHONY: unit fuzz

build/unit/address/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_FLAGS) $(ASAN) -MMD -MP -c $< -o $@
build/unit/thread/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_FLAGS) $(TSAN) -MMD -MP -c $< -o $@
build/fuzz/address/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(HOST_CLANG) $(HOST_FLAGS) $(ASAN) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

LINK_UNIT_address := $(HOST_CC) $(ASAN)
LINK_UNIT_thread := $(HOST_CC) $(TSAN)
LINK_FUZZ := $(HOST_CLANG) $(ASAN) -fsanitize=fuzzer

include build/host.mk
unit: $(UNIT_PROGRAMS)
	@:
fuzz: $(FUZZ_PROGRAMS)
	@:
