#include "index/framelayout.h"
#include "index/shardfile.h"
#include "scratch.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <zstd.h>

#include <cmocka.h>

#define DATA      NG_SECTION_TEXT_FRAMES
#define DIRECTORY NG_SECTION_TEXT_DIRECTORY

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

enum kind { TEXT, RECORDS, NOISE, ZEROES };

/* Something like prose: words of some thousands, few of them frequent, that repeat over a longer
 * distance than a frame. */
static int put_words(char *item, size_t size, uint64_t r)
{
	uint64_t id = (r % 3000) * (r >> 32) % 3000 >> (r >> 20) % 8;
	uint64_t letters = scratch_random(&id);
	int n = 3 + (int)(letters % 8);

	snprintf(item, size, "          ");
	for (int i = 0; i < n; i++)
		item[i] = (char)('a' + (letters >> (5 * i + 3)) % 26);
	return n + 1;
}

/* Records that differ in numbers alone: a frame holds all that there is to learn about them. */
static int put_record(char *item, size_t size, uint64_t r)
{
	static const char *const words[] = {"path", "corpus", "line", "house", "river"};

	return snprintf(item, size, "{\"title\": \"%s\", \"id\": %u}\n", words[r % 5],
			(unsigned)(r >> 40));
}

static int put_noise(char *item, size_t size, uint64_t r)
{
	ng_store64(item, r);
	return sizeof(r);
}

static uint8_t *make_data(size_t len, enum kind kind)
{
	static int (*const put[])(char *item, size_t size, uint64_t r) = {
		[TEXT] = put_words,
		[RECORDS] = put_record,
		[NOISE] = put_noise,
	};
	uint8_t *data = calloc(1, len + 1);
	uint64_t rng = len;
	size_t done = 0;

	assert_non_null(data);
	while (kind != ZEROES && done < len) {
		char item[64];
		int n = put[kind](item, sizeof(item), scratch_random(&rng));

		memcpy(data + done, item, ng_min((size_t)n, len - done));
		done += ng_min((size_t)n, len - done);
	}
	return data;
}

static void write_shard(struct fixture *f, const uint8_t *data, size_t len, size_t piece, int level,
			unsigned threads)
{
	ng_cleanup(ng_frames_writer_freep) struct ng_frames_writer *w = NULL;
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *shard = NULL;
	uint64_t bytes, checksum;
	struct ng_error err;

	unlink(f->path);
	assert_int_equal(ng_frames_writer_new(level, threads, f->dir, &w, &err), 0);
	for (size_t i = 0; i < len; i += piece)
		assert_int_equal(ng_frames_writer_add(w, data + i, ng_min(piece, len - i), &err),
				 0);
	assert_int_equal(ng_shard_writer_new(f->path, &shard, &err), 0);
	assert_int_equal(ng_frames_writer_finish(w, shard, DATA, DIRECTORY, &err), 0);
	assert_int_equal(ng_shard_writer_finish(shard, &bytes, &checksum, &err), 0);
}

struct opened {
	struct ng_shard_file *file;
	struct ng_frames *frames;
	const uint8_t *data, *directory;
	size_t data_bytes, directory_bytes;
};

static void open_shard(struct fixture *f, struct opened *o)
{
	assert_int_equal(ng_shard_file_open(f->path, &o->file, NULL), 0);
	assert_true(ng_shard_file_section(o->file, DATA, &o->data, &o->data_bytes));
	assert_true(ng_shard_file_section(o->file, DIRECTORY, &o->directory, &o->directory_bytes));
	assert_int_equal(ng_frames_open(o->data, o->data_bytes, o->directory, o->directory_bytes,
					&o->frames),
			 0);
}

static void close_shard(struct opened *o)
{
	assert_null(ng_frames_free(o->frames));
	ng_shard_file_close(o->file);
}

static size_t dict_bytes(const struct opened *o)
{
	struct ng_frames_header header;

	memcpy(&header, o->directory, sizeof(header));
	return header.dict_bytes;
}

