/* SPDX-License-Identifier: Apache-2.0 */
#include "files/name_sort.h"

#include <assert.h>

#include "base/file.h"

/* A record in the file: the key's length, the number, the key. */
#define HEAD_BYTES   12u
#define RECORD_BYTES (HEAD_BYTES + NG_NAME_BYTES_MAX)

#define WRITE_BYTES (256u << 10)

/* What is read of a run at once. */
#define READ_BYTES_MIN (2u * RECORD_BYTES)
#define READ_BYTES_MAX (64u << 10)

struct entry {
	size_t at; /* of the key, in keys */
	size_t len;
	uint64_t number;
};

/* A stretch of the file that is in order, and the record that comes next in it. */
struct run {
	uint64_t at, hi; /* what is not read yet */
	uint8_t *buf;
	size_t lo, end; /* of buf, what was read and not given */
	struct ng_keyed first;
};

struct ng_name_sort {
	struct ng_disk *disk;
	size_t memory_bytes;
	struct ng_buf keys;
	struct entry *entries;
	size_t n, cap;
	bool ordered; /* those in memory, as they came */
	size_t given; /* of them, where there is no file */
	int fd;       /* or -1 */
	uint64_t file_bytes, reserved;
	uint64_t added;
	struct run *runs;
	size_t n_runs, cap_runs;
	struct ng_buf last; /* key of the last run, with its number */
	uint64_t last_number;
	size_t read_bytes;
	struct run **heap; /* of runs that have a record, the least one first */
	size_t n_heap;
	bool taken; /* the least one was given out */
};

int ng_keyed_compare(const struct ng_keyed *a, const struct ng_keyed *b)
{
	int order = memcmp(a->key, b->key, ng_min(a->len, b->len));

	if (order == 0)
		order = (a->len > b->len) - (a->len < b->len);
	return order ? order : (a->number > b->number) - (a->number < b->number);
}

int ng_name_sort_new(struct ng_disk *disk, size_t memory_bytes, struct ng_name_sort **ret_sort)
{
	struct ng_name_sort *sort = calloc(1, sizeof(*sort));

	if (!sort)
		return -ENOMEM;
	sort->disk = disk;
	sort->memory_bytes = memory_bytes;
	sort->ordered = true;
	sort->fd = -1;
	*ret_sort = sort;
	return 0;
}

struct ng_name_sort *ng_name_sort_free(struct ng_name_sort *sort)
{
	if (!sort)
		return NULL;
	for (size_t i = 0; i < sort->n_runs; i++)
		free(sort->runs[i].buf);
	free(sort->runs);
	free(sort->heap);
	if (sort->fd >= 0)
		close(sort->fd);
	ng_disk_give_back(sort->disk, sort->reserved);
	ng_buf_free(&sort->keys);
	ng_buf_free(&sort->last);
	free(sort->entries);
	free(sort);
	return NULL;
}

static struct ng_keyed keyed(const struct ng_name_sort *sort, const struct entry *entry)
{
	return (struct ng_keyed){sort->keys.data + entry->at, entry->len, entry->number};
}

static int compare_entries(const void *pa, const void *pb, void *userdata)
{
	struct ng_keyed a = keyed(userdata, pa), b = keyed(userdata, pb);

	return ng_keyed_compare(&a, &b);
}

static void sort_entries(struct ng_name_sort *sort)
{
	if (!sort->ordered)
		qsort_r(sort->entries, sort->n, sizeof(*sort->entries), compare_entries, sort);
	sort->ordered = true;
}

static int write_out(struct ng_name_sort *sort, struct ng_buf *out)
{
	int r = ng_disk_reserve(sort->disk, out->len);

	if (r)
		return r;
	sort->reserved += out->len;
	r = ng_file_write_at(sort->fd, out->data, out->len, sort->file_bytes, NULL);
	if (r == 0)
		sort->file_bytes += out->len;
	out->len = 0;
	return r;
}

static int append_record(struct ng_buf *out, const struct ng_keyed *name)
{
	uint8_t head[HEAD_BYTES];
	int r;

	ng_store32(head, (uint32_t)name->len);
	ng_store64(head + 4, name->number);
	r = ng_buf_append(out, head, sizeof(head));
	return r ? r : ng_buf_append(out, name->key, name->len);
}

static int write_entries(struct ng_name_sort *sort)
{
	ng_cleanup(ng_buf_free) struct ng_buf out = NG_BUF_INIT;
	int r = 0;

	for (size_t i = 0; r == 0 && i < sort->n; i++) {
		struct ng_keyed name = keyed(sort, &sort->entries[i]);

		r = append_record(&out, &name);
		if (r == 0 && out.len >= WRITE_BYTES)
			r = write_out(sort, &out);
	}
	return r == 0 && out.len ? write_out(sort, &out) : r;
}

/* A run from the end of the file on, or the last one where what comes now goes on with it. */
static int begin_run(struct ng_name_sort *sort)
{
	struct ng_keyed last = {sort->last.data, sort->last.len, sort->last_number};
	struct ng_keyed first = keyed(sort, &sort->entries[0]);

	if (sort->n_runs && ng_keyed_compare(&last, &first) <= 0)
		return 0;
	if (sort->n_runs == sort->cap_runs) {
		size_t cap = sort->cap_runs ? 2 * sort->cap_runs : 16;
		struct run *runs = reallocarray(sort->runs, cap, sizeof(*runs));

		if (!runs)
			return -ENOMEM;
		sort->runs = runs;
		sort->cap_runs = cap;
	}
	sort->runs[sort->n_runs++] = (struct run){.at = sort->file_bytes};
	return 0;
}

