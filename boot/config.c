// SPDX-License-Identifier: MIT
#include "boot/config.h"

#include <stdarg.h>

#include "core/lib/bits.h"
#include "core/lib/parse.h"
#include "core/lib/printf.h"
#include "core/lib/string.h"

struct parser {
	const char *file;
	const char *at;
	const char *end;
	unsigned int line;
	unsigned int key_line; /* where the key under work stands */
	struct text key;
	uint32_t seen; /* bit n: keys[n] has been set */
	struct guest_config *out;
	char *error;
};

/* How a key takes its value; false when an error has been written. */
typedef bool (*value_fn)(struct parser *p);

/*
 * Write the one line of error, of printable characters only: it may quote the file. Always false,
 * for the caller to pass on.
 */
static bool fail_at(struct parser *p, unsigned int line, const char *fmt, ...) printf_like(3, 4);
static bool fail_at(struct parser *p, unsigned int line, const char *fmt, ...)
{
	int used = xsnprintf(p->error, CONFIG_ERROR_MAX, "%.64s:%u: ", p->file, line);
	va_list ap;

	va_start(ap, fmt);
	(void)xvsnprintf(p->error + used, CONFIG_ERROR_MAX - (size_t)used, fmt, ap);
	va_end(ap);
	for (char *c = p->error; *c != '\0'; c++) {
		if (*c < ' ' || *c > '~')
			*c = '?';
	}
	return false;
}

#define fail(p, ...)     fail_at((p), (p)->line, __VA_ARGS__)
#define fail_key(p, ...) fail_at((p), (p)->key_line, __VA_ARGS__)
#define KEY_ARGS(p)      (int)min_u64((p)->key.len, 40), (p)->key.s

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_';
}

/* Skip blanks and comments; line ends as well when lines is set. */
static void skip(struct parser *p, bool lines)
{
	for (; p->at < p->end; p->at++) {
		if (*p->at == '#') {
			while (p->at + 1 < p->end && p->at[1] != '\n')
				p->at++;
		} else if (*p->at == '\n' && lines) {
			p->line++;
		} else if (*p->at != ' ' && *p->at != '\t' && *p->at != '\r') {
			return;
		}
	}
}

static bool unexpected(struct parser *p, const char *wanted)
{
	if (p->at == p->end)
		return fail(p, "end of file instead of %s", wanted);
	if (*p->at == '\n')
		return fail(p, "end of line instead of %s", wanted);
	if (*p->at > ' ' && *p->at <= '~')
		return fail(p, "'%c' instead of %s", *p->at, wanted);
	return fail(p, "byte 0x%02x instead of %s", (uint8_t)*p->at, wanted);
}

static struct text take_word(struct parser *p)
{
	struct text word = { .s = p->at };

	while (p->at < p->end && is_word(*p->at))
		p->at++;
	word.len = (size_t)(p->at - word.s);
	return word;
}

/* The character that a backslash and c stand for in a string; 0 for an unknown one. */
static char unescape(char c)
{
	switch (c) {
	case 'n': return '\n';
	case 't': return '\t';
	case '\\':
	case '\'':
	case '"': return c;
	default: return '\0';
	}
}

/* A quoted string into dst, of at most max characters. */
static bool take_string(struct parser *p, char *dst, size_t max)
{
	char quote = *p->at++;
	size_t len = 0;

	for (;; p->at++) {
		char c = '\n';

		if (p->at < p->end)
			c = *p->at;
		if (c == '\n')
			return fail(p, "string without closing quote");
		if (c == quote)
			break;
		if (c == '\\') {
			p->at++;
			c = '\0';
			if (p->at < p->end)
				c = unescape(*p->at);
			if (c == '\0')
				return fail(p, "unknown escape sequence in a string");
		}
		if (c == '\0')
			return fail(p, "NUL in a string");
		if (len == max)
			return fail(p, "value of '%.*s' longer than %zu characters", KEY_ARGS(p),
				    max);
		dst[len++] = c;
	}
	p->at++;
	dst[len] = '\0';
	return true;
}

/* A string or a bare number (which xl takes for its text, too). */
static bool take_atom(struct parser *p, char *dst, size_t max)
{
	struct text number;

	if (p->at < p->end && (*p->at == '"' || *p->at == '\''))
		return take_string(p, dst, max);
	if (p->at == p->end || *p->at < '0' || *p->at > '9')
		return unexpected(p, "a value (\"text\", a number or a list)");
	number = take_word(p);
	if (!parse_copy(dst, max + 1, number))
		return fail(p, "value of '%.*s' longer than %zu characters", KEY_ARGS(p), max);
	return true;
}

static bool take_number(struct parser *p, uint64_t min, uint64_t max, uint64_t *value)
{
	char text[32];

	if (!take_atom(p, text, sizeof(text) - 1))
		return false;
	if (!parse_u64(parse_text(text), value) || *value < min || *value > max)
		return fail_key(p, "'%.*s' is not a number from %llu to %llu", KEY_ARGS(p),
				(unsigned long long)min, (unsigned long long)max);
	return true;
}

