/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/insertions.h"

#include <assert.h>
#include <pthread.h>

#include "base/parallel.h"
#include "merge/chunk_queue.h"
#include "merge/lead.h"

#define TURNS_MIN      32u /* a round has at least as many steps, if a lane has */
#define CHUNK_MIN      (16u << 10)
#define CHUNK_MAX      (256u << 10)
#define CHUNKS_LANE    4u /* so many for each lane, so that all end together, more or less */
#define LEAD_BYTES     64u
#define LEAD_MAX_BYTES (16u << 10)

struct job {
	const struct ng_rank_source *a;
	uint64_t docs_a;
	const struct ng_insertion_source *source;
	struct ng_insertion_limits limits;
	struct ng_chunk_queue *queue;
	struct ng_gaps *gaps;
	const ng_cancel *cancel;
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
	pthread_t caller;
	_Atomic uint64_t done_bytes;
	atomic_bool stop;     /* an error happened somewhere */
	pthread_mutex_t lock; /* of the two below */
	int error;
	struct ng_error err;
};

/* What one walk is at: bytes [begin, end) of a document are to go. Its place among the walks is
 * that among the lanes. */
struct lane {
	struct ng_chunk chunk; /* in: NULL where it is a whole document */
	uint64_t doc, begin, end;
	size_t have; /* of them, in text, before the walk's text_end */
	uint8_t *text;
	uint64_t *ranks; /* those still to be put are behind the walk's ranks_end */
};

struct worker {
	struct job *job;
	unsigned thread;
	struct ng_chunk run; /* whole documents to come */
	unsigned n;          /* lanes at work, the first ones */
	struct lane lanes[NG_BWT_CHAINS];
	struct ng_bwt_rank_walk walks[NG_BWT_CHAINS];
	struct ng_error err;
	struct {
		uint64_t ranks[NG_INSERTION_PIECE];
		uint8_t text[NG_INSERTION_PIECE];
	} buffers[NG_BWT_CHAINS];
	struct ng_lead lead;
};

/* ---- lanes ---- */

/* Ranks that a lane has room for. */
static size_t lane_room(const struct worker *w, unsigned i)
{
	return (size_t)(w->walks[i].ranks_end - w->lanes[i].ranks);
}

static int lane_put(struct worker *w, unsigned i)
{
	size_t room = lane_room(w, i);

	w->walks[i].ranks_end = w->lanes[i].ranks + NG_INSERTION_PIECE;
	return ng_gaps_put(w->job->gaps, w->thread, w->lanes[i].ranks + room,
			   NG_INSERTION_PIECE - room, &w->err);
}

/* The rank of a document's separator, where its walk begins. */
static int lane_separator(struct worker *w, unsigned i)
{
	int r = lane_room(w, i) ? 0 : lane_put(w, i);

	w->walks[i].row = w->job->docs_a;
	*--w->walks[i].ranks_end = w->job->docs_a;
	return r;
}

static void lane_chunk(struct worker *w, unsigned i, const struct ng_chunk *chunk)
{
	struct lane *lane = &w->lanes[i];

	lane->chunk = *chunk;
	lane->doc = chunk->doc;
	lane->begin = chunk->begin;
	lane->end = chunk->end;
	lane->have = 0;
}

/* The next of the whole documents. */
static int lane_doc(struct worker *w, unsigned i)
{
	const struct ng_insertion_source *source = w->job->source;
	struct ng_chunk whole = {.doc = w->run.doc++};

	w->run.docs--;
	whole.end = source->doc_bytes(source->userdata, whole.doc);
	lane_chunk(w, i, &whole);
	return lane_separator(w, i);
}

/* Begin a chunk: 1, or 0 where it was left to another. */
static int lane_begin(struct worker *w, unsigned i, const struct ng_chunk *chunk)
{
	uint64_t rank = chunk->rank;
	int r = 1;

	lane_chunk(w, i, chunk);
	if (chunk->end == chunk->doc_bytes) {
		r = lane_separator(w, i);
		return r < 0 ? r : 1;
	}
	if (!chunk->known) {
		r = ng_lead_find(&w->lead, chunk, &rank, &w->err);
		if (r > 0)
			ng_chunk_queue_found(w->job->queue, chunk);
		else if (r == 0)
			r = ng_chunk_queue_leave(w->job->queue, chunk, &rank);
	}
	w->walks[i].row = rank;
	return r;
}

