/* Blocks of a BWT that are visited again and again, kept decoded, so that a rank or a step is a
 * lookup and not the decoding of a stream: for indexes, or parts of them, that are asked a lot.
 *
 * The memory is a file without a name, mapped: its pages are the kernel's to write out and to take
 * back, as the index's own are. The file takes no more of its filesystem than it leaves free. A
 * block is decoded when it has been visited so often that decoding it is worth it, and stays until
 * the end; when there is no more room, what is there stays, and the others are read from the index
 * as ever. Answers are the same.
 *
 * One entry a block, found by the block's number; where there are more blocks than entries, some
 * share one, which the first to be decoded keeps. A block decoded is
 *
 *   the head: struct ng_decoded_head, then for each NG_DECODED_STRETCH rows, which most blocks are
 *   less than, how many of each symbol of the alphabet, and of marks, are before them (u64);
 *   and from the next multiple of 64 on a record for each NG_DECODED_CELL rows: their symbols, as
 *   indexes in the alphabet, a bit for each that is set where it is marked, and how many of each
 *   symbol, then of marks, are in the stretch before the record (u16). */
#pragma once

#include "base/base.h"

#define NG_DECODED_LINE        64u
#define NG_DECODED_CELL_LOG    8u
#define NG_DECODED_CELL        (1u << NG_DECODED_CELL_LOG)
#define NG_DECODED_STRETCH_LOG 15u
#define NG_DECODED_STRETCH     (1u << NG_DECODED_STRETCH_LOG)
#define NG_DECODED_ABSENT      255u /* for a symbol that isn't in the alphabet */
#define NG_DECODED_SYMBOLS     254u /* blocks with larger alphabets aren't decoded */

struct ng_decoded_head {
	uint8_t index_of[256]; /* of a byte, in the alphabet */
	uint8_t byte_of[256];  /* of an index */
	uint32_t separator;    /* its index, or NG_DECODED_ABSENT */
	uint32_t n_symbols;
	uint64_t before[]; /* [stretches][n_symbols + 1] */
};

struct ng_decoded_entry {
	const struct ng_decoded_head *head; /* NULL: not decoded. What is below it in here was
					     * written before it, and stays */
	const uint8_t *page;                /* the block that is decoded */
	uint32_t first_row;                 /* its low 32 bits */
	uint16_t n_grains;
	uint8_t first_row_high;           /* its bits 32-39 */
	uint8_t head_lines, record_lines; /* of 64 bytes */
	uint8_t stretch_words;            /* of 8 bytes */
	/* While none is. Read and written atomically: */
	uint8_t visits;
	uint32_t counted; /* number of the block whose visits are counted, its low 32 bits */
};

_Static_assert(sizeof(struct ng_decoded_entry) == 32, "two to a line");

struct ng_decoded {
	struct ng_decoded_entry *entries; /* [mask + 1] */
	uint64_t mask;
	unsigned visits; /* that a block gets decoded for */
	bool full;       /* no more blocks are decoded. Read and written atomically */
	/* The rest is decoded.c's. */
	struct ng_decoded_room *room;
};

/* Visits of a block before it is decoded. Decoding one of English takes some 40 us, a visit of one
 * that isn't half of one: usually it has to earn its room first. */
#define NG_DECODED_VISITS 100u
/* Where there is room for all of them, a block that was visited some times will mostly be visited
 * again, and decoding all costs three seconds for each gigabyte of text, once. */
#define NG_DECODED_VISITS_ROOMY 20u

struct ng_bwt;

/* Room for limit_bytes of decoded blocks at most, in a file in dir. It takes disk as it is used.
 * visits: how often a block is visited before it is decoded, 1 to 255.
 * Thread-safe to use by any number of BWTs. Returns 0, -ENOMEM, -EFBIG where the process may not
 * have such files, or what opening or mapping a file in dir said. */
int ng_decoded_new(const char *dir, uint64_t limit_bytes, unsigned visits,
		   struct ng_decoded **ret_decoded);
struct ng_decoded *ng_decoded_free(struct ng_decoded *decoded);

static inline void ng_decoded_freep(struct ng_decoded **decoded)
{
	ng_decoded_free(*decoded);
}

/* Bytes that decoded blocks take. */
uint64_t ng_decoded_bytes(struct ng_decoded *decoded);

/* The file could not be written out or read back: what was answered since may be wrong.
 * Thread-safe; a system call that doesn't wait. */
bool ng_decoded_faulted(struct ng_decoded *decoded);

/* Decode the block at page, unless another thread is at work, or there is no more room, or it is
 * damaged, which is for those to report that visit it. Returns whether it is decoded. */
bool ng_decoded_make(struct ng_decoded *decoded, const struct ng_bwt *bwt,
		     struct ng_decoded_entry *entry, const uint8_t *page);
