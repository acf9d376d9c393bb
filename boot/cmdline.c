// SPDX-License-Identifier: MIT
#include "boot/cmdline.h"

#include "core/lib/parse.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"

#define SLICE_US_DEFAULT 1000
#define SLICE_US_MIN     100
#define SLICE_US_MAX     1000000

/* One option: false, and out as it was, when the value is not of its form. */
typedef bool (*option_fn)(struct text value, struct cmdline_options *out);

static void set_com_default(struct cmdline_com *com, uint16_t port, uint8_t irq)
{
	com->baud = 115200;
	com->data_bits = 8;
	com->parity = 'n';
	com->stop_bits = 1;
	com->port = port;
	com->irq = irq;
}

static void set_defaults(struct cmdline_options *out)
{
	memset(out, 0, sizeof(*out));
	out->console_com[0] = true;
	out->console_vga = true;
	set_com_default(&out->com[0], 0x3F8, 4);
	set_com_default(&out->com[1], 0x2F8, 3);
	out->loglvl = LOG_INFO;
	out->guest_loglvl = LOG_WARNING;
	out->idle = CMDLINE_IDLE_MONITOR;
	out->x2apic = true;
	out->slice_us = SLICE_US_DEFAULT;
	out->conswitch = 1;
	out->conswitch_auto = true;
}

static bool option_console(struct text value, struct cmdline_options *out)
{
	bool com[CMDLINE_COM_COUNT] = { false, false }, vga = false;
	struct text name;

	while (parse_next(&value, ',', &name)) {
		if (parse_is(name, "com1"))
			com[0] = true;
		else if (parse_is(name, "com2"))
			com[1] = true;
		else if (parse_is(name, "vga"))
			vga = true;
		else if (!parse_is(name, "none"))
			return false;
	}
	memcpy(out->console_com, com, sizeof(com));
	out->console_vga = vga;
	return true;
}

/* "DPS": data bits, parity, stop bits; any tail of it may be missing. */
static bool parse_dps(struct text t, struct cmdline_com *com)
{
	if (t.len > 3)
		return false;
	if (t.len > 0) {
		if (t.s[0] < '5' || t.s[0] > '8')
			return false;
		com->data_bits = (uint8_t)(t.s[0] - '0');
	}
	if (t.len > 1) {
		if (memchr("noems", t.s[1], 5) == NULL)
			return false;
		com->parity = t.s[1];
	}
	if (t.len > 2) {
		if (t.s[2] != '1' && t.s[2] != '2')
			return false;
		com->stop_bits = (uint8_t)(t.s[2] - '0');
	}
	return true;
}

/* Baud rates a 16550 with the usual clock can make: 115200 divided by a 16-bit number. */
static bool parse_baud(struct text t, struct cmdline_com *com)
{
	uint64_t baud;

	if (parse_is(t, "auto")) {
		com->baud = 0;
		return true;
	}
	if (!parse_u64(t, &baud) || baud < 2 || baud > 115200 || 115200 % baud != 0)
		return false;
	com->baud = (uint32_t)baud;
	return true;
}

/* <baud>[,[DPS][,[<io-base>][,<irq>]]] */
static bool parse_com(struct text value, struct cmdline_com *com)
{
	struct cmdline_com new = *com;
	struct text field;
	uint64_t n;

	if (parse_next(&value, ',', &field) && field.len != 0 && !parse_baud(field, &new))
		return false;
	if (parse_next(&value, ',', &field) && !parse_dps(field, &new))
		return false;
	if (parse_next(&value, ',', &field) && field.len != 0) {
		if (!parse_u64(field, &n) || n == 0 || n > 0xFFF8)
			return false;
		new.port = (uint16_t)n;
	}
	if (parse_next(&value, ',', &field) && field.len != 0) {
		if (parse_is(field, "poll"))
			n = 0;
		else if (!parse_u64(field, &n) || n > 15)
			return false;
		new.irq = (uint8_t)n;
	}
	if (value.len != 0)
		return false;
	new.configured = true;
	*com = new;
	return true;
}

static bool option_com1(struct text value, struct cmdline_options *out)
{
	return parse_com(value, &out->com[0]);
}

static bool option_com2(struct text value, struct cmdline_options *out)
{
	return parse_com(value, &out->com[1]);
}

/* <level>[/<rate-limited level>]: there is no rate limit here, the second is checked only. */
static bool parse_level(struct text value, enum log_level *level, bool *none)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	struct text first, second;
	enum log_level l = LOG_DEBUG;
	bool n = false;

	if (!parse_next(&value, '/', &first))
		return false;
	if (parse_is(first, "none")) {
		n = true;
	} else if (!parse_is(first, "all")) {
		size_t i = 0;

		while (i < array_size(names) && !parse_is(first, names[i]))
			i++;
		if (i == array_size(names))
			return false;
		l = (enum log_level)i;
	}
	if (parse_next(&value, '/', &second)) {
		enum log_level unused;
		bool unused_none;

		if (value.len != 0 || !parse_level(second, &unused, &unused_none))
			return false;
	}
	*level = l;
	*none = n;
	return true;
}