/* Write what is in memory, in order. */
static int spill(struct ng_name_sort *sort)
{
	struct ng_keyed last;
	int r = 0;

	if (sort->n == 0)
		return 0;
	sort_entries(sort);
	if (sort->fd < 0) {
		r = ng_disk_open(sort->disk);
		if (r < 0)
			return r;
		sort->fd = r;
	}
	r = begin_run(sort);
	if (r == 0)
		r = write_entries(sort);
	if (r)
		return r;
	sort->runs[sort->n_runs - 1].hi = sort->file_bytes;
	last = keyed(sort, &sort->entries[sort->n - 1]);
	sort->last.len = 0;
	sort->last_number = last.number;
	sort->keys.len = 0;
	r = ng_buf_append(&sort->last, last.key, last.len);
	sort->n = 0;
	return r;
}

int ng_name_sort_add(struct ng_name_sort *sort, const struct ng_keyed *name)
{
	struct entry entry = {sort->keys.len, name->len, name->number};
	int r;

	assert(name->len > 0 && name->len <= NG_NAME_BYTES_MAX);
	if (sort->n == sort->cap) {
		size_t cap = sort->cap ? 2 * sort->cap : 64;
		struct entry *entries = reallocarray(sort->entries, cap, sizeof(*entries));

		if (!entries)
			return -ENOMEM;
		sort->entries = entries;
		sort->cap = cap;
	}
	if (sort->n && sort->ordered) {
		struct ng_keyed before = keyed(sort, &sort->entries[sort->n - 1]);

		sort->ordered = ng_keyed_compare(&before, name) <= 0;
	}
	r = ng_buf_append(&sort->keys, name->key, name->len);
	if (r)
		return r;
	sort->entries[sort->n++] = entry;
	sort->added++;
	if (sort->keys.len + sort->n * sizeof(*sort->entries) >= sort->memory_bytes)
		r = spill(sort);
	return r;
}

uint64_t ng_name_sort_n(const struct ng_name_sort *sort)
{
	return sort->added;
}

/* The next record of a run: 1, or 0 at its end. */
static int run_next(const struct ng_name_sort *sort, struct run *run)
{
	size_t held = run->end - run->lo, len;

	if (held < RECORD_BYTES && run->at < run->hi) {
		size_t want =
			(size_t)ng_min((uint64_t)(sort->read_bytes - held), run->hi - run->at);
		int r;

		memmove(run->buf, run->buf + run->lo, held);
		run->lo = 0;
		run->end = held;
		r = ng_file_read_at(sort->fd, run->buf + held, want, run->at, NULL);
		if (r)
			return r;
		run->at += want;
		run->end = held += want;
	}
	if (held == 0)
		return 0;
	if (held < HEAD_BYTES)
		return -EIO;
	len = ng_load32(run->buf + run->lo);
	if (len > held - HEAD_BYTES)
		return -EIO;
	run->first = (struct ng_keyed){run->buf + run->lo + HEAD_BYTES, len,
				       ng_load64(run->buf + run->lo + 4)};
	run->lo += HEAD_BYTES + len;
	return 1;
}

/* Put the run at place i, which may be too large for it, where it belongs. */
static void heap_down(struct ng_name_sort *sort, size_t i)
{
	struct run *run = sort->heap[i];

	for (;;) {
		size_t least = 2 * i + 1;

		if (least >= sort->n_heap)
			break;
		if (least + 1 < sort->n_heap &&
		    ng_keyed_compare(&sort->heap[least + 1]->first, &sort->heap[least]->first) < 0)
			least++;
		if (ng_keyed_compare(&run->first, &sort->heap[least]->first) <= 0)
			break;
		sort->heap[i] = sort->heap[least];
		i = least;
	}
	sort->heap[i] = run;
}

int ng_name_sort_finish(struct ng_name_sort *sort)
{
	int r;

	if (sort->n_runs == 0) {
		sort_entries(sort);
		return 0;
	}
	r = spill(sort);
	ng_buf_free(&sort->keys);
	free(sort->entries);
	sort->entries = NULL;
	sort->cap = 0;
	sort->heap = calloc(sort->n_runs, sizeof(*sort->heap));
	sort->read_bytes = ng_max(ng_min(sort->memory_bytes / sort->n_runs, (size_t)READ_BYTES_MAX),
				  (size_t)READ_BYTES_MIN);
	if (r == 0 && !sort->heap)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < sort->n_runs; i++) {
		struct run *run = &sort->runs[i];

		run->buf = malloc(sort->read_bytes);
		r = run->buf ? run_next(sort, run) : -ENOMEM;
		if (r > 0)
			sort->heap[sort->n_heap++] = run;
		r = ng_min(r, 0);
	}
	for (size_t i = sort->n_heap / 2; r == 0 && i-- > 0;)
		heap_down(sort, i);
	return r;
}

int ng_name_sort_next(struct ng_name_sort *sort, struct ng_keyed *ret_name)
{
	int r = 1;

	if (sort->n_runs == 0) {
		if (sort->given == sort->n)
			return 0;
		*ret_name = keyed(sort, &sort->entries[sort->given++]);
		return 1;
	}
	if (sort->taken) {
		r = run_next(sort, sort->heap[0]);
		if (r < 0)
			return r;
		if (r == 0)
			sort->heap[0] = sort->heap[--sort->n_heap];
		if (sort->n_heap)
			heap_down(sort, 0);
	}
	sort->taken = sort->n_heap > 0;
	if (!sort->taken)
		return 0;
	*ret_name = sort->heap[0]->first;
	return 1;
}
