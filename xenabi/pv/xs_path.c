// SPDX-License-Identifier: MIT
#include "xenabi/pv/xs_path.h"

#include "core/lib/printf.h"
#include "core/lib/string.h"

static bool valid_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '/' || c == '_' || c == '@';
}

size_t xs_path_of_domain(uint16_t domid, char out[XS_DOMAIN_PATH_MAX])
{
	return (size_t)xsnprintf(out, XS_DOMAIN_PATH_MAX, "/local/domain/%u/", domid);
}

/* Characters of "/local/domain/N/" at the front of path: they do not count against the limit of a
 * relative path. 0 when it begins otherwise. */
static size_t domain_prefix(const char *path, size_t len)
{
	static const char prefix[] = "/local/domain/";
	size_t i = sizeof(prefix) - 1;

	if (len < i || memcmp(path, prefix, i) != 0)
		return 0;
	while (i < len && path[i] >= '0' && path[i] <= '9')
		i++;
	return i > sizeof(prefix) - 1 && i < len && path[i] == '/' ? i + 1 : 0;
}

static bool valid(const char *path, size_t len, bool special)
{
	size_t prefix = domain_prefix(path, len);

	if (len == 0 || len > XS_ABS_PATH_MAX || (prefix && len - prefix > XS_REL_PATH_MAX))
		return false;
	if (path[0] != '/' && !(special && path[0] == '@'))
		return false;
	if (len > 1 && path[len - 1] == '/')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!valid_char(path[i]) || (path[i] == '/' && i + 1 < len && path[i + 1] == '/'))
			return false;
	return true;
}

bool xs_path_canonical(const char *path, size_t len, uint16_t domid, bool special, char *out,
		       size_t *out_len, bool *relative)
{
	size_t at = 0;

	if (len == 0 || len > XS_ABS_PATH_MAX)
		return false;
	*relative = path[0] != '/' && path[0] != '@';
	if (*relative)
		at = xs_path_of_domain(domid, out);
	if (len > XS_ABS_PATH_MAX - at)
		return false;
	memcpy(out + at, path, len);
	*out_len = at + len;
	out[*out_len] = '\0';
	return valid(out, *out_len, special);
}

size_t xs_path_parent(const char *path, size_t len)
{
	if (len <= 1 || path[0] != '/')
		return 0;
	while (path[len - 1] != '/')
		len--;
	return len == 1 ? 1 : len - 1;
}

bool xs_path_below(const char *path, size_t len, const char *base, size_t base_len)
{
	if (base_len == 1 && base[0] == '/')
		return len > 0 && path[0] == '/';
	return len >= base_len && memcmp(path, base, base_len) == 0 &&
	       (len == base_len || path[base_len] == '/');
}
