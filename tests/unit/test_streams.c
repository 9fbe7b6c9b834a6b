/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"
#include "files/stream.h"

#include <setjmp.h>
#include <cmocka.h>

#define PIECE_BYTES 1000u
/* Beside what the one holds that is being asked. */
#define MOST_BYTES (9 * PIECE_BYTES)

/* A stream of bytes that are easily told, which keeps what it has made in memory, and makes it
 * again if it had to drop that. */
struct counted {
	struct ng_stream stream;
	unsigned seed;
	uint8_t *made; /* all bytes so far, or NULL */
	size_t n;
	bool stubborn; /* it can't shed */
	unsigned sheds, wakes;
	int wake_fails; /* an errno, negative */
	unsigned *sum_sheds;
};

static uint8_t byte_at(unsigned seed, uint64_t at)
{
	return (uint8_t)((at + seed) * 2654435761u >> 13);
}

static int make(struct counted *c, size_t n)
{
	uint8_t *made = realloc(c->made, n);

	if (!made)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		made[i] = byte_at(c->seed, i);
	c->made = made;
	c->n = n;
	atomic_store(&c->stream.bytes, n);
	return 0;
}

static int counted_grow(struct ng_stream *stream, const ng_cancel *cancel)
{
	struct counted *c = (struct counted *)stream;

	return make(c, c->n + PIECE_BYTES);
}

static int counted_read(struct ng_stream *stream, uint64_t offset, size_t len,
			const ng_cancel *cancel, uint8_t *buf, size_t *ret_len)
{
	const struct counted *c = (const struct counted *)stream;

	/* Nobody asks before it is awake. */
	assert_non_null(c->made);
	*ret_len = ng_min(len, c->n - (size_t)offset);
	memcpy(buf, c->made + offset, *ret_len);
	return 0;
}

static size_t counted_held(const struct ng_stream *stream)
{
	const struct counted *c = (const struct counted *)stream;

	return c->made ? c->n : 0;
}

static void counted_shed(struct ng_stream *stream)
{
	struct counted *c = (struct counted *)stream;

	c->sheds++;
	if (c->stubborn)
		return;
	free(c->made);
	c->made = NULL;
}

static int counted_wake(struct ng_stream *stream)
{
	struct counted *c = (struct counted *)stream;

	c->wakes++;
	return c->wake_fails ? c->wake_fails : make(c, c->n);
}

static void counted_free(struct ng_stream *stream)
{
	struct counted *c = (struct counted *)stream;

	free(c->made);
	c->made = NULL;
	if (c->sum_sheds)
		*c->sum_sheds += c->sheds;
}

static const struct ng_stream_ops ops = {
	.grow = counted_grow,
	.read = counted_read,
	.held = counted_held,
	.shed = counted_shed,
	.wake = counted_wake,
	.free = counted_free,
};

/* Of a kind that holds next to nothing. */
static const struct ng_stream_ops light_ops = {
	.grow = counted_grow,
	.read = counted_read,
	.free = counted_free,
};

static struct ng_streams *streams_new(size_t most)
{
	const struct ng_streams_limits limits = {.memory_bytes = most, .disk_bytes = 1 << 20};
	struct ng_streams *streams = NULL;

	assert_int_equal(ng_streams_new(&limits, &streams), 0);
	return streams;
}

static void counted_init(struct counted *c, struct ng_streams *streams, unsigned seed)
{
	*c = (struct counted){.seed = seed};
	ng_stream_init(&c->stream, &ops, NULL, NULL);
	ng_stream_join(&c->stream, streams);
}

/* Read what comes next, which makes a piece, or what was read before. */
static int ask(struct counted *c, uint64_t offset)
{
	ng_cancel cancel = false;
	uint8_t buf[PIECE_BYTES];
	size_t n = 0;
	int r = ng_stream_read(&c->stream, offset, sizeof(buf), &cancel, buf, &n);

	if (r)
		return r;
	assert_true(n > 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(buf[i], byte_at(c->seed, offset + i));
	return 0;
}

/* As long as all of them hold no more than they may, none gives anything back. */
static void test_room_enough(void **state)
{
	struct ng_streams *streams = streams_new(MOST_BYTES);
	struct counted c[10];

	for (unsigned i = 0; i < 10; i++)
		counted_init(&c[i], streams, i);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ask(&c[i], 0), 0);
	for (unsigned i = 0; i < 10; i++) {
		assert_int_equal(c[i].sheds, 0);
		assert_int_equal(ask(&c[i], 0), 0);
		assert_int_equal(c[i].wakes, 0);
		ng_stream_free(&c[i].stream);
	}
	ng_streams_free(streams);
}

