/* Decoded blocks: the same answers as without, whatever the sequence, the kernel and the room. */
#include "bwt/decoded.h"

#include <pthread.h>
#include <sys/resource.h>

#include "bwt/bwt_internal.h"
#include "bwt/bwt_read.h"
#include "bwtcheck.h"

#define ROOM (64u << 20)

static const char *temporary(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static struct ng_decoded *decoded_make(uint64_t limit, unsigned visits)
{
	struct ng_decoded *decoded;

	assert_int_equal(ng_decoded_new(temporary(), limit, visits, &decoded), 0);
	assert_int_equal(ng_decoded_bytes(decoded), 0);
	return decoded;
}

/* A BWT of a sequence, whose naive answers are there. */
struct opened {
	struct made_bwt made;
	struct ng_bwt *bwt;
};

static void opened_make(struct sequence *s, struct opened *o)
{
	sequence_count(s);
	made_bwt_new(&s->text, s->mark_shift, 2, &o->made);
	assert_int_equal(ng_bwt_open(&o->made.parts, &o->bwt), 0);
}

static void opened_drop(struct sequence *s, struct opened *o)
{
	ng_bwt_close(o->bwt);
	made_bwt_free(&o->made);
	free(s->before);
	free(s->lf);
}

static unsigned blocks_decoded(const struct ng_decoded *decoded)
{
	unsigned n = 0;

	for (uint64_t i = 0; i <= decoded->mask; i++)
		n += decoded->entries[i].head != NULL;
	return n;
}

static unsigned symbols_of(const struct sequence *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NG_SYMBOLS; i++)
		n += s->total[i] > 0;
	return n;
}

/* With one of the kernels, by turns; every block is decoded at its first visit. */
static void check(struct sequence *s, unsigned turn, unsigned n_random, uint64_t *rng)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 1);
	const char *const *kernels = ng_bwt_kernels();
	unsigned n_kernels = 0;
	struct opened o;

	while (kernels[n_kernels])
		n_kernels++;
	opened_make(s, &o);
	assert_int_equal(ng_bwt_use_kernel(o.bwt, kernels[turn % n_kernels]), 0);
	ng_bwt_use_decoded(o.bwt, decoded, 0);
	check_bwt(s, o.bwt, n_random, rng);
	assert_true(blocks_decoded(decoded) <= ng_bwt_blocks(o.bwt));
	if (s->text.rows <= 4096 && symbols_of(s) <= NG_DECODED_SYMBOLS)
		assert_int_equal(blocks_decoded(decoded), ng_bwt_blocks(o.bwt));
	assert_false(decoded->full);
	opened_drop(s, &o);
}

static void test_small(void **state)
{
	static const uint32_t rates[] = {4, 52, 1024, 7, 1000};
	uint64_t rng = naive_seed();
	struct naive c;

	for (size_t i = 0; naive_make(NAIVE_SMALL, i, &c); i++) {
		struct ng_sort_text sort = naive_sort_text(&c);
		uint32_t rate = rates[i % ng_array_size(rates)];
		struct ng_sorted sorted;
		struct sequence s;

		assert_int_equal(ng_suffix_sort(&sort, rate, &sorted), 0);
		s = (struct sequence){
			.name = c.name,
			.text = {sorted.bwt, sorted.separators, sorted.marks, sorted.rows},
			.mark_shift = ng_mark_shift(rate)};
		if (sorted.rows)
			check(&s, (unsigned)i, 1000, &rng);
		ng_sorted_clear(&sorted);
		naive_clear(&c);
	}
}

/* Around the sizes of records, stretches and the largest block, with alphabets up to those that
 * aren't decoded. */
static void test_sequences(void **state)
{
	static const uint64_t sizes[] = {1,     63,    64,    255,    256,    257,
					 32767, 32768, 32769, 114687, 114689, 300000};
	static const unsigned letters[] = {1, 2, 14, 40, 255};
	uint64_t rng = naive_seed();

	for (size_t i = 0; i < ng_array_size(sizes); i++) {
		for (size_t k = 0; k < ng_array_size(letters); k++) {
			struct sequence s;

			/* The larger ones by turns. */
			if (sizes[i] > 1000 && (i + k) % 4 > 1)
				continue;
			sequence_random("sizes", sizes[i], letters[k], (i + k) % 2 ? 5000 : 3,
					(enum marks)((i + k) % MARKS_KINDS), (unsigned)k * 2 + 2,
					&rng, &s);
			check(&s, (unsigned)(i + k), 500, &rng);
			sequence_clear(&s);
		}
	}
}

