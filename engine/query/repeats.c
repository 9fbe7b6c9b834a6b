/* SPDX-License-Identifier: Apache-2.0 */
#include "query/repeats.h"

#include <pthread.h>

/* Tasks that are under way; in a task, documents up to so many bytes, or one longer, and a byte of
 * its own for each; and the repeats at which it waits for them to be taken. */
#define TASKS      16u
#define TASK_BYTES (128u << 10)
#define TASK_MOST  2048u

/* Repeats that a task keeps when memory is given back; where it has more, it begins again. */
#define TASK_KEEPS 128u

/* Occurrences that are located together, and places that are remembered. */
#define LOCATE     256u
#define REMEMBERED 16384u

struct task {
	uint64_t first;    /* of its documents */
	uint64_t doc, end; /* those that aren't done */
	bool begun;        /* with doc */
	bool has_stretch;  /* that often gave last, and that isn't in the list yet */
	struct ng_often *often;
	struct ng_often_stretch stretch;
	struct ng_text_blocks text;
	struct ng_repeat *list; /* [cap] */
	size_t n, cap;
};

/* The first occurrence of rows [lo, hi) of a shard; none where they are empty. */
struct remembered {
	uint32_t shard;
	uint64_t lo, hi;
	struct ng_match first;
};

struct ng_repeats {
	const struct ng_index *index;
	bool skip_first;
	uint64_t next_doc; /* that no task has yet */
	bool given;        /* what the first task has */
	unsigned first, n; /* tasks under way, in a ring */
	struct task tasks[TASKS];
	const ng_cancel *cancel;
	pthread_mutex_t lock;          /* of what is remembered */
	struct remembered *remembered; /* [REMEMBERED] while tasks run, perhaps none else */
};

int ng_repeats_new(const struct ng_index *index, const struct ng_often_options *options,
		   bool skip_first, struct ng_repeats **ret_repeats)
{
	struct ng_repeats *repeats = calloc(1, sizeof(*repeats));
	int r = 0;

	if (!repeats)
		return -ENOMEM;
	repeats->index = index;
	repeats->skip_first = skip_first;
	pthread_mutex_init(&repeats->lock, NULL);
	for (unsigned i = 0; r == 0 && i < TASKS; i++)
		r = ng_often_new(index, options, &repeats->tasks[i].often);
	if (r < 0) {
		ng_repeats_free(repeats);
		return r;
	}
	*ret_repeats = repeats;
	return 0;
}

struct ng_repeats *ng_repeats_free(struct ng_repeats *repeats)
{
	if (!repeats)
		return NULL;
	for (unsigned i = 0; i < TASKS; i++) {
		ng_often_free(repeats->tasks[i].often);
		ng_text_blocks_clear(&repeats->tasks[i].text);
		free(repeats->tasks[i].list);
	}
	free(repeats->remembered);
	pthread_mutex_destroy(&repeats->lock);
	free(repeats);
	return NULL;
}

/* ---- the first occurrence ---- */

static struct remembered *remembered_at(const struct ng_repeats *repeats, uint32_t s,
					struct ng_interval rows)
{
	uint64_t hash = (rows.lo + s) * UINT64_C(0x9e3779b97f4a7c15) ^
			rows.hi * UINT64_C(0xc2b2ae3d27d4eb4f);

	return &repeats->remembered[(hash >> 32) % REMEMBERED];
}

static bool is_before(const struct ng_match *a, const struct ng_match *b)
{
	return a->doc < b->doc || (a->doc == b->doc && a->offset < b->offset);
}

static int rows_first(const struct ng_repeats *repeats, uint32_t s, struct ng_interval rows,
		      struct ng_match *ret_first)
{
	struct ng_match matches[LOCATE], first = {UINT64_MAX, 0};

	for (uint64_t row = rows.lo; row < rows.hi; row += LOCATE) {
		size_t n = (size_t)ng_min(rows.hi - row, (uint64_t)LOCATE);
		int r = ng_index_locate_rows(repeats->index, s, row, n, repeats->cancel, matches);

		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++)
			if (is_before(&matches[i], &first))
				first = matches[i];
	}
	*ret_first = first;
	return 0;
}

/* Documents' numbers rise from shard to shard. Boilerplate occurs in many documents, and each of
 * them asks. */
static int first_find(struct ng_repeats *repeats, const struct ng_interval *by_shard,
		      struct ng_match *ret_first)
{
	struct remembered *remembered, found;
	uint32_t s = 0;
	bool known;
	int r;

	while (s < repeats->index->n_shards && by_shard[s].lo == by_shard[s].hi)
		s++;
	if (s == repeats->index->n_shards)
		return -EUCLEAN;
	remembered = remembered_at(repeats, s, by_shard[s]);
	pthread_mutex_lock(&repeats->lock);
	found = *remembered;
	pthread_mutex_unlock(&repeats->lock);
	known = found.lo < found.hi && found.shard == s && found.lo == by_shard[s].lo &&
		found.hi == by_shard[s].hi;
	if (!known) {
		found = (struct remembered){s, by_shard[s].lo, by_shard[s].hi, {0, 0}};
		r = rows_first(repeats, s, by_shard[s], &found.first);
		if (r < 0)
			return r;
		pthread_mutex_lock(&repeats->lock);
		*remembered = found;
		pthread_mutex_unlock(&repeats->lock);
	}
	*ret_first = found.first;
	return 0;
}

/* ---- tasks ---- */