static void check_reads(const struct ng_frames *frames, const uint8_t *data, size_t len,
			uint64_t seed, unsigned n_reads)
{
	ng_cleanup(ng_freep) uint8_t *buf = malloc(len + 1);
	uint64_t rng = seed;

	assert_non_null(buf);
	assert_int_equal(ng_frames_raw_bytes(frames), len);
	assert_int_equal(ng_frames_read(frames, 0, len, buf), 0);
	assert_memory_equal(buf, data, len);
	assert_int_equal(ng_frames_read(frames, len, 0, buf), 0);
	assert_int_equal(ng_frames_read(frames, len, 1, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, len + 1, 0, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, 0, len + 1, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, 1, SIZE_MAX, buf), -EINVAL);
	assert_int_equal(ng_frames_read(frames, UINT64_MAX, 2, buf), -EINVAL);
	for (unsigned i = 0; i < n_reads; i++) {
		uint64_t offset = scratch_random(&rng) % (len + 1);
		size_t max = scratch_random(&rng) % 8 ? 300 : 100000;
		size_t n = scratch_random(&rng) % (ng_min(max, len - offset) + 1);

		buf[n] = 0xa5;
		if (ng_frames_read(frames, offset, n, buf) || memcmp(buf, data + offset, n) ||
		    buf[n] != 0xa5)
			fail_msg("seed %llu: read %zu at %llu", (unsigned long long)seed, n,
				 (unsigned long long)offset);
	}
}

static void test_round_trip(void **state)
{
	static const struct {
		size_t len;
		enum kind kind;
		bool dict;
	} cases[] = {
		{0, TEXT, false},
		{1, TEXT, false},
		{NG_FRAME_BYTES - 1, TEXT, false},
		{NG_FRAME_BYTES, NOISE, false},
		{NG_FRAME_BYTES + 1, NOISE, false},
		{2 * NG_FRAME_BYTES, ZEROES, false},
		{100000, TEXT, false},
		{1000000, TEXT, true},
		{1000000, NOISE, false},
		{1000000, RECORDS, false},
		{1000000, ZEROES, false},
		{NG_FRAMES_TRAIN_BYTES, TEXT, true},
		{NG_FRAMES_TRAIN_BYTES + 1, TEXT, true},
		{2 * NG_FRAMES_TRAIN_BYTES + 100000, TEXT, true},
	};
	struct fixture *f = *state;

	for (size_t c = 0; c < ng_array_size(cases); c++) {
		ng_cleanup(ng_freep) uint8_t *data = make_data(cases[c].len, cases[c].kind);
		struct opened o;

		write_shard(f, data, cases[c].len, 1 << 30, 3, 2);
		open_shard(f, &o);
		check_reads(o.frames, data, cases[c].len, c, 500);
		if ((dict_bytes(&o) > 0) != cases[c].dict)
			fail_msg("case %zu: dictionary of %zu bytes", c, dict_bytes(&o));
		close_shard(&o);
	}
}

/* A dictionary takes less room than it saves, or there is none. */
static void test_compresses(void **state)
{
	static const struct {
		enum kind kind;
		unsigned percent; /* of what frames without a dictionary take, at most */
	} cases[] = {{TEXT, 90}, {RECORDS, 101}, {NOISE, 101}};
	const size_t len = 4 << 20;

	for (size_t c = 0; c < ng_array_size(cases); c++) {
		ng_cleanup(ng_freep) uint8_t *data = make_data(len, cases[c].kind);
		size_t alone = 0, packed;
		struct opened o;

		for (size_t i = 0; i < len; i += NG_FRAME_BYTES) {
			uint8_t out[2 * NG_FRAME_BYTES];
			size_t n = ZSTD_compress(out, sizeof(out), data + i, NG_FRAME_BYTES, 9);

			assert_false(ZSTD_isError(n));
			alone += n;
		}
		write_shard(*state, data, len, 1 << 30, 9, 2);
		open_shard(*state, &o);
		packed = o.data_bytes + o.directory_bytes;
		if (packed * 100 > alone * cases[c].percent)
			fail_msg("case %zu: %zu bytes, %zu without a dictionary", c, packed, alone);
		close_shard(&o);
	}
}

