// SPDX-License-Identifier: MIT
/*
 * Text on the machine's screen, for what must be said when there is no serial line: the EGA text
 * screen of a BIOS, or a frame buffer of 24 or 32 bits a pixel.
 */
#ifndef DRIVERS_VIDEO_H
#define DRIVERS_VIDEO_H

#include "core/lib/types.h"

#define VIDEO_GLYPHS     95 /* ' ' to '~' */
#define VIDEO_GLYPH_ROWS 8

struct video_mode {
	hpa_t base;
	bool text;      /* two bytes a character; else pixels */
	uint32_t pitch; /* bytes a line of pixels or characters */
	uint32_t width; /* in characters or pixels */
	uint32_t height;
	uint32_t bpp;
};

/* Map the screen; false when it cannot be written to. Boot core. */
bool video_init(const struct video_mode *mode) must_check;
/*
 * Write text at the cursor; '\n' begins a line. The first write clears the screen, and behind the
 * last line the first one follows. Nothing without a screen. Any context; one core at a time.
 */
void video_write(const char *text);

/* video_font.c */
extern const char video_font[VIDEO_GLYPHS][VIDEO_GLYPH_ROWS];

#endif