static bool option_loglvl(struct text value, struct cmdline_options *out)
{
	return parse_level(value, &out->loglvl, &out->log_none);
}

static bool option_guest_loglvl(struct text value, struct cmdline_options *out)
{
	return parse_level(value, &out->guest_loglvl, &out->guest_log_none);
}

static bool option_maxcpus(struct text value, struct cmdline_options *out)
{
	uint64_t n;

	if (!parse_u64(value, &n) || n == 0 || n > UINT32_MAX)
		return false;
	out->maxcpus = (uint32_t)n;
	return true;
}

static bool option_noreboot(struct text value, struct cmdline_options *out)
{
	return parse_bool(value, &out->noreboot);
}

static bool option_x2apic(struct text value, struct cmdline_options *out)
{
	return parse_bool(value, &out->x2apic);
}

static bool option_step_delay(struct text value, struct cmdline_options *out)
{
	return parse_u64(value, &out->step_delay);
}

static bool option_idle(struct text value, struct cmdline_options *out)
{
	static const char *const names[] = {
		[CMDLINE_IDLE_MONITOR] = "monitor",
		[CMDLINE_IDLE_POWEROFF] = "poweroff",
		[CMDLINE_IDLE_REBOOT] = "reboot",
		[CMDLINE_IDLE_EXIT] = "exit",
	};

	for (size_t i = 0; i < array_size(names); i++) {
		if (parse_is(value, names[i])) {
			out->idle = (enum cmdline_idle)i;
			return true;
		}
	}
	return false;
}

static bool set_slice(struct text value, uint64_t unit_us, struct cmdline_options *out)
{
	uint64_t n;

	if (!parse_u64(value, &n) || n > SLICE_US_MAX || n * unit_us < SLICE_US_MIN ||
	    n * unit_us > SLICE_US_MAX)
		return false;
	out->slice_us = (uint32_t)(n * unit_us);
	return true;
}

static bool option_slice_us(struct text value, struct cmdline_options *out)
{
	return set_slice(value, 1, out);
}

static bool option_tslice_ms(struct text value, struct cmdline_options *out)
{
	return set_slice(value, 1000, out);
}

/* <switch char>[x] */
static bool option_conswitch(struct text value, struct cmdline_options *out)
{
	if (value.len == 0 || value.len > 2 || (value.len == 2 && value.s[1] != 'x'))
		return false;
	/* Any other character than a letter means no switch key, as in Xen. */
	out->conswitch = 0;
	if (value.s[0] >= 'a' && value.s[0] <= 'z')
		out->conswitch = (char)(value.s[0] - 'a' + 1);
	out->conswitch_auto = value.len == 1;
	return true;
}

static const struct {
	const char *name;
	option_fn parse;
	bool boolean; /* "name" alone and "no-name" are allowed, too */
} options[] = {
	{ "console", option_console, false },
	{ "com1", option_com1, false },
	{ "com2", option_com2, false },
	{ "loglvl", option_loglvl, false },
	{ "guest_loglvl", option_guest_loglvl, false },
	{ "maxcpus", option_maxcpus, false },
	{ "noreboot", option_noreboot, true },
	{ "idle", option_idle, false },
	{ "x2apic", option_x2apic, true },
	{ "sched_slice_us", option_slice_us, false },
	{ "sched_credit_tslice_ms", option_tslice_ms, false },
	{ "conswitch", option_conswitch, false },
	{ "step_delay", option_step_delay, false },
};

static void warn(struct cmdline_options *out, const char *what, struct text option)
{
	size_t used = strlen(out->warnings);
	int len = option.len > 60 ? 60 : (int)option.len;

	(void)xsnprintf(out->warnings + used, sizeof(out->warnings) - used, "%s%s '%.*s'",
			used == 0 ? "" : "; ", what, len, option.s);
}

static void parse_option(struct text word, struct cmdline_options *out)
{
	const char *equals = memchr(word.s, '=', word.len);
	struct text name = word, value = { 0 };
	bool negated;

	if (equals != NULL) {
		name.len = (size_t)(equals - word.s);
		value.s = equals + 1;
		value.len = word.len - name.len - 1;
	}
	negated = equals == NULL && name.len > 3 && memcmp(name.s, "no-", 3) == 0;
	if (negated) {
		name.s += 3;
		name.len -= 3;
	}
	if (equals == NULL)
		value = parse_text(negated ? "0" : "1");
	for (size_t i = 0; i < array_size(options); i++) {
		if (!parse_is(name, options[i].name))
			continue;
		if ((equals == NULL && !options[i].boolean) || !options[i].parse(value, out))
			warn(out, "bad option", word);
		return;
	}
	warn(out, "unknown option", word);
}

void cmdline_parse(const char *cmdline, struct cmdline_options *out)
{
	struct text rest = parse_text(cmdline);
	struct text word;

	set_defaults(out);
	/* Some boot loaders put the path of the image first. */
	if (rest.len != 0 && rest.s[0] == '/' && !parse_word(&rest, &word))
		return;
	while (parse_word(&rest, &word))
		parse_option(word, out);
}