/* One piece too much: the one that was asked least recently gives all of its own back, and no other
 * does. It is answered as if nothing had happened. */
static void test_the_oldest_sheds(void **state)
{
	struct ng_streams *streams = streams_new(MOST_BYTES);
	struct counted c[11];

	for (unsigned i = 0; i < 11; i++)
		counted_init(&c[i], streams, i);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ask(&c[i], 0), 0);
	/* Now 1 is the oldest. */
	assert_int_equal(ask(&c[0], 0), 0);
	assert_int_equal(ask(&c[10], 0), 0);
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(c[i].sheds, i == 1);
	assert_int_equal(ask(&c[1], PIECE_BYTES), 0);
	assert_int_equal(c[1].wakes, 1);
	assert_int_equal(c[1].n, 2 * PIECE_BYTES);
	/* The one before it holds what it held, so the next oldest had to make room. */
	for (unsigned i = 0; i < 11; i++)
		assert_int_equal(c[i].sheds, i == 1 || i == 2);
	for (unsigned i = 0; i < 11; i++)
		ng_stream_free(&c[i].stream);
	ng_streams_free(streams);
}

/* One that holds more than all may is shed when another is asked, and not while it is asked itself.
 */
static void test_larger_than_all(void **state)
{
	struct ng_streams *streams = streams_new(MOST_BYTES);
	struct counted large, small;

	counted_init(&large, streams, 1);
	counted_init(&small, streams, 2);
	for (unsigned i = 0; i < 15; i++)
		assert_int_equal(ask(&large, i * PIECE_BYTES), 0);
	assert_int_equal(large.sheds, large.wakes);
	assert_int_equal(ask(&small, 0), 0);
	assert_null(large.made);
	assert_non_null(small.made);
	assert_int_equal(ask(&large, 15 * PIECE_BYTES), 0);
	ng_stream_free(&large.stream);
	ng_stream_free(&small.stream);
	ng_streams_free(streams);
}

/* Where some can't give anything back, the others do; where all can't, who asks is refused, until
 * one of them is gone. Those that can't are not asked again and again. */
static void test_stubborn(void **state)
{
	struct ng_streams *streams = streams_new(MOST_BYTES);
	struct counted c[12];

	for (unsigned i = 0; i < 12; i++) {
		counted_init(&c[i], streams, i);
		c[i].stubborn = i % 2 == 0;
	}
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(ask(&c[i], 0), 0);
	/* 0 was tried, and 1 gone; then 2, and 3. */
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(c[i].sheds, i <= 3);
	for (unsigned i = 0; i < 12; i++)
		c[i].stubborn = true;
	/* Ten pieces are held by those that keep them. The one that asks is not in their way, but
	 * there is no room for it beside them. */
	for (unsigned i = 4; i < 12; i++)
		assert_int_equal(ask(&c[i], PIECE_BYTES), i == 4 ? 0 : -ENOMEM);
	assert_int_equal(c[0].sheds, 1);
	assert_int_equal(ask(&c[1], 0), -ENOMEM);
	for (unsigned i = 4; i < 12; i++)
		ng_stream_free(&c[i].stream);
	assert_int_equal(ask(&c[1], 0), 0);
	/* What is asked again may be tried again. */
	assert_int_equal(ask(&c[0], 0), 0);
	for (unsigned i = 0; i < 4; i++)
		ng_stream_free(&c[i].stream);
	ng_streams_free(streams);
}

/* What can't be got back is an error, and can be asked again. */
static void test_wake_fails(void **state)
{
	struct ng_streams *streams = streams_new(0);
	struct counted c[2];

	for (unsigned i = 0; i < 2; i++) {
		counted_init(&c[i], streams, i);
		assert_int_equal(ask(&c[i], 0), 0);
	}
	assert_int_equal(c[0].sheds, 1);
	c[0].wake_fails = -EIO;
	assert_int_equal(ask(&c[0], 0), -EIO);
	assert_int_equal(ask(&c[0], 0), -EIO);
	c[0].wake_fails = 0;
	assert_int_equal(ask(&c[0], 0), 0);
	assert_int_equal(c[0].wakes, 3);
	for (unsigned i = 0; i < 2; i++)
		ng_stream_free(&c[i].stream);
	ng_streams_free(streams);
}

