#include "index/fault.h"
#include "index/shardlayout.h"
#include "scratch.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <cmocka.h>

struct fixture {
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || scratch_make(f->dir) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/shard", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int r = scratch_remove(f->dir);

	free(f);
	return r;
}

/* What opening a shard sets for SIGBUS. cmocka puts handlers of its own in its place at the start
 * of each test. */
static struct sigaction on_fault;

static int take_fault_handler(void **state)
{
	uint8_t *page = mmap(NULL, NG_PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct ng_fault *fault;

	if (page == MAP_FAILED || ng_fault_watch(page, NG_PAGE_BYTES, &fault))
		return -1;
	ng_fault_unwatch(fault);
	munmap(page, NG_PAGE_BYTES);
	return sigaction(SIGBUS, NULL, &on_fault);
}

/* Sizes of the sections of a test shard; a section's number decides its type and content. */
struct shape {
	size_t n;
	size_t bytes[4];
};

static const struct shape shapes[] = {
	{0, {0}},
	{1, {0}},
	{1, {1}},
	{2, {0, 0}},
	{3, {NG_PAGE_BYTES - 64, NG_PAGE_BYTES - 63, NG_PAGE_BYTES}},
	{4, {5, 0, 70000, 64}},
	/* Data that ends just before, at and just after a chunk. */
	{1, {(1 << 20) - NG_PAGE_BYTES - 64}},
	{1, {(1 << 20) - NG_PAGE_BYTES}},
	{2, {(1 << 20) - NG_PAGE_BYTES + 1, 3}},
	{3, {100, 3 << 20, 5}},
};

static uint8_t content(size_t section, size_t i)
{
	return (uint8_t)((i * 31 + section * 7) >> i % 5);
}

static uint32_t type_of(size_t section)
{
	return NG_SECTION_PARAMS + 3 * (uint32_t)section;
}

static void make(const char *path, const struct shape *shape, size_t piece_bytes,
		 uint64_t *ret_bytes, uint64_t *ret_checksum)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	struct ng_error err;

	assert_int_equal(ng_shard_writer_new(path, &w, &err), 0);
	for (size_t s = 0; s < shape->n; s++) {
		ng_cleanup(ng_freep) uint8_t *data = malloc(shape->bytes[s] + 1);

		assert_non_null(data);
		for (size_t i = 0; i < shape->bytes[s]; i++)
			data[i] = content(s, i);
		assert_int_equal(ng_shard_writer_section(w, type_of(s), &err), 0);
		for (size_t i = 0; i < shape->bytes[s]; i += piece_bytes)
			assert_int_equal(ng_shard_writer_write(
						 w, data + i,
						 ng_min(piece_bytes, shape->bytes[s] - i), &err),
					 0);
	}
	assert_int_equal(ng_shard_writer_finish(w, ret_bytes, ret_checksum, &err), 0);
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

		make(f->path, shape, 1 << 30, &bytes, &checksum);
		assert_int_equal(stat(f->path, &st), 0);
		assert_int_equal(st.st_size, bytes);
		assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
		assert_int_equal(ng_shard_file_bytes(file), bytes);
		assert_int_equal(ng_shard_file_checksum(file), checksum);
		for (size_t s = 0; s < shape->n; s++) {
			assert_true(ng_shard_file_section(file, type_of(s), &data, &len));
			assert_int_equal(len, shape->bytes[s]);
			assert_int_equal((uintptr_t)data % NG_PAGE_BYTES, 0);
			for (size_t i = 0; i < len; i++)
				if (data[i] != content(s, i))
					fail_msg("shape %zu, section %zu, byte %zu", c, s, i);
			for (size_t i = 0; i < NG_SECTION_PADDING; i++)
				assert_int_equal(data[len + i], 0);
		}
		len = 77;
		assert_false(ng_shard_file_section(file, NG_SECTION_BWT_TABLES, &data, &len));
		assert_int_equal(len, 77);
		assert_int_equal(ng_shard_file_verify(file, NULL, NULL, NULL), 0);
		assert_false(ng_shard_file_faulted(file));
		unlink(f->path);
	}
}

/* The chunk sums are those of the file's bytes, computed here another way. */
static void test_chunk_sums(void **state)
{
	struct fixture *f = *state;

	for (size_t c = 0; c < ng_array_size(shapes); c++) {
		ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
		ng_cleanup(ng_freep) uint8_t *all = NULL;
		uint64_t bytes, checksum, end;
		const uint8_t *sums;
		size_t len, n;

		make(f->path, &shapes[c], 1 << 30, &bytes, &checksum);
		all = scratch_read(f->path, &n);
		assert_non_null(all);
		assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
		assert_true(ng_shard_file_section(file, NG_SECTION_CHUNK_SUMS, &sums, &len));
		/* The last entry of the table is theirs. */
		end = ng_load64(all + n - sizeof(struct ng_shard_entry) +
				offsetof(struct ng_shard_entry, offset));
		assert_memory_equal(all + end, sums, len);
		assert_int_equal(len, ng_div_up(end, 1 << 20) * 8);
		for (uint64_t lo = 0; lo < end; lo += 1 << 20) {
			uint64_t from = ng_max(lo, (uint64_t)NG_PAGE_BYTES);
			uint64_t to = ng_min(lo + (1 << 20), end);

			assert_int_equal(ng_load64(sums + (lo >> 20) * 8),
					 XXH3_64bits(all + from, to - from));
		}
		unlink(f->path);
	}
}

