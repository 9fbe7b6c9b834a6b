/* SPDX-License-Identifier: Apache-2.0 */
#include "build/doc_choice.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "build/meta_path.h"
#include "format/meta_fields.h"

#define READ_PIECE (64u << 10)

void ng_doc_choice_clear(struct ng_doc_choice *choice)
{
	for (size_t i = 0; i < choice->n_fields; i++) {
		free(choice->fields[i]);
		free(choice->values[i]);
	}
	free(choice->fields);
	free(choice->values);
	free(choice->ranges);
	*choice = (struct ng_doc_choice){0};
}

/* ---- numbers ---- */

static int range_add(struct ng_doc_choice *choice, uint64_t first, uint64_t last)
{
	if (choice->n_ranges && choice->ranges[choice->n_ranges - 1].end == first) {
		choice->ranges[choice->n_ranges - 1].end = last + 1;
		return 0;
	}
	if (choice->n_ranges == choice->cap_ranges) {
		size_t cap = 2 * choice->cap_ranges + 16;
		struct ng_doc_range *grown =
			reallocarray(choice->ranges, cap, sizeof(*choice->ranges));

		if (!grown)
			return -ENOMEM;
		choice->ranges = grown;
		choice->cap_ranges = cap;
	}
	choice->ranges[choice->n_ranges++] = (struct ng_doc_range){first, last + 1};
	return 0;
}

/* A number below 2^63 at *at, which moves behind it. */
static bool take_number(const char **at, uint64_t *ret)
{
	uint64_t n = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9'; p++) {
		n = 10 * n + (uint64_t)(*p - '0');
		if (n >= UINT64_C(1) << 59)
			return false;
	}
	if (p == *at)
		return false;
	*at = p;
	*ret = n;
	return true;
}

static int by_first(const void *pa, const void *pb)
{
	const struct ng_doc_range *a = pa, *b = pb;

	return (a->first > b->first) - (a->first < b->first);
}

/* Ascending, and those that touch made one. */
static void ranges_settle(struct ng_doc_choice *choice)
{
	struct ng_doc_range *ranges = choice->ranges;
	size_t kept = 0;

	if (choice->n_ranges)
		qsort(ranges, choice->n_ranges, sizeof(*ranges), by_first);
	for (size_t i = 0; i < choice->n_ranges; i++) {
		if (kept && ranges[i].first <= ranges[kept - 1].end)
			ranges[kept - 1].end = ng_max(ranges[kept - 1].end, ranges[i].end);
		else
			ranges[kept++] = ranges[i];
	}
	choice->n_ranges = kept;
}

int ng_doc_choice_numbers(struct ng_doc_choice *choice, const char *name, const char *text,
			  struct ng_error *err)
{
	unsigned line = 1;

