/* The blocks of the BWT in their places: what each says of those before it, the map, and the counts
 * and bits of the superblocks. */
#include <inttypes.h>

#include "base/parallel.h"
#include "check/block.h"
#include "check/structure.h"

#define SUPERBLOCK (1ull << NG_SUPERBLOCK_LOG)

/* Sums over the blocks of a superblock. */
struct superblock {
	uint64_t number;
	uint64_t first_block, n_blocks;
	uint64_t row;                    /* where the next block begins */
	uint64_t before[NG_SYMBOLS + 1]; /* occurrences in the superblock so far; last: marks */
	bool summing;                    /* no block before was damaged */
	bool present[NG_SYMBOLS];        /* in the alphabets of the group so far */
	bool group_whole;                /* no block of it was damaged */
};

struct job {
	const struct ng_checked *checked;
	const struct ng_bwt_sections *sections;
};

static uint64_t page_offset(const struct job *job, uint64_t block)
{
	return job->sections->blocks.offset + block * NG_PAGE_BYTES;
}

/* What the block says was before it. */
static void bases_check(const struct job *job, const struct superblock *superblock, uint64_t block,
			const struct ng_block_facts *facts)
{
	for (unsigned k = 0; k <= facts->n_symbols; k++) {
		unsigned symbol = k < facts->n_symbols ? facts->symbol[k] : NG_MARKS;

		if (facts->base[k] == superblock->before[symbol])
			continue;
		ng_checker_damage(job->checked->checker, NG_SECTION_BWT_BLOCKS,
				  page_offset(job, block),
				  "block %" PRIu64 " says %" PRIu64 " of %s %u before it, the "
				  "blocks before hold %" PRIu64,
				  block, facts->base[k], symbol == NG_MARKS ? "marks" : "symbol",
				  symbol, superblock->before[symbol]);
		return;
	}
}

/* The map leads each row of the block to it. */
static void map_check(const struct job *job, uint64_t block, const struct ng_block_facts *facts)
{
	const struct ng_bwt *bwt = job->checked->bwt;
	const uint8_t *page = bwt->blocks + block * NG_PAGE_BYTES;

	for (uint32_t i = 0; i < facts->size; i += NG_GRAIN) {
		uint64_t row = facts->start + i, line = (row >> NG_GRAIN_LOG) / NG_MAP_LINE_GRAINS;

		if (ng_bwt_page(bwt, row) == page)
			continue;
		ng_checker_damage(job->checked->checker, NG_SECTION_BWT_MAP,
				  job->sections->map.offset + line * NG_MAP_LINE_BYTES,
				  "row %" PRIu64 " is in block %" PRIu64
				  ", the map says another one",
				  row, block);
		return;
	}
}

/* The hints of the marked rows that are in the block. */
static void hints_check(const struct job *job, const struct superblock *superblock, uint64_t block,
			uint64_t n_marks)
{
	const struct ng_bwt *bwt = job->checked->bwt;
	const struct ng_checked_section *s = &job->sections->hints;
	uint64_t first = ng_superblocks_count(&bwt->superblocks, superblock->number, NG_MARKS) +
			 superblock->before[NG_MARKS];
	uint64_t i = ng_div_up(first, NG_MARK_HINT);

	for (; i < bwt->hints.n && i * NG_MARK_HINT < first + n_marks; i++) {
		bool bad = false; /* it is no page that is checked */
		uint64_t says = ng_packed_get(&bwt->hints, i, &bad);

		if (says == block)
			continue;
		ng_checker_damage(job->checked->checker, s->type,
				  s->offset + (uint64_t)(bwt->hints.data - s->data) +
					  i * bwt->hints.width / 8,
				  "marked row %" PRIu64 " is in block %" PRIu64
				  ", its hint says %" PRIu64,
				  i * NG_MARK_HINT, block, says);
		return;
	}
}

/* The bits of the group that ends with this block. */
static void group_check(const struct job *job, struct superblock *superblock, uint64_t group)
{
	const struct ng_superblocks *superblocks = &job->checked->bwt->superblocks;

	for (unsigned symbol = 0; symbol < NG_SYMBOLS && superblock->group_whole; symbol++) {
		if (ng_superblocks_has(superblocks, superblock->number, group, symbol) ==
		    superblock->present[symbol])
			continue;
		ng_checker_damage(job->checked->checker, NG_SECTION_BWT_SUPERBLOCKS,
				  job->sections->superblocks.offset,
				  "superblock %" PRIu64 " is wrong about symbol %u in its blocks "
				  "from %" PRIu64 " on",
				  superblock->number, symbol,
				  superblock->first_block + group * NG_PRESENT_BLOCKS);
		break;
	}
	memset(superblock->present, 0, sizeof(superblock->present));
	superblock->group_whole = true;
}

