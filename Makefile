# SPDX-License-Identifier: MIT
# Xenith. `make help` lists what can be asked for.
#
#   CC=clang          another compiler        CROSS_COMPILE=prefix-  another binutils
#   DEBUG=1           more assertions         COUNT=1   counts of dear instructions
#   V=1               show the commands

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

include mk/toolchain.mk
include mk/hypervisor.mk
include mk/tests.mk
include mk/run.mk

.PHONY: help clean format

help:
	@echo 'Build'
	@echo '  all      build/xenith and build/xenith.elf (with symbols)'
	@echo '  iso      build/xenith.iso: GRUB, Xenith and one Debian Linux guest'
	@echo '  clean    remove build/ (but for the packages fetched, see distclean)'
	@echo '  format   clang-format every C file in place'
	@echo 'Run'
	@echo '  run      from nothing to the shell of a Debian Linux guest, on the best machine there is'
	@echo '  debug    the same under the debugger of Bochs, with symbols'
	@echo '  gdb      boot path on QEMU without VMX, stopped, with gdb attached'
	@echo 'Test (each also by itself)'
	@echo '  test     lint unit litmus fuzz model guest system; ends with "N passed, N failed"'
	@echo '  lint     layers, headers, format, clang-tidy, image checks, same bytes twice'
	@echo '  unit     pure functions on the host, ASan and UBSan'
	@echo '  litmus   the fence pairs on this machine, with the fences and without'
	@echo '  fuzz     every parser for FUZZ_SECONDS (now $(FUZZ_SECONDS)) seconds'
	@echo '  model    the invalidation protocol, exhaustively'
	@echo '  guest    micro-guests on an emulator; ONLY="name ..." picks some'
	@echo '  system   stock Linux on an emulator, the short set; ONLY=expression picks some'
	@echo '  system-full  the long set: every model, core and vCPU count'
	@echo '  stress   the gfn->pfn cache under fire from inside guests, the long form (about 40 min);'
	@echo '           ONLY="PATTERN ..." picks some'
	@echo '  random   VM entries with random contents, under Xenith and without, the long form; SEEDS=N'
	@echo '  breaks   faults of the invalidation protocol, one by one, and what notices each'
	@echo '  bench    cost of the common operations: NAME min=N avg=N'
	@echo 'Variants: DEBUG=1 (build/debug), COUNT=1 (build/count), CC=clang, V=1'

clean:
	$(Q)find build -mindepth 1 -maxdepth 1 ! -name cache -exec rm -rf {} + 2>/dev/null || true

.PHONY: distclean
distclean:
	$(Q)rm -rf build

format:
	$(Q)$(PYTHON) scripts/lint.py --format
