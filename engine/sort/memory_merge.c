/* SPDX-License-Identifier: Apache-2.0 */
#include "sort/memory_merge.h"

#include "base/parallel.h"
#include "merge/gaps.h"
#include "merge/insertions.h"
#include "sort/occ.h"

#define PARTS_A_THREAD                                                                             \
	4u /* parts that rows are merged in: many, so that all threads end together */

uint64_t ng_memory_merge_bytes(uint64_t n)
{
	/* While ranks are found, the table and the gaps of the smaller one; then, instead of the
	 * table, the result. */
	uint64_t gaps = n / 2 * sizeof(uint32_t), result = n + n / 8 + n / 8;

	return gaps + ng_max(ng_occ_memory(n / 2), result) + (8u << 20);
}

/* One of the two. */
struct side {
	const struct ng_sort_text *text;
	struct ng_sorted *sorted;
	uint32_t first_sample; /* what its samples' numbers are counted from */
};

/* Where a part begins in both, in the result, and among their samples. */
struct cut {
	uint64_t host, guest;
	uint64_t host_samples, guest_samples;
};

struct merge {
	struct side host, guest; /* the guest's rows are inserted among the host's */
	bool guest_first;        /* in the text */
	const uint32_t *gaps;    /* [host rows + 1]: guest rows before each host row */
	struct cut *cuts;        /* [parts + 1] */
	uint64_t parts;
	struct ng_sorted *out;
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
};

/* ---- ranks ---- */

static uint64_t guest_doc_begin(const struct ng_sort_text *text, uint64_t doc)
{
	return doc ? text->doc_ends[doc - 1] + 1 - text->base : 0;
}

static uint64_t guest_doc_bytes(void *userdata, uint64_t doc)
{
	const struct ng_sort_text *text = userdata;

	return text->doc_ends[doc] - text->base - guest_doc_begin(text, doc);
}

static int guest_read(void *userdata, uint64_t doc, uint64_t offset, uint8_t *buf, size_t len,
		      struct ng_error *err)
{
	const struct ng_sort_text *text = userdata;

	memcpy(buf, text->bytes + guest_doc_begin(text, doc) + offset, len);
	return 0;
}

static int gaps_find(const struct merge *m, unsigned threads, struct ng_gaps **ret_gaps)
{
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;
	ng_cleanup(ng_occ_freep) struct ng_occ *occ = NULL;
	const struct ng_sort_text *text = m->guest.text;
	struct ng_insertion_source source = {.docs = text->docs,
					     .text_bytes = text->n - text->docs,
					     .userdata = (void *)text,
					     .doc_bytes = guest_doc_bytes,
					     .read = guest_read};
	struct ng_rank_source ranks;
	int r = ng_occ_new(m->host.sorted->bwt, m->host.sorted->rows, threads, &occ);

	/* So much memory that there is no temporary file. */
	if (r == 0)
		r = ng_gaps_new(m->host.sorted->rows, UINT64_MAX / 2, NG_TEMPDIR(""), threads,
				&gaps, NULL);
	if (r < 0)
		return r;
	ranks = ng_occ_rank_source(occ);
	r = ng_insertions_find(&ranks, m->guest_first ? 0 : m->host.text->docs, &source, NULL,
			       threads, gaps, NULL, m->progress, m->userdata, NULL);
	if (r == 0)
		r = ng_gaps_flush(gaps, NULL);
	if (r == 0)
		*ret_gaps = ng_steal_ptr(&gaps);
	return r;
}

/* ---- rows ---- */

/* Set bits of [begin, end). */
static uint64_t bits_count(const uint64_t *bits, uint64_t begin, uint64_t end)
{
	uint64_t n = 0;

	for (uint64_t at = begin; at < end;) {
		uint64_t here = ng_min(64 - (at & 63), end - at);

		n += (unsigned)__builtin_popcountll(bits[at >> 6] >> (at & 63) &
						    UINT64_MAX >> (64 - here));
		at += here;
	}
	return n;
}

static uint64_t part_begin(const struct merge *m, uint64_t part)
{
	return m->host.sorted->rows * part / m->parts;
}

/* How many of the guest's rows are in a part; those behind all of the host's belong to the last. */
static int part_rows(void *userdata, uint64_t part)
{
	struct merge *m = userdata;
	uint64_t begin = part_begin(m, part), end = part_begin(m, part + 1), guest = 0;

	for (uint64_t row = begin; row < end; row++)
		guest += m->gaps[row];
	if (part + 1 == m->parts)
		guest += m->gaps[end];
	m->cuts[part + 1] = (struct cut){.host = end, .guest = guest};
	return 0;
}

/* And how many samples. */
static int part_samples(void *userdata, uint64_t part)
{
	struct merge *m = userdata;
	const struct cut *begin = &m->cuts[part];
	struct cut *end = &m->cuts[part + 1];

	end->host_samples = bits_count(m->host.sorted->marks, begin->host, end->host);
	end->guest_samples = bits_count(m->guest.sorted->marks, begin->guest, end->guest);
	return 0;
}

