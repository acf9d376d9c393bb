// SPDX-License-Identifier: MIT
#include "drivers/video.h"

#include "arch/x86/cpu/paging.h"

#define TEXT_ATTRIBUTE 0x07 /* grey on black */
#define TEXT_CELL      2U   /* bytes */

/* A glyph with its gap, each of its pixels drawn as a square of SCALE. */
#define SCALE      2U
#define GLYPH_COLS 5U
#define CELL_COLS  6U
#define CELL_ROWS  9U
#define PIXEL_ON   0xc0
#define SIDE_MAX   16384U /* pixels: more is no screen */

static volatile uint8_t *screen;
static struct video_mode mode;
static uint32_t columns, rows; /* in characters */
static uint32_t column, row;
static bool cleared;

static bool usable(const struct video_mode *m)
{
	if (!m->width || !m->height || m->width > SIDE_MAX || m->height > SIDE_MAX)
		return false;
	if (m->text)
		return m->pitch >= m->width * TEXT_CELL;
	return (m->bpp == 24 || m->bpp == 32) && m->pitch >= m->width * (m->bpp / 8);
}

bool video_init(const struct video_mode *m)
{
	if (!usable(m))
		return false;
	screen = paging_map(m->base, (uint64_t)m->pitch * m->height, MAP_DEVICE);
	mode = *m;
	columns = m->text ? m->width : m->width / (CELL_COLS * SCALE);
	rows = m->text ? m->height : m->height / (CELL_ROWS * SCALE);
	return screen && columns && rows;
}

static void put_pixel(uint32_t x, uint32_t y, uint8_t value)
{
	volatile uint8_t *p = screen + (uint64_t)y * mode.pitch + x * (mode.bpp / 8);

	for (uint32_t i = 0; i < mode.bpp / 8; i++)
		p[i] = value;
}

/* Five pixels of a glyph's row; 0 beyond it. */
static unsigned int glyph_row(char c, uint32_t r)
{
	char digit;

	if (c < ' ' || c > '~' || r >= VIDEO_GLYPH_ROWS)
		return 0;
	digit = video_font[c - ' '][r];
	return (unsigned int)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
}

static void draw(uint32_t at_column, uint32_t at_row, char c)
{
	for (uint32_t y = 0; y < CELL_ROWS * SCALE; y++) {
		/* The gap column takes a zero bit from beyond the glyph. */
		unsigned int bits = glyph_row(c, y / SCALE) << (CELL_COLS - GLYPH_COLS);

		for (uint32_t x = 0; x < CELL_COLS * SCALE; x++) {
			bool on = bits >> (CELL_COLS - 1 - x / SCALE) & 1;

			put_pixel(at_column * CELL_COLS * SCALE + x, at_row * CELL_ROWS * SCALE + y,
				  on ? PIXEL_ON : 0);
		}
	}
}

static void put_char(uint32_t at_column, uint32_t at_row, char c)
{
	volatile uint8_t *cell = screen + (uint64_t)at_row * mode.pitch + at_column * TEXT_CELL;

	if (!mode.text) {
		draw(at_column, at_row, c);
		return;
	}
	cell[0] = (uint8_t)c;
	cell[1] = TEXT_ATTRIBUTE;
}

static void clear_row(uint32_t at_row)
{
	for (uint32_t x = 0; x < columns; x++)
		put_char(x, at_row, ' ');
}

static void clear_screen(void)
{
	for (uint64_t i = 0; !mode.text && i < (uint64_t)mode.pitch * mode.height; i++)
		screen[i] = 0;
	for (uint32_t y = 0; mode.text && y < rows; y++)
		clear_row(y);
	cleared = true;
}

static void new_line(void)
{
	column = 0;
	row = (row + 1) % rows;
	clear_row(row);
	clear_row((row + 1) % rows); /* tells where the newest line is */
}

void video_write(const char *text)
{
	if (!screen || !columns || !rows)
		return;
	if (!cleared)
		clear_screen();
	for (; *text; text++) {
		if (*text == '\n' || column == columns)
			new_line();
		if (*text >= ' ')
			put_char(column++, row, *text);
	}
}
