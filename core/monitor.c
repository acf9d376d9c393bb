// SPDX-License-Identifier: MIT
/* The monitor's line editor and dispatcher; its commands are in monitor_*.c and in other layers. */
#include "core/monitor.h"

#include "core/console.h"
#include "core/domain.h"
#include "core/lib/atomic.h"
#include "core/lib/parse.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"
#include "core/monitor_internal.h"
#include "core/work.h"

#define LINE_SIZE  256
#define AHEAD_SIZE 1024U
#define ARGS_MAX   16

#define PROMPT "xenith> "

#define CTRL(c) ((c) - '@')
#define DELETE  0x7f

/* The section's bounds (linker.ld; on the host the linker's own names). */
extern const struct monitor_command __start_monitor_commands[], __stop_monitor_commands[];

/* Where in "ESC [ A" the input is. */
enum escape { ESC_NONE, ESC_SEEN, ESC_BRACKET };

static char line[LINE_SIZE], last_line[LINE_SIZE];
static uint32_t line_len;
static enum escape escape;
/* Typed while a command runs. Only the core that serves the input touches it. */
static char ahead[AHEAD_SIZE];
static uint32_t ahead_head, ahead_tail;
/* A line was handed to the work; line[] is the work's until this is false again. */
static bool busy;
static bool (*continuation)(void);

static bool piece(struct work *w);
static struct work monitor_work = { LIST_INIT(monitor_work.link), piece, false };

void monitor_printf(const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = xvsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	if (n > 0)
		console_monitor_write(text, (size_t)n);
}

static void redraw(void)
{
	monitor_printf(PROMPT "%.*s", (int)line_len, line);
}

void monitor_enter(void)
{
	if (!load_acquire(&busy))
		redraw();
}

/* Echo, unless another's line came between: then everything again. */
static void echo(const char *text)
{
	if (console_monitor_line_open())
		monitor_printf("%s", text);
	else
		redraw();
}

static void erase(uint32_t count)
{
	for (; count && line_len; count--) {
		line_len--;
		echo("\b \b");
	}
}

static void recall(void)
{
	erase(line_len);
	line_len = (uint32_t)strlen(last_line);
	memcpy(line, last_line, line_len);
	echo(last_line);
}

static void end_line(void)
{
	line[line_len] = '\0';
	if (line_len)
		memcpy(last_line, line, line_len + 1);
	line_len = 0;
	console_monitor_write("\n", 1);
	store_release(&busy, true);
	work_queue(&monitor_work);
}

/* True when the character was part of an escape sequence. The only one known is "up". */
static bool in_escape(char c)
{
	enum escape was = escape;

	escape = ESC_NONE;
	if (was == ESC_NONE && c == CTRL('['))
		escape = ESC_SEEN;
	else if (was == ESC_SEEN && (c == '[' || c == 'O'))
		escape = ESC_BRACKET;
	else if (was == ESC_BRACKET && c >= '0' && c <= ';')
		escape = ESC_BRACKET;
	else if (was == ESC_BRACKET && c == 'A')
		recall();
	return was != ESC_NONE || escape != ESC_NONE;
}

static void edit(char c)
{
	char text[2] = { c, '\0' };

	if (in_escape(c))
		return;
	switch (c) {
	case '\r':
	case '\n': end_line(); break;
	case '\b':
	case DELETE: erase(1); break;
	case CTRL('U'): erase(line_len); break;
	case CTRL('C'):
		line_len = 0;
		monitor_printf("^C\n");
		redraw();
		break;
	case CTRL('L'):
		monitor_printf("\n");
		redraw();
		break;
	default:
		if (c < ' ' || line_len == LINE_SIZE - 1)
			break;
		line[line_len++] = c;
		echo(text);
	}
}

void monitor_input(char c)
{
	if (!load_acquire(&busy) && ahead_head == ahead_tail)
		edit(c);
	else if (ahead_tail - ahead_head < AHEAD_SIZE)
		ahead[ahead_tail++ % AHEAD_SIZE] = c;
}

void monitor_poll(void)
{
	while (ahead_head != ahead_tail && !load_acquire(&busy))
		edit(ahead[ahead_head++ % AHEAD_SIZE]);
}

bool monitor_input_waits(void)
{
	return load_relaxed(&ahead_head) != load_relaxed(&ahead_tail) && !load_relaxed(&busy);
}

/* Cut the line into words, in place. */
static int split(char *text, char **argv)
{
	int argc = 0;

	for (;;) {
		while (*text == ' ')
			*text++ = '\0';
		if (!*text || argc == ARGS_MAX)
			return argc;
		argv[argc++] = text;
		while (*text && *text != ' ')
			text++;
	}
}

/* By its name, or by the beginning of only one's name. */
static const struct monitor_command *find(const char *name)
{
	const struct monitor_command *c, *found = NULL;
	uint32_t matches = 0;

	for (c = __start_monitor_commands; c < __stop_monitor_commands; c++) {
		if (!strcmp(c->name, name))
			return c;
		if (!strncmp(c->name, name, strlen(name))) {
			found = c;
			matches++;
		}
	}
	return matches == 1 ? found : NULL;
}

static void execute(char *text)
{
	char *argv[ARGS_MAX + 1] = { NULL };
	int argc = split(text, argv);
	const struct monitor_command *c;

	if (!argc)
		return;
	c = find(argv[0]);
	if (c)
		c->run(argc, argv);
	else
		monitor_printf("%s: no such command; try help\n", argv[0]);
}

void monitor_continue(bool (*more)(void))
{
	continuation = more;
}

static bool piece(struct work *w)
{
	(void)w;
	if (!continuation)
		execute(line);
	else if (!continuation())
		continuation = NULL;
	if (continuation)
		return true;
	store_release(&busy, false);
	if (!console_focused_id())
		redraw();
	return false;
}

struct domain *monitor_domain(const char *arg)
{
	struct domain *d = NULL;
	uint64_t id;

	if (!arg) {
		monitor_printf("which guest? see domains\n");
		return NULL;
	}
	d = domain_get_by_name(arg);
	if (!d && parse_u64(parse_text(arg), &id) && id <= 0xffff)
		d = domain_get((uint16_t)id);
	if (!d)
		monitor_printf("%s: no such guest\n", arg);
	return d;
}

static void cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	for (const struct monitor_command *c = __start_monitor_commands;
	     c < __stop_monitor_commands; c++)
		monitor_printf("  %-10s %-28s %s\n", c->name, c->arguments, c->help);
	monitor_printf("GUEST is a name or a number; a command may be shortened.\n");
}

MONITOR_COMMAND(help, "help", "", "this list", cmd_help);