/* Give a lane something to walk: 1, or 0 when there is nothing more. */
static int lane_take(struct worker *w, unsigned i)
{
	int r = 0;

	while (r == 0) {
		struct ng_chunk chunk;

		if (atomic_load(&w->job->stop))
			return 0;
		if (w->run.docs) {
			r = lane_doc(w, i);
			if (r == 0)
				r = w->lanes[i].end > 0; /* an empty one is done */
			continue;
		}
		if (ng_cancelled(w->job->cancel))
			return ng_fail(&w->err, -EINTR, "interrupted");
		r = ng_chunk_queue_take(w->job->queue, &chunk);
		if (r < 0)
			return ng_fail(&w->err, r, "out of memory for merging");
		if (r == 0)
			return 0;
		if (chunk.docs) {
			w->run = chunk;
			r = 0;
		} else {
			r = lane_begin(w, i, &chunk);
		}
	}
	return r;
}

/* A lane's text is walked: on with the chunk in front, or with anything else. */
static int lane_next(struct worker *w, unsigned i)
{
	struct ng_chunk next;

	if (w->lanes[i].chunk.in &&
	    ng_chunk_queue_finish(w->job->queue, &w->lanes[i].chunk, w->walks[i].row, &next)) {
		lane_chunk(w, i, &next);
		return 1;
	}
	return lane_take(w, i);
}

/* Steps that a lane can go at once. */
static int lane_ready(struct worker *w, unsigned i, size_t *ret_steps)
{
	const struct ng_insertion_source *source = w->job->source;
	struct lane *lane = &w->lanes[i];
	int r = 0;

	if (lane->have == 0) {
		lane->have = (size_t)ng_min(lane->end - lane->begin, NG_INSERTION_PIECE);
		w->walks[i].text_end = lane->text + lane->have;
		r = source->read(source->userdata, lane->doc, lane->end - lane->have, lane->text,
				 lane->have, &w->err);
	}
	if (r == 0 && lane_room(w, i) == 0)
		r = lane_put(w, i);
	*ret_steps = ng_min(lane->have, lane_room(w, i));
	return r;
}

/* Put the last of the lanes at work into the place of one that isn't any more. */
static void lane_remove(struct worker *w, unsigned i)
{
	struct lane lane = w->lanes[i];
	struct ng_bwt_rank_walk walk = w->walks[i];

	w->n--;
	w->lanes[i] = w->lanes[w->n];
	w->walks[i] = w->walks[w->n];
	w->lanes[w->n] = lane;
	w->walks[w->n] = walk;
}

/* ---- rounds ---- */

/* As many steps as the shortest lane has, so that all are walked side by side; but not much too
 * few, since a round has its cost. */
static int round_walk(struct worker *w)
{
	size_t steps[NG_BWT_CHAINS], turns = SIZE_MAX;
	uint64_t sum = 0;
	bool damaged = false;

	for (unsigned i = 0; i < w->n; i++) {
		int r = lane_ready(w, i, &steps[i]);

		if (r < 0)
			return r;
		turns = ng_min(turns, steps[i]);
	}
	turns = ng_max(turns, (size_t)TURNS_MIN);
	for (unsigned i = 0; i < w->n; i++)
		w->walks[i].left = steps[i] = ng_min(steps[i], turns);
	w->job->a->walk_ranks(w->job->a->of, w->n, w->walks, &damaged);
	if (damaged)
		return ng_fail(&w->err, -EUCLEAN, "merging: the index is damaged");
	for (unsigned i = 0; i < w->n; i++) {
		w->lanes[i].have -= steps[i];
		w->lanes[i].end -= steps[i];
		sum += steps[i];
	}
	sum += atomic_fetch_add(&w->job->done_bytes, sum);
	if (w->job->progress && pthread_equal(pthread_self(), w->job->caller))
		w->job->progress(w->job->userdata, sum, w->job->source->text_bytes);
	return 0;
}

