/* SPDX-License-Identifier: Apache-2.0 */
#include "sort/occ.h"

#include <sys/mman.h>

#include "base/parallel.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#define BLOCK_LOG   8u
#define BLOCK       (1u << BLOCK_LOG)
#define MIDDLE      (BLOCK / 2)
#define SUPER_LOG   16u /* of a superblock, from whose begin the counts of blocks are */
#define SUPER       (1u << SUPER_LOG)
#define CHUNK       (8u * SUPER) /* rows that a thread counts at a time */
#define NO_COLUMN   256u
#define HUGE_PAGE   (2u << 20)
#define CACHE_LINE  64u
#define MAX_SYMBOLS 256u

typedef void (*walk_function)(const void *of, unsigned n, struct ng_bwt_rank_walk *walks,
			      bool *damaged);

/* A block is its rows, and behind them how often each byte occurs between the superblock's begin
 * and the block's middle: what a rank needs is near each other, and most often on one page. */
struct ng_occ {
	uint64_t rows, n_blocks;
	unsigned n_columns;
	uint16_t column[MAX_SYMBOLS];    /* of a byte; NO_COLUMN: it doesn't occur */
	uint64_t first[MAX_SYMBOLS + 1]; /* rows that begin with a smaller byte */
	uint8_t *blocks;                 /* [n_blocks] of block_bytes each, on cache lines */
	uint32_t *supers; /* [n_supers][n_columns]: in the rows before a superblock */
	size_t block_bytes, blocks_bytes;
	walk_function walk;
};

uint64_t ng_occ_memory(uint64_t rows)
{
	return (rows / BLOCK + 2) * (BLOCK + MAX_SYMBOLS * sizeof(uint16_t)) +
	       (rows / SUPER + 2) * MAX_SYMBOLS * sizeof(uint32_t) + HUGE_PAGE;
}

/* ---- counting a byte in a few rows ---- */

/* Both count c in p[begin..end-1], end <= BLOCK, p on a cache line, reading whole words or vectors:
 * no other line than those of these bytes, which have been asked for. */
typedef unsigned (*count_function)(const uint8_t *p, unsigned begin, unsigned end, uint8_t c);

static inline unsigned count_portable(const uint8_t *p, unsigned begin, unsigned end, uint8_t c)
{
	const uint64_t low = 0x7f7f7f7f7f7f7f7fu;
	uint64_t all = 0x0101010101010101u * c, mask = UINT64_MAX << (8 * (begin % 8));
	unsigned hits = 0;

	for (unsigned at = begin - begin % 8; at < end; at += 8) {
		uint64_t other = ng_load64(p + at) ^ all;
		/* The top bit of each byte: set where the byte is 0, that is, c. */
		uint64_t same = ~(((other & low) + low) | other | low) & mask;

		if (end - at < 8)
			same &= (1ull << (8 * (end - at))) - 1;
		hits += (unsigned)__builtin_popcountll(same);
		mask = UINT64_MAX;
	}
	return hits;
}

#ifdef __x86_64__
#define AVX2 __attribute__((__target__("avx2,popcnt")))

AVX2 static inline unsigned count_avx2(const uint8_t *p, unsigned begin, unsigned end, uint8_t c)
{
	__m256i all = _mm256_set1_epi8((char)c);
	uint32_t mask = UINT32_MAX << (begin % 32);
	unsigned hits = 0;

	for (unsigned at = begin - begin % 32; at < end; at += 32) {
		__m256i v = _mm256_loadu_si256((const __m256i *)(const void *)(p + at));
		uint32_t same = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(v, all)) & mask;

		if (end - at < 32)
			same &= UINT32_MAX >> (32 - (end - at));
		hits += (unsigned)__builtin_popcount(same);
		mask = UINT32_MAX;
	}
	return hits;
}
#endif

/* ---- ranks ---- */

static inline uint8_t *block_at(const struct ng_occ *occ, uint64_t row)
{
	return occ->blocks + (row >> BLOCK_LOG) * occ->block_bytes;
}

static inline uint16_t *block_counts(uint8_t *block)
{
	return (uint16_t *)(void *)(block + BLOCK);
}

