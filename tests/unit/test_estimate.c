/* SPDX-License-Identifier: Apache-2.0 */
/* What a build will take, told from a sample of its input, beside the build itself. */
#include "build/estimate.h"
#include "scratch.h"

#include <math.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <cmocka.h>

#define WORDS      5000u
#define FOLLOWERS  4u
#define FILES      48u
#define FILE_BYTES (64u << 10)

/* Text in which words differ in frequency and some follow others more often, so that, as in a
 * language, an index of more of it has fewer bytes a byte. */
struct language {
	char words[WORDS][12];
	uint16_t followers[WORDS][FOLLOWERS];
};

static unsigned word_pick(uint64_t *rng)
{
	double u = (double)(scratch_random(rng) % (1u << 24)) / (1u << 24);

	return (unsigned)(pow(WORDS, u) - 1);
}

static struct language *language_new(uint64_t *rng)
{
	struct language *language = calloc(1, sizeof(*language));

	assert_non_null(language);
	for (unsigned i = 0; i < WORDS; i++) {
		unsigned len = 2 + scratch_random(rng) % 8;

		for (unsigned k = 0; k < len; k++)
			language->words[i][k] = (char)('a' + scratch_random(rng) % 20);
		for (unsigned k = 0; k < FOLLOWERS; k++)
			language->followers[i][k] = (uint16_t)word_pick(rng);
	}
	return language;
}

static void text_write(FILE *file, const struct language *language, size_t bytes, uint64_t *rng)
{
	unsigned word = 0;

	for (size_t n = 0; n < bytes;) {
		word = scratch_random(rng) % 3
			       ? language->followers[word][scratch_random(rng) % FOLLOWERS]
			       : word_pick(rng);
		n += (size_t)fprintf(file, "%s ", language->words[word]);
	}
}

/* A folder of files, or one file of lines, of about so much text. */
static void corpus_write(const char *path, bool tree, size_t bytes)
{
	uint64_t rng = 7;
	struct language *language = language_new(&rng);
	unsigned files = tree ? FILES : 1;

	if (tree)
		assert_int_equal(mkdir(path, 0755), 0);
	for (unsigned i = 0; i < files; i++) {
		char name[SCRATCH_DIR_MAX + 32];
		FILE *file;

		snprintf(name, sizeof(name), tree ? "%s/%03u" : "%s", path, i);
		file = fopen(name, "w");
		assert_non_null(file);
		for (size_t n = 0; n < bytes / files; n += 2048) {
			text_write(file, language, ng_min(bytes / files - n, (size_t)2048), &rng);
			putc('\n', file);
		}
		assert_int_equal(fclose(file), 0);
	}
	free(language);
}

static void options_of(bool tree, struct ng_source_options *ret_options)
{
	*ret_options =
		(struct ng_source_options){.format = tree ? NG_SOURCE_TEXT : NG_SOURCE_LINES};
}

/* All of it, truly. */
static void build(const char *path, const struct ng_source_options *options,
		  const struct ng_build_options *build, struct ng_build_summary *ret_summary)
{
	ng_cleanup(ng_source_freep) struct ng_source *source = NULL;
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_source_doc doc;
	struct ng_error err = {""};

	assert_int_equal(ng_source_new(&path, 1, options, &source, &err), 0);
	assert_int_equal(ng_builder_new(build, &builder, &err), 0);
	while (ng_source_next(source, &doc, &err) > 0)
		assert_int_equal(ng_builder_add(builder, doc.text, doc.text_bytes, doc.meta,
						doc.meta_bytes, &err),
				 0);
	assert_int_equal(ng_builder_finish(builder, ret_summary, &err), 0);
}

static void within(double got, double want, double percent, const char *what)
{
	if (fabs(got - want) > want * percent / 100)
		fail_msg("%s: %.0f is not within %.0f %% of %.0f", what, got, percent, want);
}

static void in_range(const struct ng_bounds *range, double value, const char *what)
{
	assert_true(range->low <= range->likely && range->likely <= range->high);
	if (value < range->low || value > range->high)
		fail_msg("%s: %.0f is not in [%.0f, %.0f]", what, value, range->low, range->high);
}

