/* SPDX-License-Identifier: Apache-2.0 */
/* Decoders that many streams of frames share. */
#include "format/decoders.h"
#include "framemake.h"

#include <pthread.h>

/* More than there is room for dictionaries and idle decoders. */
#define STREAMS 40u
#define THREADS 20u
#define BYTES   300000u

struct streams {
	struct fixture *fixture;
	struct opened opened[STREAMS];
	uint8_t *data;
	_Atomic unsigned wrong;
};

static void check_stream(struct streams *s, unsigned i, uint64_t *rng)
{
	uint8_t buf[3000];
	uint64_t offset = scratch_random(rng) % (BYTES - sizeof(buf));

	if (ng_frames_read(s->opened[i].frames, offset, sizeof(buf), buf) != 0 ||
	    memcmp(buf, s->data + offset, sizeof(buf)))
		s->wrong++;
}

static void *read_streams(void *userdata)
{
	struct streams *s = userdata;
	uint64_t rng = (uintptr_t)&rng;

	for (unsigned i = 0; i < 2000; i++)
		check_stream(s, (unsigned)(scratch_random(&rng) % STREAMS), &rng);
	return NULL;
}

/* One shard's frames, opened many times: each is a stream of its own. */
static void streams_open(struct streams *s, struct ng_decoders *decoders)
{
	for (unsigned i = 0; i < STREAMS; i++) {
		open_shard(s->fixture, &s->opened[i]);
		assert_true(dict_bytes(&s->opened[i]) > 0);
		ng_frames_share(s->opened[i].frames, decoders);
	}
}

static void test_shared(void **state)
{
	struct streams s = {.fixture = *state, .data = make_data(BYTES, TEXT)};
	struct ng_decoders *decoders = NULL;
	pthread_t threads[THREADS];
	uint64_t rng = 1;

	write_shard(s.fixture, s.data, BYTES, 1 << 30, 3, 1);
	assert_int_equal(ng_decoders_new(&decoders), 0);
	streams_open(&s, decoders);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_streams, &s), 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* Streams that are closed take nothing along that others need, and what they leave isn't
	 * taken for one that comes to lie where they did. */
	for (unsigned i = 0; i < STREAMS; i += 2) {
		close_shard(&s.opened[i]);
		check_stream(&s, i + 1, &rng);
		open_shard(s.fixture, &s.opened[i]);
		ng_frames_share(s.opened[i].frames, decoders);
		check_stream(&s, i, &rng);
	}
	assert_int_equal(s.wrong, 0);
	for (unsigned i = 0; i < STREAMS; i++)
		close_shard(&s.opened[i]);
	ng_decoders_free(decoders);
	free(s.data);
}

/* The frame that a decoder holds is of the stream that it was read from. */
static void test_taken(void **state)
{
	struct ng_decoders *decoders = NULL;
	struct ng_decoder *a, *b;
	int one, other;

	assert_int_equal(ng_decoders_new(&decoders), 0);
	assert_int_equal(ng_decoders_take(decoders, &one, 7, NULL, 0, &a), 0);
	assert_true(a->frame == NG_NO_FRAME);
	a->frame = 7;
	ng_decoders_return(decoders, a);
	assert_int_equal(ng_decoders_take(decoders, &one, 7, NULL, 0, &b), 0);
	assert_ptr_equal(a, b);
	assert_true(b->frame == 7);
	ng_decoders_return(decoders, b);
	assert_int_equal(ng_decoders_take(decoders, &other, 7, NULL, 0, &b), 0);
	assert_true(b->frame == NG_NO_FRAME);
	b->frame = 7;
	ng_decoders_return(decoders, b);
	ng_decoders_forget(decoders, &other);
	assert_int_equal(ng_decoders_take(decoders, &other, 7, NULL, 0, &b), 0);
	assert_true(b->frame == NG_NO_FRAME);
	ng_decoders_return(decoders, b);
	ng_decoders_free(decoders);
}

/* The dictionary that a decoder holds is its stream's, right before the frame; of several the one
 * is taken that holds it. */
static void test_dictionary(void **state)
{
	struct ng_decoders *decoders = NULL;
	struct ng_decoder *a, *b, *c;
	int one, other;

	assert_int_equal(ng_decoders_new(&decoders), 0);
	assert_int_equal(ng_decoders_take(decoders, &one, 1, "abc", 3, &a), 0);
	assert_int_equal(ng_decoders_take(decoders, &other, 1, "wxyz", 4, &b), 0);
	assert_memory_equal(ng_decoder_dict(a), "abc", 3);
	assert_ptr_equal(ng_decoder_dict(a) + 3, a->raw);
	assert_memory_equal(ng_decoder_dict(b), "wxyz", 4);
	assert_ptr_equal(ng_decoder_dict(b) + 4, b->raw);
	ng_decoders_return(decoders, b);
	ng_decoders_return(decoders, a);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(ng_decoders_take(decoders, i % 2 ? &one : &other, 1,
						  i % 2 ? "abc" : "wxyz", i % 2 ? 3 : 4, &c),
				 0);
		assert_ptr_equal(c, i % 2 ? a : b);
		ng_decoders_return(decoders, c);
	}
	/* The other way round, and none. */
	ng_decoders_forget(decoders, &one);
	ng_decoders_forget(decoders, &other);
	assert_int_equal(ng_decoders_take(decoders, &other, 1, "wxyz", 4, &a), 0);
	assert_int_equal(ng_decoders_take(decoders, &one, 1, NULL, 0, &b), 0);
	assert_memory_equal(ng_decoder_dict(a), "wxyz", 4);
	assert_int_equal(b->dict_bytes, 0);
	assert_ptr_equal(ng_decoder_dict(b), b->raw);
	ng_decoders_return(decoders, a);
	ng_decoders_return(decoders, b);
	ng_decoders_free(decoders);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shared),
		TEST(test_taken),
		TEST(test_dictionary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