/* [ "a", "b", ] of at most max strings, which lie stride bytes apart. */
static bool take_list(struct parser *p, char *dst, size_t stride, uint32_t max, uint32_t *count)
{
	if (p->at == p->end || *p->at != '[')
		return unexpected(p, "a list in brackets");
	p->at++;
	for (;;) {
		skip(p, true);
		if (p->at < p->end && *p->at == ']')
			break;
		if (*count == max)
			return fail(p, "'%.*s' with more than %u entries", KEY_ARGS(p), max);
		if (!take_atom(p, dst + *count * stride, stride - 1))
			return false;
		++*count;
		skip(p, true);
		if (p->at < p->end && *p->at == ']')
			break;
		if (p->at == p->end || *p->at != ',')
			return unexpected(p, "',' or ']'");
		p->at++;
	}
	p->at++;
	return true;
}

static bool value_name(struct parser *p)
{
	char *name = p->out->name;

	if (!take_atom(p, name, CONFIG_NAME_MAX))
		return false;
	if (*name == '\0')
		return fail_key(p, "empty name");
	/* It becomes part of console lines and of xenstore paths. */
	for (const char *c = name; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || *c == '/')
			return fail_key(p, "name with a blank, '/' or special character");
	}
	return true;
}

static bool value_kernel(struct parser *p)
{
	return take_atom(p, p->out->kernel, CONFIG_MODULE_MAX);
}

static bool value_ramdisk(struct parser *p)
{
	return take_atom(p, p->out->ramdisk, CONFIG_MODULE_MAX);
}

static bool value_cmdline(struct parser *p)
{
	return take_atom(p, p->out->cmdline, CONFIG_CMDLINE_MAX);
}

static bool value_memory(struct parser *p)
{
	return take_number(p, 1, UINT32_MAX, &p->out->memory_mib);
}

static bool value_vcpus(struct parser *p)
{
	uint64_t n;

	if (!take_number(p, 1, CONFIG_VCPUS_MAX, &n))
		return false;
	p->out->vcpus = (uint32_t)n;
	return true;
}

static bool value_nestedhvm(struct parser *p)
{
	uint64_t n;

	if (!take_number(p, 0, UINT64_MAX, &n))
		return false;
	p->out->nestedhvm = n != 0;
	return true;
}

static bool value_cpus(struct parser *p)
{
	char list[CONFIG_DEVICE_MAX + 1];

	if (p->at < p->end && *p->at == '[')
		return fail_key(p, "'cpus' as a list is not supported: use a string for all vCPUs");
	if (!take_atom(p, list, CONFIG_DEVICE_MAX))
		return false;
	if (config_parse_cpus(list, strlen(list), p->out->cpus) != OK)
		return fail_key(p, "bad list of cores '%.60s'", list);
	p->out->has_cpus = true;
	return true;
}

static bool value_disk(struct parser *p)
{
	return take_list(p, p->out->disk[0], sizeof(p->out->disk[0]), CONFIG_DISKS_MAX,
			 &p->out->disk_count);
}

static bool value_vif(struct parser *p)
{
	return take_list(p, p->out->vif[0], sizeof(p->out->vif[0]), CONFIG_VIFS_MAX,
			 &p->out->vif_count);
}

static bool value_type(struct parser *p)
{
	char type[16];

	if (!take_atom(p, type, sizeof(type) - 1))
		return false;
	if (strcmp(type, "pvh") != 0)
		return fail_key(p, "type '%s' is not supported: only \"pvh\" is", type);
	return true;
}

static bool take_action(struct parser *p, enum guest_action *action)
{
	static const char *const names[] = {
		[GUEST_ACTION_DESTROY] = "destroy",
		[GUEST_ACTION_RESTART] = "restart",
		[GUEST_ACTION_PRESERVE] = "preserve",
	};
	char text[32];

	if (!take_atom(p, text, sizeof(text) - 1))
		return false;
	for (size_t i = 0; i < array_size(names); i++) {
		if (strcmp(text, names[i]) == 0) {
			*action = (enum guest_action)i;
			return true;
		}
	}
	return fail_key(p, "'%.*s' is not \"destroy\", \"restart\" or \"preserve\"", KEY_ARGS(p));
}

static bool value_on_poweroff(struct parser *p)
{
	return take_action(p, &p->out->on_poweroff);
}

static bool value_on_reboot(struct parser *p)
{
	return take_action(p, &p->out->on_reboot);
}

static bool value_on_crash(struct parser *p)
{
	return take_action(p, &p->out->on_crash);
}

static bool value_on_watchdog(struct parser *p)
{
	return take_action(p, &p->out->on_watchdog);
}

static const struct {
	const char *name;
	value_fn take;
} keys[] = {
	{ "name", value_name },
	{ "kernel", value_kernel },
	{ "ramdisk", value_ramdisk },
	{ "cmdline", value_cmdline },
	{ "extra", value_cmdline },
	{ "memory", value_memory },
	{ "vcpus", value_vcpus },
	{ "cpus", value_cpus },
	{ "nestedhvm", value_nestedhvm },
	{ "disk", value_disk },
	{ "vif", value_vif },
	{ "type", value_type },
	{ "on_poweroff", value_on_poweroff },
	{ "on_reboot", value_on_reboot },
	{ "on_crash", value_on_crash },
	{ "on_watchdog", value_on_watchdog },
};

