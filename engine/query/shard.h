/* SPDX-License-Identifier: Apache-2.0 */
/* One shard, opened: what a query asks of it. Positions are in the shard's text, its documents one
 * after the other with a separator behind each; documents are numbered from 0 in the shard.
 *
 * Documents may have been removed from it (format/removed.h). Rows that are taken and given here
 * are live ones, those of the documents that are left; the BWT's own rows, with which a search goes
 * on, are others then, and only shard's functions lead from the ones to the others.
 *
 * All functions but open and close are thread-safe. They return 0, -EUCLEAN (damaged), -EIO (it
 * could not be read), -EINTR (cancelled) or -ENOMEM. */
#pragma once

#include "bwt/segment.h"
#include "format/frames.h"
#include "format/frequent.h"
#include "format/permutation.h"
#include "format/removed.h"
#include "format/shardfile.h"
#include "query/query.h"

struct ng_chars;

struct ng_shard {
	struct ng_shard_file *file;
	char *path;
	struct ng_shard_params params;
	struct ng_bwt *bwt;
	bool has_frequent;
	struct ng_frequent frequent;
	struct ng_permutation sa; /* its numbers are the samples */
	struct ng_ef
		sample_starts;    /* docs + 1 values: the number of each document's first sample */
	struct ng_ef doc_starts;  /* docs + 1 values */
	struct ng_ef meta_starts; /* docs + 1 values */
	struct ng_frames *meta;
	struct ng_frames *text;     /* NULL: no text store */
	struct ng_removed *removed; /* NULL: all its documents are there */
	struct ng_chars *chars;
};

/* O(1) in the size of the shard. Every length that later reads rely on is checked. Returns what
 * ng_shard_file_open does, and -EIO, with err set. */
int ng_shard_open(const char *path, struct ng_shard **ret_shard, struct ng_error *err);
struct ng_shard *ng_shard_close(struct ng_shard *shard);

/* Take out of an open shard what the file at path says. -EUCLEAN where that isn't this shard's, and
 * what ng_removed_open returns, with err set. */
int ng_shard_remove(struct ng_shard *shard, const char *path, struct ng_error *err);

/* Number of live rows. */
static inline uint64_t ng_shard_live_rows(const struct ng_shard *shard)
{
	return shard->removed ? ng_removed_live_rows(shard->removed) : shard->params.rows;
}

/* The live rows among rows of the BWT, {0, 0} where there are none; and the BWT's row of a live
 * one. Two ranks in the Elias-Fano code; O(log) of the removed rows. */
static inline struct ng_interval ng_shard_live(const struct ng_shard *shard,
					       struct ng_interval rows, bool *damaged)
{
	if (shard->removed && rows.lo < rows.hi) {
		rows.lo = ng_removed_live(shard->removed, rows.lo, damaged);
		rows.hi = ng_removed_live(shard->removed, rows.hi, damaged);
	}
	return rows.lo < rows.hi ? rows : (struct ng_interval){0, 0};
}

static inline uint64_t ng_shard_bwt_row(const struct ng_shard *shard, uint64_t live, bool *damaged)
{
	return shard->removed ? ng_removed_row(shard->removed, live, damaged) : live;
}

/* The BWT's rows from the first to the last of live ones. Between them may be removed ones. */
static inline struct ng_interval ng_shard_bwt_rows(const struct ng_shard *shard,
						   struct ng_interval live, bool *damaged)
{
	if (!shard->removed || live.lo >= live.hi)
		return live;
	return (struct ng_interval){ng_shard_bwt_row(shard, live.lo, damaged),
				    ng_shard_bwt_row(shard, live.hi - 1, damaged) + 1};
}

/* Whether a document < docs was removed. */
static inline bool ng_shard_has_removed(const struct ng_shard *shard, uint64_t doc, bool *damaged)
{
	return shard->removed && ng_removed_has(shard->removed, doc, damaged);
}
/* ng_frames_share of all its frames. */
void ng_shard_share(struct ng_shard *shard, struct ng_decoders *decoders);

/* Rows of a pattern of len >= 1 bytes. */
int ng_shard_find(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		  const ng_cancel *cancel, struct ng_interval *ret_interval);

/* The longest end of pat[0..len-1], len >= 1, that occurs: its bytes, 0 where not even the last one
 * occurs, and its rows. */
int ng_shard_find_end(const struct ng_shard *shard, const uint8_t *pat, size_t len,
		      const ng_cancel *cancel, struct ng_interval *ret_interval, size_t *ret_len);