/* From a half of it: the text within a twentieth, the index within 15 %. */
static void check(bool tree, const struct ng_build_options *options)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 16], output[SCRATCH_DIR_MAX + 16];
	const char *const paths[] = {path};
	struct ng_build_options known = *options;
	struct ng_source_options source;
	struct ng_build_summary summary;
	struct ng_sample sample = {0};
	struct ng_estimate estimate;
	struct ng_error err = {""};

	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/corpus", dir);
	snprintf(output, sizeof(output), "%s/index", dir);
	corpus_write(path, tree, (size_t)FILES * FILE_BYTES);
	options_of(tree, &source);
	assert_int_equal(ng_sample_list(paths, 1, &source, &sample, &err), 0);
	assert_int_equal(sample.n_files, tree ? FILES : 1);
	assert_int_equal(ng_sample_read(&sample, &source, FILES * FILE_BYTES / 2, &err), 0);
	assert_true(sample.text.len < FILES * FILE_BYTES * 2 / 3);
	known.output = "/nowhere/at all";
	assert_int_equal(ng_estimate(&sample, &known, dir, &estimate, &err), 0);
	/* Nothing is left of the trials. */
	assert_int_equal(access("/nowhere", F_OK), -1);
	assert_int_equal(unlink(output), -1);
	known.output = output;
	build(path, &source, &known, &summary);
	/* Files of a block are read to their ends, though not all of it is kept. */
	assert_int_equal(estimate.whole, tree);
	within(estimate.text_bytes.likely, (double)summary.text_bytes, 5, "text");
	within(estimate.index_bytes.likely, (double)summary.index_bytes, 15, "index");
	in_range(&estimate.text_bytes, (double)summary.text_bytes, "text");
	in_range(&estimate.docs, (double)summary.docs, "documents");
	in_range(&estimate.index_bytes, (double)summary.index_bytes, "index");
	assert_int_equal(estimate.shards, summary.shards);
	assert_true(estimate.disk_bytes.likely >= estimate.index_bytes.likely);
	assert_true(estimate.seconds.likely > 0 && estimate.seconds.low <= estimate.seconds.high);
	ng_sample_clear(&sample);
	assert_int_equal(scratch_remove(output), 0);
	assert_int_equal(tree ? scratch_remove(path) : unlink(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_tree(void **state)
{
	(void)state;
	check(true, &(struct ng_build_options){.threads = 2, .memory_bytes = NG_MEMORY_MIN});
}

static void test_one_file(void **state)
{
	(void)state;
	check(false, &(struct ng_build_options){.threads = 1,
						.memory_bytes = NG_MEMORY_MIN,
						.text_store = true,
						.sa_sampling = 16,
						.shard_bytes = 2u << 20});
}

/* What is small is read whole: then nothing is guessed. */
static void test_whole(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 16], output[SCRATCH_DIR_MAX + 16];
	const char *const paths[] = {path, path};
	struct ng_build_options options = {.threads = 1, .memory_bytes = NG_MEMORY_MIN};
	struct ng_source_options source;
	struct ng_build_summary summary;
	struct ng_sample sample = {0};
	struct ng_estimate estimate;
	struct ng_error err = {""};

	(void)state;
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/corpus", dir);
	snprintf(output, sizeof(output), "%s/index", dir);
	corpus_write(path, true, 100000);
	options_of(true, &source);
	/* What is named twice counts once. */
	assert_int_equal(ng_sample_list(paths, 2, &source, &sample, &err), 0);
	assert_int_equal(ng_sample_read(&sample, &source, 1u << 20, &err), 0);
	assert_int_equal(ng_estimate(&sample, &options, dir, &estimate, &err), 0);
	options.output = output;
	build(path, &source, &options, &summary);
	assert_true(estimate.whole);
	assert_int_equal((uint64_t)estimate.docs.likely, summary.docs);
	assert_int_equal((uint64_t)estimate.docs.high, summary.docs);
	assert_int_equal((uint64_t)estimate.text_bytes.low, summary.text_bytes);
	within(estimate.index_bytes.likely, (double)summary.index_bytes, 0.01, "index");
	ng_sample_clear(&sample);
	assert_int_equal(scratch_remove(output), 0);
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
}

/* Small texts among larger files without text: what lies beside them isn't more for that. */
static void test_mixed(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 16];
	const char *const paths[] = {dir};
	struct ng_source_options source = {.format = NG_SOURCE_AUTO};
	struct ng_build_options options = {.threads = 1, .memory_bytes = NG_MEMORY_MIN};
	struct ng_sample sample = {0};
	struct ng_estimate estimate;
	struct ng_error err = {""};
	double text = 0;

	(void)state;
	assert_int_equal(scratch_make(dir), 0);
	for (unsigned i = 0; i < 1000; i++) {
		unsigned bytes = i % 2 ? 500 + i * 7 % 1000 : 4096 + i * 13 % 8000;
		FILE *file;

		snprintf(path, sizeof(path), "%s/%03u", dir, i);
		file = fopen(path, "w");
		assert_non_null(file);
		for (unsigned n = 0; n < bytes; n++)
			putc(i % 2 ? 'a' + (int)(n * n % 23) : (int)(n % 251), file);
		assert_int_equal(fclose(file), 0);
		text += i % 2 ? bytes : 0;
	}
	assert_int_equal(ng_sample_list(paths, 1, &source, &sample, &err), 0);
	assert_int_equal(sample.n_files, 1000);
	assert_int_equal(ng_sample_read(&sample, &source, 64u << 10, &err), 0);
	assert_in_range(sample.whole_files, 100, 500);
	assert_int_equal(ng_estimate(&sample, &options, "/tmp", &estimate, &err), 0);
	assert_false(estimate.whole);
	/* Some 30 of the points lie in text. */
	within(estimate.text_bytes.likely, text, 30, "text");
	in_range(&estimate.text_bytes, text, "text");
	in_range(&estimate.docs, 500, "documents");
	ng_sample_clear(&sample);
	assert_int_equal(scratch_remove(dir), 0);
}