/* Ask for what rank_of will read. */
static inline void rank_fetch(const struct ng_occ *occ, unsigned symbol, uint64_t row)
{
	uint8_t *block = block_at(occ, row);
	unsigned in = row % BLOCK, begin = ng_min(in, MIDDLE), end = ng_max(in, MIDDLE);

	__builtin_prefetch(block_counts(block) + occ->column[symbol]);
	for (unsigned at = begin - begin % CACHE_LINE; at < end; at += CACHE_LINE)
		__builtin_prefetch(block + at);
}

/* The row that the symbol in front of the rank `row` leads to. */
static inline __attribute__((__always_inline__)) uint64_t
rank_of(const struct ng_occ *occ, unsigned symbol, uint64_t row, count_function count)
{
	unsigned column = occ->column[symbol], in = row % BLOCK, n;
	uint8_t *block = block_at(occ, row);
	uint64_t middle;

	if (column == NO_COLUMN)
		return occ->first[symbol];
	middle = occ->first[symbol] + block_counts(block)[column] +
		 occ->supers[(row >> SUPER_LOG) * occ->n_columns + column];
	n = count(block, ng_min(in, MIDDLE), ng_max(in, MIDDLE), (uint8_t)symbol);
	return in < MIDDLE ? middle - n : middle + n;
}

static void symbol_rows(const void *of, unsigned symbol, uint64_t *ret_lo, uint64_t *ret_hi)
{
	const struct ng_occ *occ = of;

	/* A 0 in the BWT is the separator, and the byte 0 doesn't occur. */
	*ret_lo = symbol == NG_SEPARATOR ? 0 : occ->first[ng_max(symbol, 1u)];
	*ret_hi = symbol == NG_SEPARATOR ? occ->first[1] : occ->first[symbol + 1];
}

static void step(const void *of, unsigned symbol, uint64_t *lo, uint64_t *hi, bool *damaged)
{
	*lo = rank_of(of, symbol, *lo, count_portable);
	*hi = rank_of(of, symbol, *hi, count_portable);
}

/* By turns, each walk's next reads on their way while the others are counted. */
static inline __attribute__((__always_inline__)) void
walk(const struct ng_occ *occ, unsigned n, struct ng_bwt_rank_walk *walks, count_function count)
{
	uint8_t at_work[NG_BWT_CHAINS];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!walks[i].left)
			continue;
		rank_fetch(occ, walks[i].text_end[-1], walks[i].row);
		at_work[left++] = (uint8_t)i;
	}
	while (left) {
		for (unsigned i = 0; i < left;) {
			struct ng_bwt_rank_walk *w = &walks[at_work[i]];

			w->row = rank_of(occ, *--w->text_end, w->row, count);
			*--w->ranks_end = w->row;
			if (--w->left) {
				rank_fetch(occ, w->text_end[-1], w->row);
				i++;
			} else {
				at_work[i] = at_work[--left];
			}
		}
	}
}

static void walk_portable(const void *of, unsigned n, struct ng_bwt_rank_walk *walks, bool *damaged)
{
	walk(of, n, walks, count_portable);
}

#ifdef __x86_64__
AVX2 static void walk_avx2(const void *of, unsigned n, struct ng_bwt_rank_walk *walks,
			   bool *damaged)
{
	walk(of, n, walks, count_avx2);
}
#endif

static walk_function best_walk(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt"))
		return walk_avx2;
#endif
	return walk_portable;
}

struct ng_rank_source ng_occ_rank_source(const struct ng_occ *occ)
{
	return (struct ng_rank_source){occ, occ->rows, symbol_rows, step, occ->walk};
}

void ng_occ_use_portable(struct ng_occ *occ)
{
	occ->walk = walk_portable;
}

/* ---- making ---- */

struct making {
	struct ng_occ *occ;
	const uint8_t *bwt;
	uint32_t (*counts)[MAX_SYMBOLS]; /* of each chunk; then of all before it */
};

static uint64_t chunk_end(const struct ng_occ *occ, uint64_t chunk)
{
	return ng_min((chunk + 1) * CHUNK, occ->rows);
}

static int chunk_count(void *userdata, uint64_t chunk)
{
	struct making *m = userdata;
	uint32_t *counts = m->counts[chunk];

	for (uint64_t i = chunk * CHUNK; i < chunk_end(m->occ, chunk); i++)
		counts[m->bwt[i]]++;
	return 0;
}

/* Rows [row, row + n), where a block begins; counts are of those before, by column, and go on.
 * Behind the last row come zeroes, which nobody counts. */
