# SPDX-License-Identifier: MIT
# Compiler, binutils and the flags that every C file of the hypervisor gets.

Q := $(if $(V),,@)
# Debian's interpreter, which sees Debian's python3-pytest; else whatever there is.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
NASM ?= nasm
HOST_CC ?= gcc
HOST_CLANG ?= clang

# A compiler that does not make x86-64 code by itself needs a prefix.
ifeq ($(origin CROSS_COMPILE),undefined)
  ifneq ($(findstring x86_64,$(shell gcc -dumpmachine 2>/dev/null)),)
    CROSS_COMPILE :=
  else
    CROSS_COMPILE := $(patsubst %gcc,%,$(notdir $(firstword $(wildcard \
      $(foreach dir,$(subst :, ,$(PATH)),$(dir)/x86_64-linux-gnu-gcc $(dir)/x86_64-elf-gcc)))))
  endif
endif
ifeq ($(origin CC),default)
  CC := $(CROSS_COMPILE)gcc
endif
CC_IS_CLANG := $(findstring clang,$(CC))
TARGET_CC := $(CC) $(if $(CC_IS_CLANG),--target=x86_64-linux-gnu)
LD := $(CROSS_COMPILE)ld
NM := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy

# One directory a variant. Each macro is always 0 or 1 (-Wundef).
DEBUG ?= 0
COUNT ?= 0
ifeq ($(DEBUG)$(COUNT),00)
  BUILD ?= build
else ifeq ($(DEBUG)$(COUNT),10)
  BUILD ?= build/debug
else ifeq ($(DEBUG)$(COUNT),01)
  BUILD ?= build/count
else
  BUILD ?= build/debug-count
endif
VARIANT := -DXENITH_DEBUG=$(DEBUG) -DXENITH_COUNT=$(COUNT)

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wcast-qual -Wcast-align \
  -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla

# Of the host's headers only Xen's public ones are visible, and the compiler's own.
XEN_HEADERS ?= /usr/include/xen
INCLUDES := -nostdinc -I. -isystem build/include \
  -isystem $(shell $(CC) -print-file-name=include 2>/dev/null)

# Frame pointers in every build: a panic's backtrace follows them.
CFLAGS_COMMON := -std=gnu11 -ffreestanding $(WARNINGS) -O2 -g -fno-pic -fno-pie \
  -fno-stack-protector -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
  -fno-common -fno-strict-aliasing -fno-delete-null-pointer-checks \
  -fcf-protection=none -ffile-prefix-map=$(CURDIR)=. $(INCLUDES)
CFLAGS_HV := $(CFLAGS_COMMON) -mno-red-zone -mgeneral-regs-only -mcmodel=kernel $(VARIANT)
# No -g: NASM writes the path it was built in, and the symbols are there without.
NASMFLAGS := -f elf64 --reproducible -Wall -Werror -I./ $(VARIANT)
LDFLAGS := -nostdlib -static -z max-page-size=0x1000 --build-id=none --fatal-warnings -z noexecstack

build/include/xen:
	@test -e $(XEN_HEADERS)/xen.h || { echo 'Xen headers missing: install libxen-dev' >&2; exit 1; }
	@mkdir -p $(@D)
	@ln -sfn $(XEN_HEADERS) $@

# For scripts: `make -s print-CFLAGS_HV`.
print-%:
	@echo '$($*)'