/* What is there stays, and the other blocks are read from the index. */
static void test_full(void **state)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(4u << 20, 1);
	uint64_t rng = naive_seed(), bytes;
	struct sequence s;
	struct opened o;
	unsigned blocks;

	sequence_random("full", 1u << NG_SUPERBLOCK_LOG, 9, 4, MARKS_DENSE, 2, &rng, &s);
	opened_make(&s, &o);
	ng_bwt_use_decoded(o.bwt, decoded, 0);
	check_bwt(&s, o.bwt, 4000, &rng);
	assert_true(decoded->full);
	blocks = blocks_decoded(decoded);
	bytes = ng_decoded_bytes(decoded);
	assert_in_range(blocks, 1, ng_bwt_blocks(o.bwt) - 1);
	assert_in_range(bytes, 1 << 20, 4 << 20);
	check_bwt(&s, o.bwt, 4000, &rng);
	assert_int_equal(blocks_decoded(decoded), blocks);
	assert_int_equal(ng_decoded_bytes(decoded), bytes);
	opened_drop(&s, &o);
	sequence_clear(&s);
}

/* Two BWTs whose blocks fall on the same entries: the first to be decoded keeps it. */
static void test_shared_entries(void **state)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 2);
	uint64_t rng = naive_seed();
	struct sequence s[2];
	struct opened o[2];

	for (unsigned i = 0; i < 2; i++) {
		sequence_random("shared", 150000 + i * 100000, 20, 3, MARKS_SPARSE, 6, &rng, &s[i]);
		opened_make(&s[i], &o[i]);
		ng_bwt_use_decoded(o[i].bwt, decoded, i * (decoded->mask + 1));
	}
	for (unsigned i = 0; i < 6; i++)
		check_bwt(&s[i % 2], o[i % 2].bwt, 300, &rng);
	assert_in_range(blocks_decoded(decoded), ng_bwt_blocks(o[0].bwt),
			ng_max(ng_bwt_blocks(o[0].bwt), ng_bwt_blocks(o[1].bwt)));
	for (unsigned i = 0; i < 2; i++) {
		opened_drop(&s[i], &o[i]);
		sequence_clear(&s[i]);
	}
}

/* Of two blocks that share an entry the one that is visited more often is decoded. */
static void test_majority(void **state)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 5);
	uint64_t rng = naive_seed(), row;
	struct sequence s[2];
	struct opened o[2];
	bool damaged = false;

	for (unsigned i = 0; i < 2; i++) {
		sequence_random("majority", 5000, 20, 3, MARKS_SPARSE, 6, &rng, &s[i]);
		opened_make(&s[i], &o[i]);
		ng_bwt_use_decoded(o[i].bwt, decoded, i * (decoded->mask + 1));
	}
	/* As often as each other: neither. Then twice as often. */
	for (unsigned i = 0; i < 100; i++)
		ng_bwt_lf(o[i % 2].bwt, 777, &row, &damaged);
	assert_int_equal(blocks_decoded(decoded), 0);
	for (unsigned i = 0; i < 100; i++)
		ng_bwt_lf(o[i % 3 > 0].bwt, 777, &row, &damaged);
	assert_int_equal(blocks_decoded(decoded), 1);
	assert_ptr_equal(decoded->entries[0].page, o[1].bwt->blocks);
	assert_false(damaged);
	for (unsigned i = 0; i < 2; i++) {
		opened_drop(&s[i], &o[i]);
		sequence_clear(&s[i]);
	}
}

static void test_visits(void **state)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 5);
	uint64_t rng = naive_seed();
	struct sequence s;
	struct opened o;

	sequence_random("visits", 100000, 20, 3, MARKS_SPARSE, 6, &rng, &s);
	opened_make(&s, &o);
	ng_bwt_use_decoded(o.bwt, decoded, 0);
	for (unsigned i = 1; i <= 8; i++) {
		bool damaged = false;
		uint64_t row;

		ng_bwt_lf(o.bwt, 77777, &row, &damaged);
		assert_false(damaged);
		assert_int_equal(row, s.lf[77777]);
		assert_int_equal(blocks_decoded(decoded), i >= 5);
	}
	opened_drop(&s, &o);
	sequence_clear(&s);
}

#define THREADS 4u

struct worker {
	pthread_t thread;
	const struct sequence *s;
	const struct ng_bwt *bwt;
	uint64_t rng;
};

static void *work(void *userdata)
{
	struct worker *w = userdata;

	for (unsigned i = 0; i < 20; i++) {
		check_searches(w->s, w->bwt, 4, &w->rng);
		check_symbol_chains(w->s, w->bwt, 4, &w->rng);
	}
	return NULL;
}

