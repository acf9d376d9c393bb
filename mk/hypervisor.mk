# SPDX-License-Identifier: MIT
# The hypervisor: every C and NASM file below its layers' directories.

HV_DIRS := core arch drivers mm xenabi boot
HV_SOURCES := $(sort $(shell find $(wildcard $(HV_DIRS)) -name '*.c' -o -name '*.asm'))
# Delays and traces at the protocol's steps, and a test of the hardware kind of cache: debug builds
# only.
ifneq ($(DEBUG),1)
  HV_SOURCES := $(filter-out mm/step.c arch/x86/vmx/hw_pages.c,$(HV_SOURCES))
endif
HV_OBJECTS := $(HV_SOURCES:%=$(BUILD)/hv/%.o)
HV_IMAGE := $(BUILD)/xenith

# What is measured is built for speed, all the rest for size: -Os comes after -O2 and wins.
HV_HOT := mm/gpc.c mm/gwalk.c mm/physmap.c mm/round.c mm/section_drain.c mm/window.c \
  core/lib/string.c core/sched% core/vcpu.c core/timer.c core/trace.c arch/x86/cpu/apic.c \
  $(addprefix xenabi/,hypercall.c evtchn.c evtchn_2l.c evtchn_op.c upcall.c time.c \
  sched_op.c vcpu.c physmap_op.c) \
  $(addprefix arch/x86/vmx/,run.c exits.c exit_cpuid.c exit_msr.c exit_ept.c exit_intr.c inject.c state.c \
  vlapic.c vlapic_regs.c vcpu.c tags.c mmio.c \
  cpuid_policy.c msr_policy.c) \
  $(addprefix arch/x86/nested/,access.c enter.c entry.c event.c exit.c fields02.c hw_shadow.c instruction.c \
  leave.c merge.c route.c switch.c vmx_instructions.c)
opt_of = $(if $(filter $(HV_HOT),$(1)),$(HV_HOT_FLAGS),-Os)

# GCC optimises across files: short functions of one layer are inlined into another. The hot files
# make no frames; with RBP left alone in them, a backtrace steps over theirs.
ifeq ($(findstring clang,$(CC)),)
HV_LTO := -flto=2 -flto-partition=one -ffixed-rbp
HV_HOT_FLAGS := -fno-align-loops -fno-align-jumps -fomit-frame-pointer
endif
HV_C_OBJECTS := $(filter %.c.o,$(HV_OBJECTS))
HV_ASM_OBJECTS := $(filter %.asm.o,$(HV_OBJECTS))

.PHONY: all
all: $(HV_IMAGE) $(HV_IMAGE).elf

# What an object was made with: other flags or another compiler make it anew.
$(BUILD)/hv/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(TARGET_CC) $(CFLAGS_HV) $(HV_LTO) $(NASMFLAGS) $(LDFLAGS)' | cmp -s - $@ || \
	  echo '$(TARGET_CC) $(CFLAGS_HV) $(HV_LTO) $(NASMFLAGS) $(LDFLAGS)' > $@
.PHONY: FORCE
FORCE:

$(BUILD)/hv/%.c.o: %.c $(BUILD)/hv/flags | build/include/xen
	@mkdir -p $(@D)
	$(if $(Q),@echo '  CC      $<')
	$(Q)$(TARGET_CC) $(CFLAGS_HV) $(HV_LTO) $(call opt_of,$<) -MMD -MP -c $< -o $@

$(BUILD)/hv/%.asm.o: %.asm $(BUILD)/hv/flags
	@mkdir -p $(@D)
	$(if $(Q),@echo '  NASM    $<')
	$(Q)$(NASM) $(NASMFLAGS) -MD $(@:.o=.d) -MT $@ $< -o $@

# The symbol table for backtraces comes from a link without one; the second link
# has a table of the right size, so the third is exact (scripts/mksyms.py checks).
$(BUILD)/hv/symbols%.o: $(BUILD)/hv/symbols%.c
	$(Q)$(TARGET_CC) $(CFLAGS_HV) -c $< -o $@

$(BUILD)/hv/symbols0.c: scripts/mksyms.py $(BUILD)/hv/flags
	$(Q)$(PYTHON) scripts/mksyms.py $@ </dev/null
$(BUILD)/hv/symbols1.c $(BUILD)/hv/symbols2.c: $(BUILD)/hv/symbols%.c: $(BUILD)/hv/symbols%.map
	$(Q)$(PYTHON) scripts/mksyms.py $@ <$<

# All C in one object, before the three links.
$(BUILD)/hv/all.o: $(HV_C_OBJECTS)
	$(if $(Q),@echo '  LD      $@')
	$(Q)$(if $(HV_LTO),$(TARGET_CC) $(CFLAGS_HV) $(HV_LTO) -flinker-output=nolto-rel -nostdlib -r \
	  -o $@ $^,$(LD) -r -o $@ $^)

HV_LINK = $(LD) $(LDFLAGS) -T linker.ld -o $@ $(BUILD)/hv/all.o $(HV_ASM_OBJECTS)
$(BUILD)/hv/link0.elf: $(BUILD)/hv/all.o $(HV_ASM_OBJECTS) linker.ld $(BUILD)/hv/symbols0.o
	$(Q)$(HV_LINK) $(BUILD)/hv/symbols0.o
$(BUILD)/hv/link1.elf: $(BUILD)/hv/symbols1.o
	$(Q)$(HV_LINK) $<
$(BUILD)/hv/symbols1.map: $(BUILD)/hv/link0.elf
	$(Q)$(NM) -n $< >$@
$(BUILD)/hv/symbols2.map: $(BUILD)/hv/link1.elf
	$(Q)$(NM) -n $< >$@

$(HV_IMAGE).elf: $(BUILD)/hv/symbols2.o
	$(if $(Q),@echo '  LD      $@')
	$(Q)$(HV_LINK) $<
	$(Q)$(NM) -n $@ | $(PYTHON) scripts/mksyms.py --check $(BUILD)/hv/symbols2.c
# What GRUB loads: no debug information; the table for backtraces is in its data.
$(HV_IMAGE): $(HV_IMAGE).elf
	$(Q)$(OBJCOPY) --strip-all $< $@

-include $(HV_OBJECTS:.o=.d)
