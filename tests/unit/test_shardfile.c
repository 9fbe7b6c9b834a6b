/* SPDX-License-Identifier: Apache-2.0 */
#include "base/sigbus.h"
#include "format/pages.h"
#include "shardmake.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>

/* What opening a shard sets for SIGBUS. cmocka puts handlers of its own in its place at the start
 * of each test. */
static struct sigaction on_fault;

static int take_fault_handler(void **state)
{
	uint8_t *page = mmap(NULL, NG_PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ng_sigbus *fault;

	if (page == MAP_FAILED || ng_sigbus_watch(page, NG_PAGE_BYTES, &fault))
		return -1;
	ng_sigbus_unwatch(fault);
	munmap(page, NG_PAGE_BYTES);
	return sigaction(SIGBUS, NULL, &on_fault);
}

static void test_round_trip(void **state)
{
	struct fixture *f = *state;

	for (size_t c = 0; c < ng_array_size(shapes); c++) {
		ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
		const struct shape *shape = &shapes[c];
		uint64_t bytes, checksum;
		const uint8_t *data = NULL;
		size_t len = 77;
		struct stat st;

		shard_make(f->path, shape, 1 << 30, &bytes, &checksum);
		assert_int_equal(stat(f->path, &st), 0);
		assert_int_equal(st.st_size, bytes);
		assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
		assert_int_equal(ng_shard_file_bytes(file), bytes);
		assert_int_equal(ng_shard_file_checksum(file), checksum);
		for (size_t s = 0; s < shape->n; s++) {
			assert_true(ng_shard_file_section(file, shard_type_of(s), &data, &len));
			assert_int_equal(len, shape->bytes[s]);
			assert_int_equal((uintptr_t)data % NG_PAGE_BYTES, 0);
			for (size_t i = 0; i < len; i++)
				if (data[i] != shard_content(s, i))
					fail_msg("shape %zu, section %zu, byte %zu", c, s, i);
			for (size_t i = 0; i < NG_SECTION_PADDING; i++)
				assert_int_equal(data[len + i], 0);
		}
		len = 77;
		assert_false(ng_shard_file_section(file, NG_SECTION_BWT_DIRECTORY, &data, &len));
		assert_int_equal(len, 77);
		assert_int_equal(ng_shard_file_verify(file, NULL, NULL, NULL, NULL), 0);
		assert_false(ng_shard_file_faulted(file));
		unlink(f->path);
	}
}

struct report {
	unsigned n;
	uint32_t types;
	uint64_t lowest;
};

static void on_damage(void *userdata, uint32_t type, uint64_t offset, const char *text)
{
	struct report *r = userdata;

	assert_true(*text);
	r->n++;
	r->types |= 1u << type;
	r->lowest = ng_min(r->lowest, offset);
}

static void on_optional_damage(void *userdata, uint32_t type, uint64_t offset, const char *text)
{
	struct report *r = userdata;

	assert_int_equal(type, UINT32_MAX);
	r->n++;
	r->lowest = ng_min(r->lowest, offset);
}

/* Whatever byte changes, opening or verifying notices, and verifying says where. */
static void test_every_byte_counts(void **state)
{
	static const struct shape shape = {2, {300, 1500000}};
	struct fixture *f = *state;
	ng_cleanup(ng_freep) uint8_t *all = NULL;
	uint64_t bytes, checksum, rng = 1;
	size_t n;

	shard_make(f->path, &shape, 1 << 30, &bytes, &checksum);
	all = scratch_read(f->path, &n);
	assert_non_null(all);
	for (int i = 0; i < 600; i++) {
		ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
		struct report report = {.lowest = UINT64_MAX};
		/* The beginning and the end of the file are where the structure is. */
		size_t at = i < 100   ? (size_t)i
			    : i < 300 ? n - 1 - (size_t)(i - 100)
				      : scratch_random(&rng) % n;
		uint8_t bit = (uint8_t)(1u << scratch_random(&rng) % 8);
		bool header = at < sizeof(struct ng_shard_header);
		int r;

		all[at] ^= bit;
		assert_int_equal(scratch_write(f->path, all, n), 0);
		all[at] ^= bit;
		r = ng_shard_file_open(f->path, &file, NULL);
		if (header || at >= n - 3 * sizeof(struct ng_shard_entry)) {
			assert_int_equal(r, at < 12 ? -EPROTO : -EUCLEAN);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(ng_shard_file_verify(file, NULL, on_damage, NULL, &report),
				 -EUCLEAN);
		if (!report.n || report.lowest > at || at - report.lowest > bytes)
			fail_msg("byte %zu: %u reports", at, report.n);
	}
	/* Damage in a section is reported as that section's. */
	all[2 * NG_PAGE_BYTES + 1200000] ^= 1;
	assert_int_equal(scratch_write(f->path, all, n), 0);
	{
		ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
		struct report report = {.lowest = UINT64_MAX};

		assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
		assert_int_equal(ng_shard_file_verify(file, NULL, on_damage, NULL, &report),
				 -EUCLEAN);
		assert_int_equal(report.types, 1u << shard_type_of(1));
		assert_int_equal(report.n, 1);
		assert_int_equal(report.lowest,
				 2 * NG_PAGE_BYTES + 1200000 / NG_PAGE_BYTES * NG_PAGE_BYTES);
	}
}

static void test_not_a_shard(void **state)
{
	struct fixture *f = *state;
	struct ng_shard_file *untouched = (void *)f;
	struct shape shape = {2, {300, 5000}};
	ng_cleanup(ng_freep) uint8_t *all = NULL;
	uint64_t bytes, checksum;
	struct ng_error err;
	size_t n;

	shard_make(f->path, &shape, 1 << 30, &bytes, &checksum);
	all = scratch_read(f->path, &n);
	assert_non_null(all);
	for (size_t cut = 0; cut < n; cut += cut < 60 ? 1 : 97) {
		assert_int_equal(scratch_write(f->path, all, cut), 0);
		assert_int_equal(ng_shard_file_open(f->path, &untouched, &err),
				 cut < sizeof(struct ng_shard_header) ? -EPROTO : -EUCLEAN);
		assert_non_null(strstr(err.text, f->path));
	}
	/* Longer than it says. */
	assert_int_equal(truncate(f->path, 0), 0);
	assert_int_equal(scratch_write(f->path, all, n), 0);
	assert_int_equal(truncate(f->path, (off_t)n + 1), 0);
	assert_int_equal(ng_shard_file_open(f->path, &untouched, &err), -EUCLEAN);
	assert_int_equal(ng_shard_file_open(f->dir, &untouched, &err), -EPROTO);
	unlink(f->path);
	assert_int_equal(ng_shard_file_open(f->path, &untouched, &err), -ENOENT);
	assert_int_equal(mkfifo(f->path, 0600), 0);
	assert_int_equal(ng_shard_file_open(f->path, &untouched, &err), -EPROTO);
	assert_ptr_equal(untouched, f);
	assert_null(ng_shard_file_close(NULL));
}

struct forged {
	struct ng_shard_header header;
	struct ng_shard_entry entries[3];
};

#define FIELD(f) offsetof(struct forged, f), sizeof(((struct forged *)0)->f)

/* Tables that a stranger wrote, with sums that fit. */
static void test_hostile_table(void **state)
{
	static const struct {
		size_t at, bytes;
		uint64_t value;
	} cases[] = {
		{FIELD(entries[0].type), 0},
		{FIELD(entries[0].type), NG_SECTION_TYPES},
		{FIELD(entries[0].type), NG_SECTION_OPTIONAL - 1},
		{FIELD(entries[2].type), NG_SECTION_OPTIONAL},
		{FIELD(entries[1].type), NG_SECTION_PARAMS},
		{FIELD(entries[2].type), NG_SECTION_FREQUENT},
		{FIELD(entries[1].reserved), 1},
		{FIELD(entries[0].offset), 0},
		{FIELD(entries[0].offset), 8192},
		{FIELD(entries[1].offset), UINT64_MAX - 4095},
		{FIELD(entries[1].offset), 8193},
		{FIELD(entries[0].bytes), 4096},
		{FIELD(entries[0].bytes), UINT64_MAX},
		{FIELD(entries[1].bytes), UINT64_MAX - 8191},
		{FIELD(entries[1].bytes), 16384},
		{FIELD(entries[2].bytes), UINT64_MAX - 63},
		{FIELD(entries[2].bytes), 0},
		{FIELD(entries[2].bytes), 16},
		{FIELD(header.n_sections), 0},
		{FIELD(header.n_sections), 2},
		{FIELD(header.n_sections), UINT32_MAX},
		{FIELD(header.table_offset), 0},
		{FIELD(header.table_offset), 4096},
		{FIELD(header.table_offset), UINT64_MAX - 4095},
	};
	static const struct shape shape = {2, {300, 5000}};
	struct fixture *f = *state;
	ng_cleanup(ng_freep) uint8_t *all = NULL;
	uint64_t bytes, checksum;
	size_t n;

	shard_make(f->path, &shape, 1 << 30, &bytes, &checksum);
	all = scratch_read(f->path, &n);
	assert_non_null(all);
	for (size_t c = 0; c <= ng_array_size(cases); c++) {
		ng_cleanup(ng_freep) uint8_t *bad = malloc(n);
		struct ng_shard_file *file = NULL;
		struct forged forged;
		int want = c < ng_array_size(cases) ? -EUCLEAN : 0;

		/* A section of a later version. */
		if (want && cases[c].at == offsetof(struct forged, entries[0].type) &&
		    cases[c].value >= NG_SECTION_TYPES)
			want = -EPROTO;
		assert_non_null(bad);
		memcpy(bad, all, n);
		memcpy(&forged.header, bad, sizeof(forged.header));
		memcpy(forged.entries, bad + n - sizeof(forged.entries), sizeof(forged.entries));
		if (c < ng_array_size(cases))
			memcpy((uint8_t *)&forged + cases[c].at, &cases[c].value, cases[c].bytes);
		forged.header.table_sum = XXH3_64bits(forged.entries, sizeof(forged.entries));
		forged.header.header_sum =
			XXH3_64bits(&forged.header, offsetof(struct ng_shard_header, header_sum));
		memcpy(bad, &forged.header, sizeof(forged.header));
		memcpy(bad + n - sizeof(forged.entries), forged.entries, sizeof(forged.entries));
		assert_int_equal(scratch_write(f->path, bad, n), 0);
		/* The last round changes nothing, to show that the sums made here are right. */
		if (ng_shard_file_open(f->path, &file, NULL) != want)
			fail_msg("case %zu", c);
		ng_shard_file_close(file);
	}
}

static void test_version(void **state)
{
	struct fixture *f = *state;
	struct ng_shard_file *file = NULL;
	ng_cleanup(ng_freep) uint8_t *all = NULL;
	uint64_t bytes, checksum;
	struct ng_error err;
	size_t n;

	shard_make(f->path, &shapes[0], 1, &bytes, &checksum);
	all = scratch_read(f->path, &n);
	assert_non_null(all);
	for (uint32_t version = 3; version <= 5; version += 2) {
		ng_store32(all + 8, version);
		assert_int_equal(scratch_write(f->path, all, n), 0);
		assert_int_equal(ng_shard_file_open(f->path, &file, &err), -EPROTO);
		assert_non_null(strstr(err.text, "version 4"));
		assert_non_null(strstr(err.text,
				       version < 4 ? "again from its sources" : "use a newer one"));
	}
}

/* Sections that a later writer may add are passed over, and verified all the same. */
static void test_optional_sections(void **state)
{
	static const uint32_t types[] = {NG_SECTION_PARAMS, NG_SECTION_OPTIONAL, UINT32_MAX};
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct report report = {.lowest = UINT64_MAX};
	struct fixture *f = *state;
	uint64_t bytes, checksum;
	const uint8_t *data;
	struct ng_error err;
	size_t len;
	int fd;

	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), 0);
	for (size_t i = 0; i < ng_array_size(types); i++) {
		assert_int_equal(ng_shard_writer_section(w, types[i], &err), 0);
		assert_int_equal(ng_shard_writer_write(w, "abc", 3, &err), 0);
	}
	assert_int_equal(ng_shard_writer_finish(w, &bytes, &checksum, &err), 0);
	assert_int_equal(ng_shard_file_open(f->path, &file, &err), 0);
	for (size_t i = 0; i < ng_array_size(types); i++) {
		assert_true(ng_shard_file_section(file, types[i], &data, &len));
		assert_int_equal(len, 3);
		assert_memory_equal(data, "abc", 3);
	}
	assert_int_equal(ng_shard_file_verify(file, NULL, NULL, NULL, NULL), 0);
	assert_string_equal(ng_section_name(UINT32_MAX), "unknown");

	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, "x", 1, 3 * NG_PAGE_BYTES + 1), 1);
	close(fd);
	assert_int_equal(ng_shard_file_verify(file, NULL, on_optional_damage, NULL, &report),
			 -EUCLEAN);
	assert_int_equal(report.n, 1);
	assert_int_equal(report.lowest, 3 * NG_PAGE_BYTES);
}