/* Blocks get decoded while others visit them. */
static void check_threads(struct sequence *s, struct opened *o, uint64_t *rng)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 3);
	struct worker workers[THREADS];

	ng_bwt_use_decoded(o->bwt, decoded, 0);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.s = s, .bwt = o->bwt, .rng = scratch_random(rng)};
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	assert_true(blocks_decoded(decoded) > 0);
	assert_false(ng_decoded_faulted(decoded));
}

/* By all kernels, since ThreadSanitizer sees the portable one alone. */
static void test_threads(void **state)
{
	uint64_t rng = naive_seed();
	struct sequence s;
	struct opened o;

	sequence_random("threads", 700000, 20, 3, MARKS_SPARSE, 6, &rng, &s);
	opened_make(&s, &o);
	for (const char *const *kernel = ng_bwt_kernels(); *kernel; kernel++) {
		assert_int_equal(ng_bwt_use_kernel(o.bwt, *kernel), 0);
		check_threads(&s, &o, &rng);
	}
	opened_drop(&s, &o);
	sequence_clear(&s);
}

/* A block that cannot be decoded isn't, and doesn't take room; visits of it go on. */
static void test_damaged(void **state)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 1);
	uint64_t rng = naive_seed(), row;
	struct sequence s;
	struct opened o;
	bool damaged = false;

	sequence_random("damaged", 100000, 20, 3, MARKS_SPARSE, 6, &rng, &s);
	opened_make(&s, &o);
	ng_bwt_use_decoded(o.bwt, decoded, 0);
	ng_store32(o.made.blocks.data + 12, 1); /* block 0's size */
	ng_bwt_lf(o.bwt, 500, &row, &damaged);
	assert_true(damaged);
	assert_int_equal(blocks_decoded(decoded), 0);
	assert_int_equal(ng_decoded_bytes(decoded), 0);
	opened_drop(&s, &o);
	sequence_clear(&s);
}

/* Whether a step from a row finds damage. */
static bool is_damaged(const struct ng_bwt *bwt, uint64_t row)
{
	uint64_t to;
	bool damaged = false;

	ng_bwt_lf(bwt, row, &to, &damaged);
	return damaged;
}

/* A map that leads to a block the rows of the next one, too: as without it being decoded, they
 * aren't there, not even where the last record has room for them. */
static void test_damaged_map(void **state)
{
	ng_cleanup(ng_decoded_freep) struct ng_decoded *decoded = decoded_make(ROOM, 1);
	uint64_t rng = naive_seed(), halves = 0;
	struct sequence s;
	struct opened o;

	sequence_random("map", 3000000, 20, 3, MARKS_SPARSE, 6, &rng, &s);
	opened_make(&s, &o);
	ng_bwt_use_decoded(o.bwt, decoded, 0);
	for (uint64_t block = 1; block < ng_bwt_blocks(o.bwt); block++) {
		uint64_t row = ng_block_start(o.made.blocks.data + block * NG_PAGE_BYTES);
		uint64_t grain = row >> NG_GRAIN_LOG;
		uint8_t *line = o.made.map.data + grain / NG_MAP_LINE_GRAINS * NG_MAP_LINE_BYTES;
		unsigned within = (unsigned)(grain % NG_MAP_LINE_GRAINS);

		assert_false(is_damaged(o.bwt, row - 1)); /* and now it is decoded */
		halves += (row - decoded->entries[block - 1].first_row) % NG_DECODED_CELL > 0;
		line[16 + within / 8] ^= (uint8_t)(1u << within % 8);
		/* In the same line, where numbers of blocks are counted. */
		if (ng_bwt_block_of(o.bwt, row) == block - 1)
			assert_true(is_damaged(o.bwt, row));
		line[16 + within / 8] ^= (uint8_t)(1u << within % 8);
		assert_false(is_damaged(o.bwt, row));
	}
	assert_in_range(halves, 1, ng_bwt_blocks(o.bwt));
	opened_drop(&s, &o);
	sequence_clear(&s);
}

static void test_no_room(void **state)
{
	struct ng_decoded *decoded = NULL;
	struct rlimit old, small;

	assert_int_equal(ng_decoded_new("/nowhere/at/all", ROOM, 0, &decoded), -ENOENT);
	/* Larger files than the process may have would end it. */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = ROOM - 1;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(ng_decoded_new(temporary(), ROOM, 0, &decoded), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_null(decoded);
	assert_null(ng_decoded_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),       cmocka_unit_test(test_sequences),
		cmocka_unit_test(test_full),        cmocka_unit_test(test_shared_entries),
		cmocka_unit_test(test_majority),    cmocka_unit_test(test_visits),
		cmocka_unit_test(test_threads),     cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_damaged_map), cmocka_unit_test(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