/* Those that hold next to nothing are never in the way. */
static void test_light(void **state)
{
	struct ng_streams *streams = streams_new(0);
	struct counted c = {.seed = 3};

	ng_stream_init(&c.stream, &light_ops, NULL, NULL);
	ng_stream_join(&c.stream, streams);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(ask(&c, i * PIECE_BYTES), 0);
	assert_int_equal(ng_stream_write(&c.stream, 0, (const uint8_t *)"x", 1), -EROFS);
	ng_stream_free(&c.stream);
	ng_streams_free(streams);
}

static void test_lines(void **state)
{
	struct ng_streams_limits limits = {.memory_bytes = 1, .disk_bytes = 1};
	struct ng_streams *streams = NULL;

	assert_int_equal(ng_streams_new(&limits, &streams), 0);
	assert_true(ng_streams_lines_most(streams) == UINT64_MAX);
	assert_non_null(ng_streams_disk(streams));
	ng_streams_free(streams);
	limits.lines = 7;
	assert_int_equal(ng_streams_new(&limits, &streams), 0);
	assert_int_equal(ng_streams_lines_most(streams), 7);
	ng_streams_free(streams);
	assert_null(ng_streams_free(NULL));
}

struct reader {
	struct ng_streams *streams;
	pthread_t thread;
	unsigned seed;
	unsigned right, refused;
	unsigned sheds;
};

/* Opens, reads and closes streams of its own while others have them shed. */
static void *read_many(void *data)
{
	struct reader *reader = data;
	uint64_t rng = reader->seed;
	struct counted *open[4] = {NULL};

	for (unsigned i = 0; i < 4000; i++) {
		struct counted **slot = &open[scratch_random(&rng) % 4];
		ng_cancel cancel = false;
		uint8_t buf[PIECE_BYTES];
		uint64_t offset;
		size_t n = 0;
		bool is_right = true;

		if (*slot && scratch_random(&rng) % 16 == 0) {
			ng_stream_free(&(*slot)->stream);
			free(*slot);
			*slot = NULL;
			continue;
		}
		if (!*slot) {
			*slot = malloc(sizeof(**slot));
			if (!*slot)
				return NULL;
			counted_init(*slot, reader->streams, (unsigned)scratch_random(&rng));
			(*slot)->sum_sheds = &reader->sheds;
		}
		offset = atomic_load(&(*slot)->stream.bytes);
		if (scratch_random(&rng) % 2)
			offset /= 2;
		if (ng_stream_read(&(*slot)->stream, offset, sizeof(buf), &cancel, buf, &n)) {
			reader->refused++;
			continue;
		}
		for (size_t k = 0; k < n; k++)
			is_right = is_right && buf[k] == byte_at((*slot)->seed, offset + k);
		reader->right += is_right && n;
	}
	for (unsigned i = 0; i < 4; i++)
		if (open[i]) {
			ng_stream_free(&open[i]->stream);
			free(open[i]);
		}
	return NULL;
}

/* Readers side by side, with room for a few pieces: each reads what it alone would read. */
static void test_threads(void **state)
{
	struct ng_streams *streams = streams_new(5 * PIECE_BYTES);
	struct reader readers[4];
	unsigned sheds = 0;

	for (unsigned i = 0; i < 4; i++) {
		readers[i] = (struct reader){.streams = streams, .seed = i + 1};
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_many, &readers[i]),
				 0);
	}
	for (unsigned i = 0; i < 4; i++) {
		pthread_join(readers[i].thread, NULL);
		assert_int_equal(readers[i].refused, 0);
		assert_in_range(readers[i].right, 3000, 4000);
		sheds += readers[i].sheds;
	}
	assert_true(sheds > 100);
	ng_streams_free(streams);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_room_enough),     cmocka_unit_test(test_the_oldest_sheds),
		cmocka_unit_test(test_larger_than_all), cmocka_unit_test(test_stubborn),
		cmocka_unit_test(test_wake_fails),      cmocka_unit_test(test_light),
		cmocka_unit_test(test_lines),           cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
