/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a build is done: what its phases have counted at its end is what was foretold, and
 * what is foretold in its midst is not far from it. */
#include "build/builder.h"
#include "build/compact.h"
#include "build/work.h"
#include "indexmake.h"
#include "merge/cost.h"
#include "merge/phase.h"

#define DOCS 400u

static void corpus_make(struct naive *c, uint64_t *rng)
{
	*c = (struct naive){.name = "work"};
	for (unsigned d = 0; d < DOCS; d++) {
		uint8_t text[1500];

		naive_words(rng, text, sizeof(text));
		naive_add(c, text, 500 + scratch_random(rng) % 1000);
	}
}

/* What was told in the course of a build. */
struct told {
	uint64_t done, total; /* last */
	unsigned n;
};

static void on_progress(void *userdata, const struct ng_build_progress *p)
{
	struct told *told = userdata;

	assert_in_range(p->work_done, told->done, UINT64_MAX);
	if (p->work_total)
		assert_in_range(p->work_done, 0, p->work_total + p->work_total / 20);
	told->done = p->work_done;
	told->total = p->work_total;
	told->n++;
}

static void close_to(uint64_t got, uint64_t want, unsigned percent)
{
	if (got < want - want * percent / 100 || got > want + want * percent / 100)
		fail_msg("%ju is not within %u %% of %ju", (uintmax_t)got, percent,
			 (uintmax_t)want);
}

/* Add documents up to `end`, or all of them and make the index; *ret_half: the work foretold when
 * half of them were there. Returns how far it was. */
static struct ng_build_progress build(const struct naive *c, struct ng_build_options *options,
				      uint64_t end, uint64_t *ret_half)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_summary summary;
	struct ng_build_progress p;
	struct told told = {0};
	struct ng_error err = {""};

	options->progress = on_progress;
	options->userdata = &told;
	assert_int_equal(ng_builder_new(options, &builder, &err), 0);
	ng_builder_progress(builder, &p);
	assert_int_equal(p.work_done, 0);
	assert_int_equal(p.work_total, 0);
	for (uint64_t doc = 0; doc < ng_min(end, (uint64_t)DOCS); doc++) {
		assert_int_equal(ng_builder_add(builder, c->text + naive_begin(c, doc),
						naive_bytes(c, doc), "{}", 2, &err),
				 0);
		/* As if it were compressed. */
		ng_builder_input(builder, naive_begin(c, doc + 1) / 3, c->n / 3);
		ng_builder_progress(builder, &p);
		assert_int_not_equal(p.work_total, 0);
		if (doc == DOCS / 2)
			*ret_half = p.work_total;
	}
	if (end == UINT64_MAX)
		assert_int_equal(ng_builder_finish(builder, &summary, &err), 0);
	ng_builder_progress(builder, &p);
	if (end != UINT64_MAX)
		ng_builder_keep(builder);
	return p;
}

static void test_built(void **state)
{
	uint64_t rng = naive_seed();
	struct naive c;
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];

	corpus_make(&c, &rng);
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	/* One batch; many of them merged; several shards, of one batch and of some. */
	for (unsigned i = 0; i < 8; i++) {
		struct ng_build_options options = {.output = path,
						   .threads = 1 + i / 4,
						   .text_store = i % 2,
						   .batch_bytes = i & 1 ? c.n / 9 : 0,
						   .shard_bytes = i & 2 ? c.n / 3 + 1000 : 0};
		uint64_t half = 0;
		struct ng_build_progress p = build(&c, &options, UINT64_MAX, &half);

		close_to(p.work_done, p.work_total, 2);
		close_to(half, p.work_total, 25);
		assert_int_equal(scratch_remove(path), 0);
	}
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

/* What was done before is in neither: both are less than that of the whole build. */
static void test_resumed(void **state)
{
	uint64_t rng = naive_seed();
	struct naive c;
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];

	corpus_make(&c, &rng);
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	for (unsigned i = 0; i < 2; i++) {
		struct ng_build_options options = {.output = path,
						   .threads = 1,
						   .resume = true,
						   .batch_bytes = c.n / 12,
						   .shard_bytes = i ? c.n / 3 + 1000 : 0};
		uint64_t half = 0;
		struct ng_build_progress whole = build(&c, &options, UINT64_MAX, &half), rest;

		assert_int_equal(scratch_remove(path), 0);
		build(&c, &options, DOCS * 3 / 4, &half);
		rest = build(&c, &options, UINT64_MAX, &half);
		close_to(rest.work_done, rest.work_total, 2);
		close_to(half, rest.work_total, 25);
		assert_in_range(rest.work_total, 1, whole.work_total - whole.work_total / 10);
		assert_int_equal(scratch_remove(path), 0);
	}
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