static void test_truncated_while_open(void **state)
{
	static const struct shape shape = {2, {300, 1500000}};
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct report report = {.lowest = UINT64_MAX};
	struct fixture *f = *state;
	uint64_t bytes, checksum;
	const uint8_t *data;
	size_t len;

	shard_make(f->path, &shape, 1 << 30, &bytes, &checksum);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	assert_true(ng_shard_file_section(file, shard_type_of(1), &data, &len));
	assert_int_equal(sigaction(SIGBUS, &on_fault, NULL), 0);
	assert_int_equal(truncate(f->path, 1 << 20), 0);
	assert_false(ng_shard_file_faulted(file));
	assert_int_equal(data[0], shard_content(1, 0));
	assert_false(ng_shard_file_faulted(file));
	assert_int_equal(data[len - 1], 0);
	assert_true(ng_shard_file_faulted(file));
	assert_int_equal(ng_shard_file_verify(file, NULL, on_damage, NULL, &report), -EUCLEAN);
	assert_true(report.types & 1u << shard_type_of(1));
	assert_true(report.types & 1u);
}

static void test_cancel(void **state)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct fixture *f = *state;
	ng_cancel cancel = true;
	uint64_t bytes, checksum;

	shard_make(f->path, &shapes[0], 1, &bytes, &checksum);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	assert_int_equal(ng_shard_file_verify(file, &cancel, NULL, NULL, NULL), -EINTR);
	cancel = false;
	assert_int_equal(ng_shard_file_verify(file, &cancel, NULL, NULL, NULL), 0);
}

static void test_section_names(void **state)
{
	for (uint32_t a = 2; a < NG_SECTION_TYPES; a++)
		for (uint32_t b = 0; b < a; b++)
			assert_string_not_equal(ng_section_name(a), ng_section_name(b));
	assert_string_not_equal(ng_section_name(1), "none");
	assert_string_equal(ng_section_name(0), "none");
	assert_string_equal(ng_section_name(NG_SECTION_TYPES), "none");
	assert_string_equal(ng_section_name(NG_SECTION_OPTIONAL - 1), "none");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_every_byte_counts),
		TEST(test_not_a_shard),
		TEST(test_hostile_table),
		TEST(test_version),
		TEST(test_optional_sections),
		TEST(test_truncated_while_open),
		TEST(test_cancel),
		TEST(test_section_names),
	};

	return cmocka_run_group_tests(tests, take_fault_handler, NULL);
}
