// SPDX-License-Identifier: MIT
/*
 * Several modules in one, for a loader that hands over a single one: an uncompressed cpio archive
 * ("newc", as Linux' initramfs). Pure: no memory but the arguments, any context.
 */
#ifndef BOOT_ARCHIVE_H
#define BOOT_ARCHIVE_H

#include "boot/boot_info.h"
#include "core/lib/types.h"

/* Does a module of size bytes begin as an archive does? */
bool archive_probe(const void *module, size_t size) must_check;

/*
 * Replace the only module of info, which is these size bytes, by the regular files in it, in
 * their order, each named by the archive's name for it, with no more on its line. The names are
 * copied to info. Nothing is copied out of the archive: the files stay where they are.
 *
 * ERR_TRUNCATED (it ends within a file, or without the trailer), ERR_INVALID (not a header of
 * this format, a name that is not terminated or has a blank), ERR_NOMEM (more than
 * BOOT_MODULES_MAX files or more than BOOT_NAMES_MAX bytes of names), with a static text in
 * *error; the module is then left as it is.
 */
enum status archive_expand(const void *module, size_t size, struct boot_info *info,
			   const char **error) must_check;

#endif
