/* SPDX-License-Identifier: Apache-2.0 */
#include "format/facet_writer.h"

#include <setjmp.h>
#include <cmocka.h>

#include "format/meta_fields.h"
#include "format/shardfile.h"
#include "scratch.h"

/* ---- fields of metadata ---- */

/* All fields as name=value, one behind the other with newlines. */
static void spell(const struct ng_meta_fields *fields, char *text, size_t room)
{
	size_t n = 0;

	text[0] = 0;
	for (size_t i = 0; i < fields->n; i++) {
		const struct ng_meta_field *f = &fields->list[i];

		n += (size_t)snprintf(text + n, room - n, "%.*s=%.*s\n", (int)f->name_bytes,
				      ng_meta_name(fields, f), (int)f->value_bytes,
				      ng_meta_value(fields, f));
		assert_true(n < room);
	}
}

static void test_fields(void **state)
{
	static const struct {
		const char *json, *fields; /* NULL: it is no object */
	} cases[] = {
		{"{}", ""},
		{" { } ", ""},
		{"{\"a\":1}", "a=1\n"},
		{"{\"b\":true,\"a\":\"x\"}", "a=x\nb=true\n"},
		{"{\"a\":null,\"b\":[1,\"]\",{\"c\":2}],\"d\":{\"e\":\"}\\\"\"},\"f\":-1.50e2}",
		 "f=-1.50e2\n"},
		{"{\"a\":1,\"a\":2}", "a=2\n"},
		{"{\"a\":1,\"a\":null}", ""},
		{"{\"a\":[],\"a\":\"\"}", "a=\n"},
		{"{\"a\":NaN}", "a=NaN\n"},
		{"{\"a\\u0062\\n\":\"\\ud83d\\ude00\\/\"}", "ab\n=\xf0\x9f\x98\x80/\n"},
		{"{\"a\":\"\\ud83d\",\"b\":\"\\udc00x\",\"c\":\"\\ud83d\\u0041\"}",
		 "a=\xef\xbf\xbd\nb=\xef\xbf\xbdx\nc=\xef\xbf\xbd"
		 "A\n"},
		/* The document's own go before those outside, */
		{"{\"a\":1,\"metadata\":{\"a\":2,\"b\":3}}", "a=2\nb=3\n"},
		{"{\"metadata\":{\"a\":2},\"a\":1}", "a=2\n"},
		{"{\"a\":1,\"metadata\":{\"a\":null}}", ""},
		{"{\"metadata\":{\"metadata\":{\"a\":1},\"b\":2}}", "b=2\n"},
		{"{\"metadata\":5}", "metadata=5\n"},
		/* and a path has parts. */
		{"{\"path\":\"a/b/c.tar.gz\"}", "dir=a/b\next=gz\npath=a/b/c.tar.gz\n"},
		{"{\"path\":\"c\"}", "dir=.\npath=c\n"},
		{"{\"path\":\"/c.h\"}", "dir=/\next=h\npath=/c.h\n"},
		{"{\"path\":\"a.b/c\"}", "dir=a.b\npath=a.b/c\n"},
		{"{\"path\":\"a/.c\"}", "dir=a\npath=a/.c\n"},
		{"{\"path\":\"a/c.\"}", "dir=a\npath=a/c.\n"},
		{"{\"path\":\"\"}", "dir=.\npath=\n"},
		{"{\"path\":\"a/b.c\",\"dir\":\"mine\",\"ext\":7}",
		 "dir=mine\next=7\npath=a/b.c\n"},
		{"{\"path\":\"x/y.z\",\"metadata\":{\"path\":\"a/b.c\"}}",
		 "dir=a\next=c\npath=a/b.c\n"},
		{"", NULL},
		{"[]", NULL},
		{"{", NULL},
		{"{\"a\"}", NULL},
		{"{\"a\":}", NULL},
		{"{\"a\":1,}", NULL},
		{"{\"a\":\"x}", NULL},
		{"{\"a\":\"\\x\"}", NULL},
		{"{\"a\":\"\\u12\"}", NULL},
		{"{\"a\":[1}", NULL},
		{"{\"a\":1} x", NULL},
	};
	ng_cleanup(ng_meta_fields_clear) struct ng_meta_fields fields = {0};

	for (size_t i = 0; i < ng_array_size(cases); i++) {
		const char *json = cases[i].json;
		/* Whoever reads behind it is seen by a sanitizer. */
		ng_cleanup(ng_freep) uint8_t *copy = malloc(strlen(json) + 1);
		char text[512];
		int r;

		assert_non_null(copy);
		memcpy(copy, json, strlen(json));
		r = ng_meta_fields_read(&fields, copy, strlen(json));
		if (r != (cases[i].fields ? 0 : -EUCLEAN))
			fail_msg("%s: %d", json, r);
		if (r < 0)
			continue;
		spell(&fields, text, sizeof(text));
		assert_string_equal(text, cases[i].fields);
	}
}

