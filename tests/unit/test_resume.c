/* SPDX-License-Identifier: Apache-2.0 */
/* Builds that were interrupted: what they go on from, and what they refuse. */
#include "build/builder.h"
#include "indexmake.h"
#include "merge/journal.h"
#include "samedir.h"

#include <fcntl.h>

#define DOCS 60u

static void corpus_make(struct naive *c, uint64_t *rng)
{
	*c = (struct naive){.name = "resumed"};
	for (unsigned d = 0; d < DOCS; d++) {
		uint8_t text[900];
		size_t len = scratch_random(rng) % sizeof(text);

		naive_words(rng, text, sizeof(text));
		naive_add(c, text, len);
	}
}

/* Add documents up to `end`; then give up, or, where that is UINT64_MAX, make the index.
 * *ret_error: of the one that failed, 0: none. */
static void build_part(const struct naive *c, const struct ng_build_options *options, uint64_t end,
		       int *ret_error, struct ng_error *err)
{
	struct ng_build_summary summary;
	struct ng_builder *builder = NULL;
	int r = ng_builder_new(options, &builder, err);

	for (uint64_t doc = 0; r == 0 && doc < ng_min(end, (uint64_t)DOCS); doc++) {
		char meta[256];
		size_t meta_bytes = made_meta(doc, meta);

		r = ng_builder_add(builder, c->text + naive_begin(c, doc), naive_bytes(c, doc),
				   meta, meta_bytes, err);
	}
	if (r == 0 && end == UINT64_MAX)
		r = ng_builder_finish(builder, &summary, err);
	if (builder)
		ng_builder_keep(builder);
	ng_builder_free(builder);
	*ret_error = r;
}

/* Interrupted several times, anywhere: the same bytes as in one go. */
static void test_resumed(void **state)
{
	char dir[SCRATCH_DIR_MAX], one[SCRATCH_DIR_MAX + 8], other[SCRATCH_DIR_MAX + 8];
	uint64_t seed = naive_seed(), rng = seed;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	for (unsigned round = 0; round < scratch_rounds(40); round++) {
		struct ng_build_options options = {.threads = 1 + round % 3,
						   .text_store = round % 2,
						   .output = other,
						   .shard_bytes = 12000,
						   .batch_bytes = 1000 + round * 200};
		struct ng_build_summary summary;
		struct naive c;
		int r;

		corpus_make(&c, &rng);
		made_build(&c, &options, one, &summary);
		for (unsigned part = round % 4; part > 0; part--) {
			options.resume = part < round % 4;
			build_part(&c, &options, scratch_random(&rng) % (DOCS + 1), &r, NULL);
			/* Where no step was finished nothing is left to begin with. */
			assert_int_equal(r, 0);
		}
		options.resume = true;
		made_build(&c, &options, other, &summary);
		assert_int_equal(summary.docs, DOCS);
		check_same(one, other);
		assert_int_equal(entries_in(dir), 2);
		assert_int_equal(scratch_remove(other), 0);
		assert_int_equal(scratch_remove(one), 0);
		naive_clear(&c);
	}
	assert_int_equal(scratch_remove(dir), 0);
}

/* One bit of the n-th file of a kind in a directory is flipped, where there is one. */
static bool flip_bit(const char *dir, const char *kind, uint64_t *rng)
{
	DIR *entries = opendir(dir);
	char path[SCRATCH_DIR_MAX + 300] = "";
	const struct dirent *entry;
	unsigned met = 0;
	uint8_t *data;
	size_t n;

	assert_non_null(entries);
	while ((entry = readdir(entries)))
		if (strncmp(entry->d_name, kind, strlen(kind)) == 0 &&
		    scratch_random(rng) % ++met == 0)
			snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
	closedir(entries);
	if (!*path)
		return false;
	data = scratch_read(path, &n);
	if (n) {
		data[scratch_random(rng) % n] ^= (uint8_t)(1u << scratch_random(rng) % 8);
		assert_int_equal(scratch_write(path, data, n), 0);
	}
	free(data);
	return n > 0;
}

/* Whatever became of the files meanwhile: the right index, or an error. */
static void test_flipped(void **state)
{
	static const char *const kinds[] = {"text-", "segment-", "shard-", "journal"};
	char dir[SCRATCH_DIR_MAX], one[SCRATCH_DIR_MAX + 8], other[SCRATCH_DIR_MAX + 8],
		work[SCRATCH_DIR_MAX + 32];
	unsigned flipped[ng_array_size(kinds)] = {0}, refused = 0;
	uint64_t seed = naive_seed(), rng = seed;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(one, sizeof(one), "%s/one", dir);
	snprintf(other, sizeof(other), "%s/other", dir);
	snprintf(work, sizeof(work), "%s/other.building", dir);
	for (unsigned round = 0; round < scratch_rounds(40); round++) {
		size_t kind = round % ng_array_size(kinds);
		struct ng_build_options options = {
			.threads = 1, .output = other, .shard_bytes = 12000, .batch_bytes = 2000};
		struct ng_build_summary summary;
		struct naive c;
		int r;

		corpus_make(&c, &rng);
		made_build(&c, &options, one, &summary);
		build_part(&c, &options, DOCS / 2 + scratch_random(&rng) % (DOCS / 2), &r, NULL);
		assert_int_equal(r, 0);
		flipped[kind] += flip_bit(work, kinds[kind], &rng);
		options.resume = true;
		build_part(&c, &options, UINT64_MAX, &r, NULL);
		if (r < 0) {
			assert_string_equal(kinds[kind], "journal");
			assert_true(r == -EPROTO || r == -ESTALE);
			refused++;
			options.resume = false;
			options.force = true;
			made_build(&c, &options, other, &summary);
		}
		check_same(one, other);
		assert_int_equal(entries_in(dir), 2);
		assert_int_equal(scratch_remove(other), 0);
		assert_int_equal(scratch_remove(one), 0);
		naive_clear(&c);
	}
	for (size_t i = 0; i < ng_array_size(kinds); i++)
		assert_true(flipped[i] > 0);
	assert_true(refused > 0);
	assert_int_equal(scratch_remove(dir), 0);
}

