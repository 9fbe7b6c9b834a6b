/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/chunk_queue.h"

#include <assert.h>
#include <pthread.h>

#define RUN_DOCS     64u   /* whole documents handed out at once, at most */
#define CHUNKS_A_DOC 4096u /* at most; a longer document has longer ones */

/* Instead of a rank: */
#define UNKNOWN UINT64_MAX       /* the chunk behind isn't finished */
#define WANTED  (UINT64_MAX - 1) /* nor is it, and the one in front is left to its worker */

struct ng_long_doc {
	uint64_t doc, bytes, chunk_bytes;
	uint32_t n;          /* chunks */
	uint32_t untaken;    /* those numbered below are still to be handed out */
	uint32_t unfinished; /* how many */
	unsigned failures;
	struct ng_long_doc *before, *after; /* of those that aren't finished */
	uint64_t ranks[];                   /* [n]: at each chunk's end */
};

struct ng_chunk_queue {
	uint64_t docs, chunk_bytes;
	uint64_t (*doc_bytes)(void *userdata, uint64_t doc);
	void *userdata;
	pthread_mutex_t lock;       /* of what follows */
	uint64_t next;              /* document to be handed out */
	struct ng_long_doc *taking; /* being handed out, or NULL */
	struct ng_long_doc *open;   /* all that are begun and not finished */
};

int ng_chunk_queue_new(uint64_t docs, uint64_t chunk_bytes,
		       uint64_t (*doc_bytes)(void *userdata, uint64_t doc), void *userdata,
		       struct ng_chunk_queue **ret_queue)
{
	struct ng_chunk_queue *queue = calloc(1, sizeof(*queue));

	assert(chunk_bytes >= 1);
	if (!queue)
		return -ENOMEM;
	queue->docs = docs;
	queue->chunk_bytes = chunk_bytes;
	queue->doc_bytes = doc_bytes;
	queue->userdata = userdata;
	pthread_mutex_init(&queue->lock, NULL);
	*ret_queue = queue;
	return 0;
}

struct ng_chunk_queue *ng_chunk_queue_free(struct ng_chunk_queue *queue)
{
	if (!queue)
		return NULL;
	while (queue->open) {
		struct ng_long_doc *doc = queue->open;

		queue->open = doc->after;
		free(doc);
	}
	pthread_mutex_destroy(&queue->lock);
	free(queue);
	return NULL;
}

static int long_doc_begin(struct ng_chunk_queue *queue, uint64_t number, uint64_t bytes)
{
	uint64_t chunk_bytes = ng_max(queue->chunk_bytes, ng_div_up(bytes, CHUNKS_A_DOC));
	uint32_t n = (uint32_t)ng_div_up(bytes, chunk_bytes);
	struct ng_long_doc *doc = malloc(sizeof(*doc) + n * sizeof(*doc->ranks));

	if (!doc)
		return -ENOMEM;
	*doc = (struct ng_long_doc){.doc = number,
				    .bytes = bytes,
				    .chunk_bytes = chunk_bytes,
				    .n = n,
				    .untaken = n,
				    .unfinished = n,
				    .after = queue->open};
	for (uint32_t i = 0; i < n; i++)
		doc->ranks[i] = UNKNOWN;
	if (doc->after)
		doc->after->before = doc;
	queue->open = queue->taking = doc;
	return 0;
}

static void long_doc_end(struct ng_chunk_queue *queue, struct ng_long_doc *doc)
{
	if (doc->before)
		doc->before->after = doc->after;
	else
		queue->open = doc->after;
	if (doc->after)
		doc->after->before = doc->before;
	free(doc);
}

static struct ng_chunk chunk_of(struct ng_long_doc *doc, uint32_t number)
{
	uint64_t begin = number * doc->chunk_bytes, rank = doc->ranks[number];
	bool known = rank != UNKNOWN && rank != WANTED;

	return (struct ng_chunk){.doc = doc->doc,
				 .begin = begin,
				 .end = ng_min(begin + doc->chunk_bytes, doc->bytes),
				 .doc_bytes = doc->bytes,
				 .rank = known ? rank : 0,
				 .known = known,
				 .failures = doc->failures,
				 .in = doc,
				 .number = number};
}

/* Whole documents from the next one on. */
static struct ng_chunk run_take(struct ng_chunk_queue *queue, uint64_t bytes)
{
	struct ng_chunk run = {.doc = queue->next};

	while (bytes <= queue->chunk_bytes) {
		uint64_t more;

		queue->next++;
		run.docs++;
		if (queue->next == queue->docs || run.docs == RUN_DOCS)
			break;
		more = queue->doc_bytes(queue->userdata, queue->next);
		/* A long one isn't added up: it could overflow. */
		bytes = more > queue->chunk_bytes ? more : bytes + more;
	}
	return run;
}

int ng_chunk_queue_take(struct ng_chunk_queue *queue, struct ng_chunk *ret_chunk)
{
	int r = 0;

	pthread_mutex_lock(&queue->lock);
	if (!queue->taking && queue->next < queue->docs) {
		uint64_t bytes = queue->doc_bytes(queue->userdata, queue->next);

		r = 1;
		if (bytes <= queue->chunk_bytes)
			*ret_chunk = run_take(queue, bytes);
		else
			r = long_doc_begin(queue, queue->next++, bytes);
	}
	if (queue->taking && r >= 0) {
		*ret_chunk = chunk_of(queue->taking, --queue->taking->untaken);
		if (queue->taking->untaken == 0)
			queue->taking = NULL;
		r = 1;
	}
	pthread_mutex_unlock(&queue->lock);
	return r;
}

void ng_chunk_queue_found(struct ng_chunk_queue *queue, const struct ng_chunk *chunk)
{
	pthread_mutex_lock(&queue->lock);
	chunk->in->failures = 0;
	pthread_mutex_unlock(&queue->lock);
}

bool ng_chunk_queue_leave(struct ng_chunk_queue *queue, const struct ng_chunk *chunk,
			  uint64_t *ret_rank)
{
	uint64_t *rank = &chunk->in->ranks[chunk->number];
	bool known;

	pthread_mutex_lock(&queue->lock);
	chunk->in->failures++;
	known = *rank != UNKNOWN;
	if (known)
		*ret_rank = *rank;
	else
		*rank = WANTED;
	pthread_mutex_unlock(&queue->lock);
	return known;
}

bool ng_chunk_queue_finish(struct ng_chunk_queue *queue, const struct ng_chunk *chunk,
			   uint64_t rank, struct ng_chunk *ret_next)
{
	struct ng_long_doc *doc = chunk->in;
	bool wanted = false;

	assert(rank < WANTED);
	pthread_mutex_lock(&queue->lock);
	if (chunk->number > 0) {
		uint64_t *before = &doc->ranks[chunk->number - 1];

		wanted = *before == WANTED;
		*before = rank;
		if (wanted)
			*ret_next = chunk_of(doc, chunk->number - 1);
	}
	if (--doc->unfinished == 0)
		long_doc_end(queue, doc);
	pthread_mutex_unlock(&queue->lock);
	return wanted;
}
