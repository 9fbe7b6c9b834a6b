/* SPDX-License-Identifier: Apache-2.0 */
#include "files/file_key.h"

#include <xxhash.h>

#include "base/utf8.h"

#define SUFFIX ".txt"
#define DIGITS 8u

/* ~ and the hash of a name that is too long. */
#define HASH_BYTES 17u

static const uint8_t separator = NG_FILE_KEY_SEPARATOR;

/* Whether a name leads nowhere. */
static bool is_nothing(const uint8_t *name, size_t len)
{
	return len == 0 || (len == 1 && name[0] == '.') ||
	       (len == 2 && name[0] == '.' && name[1] == '.');
}

/* Cut the name that begins at `at` to len bytes, or some fewer. */
static void cut(struct ng_buf *key, size_t at, size_t len)
{
	if (key->len - at <= len)
		return;
	key->len = at + len;
	key->len -= ng_utf8_head_bytes(key->data + at, len);
}

static int append_name(struct ng_buf *key, const uint8_t *name, size_t len, size_t begin)
{
	int r = key->len > begin ? ng_buf_append(key, &separator, 1) : 0;
	size_t at = key->len;

	while (r == 0 && len) {
		size_t plain = strnlen((const char *)name, len);

		r = ng_buf_append(key, name, plain);
		if (r == 0 && plain < len)
			r = ng_buf_append(key, "%00", 3);
		plain += plain < len;
		name += plain;
		len -= plain;
	}
	if (r == 0 && key->len - at > NG_FILE_NAME_BYTES_MAX) {
		uint64_t hash = XXH3_64bits(key->data + at, key->len - at);

		cut(key, at, NG_FILE_NAME_BYTES_MAX - HASH_BYTES);
		r = ng_buf_printf(key, "~%016llx", (unsigned long long)hash);
	}
	return r;
}

static int append_number(struct ng_buf *key, uint64_t number)
{
	return ng_buf_printf(key, "%c%0*llu" SUFFIX, NG_FILE_KEY_SEPARATOR, (int)DIGITS,
			     (unsigned long long)number);
}

int ng_file_key(const struct ng_doc_source *source, uint64_t doc, struct ng_buf *key)
{
	const uint8_t *at = source->path, *end = at + source->path_bytes;
	size_t begin = key->len;
	int r = 0;

	while (r == 0 && at && at < end && key->len - begin <= NG_FILE_KEY_BYTES_MAX) {
		const uint8_t *slash = memchr(at, '/', (size_t)(end - at));
		size_t len = (size_t)((slash ? slash : end) - at);

		if (!is_nothing(at, len))
			r = append_name(key, at, len, begin);
		at += len + 1;
	}
	if (r == 0 && key->len > begin && source->is_part)
		r = append_number(key, source->part);
	if (r == 0 && (key->len == begin || key->len - begin > NG_FILE_KEY_BYTES_MAX)) {
		key->len = begin;
		r = ng_buf_append(key, NG_FILE_NAME_UNNAMED, strlen(NG_FILE_NAME_UNNAMED));
		if (r == 0)
			r = append_number(key, doc);
	}
	return r;
}

int ng_file_key_again(const uint8_t *key, size_t len, uint64_t doc, unsigned more,
		      struct ng_buf *again)
{
	const uint8_t *last = memrchr(key, NG_FILE_KEY_SEPARATOR, len);
	size_t before = last ? (size_t)(last - key) + 1 : 0, at = again->len + before;
	ng_cleanup(ng_buf_free) struct ng_buf suffix = NG_BUF_INIT;
	int r = ng_buf_printf(&suffix, "~%llu", (unsigned long long)doc);

	for (unsigned i = 0; r == 0 && i < more; i++)
		r = ng_buf_append(&suffix, "~", 1);
	if (r == 0)
		r = ng_buf_append(again, key, len);
	if (r)
		return r;
	cut(again, at, NG_FILE_NAME_BYTES_MAX - suffix.len);
	return ng_buf_append(again, suffix.data, suffix.len);
}

bool ng_file_key_padded(const char *name, char ret[static 16])
{
	size_t digits = strspn(name, "0123456789");

	if (digits == 0 || digits >= DIGITS || strcmp(name + digits, SUFFIX) != 0)
		return false;
	snprintf(ret, 16, "%.*s%s", (int)(DIGITS - digits), "00000000", name);
	return true;
}