	for (const char *at = text; *at;) {
		const char *begin = at;
		uint64_t first, last;
		bool good;

		if (*at == '#')
			at += strcspn(at, "\n");
		if (!*at)
			break;
		if (strchr(" \t\r\n,", *at)) {
			line += *at++ == '\n';
			continue;
		}
		good = take_number(&at, &first);
		last = first;
		if (good && *at == '-') {
			at++;
			good = take_number(&at, &last) && first <= last;
		}
		if (!good || (*at && !strchr(" \t\r\n,#", *at)))
			return ng_fail(err, -EINVAL,
				       "%s:%u: '%.*s' is neither a document's number nor N-M", name,
				       line, (int)ng_min(strcspn(begin, " \t\r\n,#"), (size_t)40),
				       begin);
		if (range_add(choice, first, last) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
	}
	ranges_settle(choice);
	return 0;
}

int ng_doc_choice_file(struct ng_doc_choice *choice, const char *path, struct ng_error *err)
{
	ng_cleanup(ng_buf_free) struct ng_buf buf = NG_BUF_INIT;
	ng_cleanup(ng_closep) int opened = -1;
	int fd = STDIN_FILENO;
	size_t got;

	if (strcmp(path, "-") != 0)
		fd = opened = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ng_fail(err, -errno, "%s: cannot open: %s", path, strerror(errno));
	do {
		int r = ng_buf_reserve(&buf, READ_PIECE + 1);

		if (r == 0)
			r = ng_file_read(fd, buf.data + buf.len, READ_PIECE, &got);
		if (r < 0)
			return ng_fail(err, r, "%s: cannot read: %s", path, strerror(-r));
		buf.len += got;
	} while (got == READ_PIECE);
	buf.data[buf.len] = '\0';
	if (strlen((const char *)buf.data) != buf.len)
		return ng_fail(err, -EINVAL, "%s: is no text of numbers: it has NUL bytes", path);
	return ng_doc_choice_numbers(choice, path, (const char *)buf.data, err);
}

uint64_t ng_doc_choice_end(const struct ng_doc_choice *choice)
{
	uint64_t end = 0;

	for (size_t i = 0; i < choice->n_ranges; i++)
		end = ng_max(end, choice->ranges[i].end);
	return end;
}

bool ng_doc_choice_has(const struct ng_doc_choice *choice, uint64_t doc)
{
	size_t lo = 0, hi = choice->n_ranges;

	while (lo < hi) {
		size_t middle = lo + (hi - lo) / 2;

		if (choice->ranges[middle].end <= doc)
			lo = middle + 1;
		else
			hi = middle;
	}
	return lo < choice->n_ranges && choice->ranges[lo].first <= doc;
}

/* ---- metadata ---- */

int ng_doc_choice_where(struct ng_doc_choice *choice, const char *where, struct ng_error *err)
{
	const char *colon = strchr(where, ':');
	char **fields, **values;

	if (!colon || colon == where)
		return ng_fail(err, -EINVAL, "--where: '%s' is not FIELD:VALUE", where);
	fields = reallocarray(choice->fields, choice->n_fields + 1, sizeof(*fields));
	if (fields)
		choice->fields = fields;
	values = reallocarray(choice->values, choice->n_fields + 1, sizeof(*values));
	if (values)
		choice->values = values;
	if (!fields || !values)
		return ng_fail(err, -ENOMEM, "out of memory");
	fields[choice->n_fields] = strndup(where, (size_t)(colon - where));
	values[choice->n_fields] = strdup(colon + 1);
	choice->n_fields++;
	if (!fields[choice->n_fields - 1] || !values[choice->n_fields - 1])
		return ng_fail(err, -ENOMEM, "out of memory");
	return 0;
}

/* The same of paths, and of values that are no scalars. */
static int meant_by_path(const struct ng_doc_choice *choice, const uint8_t *json, size_t len)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < choice->n_fields; i++) {
		ng_cleanup(ng_field_clear) struct ng_field field = {0};

		r = ng_field_parse(choice->fields[i], &field);
		if (r == 0)
			r = ng_meta_path_is(json, len, &field, choice->values[i]);
	}
	return r;
}

/* Whether it is meant by what where= of a mount takes for values too: scalars of its own fields and
 * of the outer ones, as they stand. 1, 0 or an error. */
static int meant_as_it_stands(const struct ng_doc_choice *choice, const char *json, size_t len)
{
	ng_cleanup(ng_meta_fields_clear) struct ng_meta_fields fields = {0};
	int r = ng_meta_fields_read(&fields, (const uint8_t *)json, len);

	for (size_t i = 0; r == 0 && i < choice->n_fields; i++) {
		const char *name = choice->fields[i], *value = choice->values[i];
		const struct ng_meta_field *field =
			ng_meta_fields_find(&fields, name, strlen(name));

		r = field && ng_bytes_compare(ng_meta_value(&fields, field), field->value_bytes,
					      value, strlen(value)) == 0;
	}
	return r;
}

/* Whether one of the fields is more than a name, or a value more than a scalar. */
static bool needs_path(const struct ng_doc_choice *choice)
{
	for (size_t i = 0; i < choice->n_fields; i++)
		if (strpbrk(choice->fields[i], ".[") || strchr("[{", *choice->values[i]) ||
		    strcmp(choice->values[i], "null") == 0)
			return true;
	return false;
}

int ng_doc_choice_meant(const struct ng_doc_choice *choice, const char *json, size_t len)
{
	int standing = meant_as_it_stands(choice, json, len);

	return standing || !needs_path(choice) ? standing
					       : meant_by_path(choice, (const uint8_t *)json, len);
}