/* The bytes depend neither on threads, nor on the pieces that come in, nor on the run. */
static void test_same_bytes(void **state)
{
	static const struct {
		unsigned threads;
		size_t piece;
	} cases[] = {{1, 1 << 30}, {0, 1000}, {2, 1 << 30}, {64, 70001}};
	static const int levels[] = {3, 19};
	const size_t len = NG_FRAMES_TRAIN_BYTES + 700000;
	ng_cleanup(ng_freep) uint8_t *data = make_data(len, TEXT);
	struct fixture *f = *state;

	for (size_t l = 0; l < ng_array_size(levels); l++) {
		/* At high levels it takes long; a batch that isn't full will do. */
		size_t use = levels[l] > 9 ? 700000 : len;
		ng_cleanup(ng_freep) uint8_t *first = NULL;
		size_t first_bytes = 0;

		for (size_t c = 0; c < ng_array_size(cases); c++) {
			ng_cleanup(ng_freep) uint8_t *all = NULL;
			size_t n;

			write_shard(f, data, use, cases[c].piece, levels[l], cases[c].threads);
			all = scratch_read(f->path, &n);
			assert_non_null(all);
			if (!first) {
				first = ng_steal_ptr(&all);
				first_bytes = n;
				continue;
			}
			if (n != first_bytes || memcmp(all, first, n))
				fail_msg("level %d, case %zu", levels[l], c);
		}
	}
}

static void test_refuses(void **state)
{
	struct fixture *f = *state;
	struct ng_frames_writer *untouched = (void *)f;
	struct ng_error err;
	char missing[SCRATCH_DIR_MAX + 16];

	snprintf(missing, sizeof(missing), "%s/missing", f->dir);
	assert_int_equal(ng_frames_writer_new(1000, 1, f->dir, &untouched, &err), -EINVAL);
	assert_non_null(strstr(err.text, "1000"));
	assert_int_equal(ng_frames_writer_new(INT32_MIN, 1, f->dir, &untouched, &err), -EINVAL);
	assert_int_equal(ng_frames_writer_new(3, 1, missing, &untouched, &err), -ENOENT);
	assert_non_null(strstr(err.text, missing));
	assert_ptr_equal(untouched, f);
	assert_null(ng_frames_writer_free(NULL));
	assert_null(ng_frames_free(NULL));
}

