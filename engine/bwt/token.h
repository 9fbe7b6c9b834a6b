/* The tokens in which a block's symbols are written, and their prefix codes.
 *
 * A stream of symbols is cut into runs. Each run is written as the move-to-front rank of its
 * symbol (Bentley, Sleator, Tarjan, Wei, CACM 1986) together with a run length class, as one
 * token; a run whose length is no class is written as several tokens, of which all but the first
 * have rank 0. The code of a token depends on the token before it (NG_CONTEXTS classes of rank and
 * run) and on the table that the encoder chose for the stream; a shard has up to NG_MAX_TABLES of
 * them, found by clustering. Code lengths are at most NG_CODE_BITS, codes are canonical. A token
 * that a table has no code for is written as the escape code followed by NG_ESCAPE_BITS bits of
 * rank, and stands for a run of 1. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

#define NG_SYMBOLS      257u /* the bytes, and the separator of documents */
#define NG_SEPARATOR    256u
#define NG_RUN_CLASSES  11u
#define NG_CONTEXTS     8u
#define NG_TOKENS       (NG_SYMBOLS * NG_RUN_CLASSES)
#define NG_TOKEN_ESCAPE NG_TOKENS
#define NG_TOKEN_IDS    (NG_TOKENS + 1)
#define NG_CODE_BITS    14u
#define NG_ESCAPE_BITS  9u
#define NG_MAX_TABLES   16u
#define NG_FIRST_BITS   9u

extern const uint8_t ng_run_class_length[NG_RUN_CLASSES];

/* The largest class not above run (run >= 1). */
static inline unsigned ng_run_class(unsigned run)
{
	if (run <= 8)
		return run - 1;
	return run < 16 ? 7 : run < 32 ? 8 : run < 128 ? 9 : 10;
}

static inline unsigned ng_token_id(unsigned rank, unsigned run_class)
{
	return rank * NG_RUN_CLASSES + run_class;
}

/* The context that a token of this rank and class leaves for the next one: long runs (5 and more)
 * apart, whether the run was longer than 1, and the rank up to 2. */
static inline unsigned ng_token_context(unsigned rank, unsigned run_class)
{
	if (run_class > 3)
		return rank == 0 ? 6 : 7;
	return (rank < 2 ? rank : 2) * 2 + (run_class > 0);
}

/* Code lengths of one table: [context][token id], 0 where a token has no code. */
struct ng_code_lengths {
	uint8_t bits[NG_CONTEXTS][NG_TOKEN_IDS];
};

/* Length-limited Huffman code lengths (package-merge; Larmore and Hirschberg, J. ACM 1990) for
 * the ids whose count isn't 0. One such id gets length 1. n <= NG_TOKEN_IDS. -ENOMEM. */
int ng_code_lengths_make(const uint64_t *counts, unsigned n, uint8_t *ret_bits);

/* The ids that have a code, ascending, into ret_ids[NG_TOKEN_IDS]; returns their number. Few have
 * one: opening a shard looks at all lengths of all its tables. */
unsigned ng_codes_used(const uint8_t *bits, uint16_t *ret_ids);

/* Canonical codes (shorter first, then by id) for the lengths of one context. -EUCLEAN when the
 * lengths oversubscribe the code space. */
int ng_codes_assign(const uint8_t *bits, uint16_t *ret_codes);

/* Decoding tables. They are read once for one or two tokens, so that what counts is that they stay
 * in the first level cache, and that few registers hold what a decoder needs: the first level,
 * NG_FIRST_BITS bits of the stream wide, has entries of 16 bits,
 *   bits 0-5    length of the codes; 0: a link, see below
 *   bits 10-12  the next context (entry & NG_FIRST_CONTEXT is its row's byte offset)
 *   bits 6-15   with that, a place among the table's common tokens and pairs of tokens,
 * whose ranks and runs follow the first level. Longer codes, less common tokens and the escape
 * are in a second level: for each first-level row and prefix, links has the width of the
 * second-level index (bits 0-5) and that table's place (bits 6-31). Its entries are
 *   bits 0-5    length of the code
 *   bits 10-12  the next context
 *   bits 14-22  rank
 *   bits 23-30  run length
 *   bit 31      the escape */
#define NG_COMMON        1024u
#define NG_COMMON_RANKS  64u /* ranks of common tokens are below this */
#define NG_CONTEXT_SHIFT (NG_FIRST_BITS + 1)
#define NG_FIRST_CONTEXT ((NG_CONTEXTS - 1) << NG_CONTEXT_SHIFT)
#define NG_ENTRY_ESCAPE  0x80000000u

static inline unsigned ng_entry_length(uint32_t entry)
{
	return entry & 63;
}

static inline unsigned ng_entry_rank(uint32_t entry)
{
	return entry >> 14 & 0x1ff;
}

static inline unsigned ng_entry_run(uint32_t entry)
{
	return entry >> 23 & 0xff;
}

static inline uint32_t ng_entry_make(unsigned length, unsigned rank, unsigned run_class)
{
	return length | ng_token_context(rank, run_class) << NG_CONTEXT_SHIFT | rank << 14 |
	       (uint32_t)ng_run_class_length[run_class] << 23;
}

#define NG_FIRST_ENTRIES (NG_CONTEXTS << NG_FIRST_BITS)

struct ng_token_table {
	uint16_t first[NG_FIRST_ENTRIES]; /* [NG_CONTEXTS][1 << NG_FIRST_BITS] */
	struct ng_token_pair {
		uint8_t rank[2], run[2]; /* 0 and 0 where there is no second token */
	} common[NG_COMMON];
	uint32_t links[NG_FIRST_ENTRIES];
} __attribute__((__aligned__(64)));

struct ng_token_tables {
	unsigned n_tables;
	struct ng_token_table *table;
	uint32_t *second; /* of all tables */
};

/* Write code lengths as a section (zstd), and read them back into decoding tables. Every context
 * of every table has a complete code or none. Reading: -EUCLEAN, -ENOMEM. */
int ng_code_lengths_write(const struct ng_code_lengths *lengths, unsigned n_tables,
			  struct ng_buf *buf);
int ng_token_tables_open(const uint8_t *data, size_t bytes, struct ng_token_tables *ret_tables);
void ng_token_tables_clear(struct ng_token_tables *tables);