/* Shards that ng_shards_find takes at most. */
#define NG_SHARDS_TOGETHER 64u

/* Rows of a pattern in each of n <= NG_SHARDS_TOGETHER shards, by turns: where they aren't in
 * memory, a step of all of them waits for the disk once. */
int ng_shards_find(struct ng_shard *const *shards, size_t n, const uint8_t *pat, size_t len,
		   const ng_cancel *cancel, struct ng_interval *ret_intervals);

/* Rows of n patterns, each of at least one byte, walked side by side. */
int ng_shard_find_many(const struct ng_shard *shard, size_t n, const struct ng_pattern *patterns,
		       const ng_cancel *cancel, struct ng_interval *ret_rows);

/* Where the suffixes of rows [first, first + n) begin, in that order. */
int ng_shard_locate(const struct ng_shard *shard, uint64_t first, size_t n, const ng_cancel *cancel,
		    struct ng_match *ret_matches);

/* The same of rows[0..n-1], which are rows of the shard, and what stands before each suffix in its
 * document, up to `bytes` of it: that of rows[i] ends at end + i * stride, and has ret_before[i]
 * bytes. It costs only the steps that are not needed for the place anyway. bytes 0: none of it is
 * wanted, and end and ret_before aren't used. */
int ng_shard_locate_before(const struct ng_shard *shard, size_t n, const uint64_t *rows,
			   uint8_t *end, uint32_t bytes, size_t stride, const ng_cancel *cancel,
			   struct ng_match *ret_matches, uint32_t *ret_before);

/* For each of n <= NG_BWT_CHAINS places, whose offsets are within their documents: the nearest
 * place at it or behind it in the document whose row of the BWT is known without a walk, its
 * offset, which may be the document's size, and the row. */
int ng_shard_rows_behind(const struct ng_shard *shard, unsigned n, const struct ng_match *places,
			 uint64_t *ret_rows, uint64_t *ret_offsets);

/* Document and offset of a position. -EUCLEAN where there is none. */
int ng_shard_doc_at(const struct ng_shard *shard, uint64_t position, uint64_t *ret_doc,
		    uint64_t *ret_offset);

/* Where a document < docs begins, and its bytes. */
int ng_shard_doc_extent(const struct ng_shard *shard, uint64_t doc, uint64_t *ret_begin,
			uint64_t *ret_bytes);

/* Bytes [offset, offset + len) of a document < docs, from the BWT; -EINVAL where it has no such
 * range. */
int ng_shard_extract(const struct ng_shard *shard, uint64_t doc, uint64_t offset, size_t len,
		     const ng_cancel *cancel, uint8_t *buf);

/* Bytes [offset, offset + len) of a document, and where they go. */
struct ng_stretch {
	uint64_t doc, offset;
	size_t len;
	uint8_t *buf;
	uint64_t *row; /* the BWT's row of what begins at offset, where len isn't 0; NULL: not
			* asked */
};

/* ng_shard_extract of many stretches, whose steps overlap. */
int ng_shard_extract_each(const struct ng_shard *shard, size_t n,
			  const struct ng_stretch *stretches, const ng_cancel *cancel);

/* What stands before a row of the BWT in its document, from the back. */
struct ng_way_back {
	uint64_t row; /* then that of the first byte that was given */
	size_t most;  /* bytes, as many of which there are, or fewer: up to a symbol, */
	size_t got;   /* which is the first of these then */
	uint8_t *end; /* where they end */
};

/* The same, and m ways back, of at least a byte, up to a symbol: each of their bytes is a step, and
 * nothing else is. Steps of all overlap. */
int ng_shard_extract_back(const struct ng_shard *shard, size_t n,
			  const struct ng_stretch *stretches, size_t m, struct ng_way_back *ways,
			  uint8_t symbol, const ng_cancel *cancel);

/* Whether it, or what was removed from it, could not be read since it was opened. */
static inline bool ng_shard_faulted(const struct ng_shard *shard)
{
	return ng_shard_file_faulted(shard->file) ||
	       (shard->removed && ng_shard_file_faulted(shard->removed->file));
}

/* r, or -EIO when the file could not be read since it was opened: whatever was computed from it
 * then is worthless, and what looks damaged may not be. */
int ng_shard_result(const struct ng_shard *shard, int r);

/* What a function says that has met something damaged: -EIO when the file could not be read,
 * -EUCLEAN otherwise. */
static inline int ng_shard_damaged(const struct ng_shard *shard)
{
	return ng_shard_faulted(shard) ? -EIO : -EUCLEAN;
}
