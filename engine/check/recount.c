/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>

#include "base/parallel.h"
#include "check/full.h"
#include "check/scan.h"

#define SUBSTRINGS  1000u
#define BATCH_BYTES (16u << 20)
#define TRIES       64u /* to find a document that isn't empty */

struct recount {
	struct ng_full *full;
	uint8_t pats[SUBSTRINGS][NG_SCAN_BYTES_MAX];
	const uint8_t *pat[SUBSTRINGS];
	size_t len[SUBSTRINGS];
	size_t n;
	struct ng_scan *scan;
	uint64_t *hits;
	pthread_mutex_t lock; /* of hits */
};

static void recount_free(struct recount **re)
{
	if (!*re)
		return;
	ng_scan_free((*re)->scan);
	free((*re)->hits);
	pthread_mutex_destroy(&(*re)->lock);
	free(*re);
}

/* A substring of a document, 1 to NG_SCAN_BYTES_MAX bytes. False: no text was found. */
static bool substring_pick(struct ng_full *full, uint8_t *pat, size_t *ret_len)
{
	for (unsigned try = 0; try < TRIES; try++) {
		uint64_t at = ng_full_random(full) % full->n, doc, offset, begin, bytes;

		if (ng_shard_doc_at(full->shard, at, &doc, &offset) < 0 ||
		    ng_shard_doc_extent(full->shard, doc, &begin, &bytes) < 0 || offset >= bytes)
			continue;
		*ret_len = ng_full_random(full) % NG_SCAN_BYTES_MAX + 1;
		*ret_len = (size_t)ng_min((uint64_t)*ret_len, bytes - offset);
		memcpy(pat, full->text + at, *ret_len);
		return true;
	}
	return false;
}

/* Every fourth one has a byte changed, so that most of these don't occur. */
static void substrings_pick(struct recount *re)
{
	for (; re->n < SUBSTRINGS; re->n++) {
		uint8_t *pat = re->pats[re->n];

		if (!substring_pick(re->full, pat, &re->len[re->n]))
			return;
		if (re->n % 4 == 3)
			pat[ng_full_random(re->full) % re->len[re->n]] =
				(uint8_t)ng_full_random(re->full);
		re->pat[re->n] = pat;
	}
}

/* A stretch of the text, document by document; a match counts where it ends. */
static int stretch_scan(void *userdata, uint64_t batch)
{
	struct recount *re = userdata;
	struct ng_full *full = re->full;
	const struct ng_ef *starts = &full->shard->doc_starts;
	uint64_t at = batch * BATCH_BYTES, end = ng_min(at + BATCH_BYTES, full->n), from = at;
	size_t n = ng_scan_states(re->scan);
	bool bad = false;
	ng_cleanup(ng_freep) uint64_t *hits = calloc(n, sizeof(*hits));

	if (!hits)
		return -ENOMEM;
	if (ng_checker_cancelled(full->checker))
		return -EINTR;
	for (uint64_t doc = ng_ef_rank(starts, at, &bad); at < end && !bad; doc++) {
		uint64_t doc_begin = ng_ef_get(starts, doc - 1, &bad);
		uint64_t next = ng_ef_get(starts, doc, &bad);
		uint64_t stop = ng_min(next - 1, end);
		/* As many bytes before as a match can have. */
		uint64_t warm =
			ng_max(doc_begin, at > NG_SCAN_BYTES_MAX ? at - NG_SCAN_BYTES_MAX : 0);

		if (at < stop)
			ng_scan_run(re->scan, full->text + warm, stop - warm, at - warm, hits);
		at = next;
	}
	/* A page that can't be read any more: the file's check says so. */
	if (bad)
		return 0;
	pthread_mutex_lock(&re->lock);
	for (size_t i = 0; i < n; i++)
		re->hits[i] += hits[i];
	pthread_mutex_unlock(&re->lock);
	ng_checker_advance(full->checker, end - from);
	return 0;
}

/* A substring as it stands in messages. */
static void spell(const uint8_t *pat, size_t len, char ret[64])
{
	size_t at = 0;

	for (size_t i = 0; i < len && at < 50; i++)
		at += (size_t)snprintf(
			ret + at, 64 - at,
			pat[i] > ' ' && pat[i] < 127 && pat[i] != '%' ? "%c" : "%%%02X", pat[i]);
	if (at >= 50)
		strcpy(ret + at, "...");
}

static int locate_check(struct ng_full *full, const uint8_t *pat, size_t len,
			const struct ng_interval *rows)
{
	uint64_t row = rows->lo + ng_full_random(full) % (rows->hi - rows->lo), begin, bytes;
	struct ng_match match;
	int r = ng_shard_locate(full->shard, row, 1, full->checker->options->cancel, &match);

	if (r == 0)
		r = ng_shard_doc_extent(full->shard, match.doc, &begin, &bytes);
	if (r < 0 && r != -EUCLEAN)
		return r;
	if (r == 0 && match.offset <= bytes && len <= bytes - match.offset &&
	    memcmp(full->text + begin + match.offset, pat, len) == 0)
		return 0;
	ng_checker_damage(full->checker, NG_SECTION_SA_SAMPLES,
			  ng_full_section_at(full, NG_SECTION_SA_SAMPLES),
			  "row %" PRIu64 " is not located where its text is", row);
	return 0;
}

static int substring_check(struct ng_full *full, const uint8_t *pat, size_t len, uint64_t count)
{
	struct ng_interval rows;
	char spelled[64];
	int r = ng_shard_find(full->shard, pat, len, full->checker->options->cancel, &rows);

	if (r < 0 && r != -EUCLEAN)
		return r;
	if (r == 0 && rows.hi - rows.lo == count)
		return count ? locate_check(full, pat, len, &rows) : 0;
	spell(pat, len, spelled);
	ng_checker_damage(
		full->checker, NG_SECTION_BWT_CELLS, ng_full_section_at(full, NG_SECTION_BWT_CELLS),
		"the index counts %" PRIu64 " times '%s', the text has it %" PRIu64 " times",
		r == 0 ? rows.hi - rows.lo : 0, spelled, count);
	return 0;
}

static int recount_new(struct ng_full *full, struct recount **ret_re)
{
	ng_cleanup(recount_free) struct recount *re = calloc(1, sizeof(*re));
	int r;

	if (!re)
		return -ENOMEM;
	pthread_mutex_init(&re->lock, NULL);
	re->full = full;
	substrings_pick(re);
	r = ng_scan_new(re->pat, re->len, re->n, &re->scan);
	if (r < 0)
		return r;
	re->hits = calloc(ng_scan_states(re->scan), sizeof(*re->hits));
	if (!re->hits)
		return -ENOMEM;
	*ret_re = ng_steal_ptr(&re);
	return 0;
}

int ng_full_recount(struct ng_full *full, uint64_t *substrings)
{
	ng_cleanup(recount_free) struct recount *re = NULL;
	uint64_t counts[SUBSTRINGS];
	int r = recount_new(full, &re);

	if (r < 0)
		return r;
	ng_checker_phase(full->checker, "recounting substrings", full->n);
	r = ng_parallel(ng_div_up(full->n, BATCH_BYTES), full->checker->threads, stretch_scan, re);
	if (r < 0)
		return r;
	ng_scan_counts(re->scan, re->hits, counts);
	for (size_t i = 0; i < re->n; i++) {
		r = substring_check(full, re->pat[i], re->len[i], counts[i]);
		if (r < 0)
			return r;
	}
	*substrings += re->n;
	return 0;
}