/* The next repeat of the task's document: 1, or 0. */
static int doc_next(struct ng_repeats *repeats, struct task *task)
{
	struct ng_often_stretch *stretch = &task->stretch;
	struct ng_match first = {0, 0};
	int r = task->has_stretch ? 1 : ng_often_next(task->often, repeats->cancel, stretch);

	if (r <= 0)
		return r;
	task->has_stretch = true;
	r = first_find(repeats, stretch->by_shard, &first);
	if (r < 0)
		return r;
	task->has_stretch = false;
	if (!repeats->skip_first || first.doc != task->doc || first.offset != stretch->begin)
		task->list[task->n++] = (struct ng_repeat){task->doc, stretch->begin, stretch->end,
							   stretch->count, first};
	return 1;
}

static int list_resize(struct task *task, size_t cap)
{
	struct ng_repeat *list = reallocarray(task->list, cap, sizeof(*list));

	if (!list)
		return -ENOMEM;
	task->list = list;
	task->cap = cap;
	return 0;
}

/* Until the task is over, or has as many as it may. */
static int task_run(void *userdata, uint64_t i)
{
	struct ng_repeats *repeats = userdata;
	struct task *task = &repeats->tasks[(repeats->first + i) % TASKS];
	int r = task->doc < task->end && task->cap < TASK_MOST ? list_resize(task, TASK_MOST) : 0;

	if (r < 0)
		return r;
	while (task->doc < task->end && task->n < TASK_MOST) {
		if (!task->begun) {
			r = ng_cancelled(repeats->cancel)
				    ? -EINTR
				    : ng_text_blocks_doc(&task->text, repeats->index, task->doc);
			/* It was removed. */
			if (r == -ENOENT) {
				task->doc++;
				continue;
			}
			if (r < 0)
				return r;
			ng_often_begin(task->often, &task->text);
			task->begun = true;
		}
		r = doc_next(repeats, task);
		if (r < 0)
			return r;
		if (r == 0) {
			task->doc++;
			task->begun = false;
		}
	}
	return 0;
}

/* Give documents to tasks that have none. */
static int tasks_fill(struct ng_repeats *repeats)
{
	uint64_t docs = repeats->index->stats.numbers;

	while (repeats->n < TASKS && repeats->next_doc < docs) {
		struct task *task = &repeats->tasks[(repeats->first + repeats->n) % TASKS];
		uint64_t doc = repeats->next_doc, total = 0;

		do {
			uint64_t bytes = 0;
			int r = ng_doc_bytes(repeats->index, doc, &bytes);

			if (r < 0 && r != -ENOENT)
				return r;
			total += bytes + 1;
			doc++;
		} while (doc < docs && total < TASK_BYTES);
		task->first = task->doc = repeats->next_doc;
		task->end = doc;
		task->begun = false;
		task->n = 0;
		repeats->next_doc = doc;
		repeats->n++;
	}
	return 0;
}

int ng_repeats_next(struct ng_repeats *repeats, const ng_cancel *cancel,
		    const struct ng_repeat **ret_list, size_t *ret_n)
{
	for (;;) {
		struct task *task = &repeats->tasks[repeats->first];
		int r;

		if (repeats->given) {
			task->n = 0;
			repeats->given = false;
		}
		if (repeats->n && (task->n == TASK_MOST || (task->n && task->doc == task->end))) {
			*ret_list = task->list;
			*ret_n = task->n;
			repeats->given = true;
			return 1;
		}
		if (repeats->n && task->doc == task->end) {
			repeats->first = (repeats->first + 1) % TASKS;
			repeats->n--;
			continue;
		}
		if (repeats->n == 0 && repeats->next_doc == repeats->index->stats.numbers)
			return 0;
		r = tasks_fill(repeats);
		if (r == 0 && !repeats->remembered) {
			repeats->remembered = calloc(REMEMBERED, sizeof(*repeats->remembered));
			r = repeats->remembered ? 0 : -ENOMEM;
		}
		if (r < 0)
			return r;
		repeats->cancel = cancel;
		r = ng_index_run(repeats->index, repeats->n, task_run, repeats);
		repeats->cancel = NULL;
		if (r < 0)
			return r;
	}
}

/* ---- memory ---- */

size_t ng_repeats_held(const struct ng_repeats *repeats)
{
	size_t bytes = repeats->remembered ? REMEMBERED * sizeof(*repeats->remembered) : 0;

	for (unsigned i = 0; i < TASKS; i++) {
		const struct task *task = &repeats->tasks[i];

		bytes += ng_text_blocks_held(&task->text);
		if (task->cap > TASK_KEEPS)
			bytes += task->cap * sizeof(*task->list);
	}
	return bytes;
}

/* Of the first task something may have been given already: it goes on where it is. */
void ng_repeats_shed(struct ng_repeats *repeats)
{
	if (repeats->given)
		repeats->tasks[repeats->first].n = 0;
	repeats->given = false;
	for (unsigned i = 0; i < TASKS; i++) {
		struct task *task = &repeats->tasks[(repeats->first + i) % TASKS];

		if (i >= repeats->n)
			task->n = 0;
		ng_text_blocks_drop(&task->text);
		if (i > 0 && i < repeats->n && task->n > TASK_KEEPS) {
			task->doc = task->first;
			task->begun = task->has_stretch = false;
			task->n = 0;
		}
		if (task->n == 0) {
			free(task->list);
			task->list = NULL;
			task->cap = 0;
		} else if (task->cap > task->n) {
			/* What can't be made smaller stays as it is. */
			list_resize(task, task->n);
		}
	}
	free(repeats->remembered);
	repeats->remembered = NULL;
}