static void test_same_bytes(void **state)
{
	static const size_t pieces[] = {1 << 30, 1 << 20, 4096, 1000, 7};
	struct fixture *f = *state;
	uint8_t *first = NULL;
	size_t first_bytes = 0;

	for (size_t i = 0; i < ng_array_size(pieces); i++) {
		uint64_t bytes, checksum;
		uint8_t *all;
		size_t n;

		make(f->path, &shapes[ng_array_size(shapes) - 1], pieces[i], &bytes, &checksum);
		all = scratch_read(f->path, &n);
		assert_non_null(all);
		unlink(f->path);
		if (first) {
			assert_int_equal(n, first_bytes);
			assert_memory_equal(all, first, n);
			free(all);
		} else {
			first = all;
			first_bytes = n;
		}
	}
	free(first);
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

/* Whatever byte changes, opening or verifying notices, and verifying says where. */
static void test_every_byte_counts(void **state)
{
	static const struct shape shape = {2, {300, 1500000}};
	struct fixture *f = *state;
	ng_cleanup(ng_freep) uint8_t *all = NULL;
	uint64_t bytes, checksum, rng = 1;
	size_t n;

	make(f->path, &shape, 1 << 30, &bytes, &checksum);
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
		assert_int_equal(ng_shard_file_verify(file, NULL, on_damage, &report), -EUCLEAN);
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
		assert_int_equal(ng_shard_file_verify(file, NULL, on_damage, &report), -EUCLEAN);
		assert_int_equal(report.types, 1u << type_of(1));
		assert_int_equal(report.n, 2);
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

	make(f->path, &shape, 1 << 30, &bytes, &checksum);
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

/* Tables that a stranger wrote, with sums that fit. */
static void test_hostile_table(void **state)
{
	enum field { TYPE, RESERVED, OFFSET, BYTES, N_SECTIONS, TABLE_OFFSET };
	static const struct {
		enum field field;
		uint32_t entry;
		uint64_t value;
	} cases[] = {
		{TYPE, 0, 0},
		{TYPE, 0, NG_SECTION_TYPES},
		{TYPE, 0, UINT32_MAX},
		{TYPE, 1, NG_SECTION_PARAMS},
		{TYPE, 2, NG_SECTION_KMERS},
		{RESERVED, 1, 1},
		{OFFSET, 0, 0},
		{OFFSET, 0, 8192},
		{OFFSET, 1, UINT64_MAX - 4095},
		{OFFSET, 1, 8193},
		{BYTES, 0, 4096},
		{BYTES, 0, UINT64_MAX},
		{BYTES, 1, UINT64_MAX - 8191},
		{BYTES, 1, 16384},
		{BYTES, 2, UINT64_MAX - 63},
		{BYTES, 2, 0},
		{BYTES, 2, 16},
		{N_SECTIONS, 0, 0},
		{N_SECTIONS, 0, 2},
		{N_SECTIONS, 0, UINT32_MAX},
		{TABLE_OFFSET, 0, 0},
		{TABLE_OFFSET, 0, 4096},
		{TABLE_OFFSET, 0, UINT64_MAX - 4095},
	};
	static const struct shape shape = {2, {300, 5000}};
	struct fixture *f = *state;
	ng_cleanup(ng_freep) uint8_t *all = NULL;
	uint64_t bytes, checksum;
	size_t n;

	make(f->path, &shape, 1 << 30, &bytes, &checksum);
	all = scratch_read(f->path, &n);
	assert_non_null(all);
	for (size_t c = 0; c <= ng_array_size(cases); c++) {
		ng_cleanup(ng_freep) uint8_t *bad = malloc(n);
		struct ng_shard_file *file = NULL;
		struct ng_shard_header h;
		struct ng_shard_entry e[3];

		assert_non_null(bad);
		memcpy(bad, all, n);
		memcpy(&h, bad, sizeof(h));
		memcpy(e, bad + n - sizeof(e), sizeof(e));
		if (c < ng_array_size(cases)) {
			struct ng_shard_entry *entry = &e[cases[c].entry];
			uint64_t value = cases[c].value;

			switch (cases[c].field) {
			case TYPE:
				entry->type = (uint32_t)value;
				break;
			case RESERVED:
				entry->reserved = (uint32_t)value;
				break;
			case OFFSET:
				entry->offset = value;
				break;
			case BYTES:
				entry->bytes = value;
				break;
			case N_SECTIONS:
				h.n_sections = (uint32_t)value;
				break;
			case TABLE_OFFSET:
				h.table_offset = value;
				break;
			}
		}
		memcpy(bad + n - sizeof(e), e, sizeof(e));
		h.table_sum = XXH3_64bits(e, sizeof(e));
		h.header_sum = XXH3_64bits(&h, offsetof(struct ng_shard_header, header_sum));
		memcpy(bad, &h, sizeof(h));
		assert_int_equal(scratch_write(f->path, bad, n), 0);
		/* The last round changes nothing, to show that the sums made here are right. */
		if (ng_shard_file_open(f->path, &file, NULL) !=
		    (c < ng_array_size(cases) ? -EUCLEAN : 0))
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

	make(f->path, &shapes[0], 1, &bytes, &checksum);
	all = scratch_read(f->path, &n);
	assert_non_null(all);
	ng_store32(all + 8, NG_FORMAT_VERSION + 1);
	assert_int_equal(scratch_write(f->path, all, n), 0);
	assert_int_equal(ng_shard_file_open(f->path, &file, &err), -EPROTO);
	assert_non_null(strstr(err.text, "version 2"));
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

	make(f->path, &shape, 1 << 30, &bytes, &checksum);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	assert_true(ng_shard_file_section(file, type_of(1), &data, &len));
	assert_int_equal(sigaction(SIGBUS, &on_fault, NULL), 0);
	assert_int_equal(truncate(f->path, 1 << 20), 0);
	assert_false(ng_shard_file_faulted(file));
	assert_int_equal(data[0], content(1, 0));
	assert_false(ng_shard_file_faulted(file));
	assert_int_equal(data[len - 1], 0);
	assert_true(ng_shard_file_faulted(file));
	assert_int_equal(ng_shard_file_verify(file, NULL, on_damage, &report), -EUCLEAN);
	assert_true(report.types & 1u << type_of(1));
	assert_true(report.types & 1u);
}

static void test_cancel(void **state)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct fixture *f = *state;
	ng_cancel cancel = true;
	uint64_t bytes, checksum;

	make(f->path, &shapes[0], 1, &bytes, &checksum);
	assert_int_equal(ng_shard_file_open(f->path, &file, NULL), 0);
	assert_int_equal(ng_shard_file_verify(file, &cancel, NULL, NULL), -EINTR);
	cancel = false;
	assert_int_equal(ng_shard_file_verify(file, &cancel, NULL, NULL), 0);
}

static void test_writer_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct ng_shard_writer *w = NULL;
	struct ng_error err;
	char sub[SCRATCH_DIR_MAX + 16];

	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), 0);
	assert_int_equal(ng_shard_writer_section(w, NG_SECTION_PARAMS, &err), 0);
	assert_int_equal(ng_shard_writer_write(w, "abc", 3, &err), 0);
	assert_null(ng_shard_writer_free(w));
	assert_int_equal(access(f->path, F_OK), -1);

	/* What was there before is neither overwritten nor removed. */
	assert_int_equal(scratch_write(f->path, "old", 3), 0);
	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), -EEXIST);
	assert_non_null(strstr(err.text, f->path));
	assert_int_equal(access(f->path, F_OK), 0);
	snprintf(sub, sizeof(sub), "%s/a", f->path);
	assert_int_equal(ng_shard_writer_new(sub, &w, &err), -ENOTDIR);
	assert_null(ng_shard_writer_free(NULL));
}

