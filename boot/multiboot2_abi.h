// SPDX-License-Identifier: MIT
/* Numbers of the Multiboot2 Specification 2.0 that C code reads. */
#ifndef BOOT_MULTIBOOT2_ABI_H
#define BOOT_MULTIBOOT2_ABI_H

/* In EAX at entry (3.5). */
#define MB2_LOADER_MAGIC 0x36D76289U

/* The information structure starts with total_size and a reserved word (3.6.1)... */
#define MB2_INFO_HEADER 8U
/* ... then come tags: type, size without padding, data; each starts at a multiple of 8. */
#define MB2_TAG_HEADER 8U
#define MB2_TAG_ALIGN  8U

#define MB2_TAG_END               0U
#define MB2_TAG_CMDLINE           1U
#define MB2_TAG_LOADER            2U
#define MB2_TAG_MODULE            3U
#define MB2_TAG_MEMORY_MAP        6U
#define MB2_TAG_FRAMEBUFFER       8U
#define MB2_TAG_EFI32             11U
#define MB2_TAG_EFI64             12U
#define MB2_TAG_RSDP_OLD          14U
#define MB2_TAG_RSDP_NEW          15U
#define MB2_TAG_EFI_MEMORY_MAP    17U
#define MB2_TAG_EFI_BOOT_SERVICES 18U
#define MB2_TAG_LOAD_BASE         21U

#endif