static_assert(array_size(keys) <= 32, "struct parser keeps a bit for each key");

/* Has a key with this handler been set? Synonyms share one. */
static bool is_set(const struct parser *p, value_fn take)
{
	for (size_t i = 0; i < array_size(keys); i++) {
		if (keys[i].take == take && (p->seen & BIT(i)) != 0)
			return true;
	}
	return false;
}

static bool take_value(struct parser *p)
{
	for (size_t i = 0; i < array_size(keys); i++) {
		if (!parse_is(p->key, keys[i].name))
			continue;
		if (is_set(p, keys[i].take))
			return fail_key(p, "'%.*s' is set twice", KEY_ARGS(p));
		p->seen |= (uint32_t)BIT(i);
		return keys[i].take(p);
	}
	return fail_key(p, "unknown key '%.*s'", KEY_ARGS(p));
}

/* key = value, up to the end of the line or a semicolon. */
static bool take_setting(struct parser *p)
{
	p->key = take_word(p);
	p->key_line = p->line;
	if (p->key.len == 0)
		return unexpected(p, "a key");
	skip(p, false);
	if (p->at == p->end || *p->at != '=')
		return unexpected(p, "'='");
	p->at++;
	skip(p, false);
	if (!take_value(p))
		return false;
	skip(p, false);
	if (p->at < p->end && *p->at != '\n' && *p->at != ';')
		return unexpected(p, "the end of the line");
	return true;
}

void config_defaults(struct guest_config *out)
{
	memset(out, 0, sizeof(*out));
	out->vcpus = 1;
	out->on_poweroff = GUEST_ACTION_DESTROY;
	out->on_reboot = GUEST_ACTION_RESTART;
	out->on_crash = GUEST_ACTION_DESTROY;
	out->on_watchdog = GUEST_ACTION_DESTROY;
}

enum status config_parse(const char *file, const char *text, size_t size, struct guest_config *out,
			 char error[CONFIG_ERROR_MAX])
{
	struct parser p = {
		.file = file,
		.at = text,
		.end = text + size,
		.line = 1,
		.out = out,
		.error = error,
	};

	config_defaults(out);
	error[0] = '\0';
	for (;;) {
		skip(&p, true);
		while (p.at < p.end && *p.at == ';') {
			p.at++;
			skip(&p, true);
		}
		if (p.at == p.end)
			break;
		if (!take_setting(&p))
			return ERR_INVALID;
	}
	if (out->name[0] == '\0' || out->kernel[0] == '\0') {
		(void)xsnprintf(error, CONFIG_ERROR_MAX, "%.64s: '%s' is missing", file,
				out->name[0] == '\0' ? "name" : "kernel");
		return ERR_INVALID;
	}
	return OK;
}

static void set_cpus(uint64_t *cpus, uint64_t first, uint64_t last, bool on)
{
	for (uint64_t cpu = first; cpu <= last; cpu++) {
		if (on)
			cpus[cpu / 64] |= BIT(cpu % 64);
		else
			cpus[cpu / 64] &= ~BIT(cpu % 64);
	}
}

static void trim(struct text *t)
{
	while (t->len != 0 && t->s[0] == ' ') {
		t->s++;
		t->len--;
	}
	while (t->len != 0 && t->s[t->len - 1] == ' ')
		t->len--;
}

/* "all", "N", "N-M" or either number form after '^'. */
static bool parse_cpu_range(struct text range, uint64_t *cpus)
{
	struct text low, high;
	uint64_t first, last;
	bool on = true;

	trim(&range);
	if (parse_is(range, "all")) {
		set_cpus(cpus, 0, CONFIG_CPUS_MAX - 1, true);
		return true;
	}
	if (range.len != 0 && range.s[0] == '^') {
		on = false;
		range.s++;
		range.len--;
	}
	if (range.len == 0 || range.s[range.len - 1] == '-' || !parse_next(&range, '-', &low))
		return false;
	high = range.len != 0 ? range : low;
	if (!parse_u64(low, &first) || !parse_u64(high, &last) || last < first ||
	    last >= CONFIG_CPUS_MAX)
		return false;
	set_cpus(cpus, first, last, on);
	return true;
}

enum status config_parse_cpus(const char *list, size_t len, uint64_t cpus[CONFIG_CPUS_MAX / 64])
{
	struct text rest = { .s = list, .len = len }, range;
	uint64_t any = 0;

	memset(cpus, 0, CONFIG_CPUS_MAX / 8);
	while (parse_next(&rest, ',', &range)) {
		if (!parse_cpu_range(range, cpus))
			return ERR_INVALID;
	}
	for (size_t i = 0; i < CONFIG_CPUS_MAX / 64; i++)
		any |= cpus[i];
	return any != 0 ? OK : ERR_INVALID;
}
