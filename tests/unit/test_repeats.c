/* SPDX-License-Identifier: Apache-2.0 */
/* Stretches of documents that occur often (often.h), and all repeats of an index, against a look at
 * every byte: as they are, cancelled, with memory given back, and of damaged files. */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#include "indexmake.h"
#include "query/repeats.h"

#define REPEATS_MAX 4096u

struct list {
	struct ng_repeat of[REPEATS_MAX];
	size_t n;
};

static bool occurs(const struct naive *c, const uint8_t *pat, size_t len, uint64_t at_least)
{
	return naive_find(c, pat, len, NULL) >= at_least;
}

static struct ng_match place(const struct naive *c, uint64_t position)
{
	uint64_t doc = naive_doc_of(c, position);

	return (struct ng_match){doc, position - naive_begin(c, doc)};
}

/* Of each document, for each begin, the furthest end; that of none before it is as far. */
static void naive_repeats(const struct naive *c, const struct ng_often_options *options,
			  bool skip_first, struct list *ret)
{
	ret->n = 0;
	for (uint64_t doc = 0; doc < c->docs; doc++) {
		const uint8_t *text = c->text + naive_begin(c, doc);
		uint64_t len = naive_bytes(c, doc), raw = 0, furthest = 0;

		for (uint64_t begin = 0; begin < len; begin++) {
			ng_cleanup(ng_freep) uint64_t *positions = NULL;
			struct ng_repeat found = {.doc = doc, .begin = begin};

			raw = ng_max(raw, begin);
			while (raw < len &&
			       occurs(c, text + begin, raw + 1 - begin, options->at_least))
				raw++;
			if (!ng_whole_border(text, text + begin, text + len, options->word))
				continue;
			found.end = raw;
			while (found.end > begin &&
			       !ng_whole_border(text, text + found.end, text + len, options->word))
				found.end--;
			if (found.end <= furthest)
				continue;
			furthest = found.end;
			if (found.end - begin < options->min_bytes)
				continue;
			found.count = naive_find(c, text + begin, found.end - begin, &positions);
			found.first = place(c, positions[0]);
			if (found.count <= options->at_most &&
			    !(skip_first && found.first.doc == doc && found.first.offset == begin))
				ret->of[ret->n++] = found;
			assert_true(ret->n < REPEATS_MAX);
		}
	}
}

/* Few words in all documents, so that they repeat; characters of several bytes; and what is none.
 */
static void corpus_make(uint64_t *rng, struct naive *c)
{
	static const char *const words[] = {"the ", "of ",  "\u4e2d\u6587", "caf\u00e9 ", "whale",
					    " ",    "\xff", "\xe4\xb8",     "na\u00efve", "-"};

	for (unsigned i = 0; i < 24; i++) {
		uint8_t text[160];
		size_t len = 0, most = scratch_random(rng) % 140;

		while (len < most) {
			const char *word = words[scratch_random(rng) % ng_array_size(words)];

			memcpy(text + len, word, strlen(word));
			len += strlen(word);
		}
		naive_add(c, text, len);
	}
}

/* 0, or what failed. prod: what may be done between two calls. */
static int repeats_all(const struct ng_index *index, const struct ng_often_options *options,
		       bool skip_first, const ng_cancel *cancel,
		       void (*prod)(struct ng_repeats *repeats), struct list *ret)
{
	struct ng_repeats *repeats = NULL;
	const struct ng_repeat *list;
	size_t n = 0;
	int r;

	ret->n = 0;
	assert_int_equal(ng_repeats_new(index, options, skip_first, &repeats), 0);
	while ((r = ng_repeats_next(repeats, cancel, &list, &n)) != 0) {
		if (r < 0 && (r != -EINTR || !prod))
			break;
		for (size_t i = 0; r > 0 && i < n; i++) {
			assert_true(ret->n < REPEATS_MAX);
			ret->of[ret->n++] = list[i];
		}
		if (prod)
			prod(repeats);
	}
	ng_repeats_free(repeats);
	return r;
}

static bool is_same(const struct list *a, const struct list *b)
{
	return a->n == b->n && memcmp(a->of, b->of, a->n * sizeof(*a->of)) == 0;
}

static struct ng_often_options options_of(uint64_t *rng)
{
	struct ng_often_options options = {
		.min_bytes = 1 + scratch_random(rng) % 14,
		.at_least = 2 + scratch_random(rng) % 3,
		.at_most = UINT64_MAX,
		.word = scratch_random(rng) % 2,
	};

	if (scratch_random(rng) % 3 == 0)
		options.at_most = options.at_least + scratch_random(rng) % 4;
	return options;
}

static const struct ng_build_options builds[] = {
	{.threads = 1, .sa_sampling = 4},
	{.threads = 2, .sa_sampling = 8, .shard_bytes = 300, .text_store = true},
};

static void test_naive(void **state)
{
	uint64_t rng = naive_seed();
	static struct list want, got;

	for (unsigned round = 0; round < scratch_rounds(12); round++) {
		struct naive c = {.name = "words"};
		struct made_index made;

		corpus_make(&rng, &c);
		made_index_new(&c, &builds[round % 2], &made);
		for (unsigned i = 0; i < 4; i++) {
			const struct ng_often_options options = options_of(&rng);

			naive_repeats(&c, &options, i % 2, &want);
			assert_int_equal(repeats_all(made.index, &options, i % 2, NULL, NULL, &got),
					 0);
			if (!is_same(&want, &got))
				fail_msg("round %u, min %ju, at least %ju, word %d: %zu repeats, "
					 "not %zu, or others",
					 round, (uintmax_t)options.min_bytes,
					 (uintmax_t)options.at_least, options.word, got.n, want.n);
		}
		made_index_free(&made);
		naive_clear(&c);
	}
}

