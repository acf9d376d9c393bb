// SPDX-License-Identifier: MIT
/*
 * Text on the machine's screen, for what must be said when there is no serial line: the EGA text
 * screen of a BIOS, or the frame buffer of EFI firmware.
 */
#ifndef DRIVERS_VIDEO_H
#define DRIVERS_VIDEO_H

#include "core/lib/types.h"

struct video_mode {
	hpa_t base;
	bool text;      /* two bytes a character, else pixels of 32 bits (or 24) */
	uint32_t pitch; /* bytes a line of pixels or characters */
	uint32_t width; /* in characters or pixels */
	uint32_t height;
	uint32_t bpp;
};

/* Map the screen; false when it cannot be written to. Boot core. */
bool video_init(const struct video_mode *mode) must_check;
/* Write text at the cursor; '\n' begins a line, and the screen scrolls. Nothing without a screen. Any
 * context; one core at a time. */
void video_write(const char *text);

#endif
