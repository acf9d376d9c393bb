# SPDX-License-Identifier: MIT
# Debian's kernels, the test initramfs, boot images, and running them by hand.

# The guest of `make run` and `make iso`: LINUX=stock or cloud.
LINUX ?= stock
MEMORY ?= 512
VCPUS ?= 2
CORES ?= 2
# The kernel's self-tests of its ciphers are most of its boot on an emulator.
CMDLINE ?= console=hvc0 cryptomgr.notests
MACHINE ?= auto
INITRAMFS := build/linux/initramfs
INITRAMFS_SOURCES := scripts/mkinitramfs.py $(wildcard tests/initramfs/* tests/initramfs/tests/*)

.PHONY: packages run run-now iso debug gdb linux
packages:
	@sh scripts/packages.sh

# Kept in build/cache over `make clean`.
build/cache/%/vmlinux build/cache/%/kvm.ko build/cache/%/kvm-intel.ko build/cache/%/irqbypass.ko:
	$(Q)$(PYTHON) scripts/fetch-kernel.py $*

build/linux/tool: tests/initramfs/tool.c
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 -Wall -Wextra -Werror -static -pthread -s $< -o $@
$(INITRAMFS): build/linux/tool $(INITRAMFS_SOURCES)
	$(Q)$(PYTHON) scripts/mkinitramfs.py $@ $<

# The same for guests that run guests: with a KVM program of ours, or with QEMU too.
KVM_MODULES := $(foreach kind,stock cloud,build/cache/$(kind)/kvm-intel.ko)
KVM_PARTS := $(INITRAMFS) build/linux/kvmtest build/linux/kvmguest
build/linux/kvmtest: tests/kvm/main.c
	@mkdir -p $(@D)
	$(Q)$(HOST_CC) -std=gnu11 -O2 -Wall -Wextra -Werror -static -pthread -s $< -o $@
build/linux/kvmguest: tests/kvm/guest.asm $(wildcard tests/kvm/*.inc)
	@mkdir -p $(@D)
	$(Q)$(NASM) -f bin -Wall -Werror -Itests/kvm/ $< -o $@
$(INITRAMFS)-kvm: $(KVM_PARTS) $(KVM_MODULES) scripts/mknested.py
	$(Q)$(PYTHON) scripts/mknested.py $@ $(KVM_PARTS)
$(INITRAMFS)-qemu: $(KVM_PARTS) $(KVM_MODULES) scripts/mknested.py build/cache/cloud/vmlinux
	$(Q)$(PYTHON) scripts/mknested.py $@ $(KVM_PARTS) --qemu

linux: build/cache/stock/vmlinux build/cache/cloud/vmlinux $(INITRAMFS) $(INITRAMFS)-kvm \
  $(INITRAMFS)-qemu

BOOT_LINUX = tests/boot --kernel build/cache/$(LINUX)/vmlinux --ramdisk $(INITRAMFS) \
  --cmdline '$(CMDLINE)' --memory $(MEMORY) --vcpus $(VCPUS)

# What the packages bring is looked for when make starts: hence a second make.
run: packages
	@$(MAKE) run-now
run-now: all build/cache/$(LINUX)/vmlinux $(INITRAMFS)
	@echo 'Starting; Ctrl-] ends the machine, Ctrl-A three times moves to the monitor.'
	$(Q)XENITH=$(HV_IMAGE) $(BOOT_LINUX) --cores $(CORES) --machine $(MACHINE) --interactive

iso: all build/cache/$(LINUX)/vmlinux $(INITRAMFS)
	$(Q)XENITH=$(HV_IMAGE) $(BOOT_LINUX) --make-iso $(BUILD)/xenith.iso
	@echo '$(BUILD)/xenith.iso'

# In Bochs, at its debugger's prompt with the hypervisor's symbols loaded.
debug: all build/cache/$(LINUX)/vmlinux $(INITRAMFS)
	$(Q)XENITH=$(HV_IMAGE) $(BOOT_LINUX) --cores $(CORES) \
	  --debugger --log $(BUILD)/debug.log

# In QEMU (with KVM where it offers VMX, else up to the refusal), stopped at reset.
gdb: all build/cache/$(LINUX)/vmlinux $(INITRAMFS)
	$(Q)XENITH=$(HV_IMAGE) $(BOOT_LINUX) --cores $(CORES) \
	  --gdb --log $(BUILD)/debug.log