/* ---- cancelled ---- */

static ng_cancel stop;
static atomic_bool over;
static unsigned interrupted;

/* Somebody who interrupts whatever is going on, again and again. */
static void *interrupts(void *userdata)
{
	while (!atomic_load(&over)) {
		usleep(1000);
		atomic_store(&stop, true);
	}
	return NULL;
}

static void prod(struct ng_repeats *repeats)
{
	interrupted += atomic_exchange(&stop, false);
	if (interrupted % 3 == 0)
		ng_repeats_shed(repeats);
}

static void test_cancelled(void **state)
{
	const struct ng_often_options options = {6, 2, UINT64_MAX, true};
	ng_cancel cancel = true;
	uint64_t rng = naive_seed();
	static struct list whole, got;
	struct ng_often *often = NULL;
	struct ng_often_stretch stretch = {.begin = 42};
	struct ng_text_blocks text = {0};
	struct naive c = {.name = "words"};
	struct made_index made;
	pthread_t thread;

	for (unsigned i = 0; i < 4; i++)
		corpus_make(&rng, &c);
	made_index_new(&c, &builds[1], &made);
	assert_int_equal(repeats_all(made.index, &options, false, &cancel, NULL, &got), -EINTR);
	assert_int_equal(got.n, 0);
	assert_int_equal(repeats_all(made.index, &options, false, NULL, NULL, &whole), 0);
	assert_true(whole.n > 100);
	assert_int_equal(pthread_create(&thread, NULL, interrupts, NULL), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(repeats_all(made.index, &options, false, &stop, prod, &got), 0);
		assert_true(is_same(&whole, &got));
	}
	atomic_store(&over, true);
	pthread_join(thread, NULL);
	assert_true(interrupted > 0);
	/* One document: what was cancelled says nothing, and goes on. */
	assert_int_equal(ng_often_new(made.index, &options, &often), 0);
	assert_int_equal(ng_text_blocks_doc(&text, made.index, whole.of[0].doc), 0);
	ng_often_begin(often, &text);
	for (size_t i = 0; i < whole.n && whole.of[i].doc == whole.of[0].doc; i++) {
		assert_int_equal(ng_often_next(often, &cancel, &stretch), -EINTR);
		assert_int_equal(stretch.begin, i ? whole.of[i - 1].begin : 42);
		assert_int_equal(ng_often_next(often, NULL, &stretch), 1);
		assert_int_equal(stretch.begin, whole.of[i].begin);
		assert_int_equal(stretch.end, whole.of[i].end);
		assert_int_equal(stretch.count, whole.of[i].count);
	}
	assert_int_equal(ng_often_next(often, NULL, &stretch), 0);
	ng_text_blocks_clear(&text);
	ng_often_free(often);
	made_index_free(&made);
	naive_clear(&c);
}

/* ---- damaged ---- */

static void flip(const char *path, off_t byte, unsigned bit)
{
	int fd = open(path, O_RDWR);
	uint8_t value = 0;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &value, 1, byte), 1);
	value ^= (uint8_t)(1u << bit);
	assert_int_equal(pwrite(fd, &value, 1, byte), 1);
	close(fd);
}

/* What the files say with one bit changed: the same, or an error. Returns whether an error. */
static bool is_refused(const char *path, const struct ng_often_options *options,
		       const struct list *want)
{
	struct ng_error err = {0};
	struct ng_index *index = NULL;
	static struct list got;
	int r = ng_index_open(path, 2, &index, &err);

	if (r < 0)
		return true;
	r = repeats_all(index, options, false, NULL, NULL, &got);
	ng_index_close(index);
	if (r == 0)
		assert_true(is_same(want, &got));
	else
		assert_true(r == -EIO || r == -EUCLEAN);
	return r < 0;
}

static void test_damaged(void **state)
{
	const struct ng_often_options options = {6, 2, UINT64_MAX, false};
	uint64_t rng = naive_seed();
	unsigned refused = 0;
	static struct list want;
	struct naive c = {.name = "words"};
	struct made_index made;
	struct dirent *entry;
	DIR *dir;

	corpus_make(&rng, &c);
	made_index_new(&c, &builds[1], &made);
	assert_int_equal(repeats_all(made.index, &options, false, NULL, NULL, &want), 0);
	assert_true(want.n > 10);
	dir = opendir(made.path);
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[SCRATCH_DIR_MAX + 300];
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", made.path, entry->d_name);
		assert_int_equal(stat(path, &st), 0);
		for (unsigned i = 0; S_ISREG(st.st_mode) && i < 25; i++) {
			off_t byte = (off_t)(scratch_random(&rng) % (uint64_t)st.st_size);
			unsigned bit = (unsigned)(scratch_random(&rng) % 8);

			flip(path, byte, bit);
			refused += is_refused(made.path, &options, &want);
			flip(path, byte, bit);
		}
	}
	closedir(dir);
	assert_true(refused > 20);
	assert_false(is_refused(made.path, &options, &want));
	made_index_free(&made);
	naive_clear(&c);
}

static void test_refused(void **state)
{
	static const struct ng_often_options bad[] = {
		{0, 2, 9, false}, {1, 0, 9, false}, {1, 3, 2, false}};
	struct naive c = {.name = "abc"};
	struct ng_repeats *repeats = NULL;
	struct made_index made;

	naive_add(&c, "abcabcd", 7);
	made_index_new(&c, &builds[0], &made);
	for (size_t i = 0; i < ng_array_size(bad); i++)
		assert_int_equal(ng_repeats_new(made.index, &bad[i], false, &repeats), -EINVAL);
	assert_null(repeats);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_naive),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