/* A temporary file that may not grow, as on a full disk: the message says where. */
static void test_no_room(void **state)
{
	const size_t len = NG_FRAMES_TRAIN_BYTES;
	ng_cleanup(ng_freep) uint8_t *data = make_data(len, NOISE);
	ng_cleanup(ng_frames_writer_freep) struct ng_frames_writer *w = NULL;
	struct fixture *f = *state;
	struct rlimit before, small;
	struct ng_error err;

	assert_int_equal(ng_frames_writer_new(1, 2, f->dir, &w, &err), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 1 << 20;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ng_frames_writer_add(w, data, len, &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_non_null(strstr(err.text, f->dir));
	assert_non_null(strstr(err.text, "more bytes"));
}

struct reader {
	pthread_t thread;
	const struct ng_frames *frames;
	const uint8_t *data;
	size_t len;
	uint64_t seed;
	bool ok;
};

static void *read_around(void *arg)
{
	struct reader *r = arg;
	uint8_t buf[40000];
	uint64_t rng = r->seed;

	r->ok = true;
	for (int i = 0; i < 2000; i++) {
		size_t n = scratch_random(&rng) % (i % 10 ? 500 : sizeof(buf));
		uint64_t offset = scratch_random(&rng) % (r->len - n);

		r->ok &= !ng_frames_read(r->frames, offset, n, buf) &&
			 !memcmp(buf, r->data + offset, n);
	}
	return NULL;
}

/* More threads than the pool keeps decoders, from the first read on. */
static void test_threads(void **state)
{
	const size_t len = 1 << 20;
	ng_cleanup(ng_freep) uint8_t *data = make_data(len, TEXT);
	struct reader readers[9];
	struct opened o;

	write_shard(*state, data, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	assert_true(dict_bytes(&o) > 0);
	for (size_t i = 0; i < ng_array_size(readers); i++) {
		readers[i] =
			(struct reader){.frames = o.frames, .data = data, .len = len, .seed = i};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_around, &readers[i]),
				 0);
	}
	for (size_t i = 0; i < ng_array_size(readers); i++)
		pthread_join(readers[i].thread, NULL);
	for (size_t i = 0; i < ng_array_size(readers); i++)
		assert_true(readers[i].ok);
	close_shard(&o);
}

/* Damaged bytes: an error or wrong bytes, but no access out of bounds, and no damage to the next
 * read of a sound frame by the same decoder. */
static void test_damaged(void **state)
{
	const size_t len = 400000;
	ng_cleanup(ng_freep) uint8_t *raw = make_data(len, TEXT);
	ng_cleanup(ng_freep) uint8_t *buf = malloc(len);
	unsigned failed = 0;
	struct opened o;

	assert_non_null(buf);
	write_shard(*state, raw, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	for (uint64_t seed = 0; seed < 1500; seed++) {
		/* Exactly as large as the sections, for sanitizers. */
		ng_cleanup(ng_freep) uint8_t *data = malloc(o.data_bytes);
		ng_cleanup(ng_freep) uint8_t *directory = malloc(o.directory_bytes);
		ng_cleanup(ng_frames_freep) struct ng_frames *frames = NULL;
		uint64_t rng = seed;
		bool in_data = seed % 3 == 0;

		assert_non_null(data);
		assert_non_null(directory);
		memcpy(data, o.data, o.data_bytes);
		memcpy(directory, o.directory, o.directory_bytes);
		for (uint64_t k = scratch_random(&rng) % 4 + 1; k; k--) {
			size_t n = in_data         ? o.data_bytes
				   : seed % 3 == 1 ? o.directory_bytes
						   : sizeof(struct ng_frames_header);
			size_t at = scratch_random(&rng) % n;

			(in_data ? data : directory)[at] = (uint8_t)scratch_random(&rng);
		}
		if (ng_frames_open(data, o.data_bytes, directory, o.directory_bytes, &frames)) {
			failed++;
			continue;
		}
		for (uint64_t at = 0; at < ng_min(len, ng_frames_raw_bytes(frames)); at += 10000) {
			size_t n = ng_min((size_t)100, ng_frames_raw_bytes(frames) - at);
			int r = ng_frames_read(frames, at, n, buf);

			failed += r != 0;
			assert_true(r == 0 || r == -EUCLEAN || r == -ENOMEM);
		}
	}
	assert_true(failed > 500);
	close_shard(&o);
}

static void test_error_then_sound(void **state)
{
	const size_t len = 100000;
	ng_cleanup(ng_freep) uint8_t *raw = make_data(len, TEXT);
	ng_cleanup(ng_freep) uint8_t *data = NULL;
	ng_cleanup(ng_frames_freep) struct ng_frames *frames = NULL;
	struct opened o;
	uint8_t buf[100];

	write_shard(*state, raw, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	data = malloc(o.data_bytes);
	assert_non_null(data);
	memcpy(data, o.data, o.data_bytes);
	data[0] ^= 0xff; /* the first frame's magic */
	assert_int_equal(
		ng_frames_open(data, o.data_bytes, o.directory, o.directory_bytes, &frames), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ng_frames_read(frames, 50, 100, buf), -EUCLEAN);
		assert_int_equal(ng_frames_read(frames, 50000 + i, 100, buf), 0);
		assert_memory_equal(buf, raw + 50000 + i, 100);
	}
	close_shard(&o);
}

static void test_truncated_sections(void **state)
{
	const size_t len = 400000;
	ng_cleanup(ng_freep) uint8_t *raw = make_data(len, TEXT);
	struct ng_frames *untouched = (void *)raw;
	struct opened o;

	write_shard(*state, raw, len, 1 << 30, 3, 1);
	open_shard(*state, &o);
	for (size_t n = 0; n < o.directory_bytes; n++)
		assert_int_equal(ng_frames_open(o.data, o.data_bytes, o.directory, n, &untouched),
				 -EUCLEAN);
	assert_int_equal(ng_frames_open(o.data, o.data_bytes - 1, o.directory, o.directory_bytes,
					&untouched),
			 -EUCLEAN);
	assert_ptr_equal(untouched, raw);
	close_shard(&o);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),       TEST(test_compresses),
		TEST(test_same_bytes),       TEST(test_refuses),
		TEST(test_threads),          TEST(test_damaged),
		TEST(test_error_then_sound), TEST(test_truncated_sections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