static void test_prefix(void **state)
{
	assert_int_equal(ng_meta_prefix((const uint8_t *)"2019-05", 7, 4), 4);
	assert_int_equal(ng_meta_prefix((const uint8_t *)"2019-05", 7, 0), 7);
	assert_int_equal(ng_meta_prefix((const uint8_t *)"20", 2, 4), 2);
	assert_int_equal(ng_meta_prefix((const uint8_t *)"\xc3\xa9\xe4\xb8\xad"
							 "a",
					6, 2),
			 5);
}

/* ---- columns ---- */

struct made {
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct ng_facet_writer *writer;
	uint64_t docs;
	struct ng_shard_file *file;
	struct ng_facets facets;
};

static void begin(struct made *m, const struct ng_facet_spec *specs, size_t n)
{
	struct ng_facet_options options = {.n = n, .specs = specs};

	*m = (struct made){0};
	assert_int_equal(scratch_make(m->dir), 0);
	snprintf(m->path, sizeof(m->path), "%s/shard", m->dir);
	assert_int_equal(ng_facet_writer_new(&options, &m->writer), 0);
}

__attribute__((__format__(printf, 2, 3))) static void doc(struct made *m, const char *fmt, ...)
{
	char json[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(json, sizeof(json), fmt, ap);
	va_end(ap);
	assert_true(n > 0 && (size_t)n < sizeof(json));
	assert_int_equal(ng_facet_writer_add(m->writer, json, (size_t)n), 0);
	m->docs++;
}

static void write_and_open(struct made *m)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	uint64_t bytes, checksum;
	const uint8_t *data;
	struct ng_error err;
	size_t len;

	assert_int_equal(ng_shard_writer_new(m->path, &w, &err), 0);
	assert_int_equal(ng_facet_writer_finish(m->writer, w, &err), 0);
	assert_int_equal(ng_shard_writer_finish(w, &bytes, &checksum, &err), 0);
	assert_int_equal(ng_shard_file_open(m->path, &m->file, &err), 0);
	assert_true(ng_shard_file_section(m->file, NG_SECTION_FACETS, &data, &len));
	assert_int_equal(
		ng_facets_open(ng_shard_file_pages(m->file), data, len, m->docs, &m->facets), 0);
	/* No shorter one is taken for it. */
	for (size_t cut = 8; cut <= ng_min(len, (size_t)400); cut += 8) {
		struct ng_facet_field field;
		struct ng_facets shorter;
		int r = ng_facets_open(NULL, data, len - cut, m->docs, &shorter);

		for (uint32_t i = 0; r == 0 && i < shorter.n; i++)
			r = ng_facets_field(&shorter, i, &field);
		assert_int_equal(r, -EUCLEAN);
	}
}

static void end(struct made *m)
{
	ng_shard_file_close(m->file);
	ng_facet_writer_free(m->writer);
	assert_int_equal(scratch_remove(m->dir), 0);
}

/* Number of values of a field: -1 where it isn't listed, -2 where it has no column. */
static int64_t values_of(const struct made *m, const char *name, uint32_t prefix)
{
	struct ng_facet_field field;
	int r = ng_facets_find(&m->facets, name, strlen(name), prefix, &field);

	assert_true(r >= 0);
	return r == 0 ? -1 : !field.has_column ? -2 : (int64_t)field.values;
}

/* A document's value; NULL: none. Good until the next call. */
static const char *value_of(const struct made *m, const char *name, uint32_t prefix, uint64_t d)
{
	ng_cleanup(ng_facet_column_clear) struct ng_facet_column column = {0};
	static char text[4096];
	struct ng_facet_field field;
	bool bad = false;
	uint32_t id;
	size_t len;
	const uint8_t *value;

	assert_int_equal(ng_facets_find(&m->facets, name, strlen(name), prefix, &field), 1);
	assert_int_equal(ng_facet_column_open(&field, &column), 0);
	id = ng_facet_id(&column, d, &bad);
	assert_false(bad);
	if (id == column.values)
		return NULL;
	value = ng_facet_value(&column, id, &len);
	snprintf(text, sizeof(text), "%.*s", (int)len, value);
	return text;
}

