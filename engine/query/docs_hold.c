/* SPDX-License-Identifier: Apache-2.0 */
#include "query/docs_hold.h"

#include "base/buf.h"
#include "query/index_internal.h"

/* Strings of more bytes are looked for otherwise, and in longer documents. */
#define STRING_MAX 4096u
#define DOC_MAX    (256u << 10)

/* Chains of a turn: a step of one takes hardly less while more of them are walked. Documents that
 * are read by turns have one each, and more only when there are fewer of them. */
#define CHAINS 16u

/* A document that is being read. */
struct reading {
	const struct ng_shard *shard;
	uint64_t doc, local, bytes;
	uint64_t next;      /* offset of what isn't read yet */
	struct ng_buf text; /* what is read next, and before it what could begin an occurrence */
};

struct job {
	const struct ng_docs_hold *hold;
	const uint64_t *list;
	size_t n;
	const ng_cancel *cancel;
	struct ng_cached *docs; /* whose bits are set; NULL: it is counted */
	atomic_ullong count;
	atomic_size_t next; /* of the list */
	atomic_size_t taken;
	atomic_bool failed; /* a thread has: the others needn't go on */
};

/* Those that one thread reads: their numbers rise, and so their shards do. */
struct turn {
	struct reading list[CHAINS];
	size_t n;
};

struct ng_docs_hold ng_docs_hold_make(const struct ng_index *index, const struct ng_query *query)
{
	return (struct ng_docs_hold){
		index, query, !query->fold && query->len <= STRING_MAX && !ng_index_waits(index)};
}

static int doc_find(const struct ng_docs_hold *hold, uint64_t doc, struct reading *reading,
		    bool *ret_takes)
{
	uint64_t begin;
	int r = ng_index_shard_of(hold->index, doc, &reading->shard, &reading->local);

	if (r == 0)
		r = ng_shard_doc_extent(reading->shard, reading->local, &begin, &reading->bytes);
	if (r < 0)
		return r;
	reading->doc = doc;
	reading->next = 0;
	*ret_takes = hold->any && !reading->shard->text && reading->bytes <= DOC_MAX;
	return 0;
}

int ng_docs_hold_takes(const struct ng_docs_hold *hold, uint64_t doc, bool *ret_takes)
{
	struct reading reading;

	return doc_find(hold, doc, &reading, ret_takes);
}

/* Documents in the place of those that are done. */
static int turn_fill(struct job *job, struct turn *turn)
{
	while (turn->n < CHAINS) {
		struct reading *reading = &turn->list[turn->n];
		size_t i = atomic_fetch_add(&job->next, 1);
		bool takes;
		int r;

		if (i >= job->n)
			return 0;
		r = doc_find(job->hold, job->list[i], reading, &takes);
		if (r < 0)
			return r;
		atomic_fetch_add(&job->taken, takes);
		turn->n += takes && reading->bytes >= job->hold->query->len;
	}
	return 0;
}

/* What comes next of all of them. */
static int turn_read(const struct job *job, struct turn *turn)
{
	struct ng_stretch stretches[CHAINS];
	size_t waiting = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < turn->n; i++) {
		struct reading *reading = &turn->list[i];
		uint64_t some = CHAINS / turn->n * reading->shard->params.sa_rate;

		some = ng_min(some, reading->bytes - reading->next);
		r = ng_buf_reserve(&reading->text, some);
		if (r < 0)
			break;
		stretches[waiting++] =
			(struct ng_stretch){reading->local, reading->next, some,
					    reading->text.data + reading->text.len, NULL};
		reading->text.len += some;
		reading->next += some;
		if (i + 1 == turn->n || reading[1].shard != reading->shard) {
			r = ng_shard_extract_each(reading->shard, waiting, stretches, job->cancel);
			waiting = 0;
		}
	}
	return r;
}

uint64_t ng_text_count(const uint8_t *text, size_t len, const uint8_t *string, size_t string_len)
{
	const uint8_t *at = text, *end = text + len;
	uint64_t n = 0;

	while ((at = memmem(at, (size_t)(end - at), string, string_len))) {
		at++;
		n++;
	}
	return n;
}

/* Whether a document needs to be read on; if it is known to hold the string its bit is set. */
static bool reading_judge(struct job *job, struct reading *reading)
{
	const struct ng_query *query = job->hold->query;
	struct ng_buf *text = &reading->text;
	size_t kept = ng_min(text->len, query->len - 1);

	if (!job->docs) {
		atomic_fetch_add(&job->count,
				 ng_text_count(text->data, text->len, query->bytes, query->len));
	} else if (memmem(text->data, text->len, query->bytes, query->len)) {
		__atomic_fetch_or(&job->docs->words[reading->doc / 64], 1ull << reading->doc % 64,
				  __ATOMIC_RELAXED);
		return false;
	}
	memmove(text->data, text->data + text->len - kept, kept);
	text->len = kept;
	return reading->next < reading->bytes;
}

static void turn_judge(struct job *job, struct turn *turn)
{
	size_t kept = 0;

	for (size_t i = 0; i < turn->n; i++) {
		struct reading reading = turn->list[i];

		if (reading_judge(job, &reading)) {
			/* Buffers change places: that of one that is done is used again. */
			turn->list[i].text = turn->list[kept].text;
			turn->list[kept++] = reading;
		} else {
			turn->list[i].text.len = 0;
		}
	}
	turn->n = kept;
}

static int docs_read(void *userdata, uint64_t thread)
{
	struct job *job = userdata;
	struct turn turn = {.n = 0};
	int r = 0;

	while (r == 0 && !atomic_load(&job->failed)) {
		r = turn_fill(job, &turn);
		if (r < 0 || turn.n == 0)
			break;
		r = turn_read(job, &turn);
		if (r == 0)
			turn_judge(job, &turn);
	}
	if (r < 0)
		atomic_store(&job->failed, true);
	for (size_t i = 0; i < CHAINS; i++)
		ng_buf_free(&turn.list[i].text);
	return r;
}

static int job_run(struct job *job, size_t *ret_taken)
{
	const struct ng_docs_hold *hold = job->hold;
	uint64_t threads = ng_min((uint64_t)ng_pool_threads(hold->index->pool),
				  ng_div_up((uint64_t)job->n, (uint64_t)CHAINS));
	int r = hold->any ? ng_index_run(hold->index, threads, docs_read, job) : 0;

	if (r == 0)
		*ret_taken = atomic_load(&job->taken);
	return r;
}

int ng_docs_hold_read(const struct ng_docs_hold *hold, const uint64_t *list, size_t n,
		      const ng_cancel *cancel, struct ng_cached *docs, size_t *ret_taken)
{
	struct job job = {.hold = hold, .list = list, .n = n, .cancel = cancel, .docs = docs};

	return job_run(&job, ret_taken);
}

int ng_docs_hold_count(const struct ng_docs_hold *hold, const uint64_t *list, size_t n,
		       const ng_cancel *cancel, uint64_t *ret_count, size_t *ret_taken)
{
	struct job job = {.hold = hold, .list = list, .n = n, .cancel = cancel};
	int r = job_run(&job, ret_taken);

	if (r == 0)
		*ret_count = atomic_load(&job.count);
	return r;
}