static void test_compacted(void **state)
{
	uint64_t rng = naive_seed();
	struct naive c;
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {.output = path, .threads = 2};
	struct ng_build_summary summary;
	struct told told = {0};
	struct ng_error err = {""};

	corpus_make(&c, &rng);
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	options.shard_bytes = c.n / 5 + 1000;
	made_build(&c, &options, path, &summary);
	assert_in_range(summary.shards, 4, 6);
	options = (struct ng_build_options){
		.output = path, .threads = 2, .progress = on_progress, .userdata = &told};
	assert_int_equal(ng_compact(&options, &summary, &err), 0);
	assert_int_equal(summary.shards, 1);
	/* Of the last steps, storing tells nothing. */
	assert_true(told.n > 5);
	close_to(told.done, told.total, 10);
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
}

static void test_phases(void **state)
{
	struct ng_shard_progress p = {0};

	assert_int_equal(ng_shard_progress_work(&p), 0);
	ng_shard_phase(&p, NG_PHASE_SORT, 10, 1000);
	assert_int_equal(ng_shard_progress_work(&p), 0);
	atomic_store(&p.done_bytes, 4);
	assert_int_equal(ng_shard_progress_work(&p), 400);
	/* More than all isn't done. */
	atomic_store(&p.done_bytes, 40);
	assert_int_equal(ng_shard_progress_work(&p), 1000);
	/* The rest is done, too, whatever the phase has said of itself. */
	atomic_store(&p.done_bytes, 4);
	ng_shard_phase(&p, NG_PHASE_ENCODE, 10, 500);
	assert_int_equal(ng_shard_progress_work(&p), 1000);
	/* A nanosecond of silence is over by now; what is told counts when it is more. */
	ng_shard_phase_silent(&p, 200, 200, 1);
	while (ng_shard_progress_work(&p) < 1190)
		;
	assert_int_equal(ng_shard_progress_work(&p), 1190);
	atomic_store(&p.done_bytes, 5);
	assert_int_equal(ng_shard_progress_work(&p), 1250);
	ng_shard_phase_end(&p);
	ng_shard_phase_end(&p);
	assert_int_equal(ng_shard_progress_work(&p), 1500);
}

static void test_model(void **state)
{
	struct ng_work_model model = {
		.batch_bytes = 1000, .shard_bytes = 10000, .job_threads = 1, .threads = 1};
	uint64_t one, two, many, rest;

	/* A shard of one batch, and of two, which are merged. */
	assert_int_equal(ng_work_of_shards(&model, 0, 1000, &one), 0);
	assert_int_equal(one, ng_work_shard(1000, false, 1));
	assert_int_equal(ng_work_of_shards(&model, 0, 2000, &two), 0);
	assert_int_equal(two, 2 * ng_work_segment(1000, false, 1) + ng_cost_merge(1000, 1000, 1) +
				      ng_work_complete(2000, 1));
	/* Full ones are alike, and the last one is less. */
	assert_int_equal(ng_work_of_shards(&model, 0, 10000, &one), 0);
	assert_int_equal(ng_work_of_shards(&model, 0, 500, &rest), 0);
	assert_int_equal(ng_work_of_shards(&model, 0, 70500, &many), 0);
	assert_int_equal(many, 7 * one + rest);
	assert_int_equal(ng_work_of_shards(&model, 0, 0, &many), 0);
	assert_int_equal(many, 0);
	/* More pieces than are ordered at once. */
	model.shard_bytes = 1000000;
	assert_int_equal(ng_work_of_shards(&model, 0, 300000, &many), 0);
	assert_true(many > 300 * ng_work_segment(1000, false, 1));
	/* Eight threads that one step of keeps waiting. */
	assert_int_equal(ng_cost(NG_COST_READ, 1000, 8), 8 * ng_cost_cpu(NG_COST_READ, 1000));
	assert_int_equal(ng_cost(NG_COST_INSERT, 1000, 8), ng_cost_cpu(NG_COST_INSERT, 1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phases),    cmocka_unit_test(test_model),
		cmocka_unit_test(test_built),     cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_compacted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