/* One block, decoded, in its place. */
static void place_check(const struct job *job, struct superblock *superblock, uint64_t block,
			const struct ng_block_facts *facts)
{
	uint64_t end = ng_min((superblock->number + 1) * SUPERBLOCK, job->checked->params.rows);

	if (facts->start != superblock->row || facts->start >= end ||
	    facts->size > end - facts->start) {
		ng_checker_damage(job->checked->checker, NG_SECTION_BWT_BLOCKS,
				  page_offset(job, block),
				  "block %" PRIu64 " holds %u rows from %" PRIu64
				  " on, instead of some from %" PRIu64 " to %" PRIu64,
				  block, facts->size, facts->start, superblock->row, end);
		superblock->summing = superblock->group_whole = false;
		return;
	}
	if (superblock->summing)
		bases_check(job, superblock, block, facts);
	map_check(job, block, facts);
	if (superblock->summing)
		hints_check(job, superblock, block, facts->count[facts->n_symbols]);
	for (unsigned k = 0; k < facts->n_symbols; k++) {
		superblock->before[facts->symbol[k]] += facts->count[k];
		superblock->present[facts->symbol[k]] = true;
	}
	superblock->before[NG_MARKS] += facts->count[facts->n_symbols];
}

static void sums_check(const struct job *job, const struct superblock *superblock)
{
	const struct ng_superblocks *superblocks = &job->checked->bwt->superblocks;
	uint64_t r = superblock->number;

	for (unsigned symbol = 0; symbol <= NG_MARKS; symbol++) {
		uint64_t says = 0;

		if (symbol == NG_MARKS || superblocks->index[symbol] != NG_SUPERBLOCK_NO_SYMBOL)
			says = ng_superblocks_count(superblocks, r + 1, symbol) -
			       ng_superblocks_count(superblocks, r, symbol);
		if (says == superblock->before[symbol])
			continue;
		ng_checker_damage(job->checked->checker, NG_SECTION_BWT_SUPERBLOCKS,
				  job->sections->superblocks.offset +
					  ng_superblocks_count_at(superblocks, r + 1, symbol),
				  "superblock %" PRIu64 " has %" PRIu64
				  " of %s %u, its blocks hold "
				  "%" PRIu64,
				  r, says, symbol == NG_MARKS ? "marks" : "symbol", symbol,
				  superblock->before[symbol]);
		return;
	}
}

static int superblock_check(void *userdata, uint64_t r)
{
	const struct job *job = userdata;
	const struct ng_bwt *bwt = job->checked->bwt;
	struct ng_checker *checker = job->checked->checker;
	struct superblock superblock = {
		.number = r, .row = r * SUPERBLOCK, .summing = true, .group_whole = true};
	struct ng_block_facts facts;
	struct ng_block_fault fault;

	ng_superblocks_blocks(&bwt->superblocks, r, &superblock.first_block, &superblock.n_blocks);
	for (uint64_t i = 0; i < superblock.n_blocks; i++) {
		uint64_t block = superblock.first_block + i;
		const uint8_t *page = bwt->blocks + block * NG_PAGE_BYTES;

		if (i % 16 == 0 && ng_checker_cancelled(checker))
			return -EINTR;
		if (ng_block_examine(bwt, page, &facts, &fault)) {
			place_check(job, &superblock, block, &facts);
		} else {
			ng_checker_damage(checker, NG_SECTION_BWT_BLOCKS,
					  page_offset(job, block) + fault.at,
					  "block %" PRIu64 ": %s", block, fault.text);
			superblock.summing = superblock.group_whole = false;
		}
		/* After a damaged block, the next says itself where it begins. */
		superblock.row = superblock.summing || i + 1 == superblock.n_blocks
					 ? ng_block_start(page) + ng_block_size(page)
					 : ng_block_start(page + NG_PAGE_BYTES);
		if (i % NG_PRESENT_BLOCKS == NG_PRESENT_BLOCKS - 1 || i + 1 == superblock.n_blocks)
			group_check(job, &superblock, i / NG_PRESENT_BLOCKS);
		ng_checker_advance(checker, NG_PAGE_BYTES);
	}
	if (!superblock.summing)
		return 0;
	if (superblock.row != ng_min((r + 1) * SUPERBLOCK, job->checked->params.rows)) {
		ng_checker_damage(
			checker, NG_SECTION_BWT_BLOCKS,
			page_offset(job, superblock.first_block + superblock.n_blocks - 1),
			"superblock %" PRIu64 "'s blocks end with row %" PRIu64, r, superblock.row);
		return 0;
	}
	sums_check(job, &superblock);
	return 0;
}

int ng_check_blocks(const struct ng_checked *checked, const struct ng_bwt_sections *sections)
{
	struct job job = {checked, sections};

	ng_checker_phase(checked->checker, "checking blocks",
			 sections->blocks.bytes - NG_PAGE_BYTES);
	return ng_parallel(checked->bwt->superblocks.n, checked->checker->threads, superblock_check,
			   &job);
}
