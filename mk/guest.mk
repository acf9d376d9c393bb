# SPDX-License-Identifier: MIT
# Builds the micro-guests; build/guest.mk names each one's objects.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

include mk/toolchain.mk

GUEST_FLAGS := $(CFLAGS_COMMON) -mgeneral-regs-only
GUEST_CC_64 := $(TARGET_CC) $(GUEST_FLAGS) -m64 -mno-red-zone -DGUEST_BITS=64
GUEST_CC_32 := $(TARGET_CC) $(GUEST_FLAGS) -m32 -march=i686 -DGUEST_BITS=32
# One segment with everything in it is fine for a guest of 64 KiB.
GUEST_LINK_64 := $(LD) -m elf_x86_64 $(LDFLAGS) --no-warn-rwx-segments
GUEST_LINK_32 := $(LD) -m elf_i386 $(LDFLAGS) --no-warn-rwx-segments
GUEST_NASM := $(NASM) -g -F dwarf --reproducible -Wall -Werror -I./

.PHONY: images
define RULES
build/guest/obj$(1)/%.c.o: %.c build/guest/flags
	@mkdir -p $$(@D)
	$$(Q)$$(GUEST_CC_$(1)) -MMD -MP -c $$< -o $$@
build/guest/obj$(1)/%.S.o: %.S build/guest/flags
	@mkdir -p $$(@D)
	$$(Q)$$(GUEST_CC_$(1)) -MMD -MP -c $$< -o $$@
build/guest/obj$(1)/%.asm.o: %.asm build/guest/flags
	@mkdir -p $$(@D)
	$$(Q)$$(GUEST_NASM) -f elf$(1) -DGUEST_BITS=$(1) -MD $$(@:.o=.d) -MT $$@ $$< -o $$@
endef
$(eval $(call RULES,64))
$(eval $(call RULES,32))

build/guest/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(GUEST_CC_64) $(GUEST_NASM) $(LDFLAGS)' | cmp -s - $@ || \
	  echo '$(GUEST_CC_64) $(GUEST_NASM) $(LDFLAGS)' > $@
.PHONY: FORCE
FORCE:

include build/guest.mk
images: $(GUEST_IMAGES)
	@:
