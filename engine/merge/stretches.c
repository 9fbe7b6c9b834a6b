#include "merge/stretches.h"

#include <assert.h>
#include <pthread.h>

#define RUN_DOCS        64u   /* whole documents handed out at once, at most */
#define STRETCHES_A_DOC 4096u /* at most; a longer document has longer ones */

/* Instead of a rank: */
#define UNKNOWN UINT64_MAX       /* the stretch behind isn't finished */
#define WANTED  (UINT64_MAX - 1) /* nor is it, and the one in front is left to its worker */

struct ng_long_doc {
	uint64_t doc, bytes, stretch_bytes;
	uint32_t n;          /* stretches */
	uint32_t untaken;    /* those numbered below are still to be handed out */
	uint32_t unfinished; /* how many */
	unsigned failures;
	struct ng_long_doc *before, *after; /* of those that aren't finished */
	uint64_t ranks[];                   /* [n]: at each stretch's end */
};

struct ng_stretches {
	uint64_t docs, stretch_bytes;
	uint64_t (*doc_bytes)(void *userdata, uint64_t doc);
	void *userdata;
	pthread_mutex_t lock;       /* of what follows */
	uint64_t next;              /* document to be handed out */
	struct ng_long_doc *taking; /* being handed out, or NULL */
	struct ng_long_doc *open;   /* all that are begun and not finished */
};

int ng_stretches_new(uint64_t docs, uint64_t stretch_bytes,
		     uint64_t (*doc_bytes)(void *userdata, uint64_t doc), void *userdata,
		     struct ng_stretches **ret_stretches)
{
	struct ng_stretches *s = calloc(1, sizeof(*s));

	assert(stretch_bytes >= 1);
	if (!s)
		return -ENOMEM;
	s->docs = docs;
	s->stretch_bytes = stretch_bytes;
	s->doc_bytes = doc_bytes;
	s->userdata = userdata;
	pthread_mutex_init(&s->lock, NULL);
	*ret_stretches = s;
	return 0;
}

struct ng_stretches *ng_stretches_free(struct ng_stretches *s)
{
	if (!s)
		return NULL;
	while (s->open) {
		struct ng_long_doc *doc = s->open;

		s->open = doc->after;
		free(doc);
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

static int long_doc_begin(struct ng_stretches *s, uint64_t number, uint64_t bytes)
{
	uint64_t stretch_bytes = ng_max(s->stretch_bytes, ng_div_up(bytes, STRETCHES_A_DOC));
	uint32_t n = (uint32_t)ng_div_up(bytes, stretch_bytes);
	struct ng_long_doc *doc = malloc(sizeof(*doc) + n * sizeof(*doc->ranks));

	if (!doc)
		return -ENOMEM;
	*doc = (struct ng_long_doc){.doc = number,
				    .bytes = bytes,
				    .stretch_bytes = stretch_bytes,
				    .n = n,
				    .untaken = n,
				    .unfinished = n,
				    .after = s->open};
	for (uint32_t i = 0; i < n; i++)
		doc->ranks[i] = UNKNOWN;
	if (doc->after)
		doc->after->before = doc;
	s->open = s->taking = doc;
	return 0;
}

static void long_doc_end(struct ng_stretches *s, struct ng_long_doc *doc)
{
	if (doc->before)
		doc->before->after = doc->after;
	else
		s->open = doc->after;
	if (doc->after)
		doc->after->before = doc->before;
	free(doc);
}

static struct ng_stretch stretch_of(struct ng_long_doc *doc, uint32_t number)
{
	uint64_t begin = number * doc->stretch_bytes, rank = doc->ranks[number];
	bool known = rank != UNKNOWN && rank != WANTED;

	return (struct ng_stretch){.doc = doc->doc,
				   .begin = begin,
				   .end = ng_min(begin + doc->stretch_bytes, doc->bytes),
				   .doc_bytes = doc->bytes,
				   .rank = known ? rank : 0,
				   .known = known,
				   .failures = doc->failures,
				   .in = doc,
				   .number = number};
}

/* Whole documents from the next one on. */
static struct ng_stretch run_take(struct ng_stretches *s, uint64_t bytes)
{
	struct ng_stretch run = {.doc = s->next};

	while (bytes <= s->stretch_bytes) {
		uint64_t more;

		s->next++;
		run.docs++;
		if (s->next == s->docs || run.docs == RUN_DOCS)
			break;
		more = s->doc_bytes(s->userdata, s->next);
		/* A long one isn't added up: it could overflow. */
		bytes = more > s->stretch_bytes ? more : bytes + more;
	}
	return run;
}

int ng_stretches_take(struct ng_stretches *s, struct ng_stretch *ret_stretch)
{
	int r = 0;

	pthread_mutex_lock(&s->lock);
	if (!s->taking && s->next < s->docs) {
		uint64_t bytes = s->doc_bytes(s->userdata, s->next);

		r = 1;
		if (bytes <= s->stretch_bytes)
			*ret_stretch = run_take(s, bytes);
		else
			r = long_doc_begin(s, s->next++, bytes);
	}
	if (s->taking && r >= 0) {
		*ret_stretch = stretch_of(s->taking, --s->taking->untaken);
		if (s->taking->untaken == 0)
			s->taking = NULL;
		r = 1;
	}
	pthread_mutex_unlock(&s->lock);
	return r;
}

void ng_stretches_found(struct ng_stretches *s, const struct ng_stretch *stretch)
{
	pthread_mutex_lock(&s->lock);
	stretch->in->failures = 0;
	pthread_mutex_unlock(&s->lock);
}

bool ng_stretches_leave(struct ng_stretches *s, const struct ng_stretch *stretch,
			uint64_t *ret_rank)
{
	uint64_t *rank = &stretch->in->ranks[stretch->number];
	bool known;

	pthread_mutex_lock(&s->lock);
	stretch->in->failures++;
	known = *rank != UNKNOWN;
	if (known)
		*ret_rank = *rank;
	else
		*rank = WANTED;
	pthread_mutex_unlock(&s->lock);
	return known;
}

bool ng_stretches_finish(struct ng_stretches *s, const struct ng_stretch *stretch, uint64_t rank,
			 struct ng_stretch *ret_next)
{
	struct ng_long_doc *doc = stretch->in;
	bool wanted = false;

	assert(rank < WANTED);
	pthread_mutex_lock(&s->lock);
	if (stretch->number > 0) {
		uint64_t *before = &doc->ranks[stretch->number - 1];

		wanted = *before == WANTED;
		*before = rank;
		if (wanted)
			*ret_next = stretch_of(doc, stretch->number - 1);
	}
	if (--doc->unfinished == 0)
		long_doc_end(s, doc);
	pthread_mutex_unlock(&s->lock);
	return wanted;
}
