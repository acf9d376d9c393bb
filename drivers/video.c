// SPDX-License-Identifier: MIT
#include "drivers/video.h"

#include "arch/x86/cpu/paging.h"

#define ATTRIBUTE  0x07 /* grey on black */
#define CELL_BYTES 2U

static volatile uint8_t *screen;
static struct video_mode mode;
static uint32_t column, row;

bool video_init(const struct video_mode *m)
{
	uint64_t size = (uint64_t)m->pitch * m->height;

	if (!m->text || !m->width || !m->height || m->pitch < m->width * CELL_BYTES)
		return false;
	mode = *m;
	screen = paging_map(m->base, size, MAP_DEVICE);
	if (!screen)
		return false;
	row = m->height - 1;
	return true;
}

static void put_cell(uint32_t x, uint32_t y, char c)
{
	volatile uint8_t *cell = screen + (uint64_t)y * mode.pitch + (uint64_t)x * CELL_BYTES;

	cell[0] = (uint8_t)c;
	cell[1] = ATTRIBUTE;
}

static void new_line(void)
{
	column = 0;
	if (++row < mode.height)
		return;
	row = mode.height - 1;
	for (uint64_t i = 0; i < (uint64_t)mode.pitch * row; i++)
		screen[i] = screen[i + mode.pitch];
	for (uint32_t x = 0; x < mode.width; x++)
		put_cell(x, row, ' ');
}

void video_write(const char *text)
{
	for (; screen && *text; text++) {
		if (*text == '\n' || column == mode.width)
			new_line();
		if (*text >= ' ')
			put_cell(column++, row, *text);
	}
}
