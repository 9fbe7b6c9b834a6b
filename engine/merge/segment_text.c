/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/segment_text.h"

#include <pthread.h>

#include "base/file.h"
#include "base/parallel.h"

#define BATCH_DOCS  256u         /* that a thread takes at a time */
#define PIECE_BYTES (64u * 1024) /* of a document, written at a time */

struct job {
	const struct ng_segment *segment;
	int fd;
	uint64_t at;
	const ng_cancel *cancel;
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	void *userdata;
	pthread_mutex_t lock; /* of the two below */
	uint64_t done;
	struct ng_error *err;
};

/* A document on its way, from its end to its beginning. */
struct walk {
	uint64_t row;
	uint64_t begin, left; /* where it begins in the text, bytes still to come */
	uint8_t *buf;         /* [PIECE_BYTES + 1] */
};

static int fail(struct job *job, int code, const char *what)
{
	pthread_mutex_lock(&job->lock);
	ng_fail(job->err, code, "reading the text of a segment: %s", what);
	pthread_mutex_unlock(&job->lock);
	return code;
}

static int bytes_write(struct job *job, const uint8_t *p, size_t len, uint64_t at)
{
	int r = ng_file_write_at(job->fd, p, len, job->at + at, NULL);

	if (r == 0)
		return 0;
	pthread_mutex_lock(&job->lock);
	ng_fail(job->err, r, "cannot write the text of a segment: %s%s", strerror(-r),
		ng_file_advice(r));
	pthread_mutex_unlock(&job->lock);
	return r;
}

/* The next piece of each document, from its end; *n: those that aren't whole yet. */
static int pieces_walk(struct job *job, struct walk *walks, unsigned *n)
{
	struct ng_bwt_chain chains[NG_BWT_CHAINS];
	unsigned left = 0;
	bool damaged = false;
	int r = 0;

	for (unsigned i = 0; i < *n; i++)
		chains[i] =
			(struct ng_bwt_chain){.row = walks[i].row,
					      .left = ng_min(walks[i].left, (uint64_t)PIECE_BYTES),
					      .end = walks[i].buf + PIECE_BYTES};
	ng_bwt_walk_chains(job->segment->bwt, *n, chains, &damaged);
	if (damaged)
		return fail(job, -EUCLEAN, "it is damaged");
	for (unsigned i = 0; r == 0 && i < *n; i++) {
		struct walk walk = walks[i];

		walk.row = chains[i].row;
		walk.left -= chains[i].taken;
		r = bytes_write(job, chains[i].end, chains[i].taken, walk.begin + walk.left);
		/* Those that are whole change places with those that aren't, with their buffers. */
		if (walk.left) {
			walks[i] = walks[left];
			walks[left++] = walk;
		}
	}
	*n = left;
	return r;
}

static int walks_run(struct job *job, struct walk *walks, unsigned n)
{
	int r = 0;

	while (r == 0 && n) {
		if (ng_cancelled(job->cancel))
			return fail(job, -EINTR, "interrupted");
		r = pieces_walk(job, walks, &n);
	}
	return r;
}

static int batch_walk(void *userdata, uint64_t batch)
{
	struct job *job = userdata;
	const struct ng_segment *segment = job->segment;
	uint64_t doc = batch * BATCH_DOCS, end = ng_min(doc + BATCH_DOCS, segment->params.docs);
	bool bad = false;
	uint64_t begin = ng_ef_get(&segment->doc_starts, doc, &bad), next = begin;
	ng_cleanup(ng_freep) uint8_t *room = malloc((size_t)NG_BWT_CHAINS * PIECE_BYTES);
	struct walk walks[NG_BWT_CHAINS];
	int r = room ? 0 : fail(job, -ENOMEM, "out of memory");

	while (r == 0 && doc < end) {
		unsigned n = 0;

		for (; n < NG_BWT_CHAINS && doc < end; n++, doc++) {
			uint64_t after = ng_ef_get(&segment->doc_starts, doc + 1, &bad);

			if (bad || after <= next)
				return fail(job, -EUCLEAN, "its documents' starts are damaged");
			walks[n] = (struct walk){.row = doc,
						 .begin = next,
						 .left = after - 1 - next,
						 .buf = room + (size_t)n * PIECE_BYTES};
			r = bytes_write(job, (const uint8_t *)"", 1, after - 1);
			next = after;
		}
		if (r == 0)
			r = walks_run(job, walks, n);
	}
	pthread_mutex_lock(&job->lock);
	job->done += next - begin;
	if (r == 0 && job->progress)
		job->progress(job->userdata, job->done, segment->params.rows);
	pthread_mutex_unlock(&job->lock);
	return r;
}

int ng_segment_text_write(const struct ng_segment *segment, int fd, uint64_t at, unsigned threads,
			  const ng_cancel *cancel,
			  void (*progress)(void *userdata, uint64_t done, uint64_t total),
			  void *userdata, struct ng_error *err)
{
	struct job job = {.segment = segment,
			  .fd = fd,
			  .at = at,
			  .cancel = cancel,
			  .progress = progress,
			  .userdata = userdata,
			  .err = err};
	int r;

	pthread_mutex_init(&job.lock, NULL);
	r = ng_parallel(ng_div_up(segment->params.docs, BATCH_DOCS), threads, batch_walk, &job);
	pthread_mutex_destroy(&job.lock);
	return r;
}