static int worker_fill(struct worker *w)
{
	int r = 1;

	while (r > 0 && w->n < NG_BWT_CHAINS) {
		r = lane_take(w, w->n);
		w->n += r > 0;
	}
	return ng_min(r, 0);
}

static int worker_work(struct worker *w)
{
	int r = worker_fill(w);

	while (r == 0 && w->n && !atomic_load(&w->job->stop)) {
		if (ng_cancelled(w->job->cancel))
			return ng_fail(&w->err, -EINTR, "interrupted");
		r = round_walk(w);
		for (unsigned i = 0; r == 0 && i < w->n;) {
			if (w->lanes[i].end > w->lanes[i].begin) {
				i++;
				continue;
			}
			r = lane_next(w, i);
			if (r == 0)
				lane_remove(w, i);
			r = ng_min(r, 0);
		}
	}
	for (unsigned i = 0; r == 0 && i < NG_BWT_CHAINS; i++)
		r = lane_put(w, i);
	return r;
}

static int worker_run(void *userdata, uint64_t thread)
{
	struct job *job = userdata;
	ng_cleanup(ng_freep) struct worker *w = malloc(sizeof(*w));
	struct ng_error err = {"out of memory for merging"};
	int r = -ENOMEM;

	if (w) {
		w->job = job;
		w->thread = (unsigned)thread;
		w->run.docs = 0;
		w->n = 0;
		w->lead.a = job->a;
		w->lead.docs_a = job->docs_a;
		w->lead.source = job->source;
		w->lead.limits = &job->limits;
		w->err.text[0] = 0;
		for (unsigned i = 0; i < NG_BWT_CHAINS; i++) {
			w->lanes[i].text = w->buffers[i].text;
			w->lanes[i].ranks = w->buffers[i].ranks;
			w->walks[i].ranks_end = w->lanes[i].ranks + NG_INSERTION_PIECE;
		}
		r = worker_work(w);
		err = w->err;
	}
	if (r == 0)
		return 0;
	atomic_store(&job->stop, true);
	pthread_mutex_lock(&job->lock);
	if (job->error == 0) {
		job->error = r;
		job->err = err;
	}
	pthread_mutex_unlock(&job->lock);
	return r;
}

static struct ng_insertion_limits limits_for(const struct ng_insertion_source *b, unsigned threads)
{
	uint64_t share = b->text_bytes / ((uint64_t)threads * NG_BWT_CHAINS * CHUNKS_LANE);

	return (struct ng_insertion_limits){ng_max(ng_min(share, CHUNK_MAX), CHUNK_MIN), LEAD_BYTES,
					    LEAD_MAX_BYTES};
}

int ng_insertions_find(const struct ng_rank_source *a, uint64_t docs_a,
		       const struct ng_insertion_source *b,
		       const struct ng_insertion_limits *limits, unsigned threads,
		       struct ng_gaps *gaps, const ng_cancel *cancel,
		       void (*progress)(void *userdata, uint64_t done, uint64_t total),
		       void *userdata, struct ng_error *err)
{
	ng_cleanup(ng_chunk_queue_freep) struct ng_chunk_queue *queue = NULL;
	struct job job = {.a = a,
			  .docs_a = docs_a,
			  .source = b,
			  .gaps = gaps,
			  .cancel = cancel,
			  .progress = progress,
			  .userdata = userdata,
			  .caller = pthread_self()};
	int r;

	assert(threads >= 1);
	job.limits = limits ? *limits : limits_for(b, threads);
	r = ng_chunk_queue_new(b->docs, job.limits.chunk_bytes, b->doc_bytes, b->userdata, &queue);
	if (r < 0)
		return ng_fail(err, r, "out of memory for merging");
	job.queue = queue;
	pthread_mutex_init(&job.lock, NULL);
	ng_parallel(threads, threads, worker_run, &job);
	pthread_mutex_destroy(&job.lock);
	if (job.error < 0 && err)
		*err = job.err;
	return job.error;
}