static void test_refused(void **state)
{
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct ng_build_options options = {
		.threads = 1, .output = path, .batch_bytes = 3000, .shard_bytes = 10000};
	struct ng_build_summary summary;
	struct ng_error err = {""};
	uint64_t rng = naive_seed();
	struct naive c, d;
	int r;

	corpus_make(&c, &rng);
	corpus_make(&d, &rng);
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	build_part(&c, &options, DOCS / 2, &r, &err);
	assert_int_equal(r, 0);
	assert_int_equal(entries_in(dir), 1);
	/* It is there, and says so. */
	build_part(&c, &options, 1, &r, &err);
	assert_int_equal(r, -EEXIST);
	assert_non_null(strstr(err.text, "--resume"));
	/* Other options; other input. */
	options.resume = true;
	options.sa_sampling = 64;
	build_part(&c, &options, 1, &r, &err);
	assert_int_equal(r, -ESTALE);
	assert_non_null(strstr(err.text, "sa-sampling=112"));
	options.sa_sampling = 0;
	build_part(&d, &options, DOCS, &r, &err);
	assert_int_equal(r, -ESTALE);
	assert_non_null(strstr(err.text, "input"));
	/* Nothing of this has harmed it; or all of it goes. */
	made_build(&c, &options, path, &summary);
	assert_int_equal(entries_in(dir), 1);
	assert_int_equal(scratch_remove(path), 0);
	options.resume = false;
	build_part(&c, &options, DOCS / 2, &r, &err);
	assert_int_equal(r, 0);
	options.force = true;
	made_build(&d, &options, path, &summary);
	assert_int_equal(entries_in(dir), 1);
	assert_int_equal(scratch_remove(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
	naive_clear(&c);
	naive_clear(&d);
}

/* A journal cut anywhere, as a crash leaves it: whole lines count, the rest is gone. */
static void test_cut(void **state)
{
	static const char options[] = "some options";
	struct ng_step steps[] = {
		{NG_STEP_SEGMENT, 0, 0, 1, "segment-0", 4096, 0x123456789abcdefull, 100, "aa"},
		{NG_STEP_MERGED, 0, 0, 2, "segment-0-2", 8192, UINT64_MAX, 200, ""},
		{NG_STEP_SHARD, 3, 0, 0, "shard-00003.ngs", 1, 0, 300, "bb"},
	};
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 16];
	struct ng_journal *journal;
	struct ng_error err = {""};
	uint8_t *all;
	size_t n;
	bool found;
	int dir_fd;

	assert_int_equal(scratch_make(dir), 0);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir_fd >= 0);
	snprintf(path, sizeof(path), "%s/" NG_JOURNAL_NAME, dir);
	assert_false(ng_journal_exists(dir_fd));
	assert_int_equal(ng_journal_open(dir_fd, dir, options, &journal, &found, &err), 0);
	assert_false(found);
	assert_false(ng_journal_exists(dir_fd));
	for (size_t i = 0; i < ng_array_size(steps); i++)
		assert_int_equal(ng_journal_add(journal, &steps[i], &err), 0);
	ng_journal_close(journal);
	assert_true(ng_journal_exists(dir_fd));
	all = scratch_read(path, &n);
	assert_non_null(all);
	for (size_t cut = 0; cut <= n; cut++) {
		size_t lines = 0;

		for (size_t i = 0; i < cut; i++)
			lines += all[i] == '\n';
		assert_int_equal(scratch_write(path, all, cut), 0);
		assert_int_equal(ng_journal_open(dir_fd, dir, options, &journal, &found, &err), 0);
		assert_int_equal(found, lines > 0);
		for (size_t i = 0; i < ng_array_size(steps); i++) {
			const struct ng_step *step =
				ng_journal_find(journal, steps[i].kind, steps[i].shard,
						steps[i].first, steps[i].end);

			assert_int_equal(step != NULL, i + 2 <= lines);
			if (step)
				assert_memory_equal(step, &steps[i], sizeof(*step));
		}
		ng_journal_close(journal);
	}
	assert_int_equal(ng_journal_open(dir_fd, dir, "others", &journal, &found, &err), -ESTALE);
	assert_int_equal(scratch_write(path, (const uint8_t *)"{}\nx\n", 5), 0);
	assert_int_equal(ng_journal_open(dir_fd, dir, options, &journal, &found, &err), -EPROTO);
	free(all);
	close(dir_fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(scratch_remove(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_flipped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