/* Rows of one side that are on their way into the result. */
struct copier {
	const struct ng_sorted *from;
	uint64_t row;
	const uint32_t *sample; /* of the next marked row */
	uint32_t first_sample;
};

static struct copier copier_at(const struct side *side, uint64_t row, uint64_t sample)
{
	return (struct copier){side->sorted, row, side->sorted->sa_samples + sample,
			       side->first_sample};
}

static inline void row_copy(struct copier *c, struct ng_sorted *to, uint64_t row,
			    uint32_t **samples)
{
	to->bwt[row] = c->from->bwt[c->row];
	if (ng_bit(c->from->marks, c->row)) {
		/* Two parts may share a word. */
		__atomic_fetch_or(&to->marks[row >> 6], 1ull << (row & 63), __ATOMIC_RELAXED);
		*(*samples)++ = *c->sample++ + c->first_sample;
	}
	c->row++;
}

static int part_merge(void *userdata, uint64_t part)
{
	struct merge *m = userdata;
	const struct cut *begin = &m->cuts[part], *end = &m->cuts[part + 1];
	struct copier host = copier_at(&m->host, begin->host, begin->host_samples);
	struct copier guest = copier_at(&m->guest, begin->guest, begin->guest_samples);
	uint32_t *samples = m->out->sa_samples + begin->host_samples + begin->guest_samples;
	uint64_t row = begin->host + begin->guest;

	while (host.row < end->host) {
		for (uint32_t n = m->gaps[host.row]; n > 0; n--)
			row_copy(&guest, m->out, row++, &samples);
		row_copy(&host, m->out, row++, &samples);
	}
	while (guest.row < end->guest)
		row_copy(&guest, m->out, row++, &samples);
	return 0;
}

static void cuts_sum(struct merge *m)
{
	for (uint64_t i = 1; i <= m->parts; i++)
		m->cuts[i].guest += m->cuts[i - 1].guest;
}

static void cuts_sum_samples(struct merge *m)
{
	for (uint64_t i = 1; i <= m->parts; i++) {
		m->cuts[i].host_samples += m->cuts[i - 1].host_samples;
		m->cuts[i].guest_samples += m->cuts[i - 1].guest_samples;
	}
}

static int rows_merge(struct merge *m, unsigned threads, struct ng_sorted *out)
{
	const struct ng_sorted *host = m->host.sorted, *guest = m->guest.sorted;
	ng_cleanup(ng_freep) struct cut *cuts = NULL;
	uint64_t rows = host->rows + guest->rows;
	uint64_t samples = host->n_sa_samples + guest->n_sa_samples;
	int r = ng_sorted_new(rows, rows, samples, out);

	m->parts = (uint64_t)threads * PARTS_A_THREAD;
	cuts = calloc(m->parts + 1, sizeof(*cuts));
	if (r < 0 || !cuts)
		return -ENOMEM;
	out->rows = rows;
	out->n_sa_samples = samples;
	m->cuts = cuts;
	m->out = out;
	ng_parallel(m->parts, threads, part_rows, m);
	cuts_sum(m);
	ng_parallel(m->parts, threads, part_samples, m);
	cuts_sum_samples(m);
	ng_parallel(m->parts, threads, part_merge, m);
	return 0;
}

static int merge(struct merge *m, unsigned threads, struct ng_sorted *out)
{
	ng_cleanup(ng_gaps_freep) struct ng_gaps *gaps = NULL;
	uint64_t first, n;
	int r = gaps_find(m, threads, &gaps);

	if (r == 0)
		r = ng_gaps_bucket(gaps, 0, &first, &n, &m->gaps, NULL);
	return r < 0 ? r : rows_merge(m, threads, out);
}

int ng_memory_merge(const struct ng_sort_text *left_text, struct ng_sorted *left,
		    const struct ng_sort_text *right_text, struct ng_sorted *right,
		    unsigned threads,
		    void (*progress)(void *userdata, uint64_t done, uint64_t total), void *userdata,
		    struct ng_sorted *ret_sorted)
{
	ng_cleanup(ng_sorted_clear) struct ng_sorted out = {0};
	struct side sides[] = {{left_text, left, 0},
			       {right_text, right, (uint32_t)left->n_sa_samples}};
	bool guest_first = left->rows > right->rows;
	struct merge m = {.host = sides[guest_first],
			  .guest = sides[!guest_first],
			  .guest_first = guest_first,
			  .progress = progress,
			  .userdata = userdata};
	int r = merge(&m, threads, &out);

	ng_sorted_clear(left);
	ng_sorted_clear(right);
	if (r < 0)
		return r;
	*ret_sorted = out;
	out = (struct ng_sorted){0};
	return 0;
}