static void block_write(const struct making *m, uint64_t row, uint64_t n, uint32_t *counts)
{
	const struct ng_occ *occ = m->occ;
	const uint32_t *super = occ->supers + (row >> SUPER_LOG) * occ->n_columns;
	uint8_t *block = block_at(occ, row);
	uint16_t *block_count = block_counts(block);

	memcpy(block, m->bwt + row, n);
	for (unsigned i = 0; i < ng_min(n, MIDDLE); i++)
		counts[occ->column[block[i]]]++;
	for (unsigned i = 0; i < occ->n_columns; i++)
		block_count[i] = (uint16_t)(counts[i] - super[i]);
	for (unsigned i = MIDDLE; i < n; i++)
		counts[occ->column[block[i]]]++;
}

static int chunk_fill(void *userdata, uint64_t chunk)
{
	struct making *m = userdata;
	const struct ng_occ *occ = m->occ;
	uint32_t counts[MAX_SYMBOLS] = {0};
	uint64_t row = chunk * CHUNK, end = ng_min(row + CHUNK, occ->n_blocks * BLOCK);

	for (unsigned c = 0; c < MAX_SYMBOLS; c++)
		if (occ->column[c] != NO_COLUMN)
			counts[occ->column[c]] = m->counts[chunk][c];
	for (; row < end; row += BLOCK) {
		if (row % SUPER == 0)
			memcpy(occ->supers + (row >> SUPER_LOG) * occ->n_columns, counts,
			       occ->n_columns * sizeof(*counts));
		block_write(m, row, row < occ->rows ? ng_min(occ->rows - row, BLOCK) : 0, counts);
	}
	return 0;
}

/* From the counts of chunks to those before them, and what follows from their sums. */
static void sums_make(struct making *m, uint64_t n_chunks)
{
	struct ng_occ *occ = m->occ;

	for (unsigned c = 0; c < MAX_SYMBOLS; c++) {
		uint32_t sum = 0;

		for (uint64_t i = 0; i < n_chunks; i++) {
			uint32_t here = m->counts[i][c];

			m->counts[i][c] = sum;
			sum += here;
		}
		occ->first[c + 1] = occ->first[c] + sum;
		occ->column[c] = sum ? (uint16_t)occ->n_columns++ : (uint16_t)NO_COLUMN;
	}
}

/* The larger one, zeroes, on huge pages where there are any: ranks jump all over it. */
static int tables_new(struct ng_occ *occ)
{
	void *map;

	occ->supers = calloc(occ->n_blocks * BLOCK / SUPER + 1,
			     ng_max(occ->n_columns, 1u) * sizeof(*occ->supers));
	if (!occ->supers)
		return -ENOMEM;
	occ->block_bytes =
		ng_align_up(BLOCK + occ->n_columns * sizeof(uint16_t), (size_t)CACHE_LINE);
	occ->blocks_bytes = ng_align_up(occ->n_blocks * occ->block_bytes, HUGE_PAGE);
	map = mmap(NULL, occ->blocks_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	madvise(map, occ->blocks_bytes, MADV_HUGEPAGE);
	occ->blocks = map;
	return 0;
}

int ng_occ_new(const uint8_t *bwt, uint64_t rows, unsigned threads, struct ng_occ **ret_occ)
{
	ng_cleanup(ng_occ_freep) struct ng_occ *occ = calloc(1, sizeof(*occ));
	uint64_t n_chunks = rows / CHUNK + 1;
	ng_cleanup(ng_freep) void *counts = calloc(n_chunks, sizeof(uint32_t[MAX_SYMBOLS]));
	struct making making = {occ, bwt, counts};

	if (!occ || !counts)
		return -ENOMEM;
	occ->rows = rows;
	/* One more than the rows fill, for the rank behind the last. */
	occ->n_blocks = rows / BLOCK + 1;
	occ->walk = best_walk();
	ng_parallel(n_chunks, threads, chunk_count, &making);
	sums_make(&making, n_chunks);
	if (tables_new(occ) < 0)
		return -ENOMEM;
	ng_parallel(n_chunks, threads, chunk_fill, &making);
	*ret_occ = ng_steal_ptr(&occ);
	return 0;
}

struct ng_occ *ng_occ_free(struct ng_occ *occ)
{
	if (!occ)
		return NULL;
	if (occ->blocks)
		munmap(occ->blocks, occ->blocks_bytes);
	free(occ->supers);
	free(occ);
	return NULL;
}