/* A file that may not grow, as on a full disk: the message names it, and nothing stays. */
static void test_no_room(void **state)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = NULL;
	struct fixture *f = *state;
	struct rlimit before, small;
	ng_cleanup(ng_freep) uint8_t *data = calloc(1, 3 << 20);
	struct ng_error err;

	assert_non_null(data);
	assert_int_equal(ng_shard_writer_new(f->path, &w, &err), 0);
	assert_int_equal(ng_shard_writer_section(w, NG_SECTION_PARAMS, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = (3 << 19);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ng_shard_writer_write(w, data, 3 << 20, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, f->path));
	assert_non_null(strstr(err.text, "524288 more bytes"));
	w = ng_shard_writer_free(w);
	assert_int_equal(access(f->path, F_OK), -1);
}

static void test_section_names(void **state)
{
	for (uint32_t a = 1; a < NG_SECTION_TYPES; a++)
		for (uint32_t b = 0; b < a; b++)
			assert_string_not_equal(ng_section_name(a), ng_section_name(b));
	assert_string_equal(ng_section_name(0), "none");
	assert_string_equal(ng_section_name(NG_SECTION_TYPES), "none");
	assert_string_equal(ng_section_name(UINT32_MAX), "none");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),  TEST(test_chunk_sums),
		TEST(test_same_bytes),  TEST(test_every_byte_counts),
		TEST(test_not_a_shard), TEST(test_hostile_table),
		TEST(test_version),     TEST(test_truncated_while_open),
		TEST(test_cancel),      TEST(test_writer_leaves_nothing),
		TEST(test_no_room),     TEST(test_section_names),
	};

	return cmocka_run_group_tests(tests, take_fault_handler, NULL);
}