static void test_values(void **state)
{
	static const struct ng_facet_spec specs[] = {{"date", 4}, {"date", 4}, {"never", 0}};
	struct made m;

	begin(&m, specs, ng_array_size(specs));
	doc(&m, "{\"date\":\"2019-05\",\"b\":\"\",\"c\":1}");
	doc(&m, "{\"date\":\"2020-01\",\"c\":1}");
	doc(&m, "{\"date\":\"2019-07\",\"b\":\"x\",\"c\":1}");
	doc(&m, "{\"date\":null,\"b\":\"a\",\"c\":1}");
	write_and_open(&m);
	assert_int_equal(m.facets.n, 4);
	assert_false(m.facets.others);
	assert_int_equal(values_of(&m, "date", 0), 3);
	assert_int_equal(values_of(&m, "date", 4), 2);
	assert_int_equal(values_of(&m, "date", 3), -1);
	assert_int_equal(values_of(&m, "never", 0), -1);
	assert_int_equal(values_of(&m, "c", 0), 1);
	assert_string_equal(value_of(&m, "date", 4, 0), "2019");
	assert_string_equal(value_of(&m, "date", 4, 2), "2019");
	assert_null(value_of(&m, "date", 4, 3));
	assert_string_equal(value_of(&m, "date", 0, 1), "2020-01");
	assert_string_equal(value_of(&m, "b", 0, 0), "");
	assert_null(value_of(&m, "b", 0, 1));
	assert_string_equal(value_of(&m, "b", 0, 3), "a");
	assert_string_equal(value_of(&m, "c", 0, 3), "1");
	end(&m);
}

/* So many values, and no more, without being asked. */
static void test_limits(void **state)
{
	static const struct ng_facet_spec specs[] = {{"asked", 0}};
	static const uint64_t n = 3 * NG_FACET_VALUES;
	struct made m;

	begin(&m, specs, ng_array_size(specs));
	for (uint64_t i = 0; i < n; i++)
		doc(&m,
		    "{\"asked\":%ju,\"unique\":%ju,\"most\":%ju,\"many\":%ju,\"few\":%ju,"
		    "\"late\":%s,\"long\":\"%*s\"}",
		    (uintmax_t)i, (uintmax_t)i, (uintmax_t)(i % NG_FACET_VALUES),
		    (uintmax_t)(i % (NG_FACET_VALUES + 1)), (uintmax_t)(i % 300),
		    i + 1 == n ? "\"x\"" : "null", i == 5 ? (int)NG_FACET_VALUE_BYTES + 1 : 3, "");
	write_and_open(&m);
	assert_int_equal(values_of(&m, "asked", 0), n);
	assert_int_equal(values_of(&m, "unique", 0), -2);
	assert_int_equal(values_of(&m, "most", 0), NG_FACET_VALUES);
	assert_int_equal(values_of(&m, "many", 0), -2);
	assert_int_equal(values_of(&m, "few", 0), 300);
	assert_int_equal(values_of(&m, "late", 0), 1);
	assert_int_equal(values_of(&m, "long", 0), -2);
	for (uint64_t i = 0; i < n; i += 997) {
		char want[32];

		snprintf(want, sizeof(want), "%ju", (uintmax_t)i);
		assert_string_equal(value_of(&m, "asked", 0, i), want);
		snprintf(want, sizeof(want), "%ju", (uintmax_t)(i % 300));
		assert_string_equal(value_of(&m, "few", 0, i), want);
		assert_null(value_of(&m, "late", 0, i));
	}
	assert_string_equal(value_of(&m, "late", 0, n - 1), "x");
	end(&m);
}

/* A value of their own in most documents: no column where there are more than a few. */
static void test_own_values(void **state)
{
	for (unsigned docs = 64; docs <= 65; docs++) {
		struct made m;

		begin(&m, NULL, 0);
		for (unsigned i = 0; i < docs; i++)
			doc(&m, "{\"id\":%u}", i);
		write_and_open(&m);
		assert_int_equal(values_of(&m, "id", 0), docs == 64 ? 64 : -2);
		end(&m);
	}
}

/* More fields than there are columns, and than are listed. */
static void test_many_fields(void **state)
{
	struct made m;
	unsigned columns = 0, listed = 0;

	begin(&m, NULL, 0);
	for (unsigned i = 0; i < NG_FACET_FIELDS_MAX + 10; i++)
		doc(&m, "{\"f%03u\":1,\"f000\":2}", i);
	write_and_open(&m);
	for (unsigned i = 0; i < NG_FACET_FIELDS_MAX + 10; i++) {
		char name[16];
		int64_t values;

		snprintf(name, sizeof(name), "f%03u", i);
		values = values_of(&m, name, 0);
		columns += values >= 0;
		listed += values != -1;
	}
	assert_int_equal(columns, NG_FACET_COLUMNS);
	assert_int_equal(listed, NG_FACET_FIELDS_MAX);
	assert_true(m.facets.others);
	end(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),     cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_values),     cmocka_unit_test(test_limits),
		cmocka_unit_test(test_own_values), cmocka_unit_test(test_many_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