/* Every point has its share: of one file in ten, which is ten times as large as the others, too. */
static void test_shares(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 16];
	const char *const paths[] = {dir};
	struct ng_source_options source = {.format = NG_SOURCE_JSONL};
	struct ng_sample sample = {0};
	struct ng_error err = {""};
	unsigned points = 0;

	(void)state;
	assert_int_equal(scratch_make(dir), 0);
	for (unsigned i = 0; i < 1000; i++) {
		FILE *file;

		snprintf(path, sizeof(path), "%s/%03u", dir, i);
		file = fopen(path, "w");
		assert_non_null(file);
		for (unsigned line = 0; line < (i % 10 ? 30 : 300); line++)
			fprintf(file,
				line % 10 ? "{\"text\": \"line %04u of file %03u\"}\n"
					  : "no JSON %04u %03u\n",
				line, i);
		assert_int_equal(fclose(file), 0);
	}
	assert_int_equal(ng_sample_list(paths, 1, &source, &sample, &err), 0);
	assert_int_equal(sample.n_files, 1000);
	assert_int_equal(ng_sample_read(&sample, &source, NG_SAMPLE_POINTS * 500, &err), 0);
	for (unsigned i = 0; i < NG_SAMPLE_POINTS; i++)
		points += sample.groups[i].points;
	assert_int_equal(points, NG_SAMPLE_POINTS);
	assert_in_range(sample.whole_files, 150, 350);
	/* Files of one block are read to their ends. */
	assert_int_equal(sample.begun_files, 0);
	assert_int_equal(sample.bad_docs * 9, sample.sum.docs);
	/* What is read is counted, also where there is no room left for it. */
	assert_in_range(sample.n_docs, sample.sum.docs / 10, sample.sum.docs - 1);
	assert_in_range(sample.text.len, NG_SAMPLE_POINTS * 400, NG_SAMPLE_POINTS * 600);
	assert_non_null(strstr(sample.bad, "/000:1: "));
	assert_null(strchr(sample.bad, '\n'));
	assert_memory_equal(sample.text.data, "line 0001 of file 000", 21);
	assert_memory_equal(sample.meta.data, "{\"path\":", 8);
	ng_sample_clear(&sample);
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_reckoned(void **state)
{
	struct ng_sample sample = {
		.input_bytes = 1ull << 40, .n_files = 1000, .whole_files = 1, .begun_files = 31};
	struct ng_build_options options = {.memory_bytes = 1ull << 34, .threads = 2};
	struct ng_estimate_from from = {.sample = &sample, .options = &options};
	struct ng_estimate estimate;
	struct ng_error err;

	(void)state;
	assert_int_equal(ng_memory_divide(options.memory_bytes, 0, 0, 0, 2, &from.plan, &err), 0);
	/* Nothing there. */
	assert_int_equal(ng_estimate_reckon(&from, &estimate), 0);
	assert_true(estimate.index_bytes.high == 0 && !estimate.shards);
	/* Twice the text that there is input, of which the index has a half. */
	for (unsigned i = 0; i < NG_SAMPLE_POINTS; i++)
		sample.groups[i] = (struct ng_sample_group){1, 1u << 20, {1u << 20, 2u << 20, 1}};
	sample.sum = (struct ng_sample_read){NG_SAMPLE_POINTS << 20, NG_SAMPLE_POINTS << 21,
					     NG_SAMPLE_POINTS};
	from.less = (struct ng_trial){.rows = 16u << 20, .index_bytes = 8u << 20};
	from.more = (struct ng_trial){.rows = 64u << 20,
				      .index_bytes = 32u << 20,
				      .work = 1000000000,
				      .cpu_work = 2000000000,
				      .seconds = 2,
				      .cpu_seconds = 4};
	assert_int_equal(ng_estimate_reckon(&from, &estimate), 0);
	within(estimate.text_bytes.likely, 0x1p41, 0.1, "text");
	within(estimate.docs.likely, 0x1p20, 0.1, "documents");
	within(estimate.index_bytes.likely, 0x1p40, 0.1, "index");
	/* With the separators it is a little more than 64. */
	assert_int_equal(estimate.shards, 65);
	assert_true(estimate.batches > 65 && estimate.memory_bytes.high <= 0x1p34);
	/* Files without a byte, more than there was room for. */
	sample.input_bytes = 0;
	sample.groups[0].file_bytes = sample.groups[0].read.input_bytes = 0;
	assert_int_equal(ng_estimate_reckon(&from, &estimate), 0);
	assert_true(isfinite(estimate.text_bytes.low) && isfinite(estimate.text_bytes.high));
	sample.input_bytes = 1ull << 40;
	sample.groups[0].file_bytes = sample.groups[0].read.input_bytes = 1u << 20;
	/* An index that falls with the text; files that differ. */
	from.less.index_bytes = 9u << 20;
	for (unsigned i = 0; i < NG_SAMPLE_POINTS; i++)
		sample.groups[i].read.text_bytes = i % 2 ? 3u << 20 : 1u << 20;
	assert_int_equal(ng_estimate_reckon(&from, &estimate), 0);
	within(estimate.text_bytes.likely, 0x1p41, 0.1, "text");
	/* Twice the standard error of 256: a sixteenth. */
	within(estimate.text_bytes.high, 0x1.1p41, 0.1, "most text");
	within(estimate.text_bytes.low, 0x1.ep40, 0.1, "least text");
	assert_true(estimate.index_bytes.likely < 0x1.ep39);
	assert_true(estimate.index_bytes.likely >= 0x1p40 * 0.3);
	/* A half of all is one file, of which the beginning has half as much text: it is known by
	 * itself, and the rest by the others. */
	for (unsigned i = 0; i < NG_SAMPLE_POINTS; i++)
		sample.groups[i].read.text_bytes = 2u << 20;
	sample.groups[0] =
		(struct ng_sample_group){NG_SAMPLE_POINTS / 2, 1ull << 39, {1u << 20, 1u << 20, 1}};
	assert_int_equal(ng_estimate_reckon(&from, &estimate), 0);
	within(estimate.text_bytes.likely, 0x1.8p40, 0.1, "text");
	within(estimate.text_bytes.high, 0x1.8p40 + 0.2 * 0x1p39, 0.1, "most text");
}

/* What can't be read twice, or at all. */
static void test_refused(void **state)
{
	const char *const names[] = {"-", "/dev/null", "/nowhere"};
	struct ng_source_options source = {0};

	(void)state;
	for (size_t i = 0; i < ng_array_size(names); i++) {
		struct ng_sample sample = {0};
		struct ng_error err = {""};

		assert_int_equal(ng_sample_list(&names[i], 1, &source, &sample, &err),
				 i < 2 ? -EINVAL : -ENOENT);
		assert_true(i == 2 || strstr(err.text, "into a file"));
		ng_sample_clear(&sample);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tree),    cmocka_unit_test(test_one_file),
		cmocka_unit_test(test_whole),   cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_shares),  cmocka_unit_test(test_reckoned),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
