/* SPDX-License-Identifier: Apache-2.0 */
/* No answer is wrong, whatever bit of an index has changed: each question gets the right answer or
 * an error, and ngramfsck says that there is damage. Bits are flipped one by one, in all files of
 * indexes of several shapes; files are cut, made longer, and their pages exchanged and wiped.
 *
 * In a run, each section loses some of its bits, others for another NG_TEST_SEED, which is printed.
 * All bits, which takes hours:
 *
 *     meson test -C BUILD --suite soak --verbose
 *
 * or NG_TEST_ALL=1 test_flips, with the names of the shapes for only some of them; NG_TEST_ALL=101
 * takes every 101st. */
#include <signal.h>
#include <sys/time.h>
#include <sys/vfs.h>

#include "check/check.h"
#include "forge.h"
#include "query/index_internal.h"
#include "questions.h"

#define FILES_MAX 8u
/* Of a section, and of the zeroes behind it. */
#define FLIPS         24u
#define PADDING_FLIPS 3u
/* Exchanged and wiped pages, lengths, and flips for ngramfsck, of a file. */
#define OTHERS 40u
/* Wrong answers that are printed. */
#define PRINTED 20u
/* Of the processor's time, for one change: more is a hang. */
#define HANG_SECONDS 60

/* ---- the indexes ---- */

struct shape {
	const char *name;
	void (*fill)(struct naive *corpus, uint64_t *rng);
	size_t (*meta)(uint64_t doc, char *buf);
	struct ng_build_options options;
	uint64_t first_docs; /* those that the others are appended to; 0: none are */
	uint32_t shards;
};

#define META_MAX 1200u

static size_t short_meta(uint64_t doc, char *buf)
{
	return made_meta(doc, buf);
}

/* Several frames of it, that hardly shrink. */
static size_t long_meta(uint64_t doc, char *buf)
{
	size_t n = (size_t)snprintf(buf, META_MAX, "{\"n\":%ju,\"noise\":\"", (uintmax_t)doc);
	size_t noise = n;
	uint64_t rng = doc;

	for (uint64_t i = 0; i < 500 + doc * 37 % 400; i++)
		buf[n++] = (char)('0' + scratch_random(&rng) % 70 % 64);
	for (size_t i = noise; i < n; i++)
		if (buf[i] == '\\' || buf[i] == '"')
			buf[i] = '-';
	memcpy(buf + n, "\"}", 2);
	return n + 2;
}

/* n documents of words, one of them empty, with bytes that stand there once. */
static void words(struct naive *c, uint64_t *rng, size_t bytes, size_t n)
{
	ng_cleanup(ng_freep) uint8_t *text = malloc(bytes);
	size_t each = bytes / n;

	assert_non_null(text);
	naive_words(rng, text, bytes);
	memcpy(text + bytes / 2, "\xc3\xa9 Zq\x80~", 7);
	for (size_t i = 0; i < n; i++)
		naive_add(c, text + i * each, i == 1 ? 0 : each - i * each / (2 * n));
}

static void few_words(struct naive *c, uint64_t *rng)
{
	words(c, rng, 3000, 8);
}

static void many_documents(struct naive *c, uint64_t *rng)
{
	words(c, rng, 6000, 120);
}

/* More than four superblocks. All bytes are there, most of them rare, so that their counts take
 * several pages, and so do frequent patterns, the ends of a phrase that comes again and again. */
static void superblocks(struct naive *c, uint64_t *rng)
{
	size_t bytes = (4u << 18) + 9000, third = bytes / 3;
	ng_cleanup(ng_freep) uint8_t *text = malloc(bytes);

	assert_non_null(text);
	naive_words(rng, text, bytes);
	for (size_t i = 0; i < 2 * third; i += 1 + scratch_random(rng) % 200)
		text[i] = (uint8_t)(scratch_random(rng) % 255 + 1);
	for (size_t i = 2 * third + 80; i < bytes; i++)
		text[i] = text[i - 80];
	for (size_t i = 0; i < 3; i++)
		naive_add(c, text + i * third, third);
}

/* Whose beginnings and metadata need several pages, too. */
static void many_small_documents(struct naive *c, uint64_t *rng)
{
	uint8_t text[16];

	for (unsigned doc = 0; doc < 16000; doc++) {
		size_t n = scratch_random(rng) % sizeof(text);

		naive_words(rng, text, n);
		naive_add(c, text, n);
	}
}

static void bytes_of_all_kinds(struct naive *c, uint64_t *rng)
{
	uint8_t text[900];

	for (unsigned doc = 0; doc < 4; doc++) {
		for (size_t i = 0; i < sizeof(text); i++)
			text[i] = (uint8_t)(i < 256 ? i : scratch_random(rng));
		naive_add(c, text, sizeof(text) - 100 * doc);
	}
}

static void nothing(struct naive *c, uint64_t *rng)
{
}

static const struct shape shapes[] = {
	{"store", few_words, short_meta, {.sa_sampling = 16, .text_store = true}, 0, 1},
	{"shards", few_words, short_meta, {.sa_sampling = 8, .shard_bytes = 1000}, 0, 3},
	{"appended", few_words, short_meta, {.sa_sampling = 16, .text_store = true}, 5, 2},
	{"dense", few_words, short_meta, {.sa_sampling = 4}, 0, 1},
	{"metadata", many_documents, long_meta, {.sa_sampling = 16}, 0, 1},
	{"binary", bytes_of_all_kinds, short_meta, {.sa_sampling = 16, .text_store = true}, 0, 1},
	{"superblocks", superblocks, short_meta, {0}, 0, 1},
	{"documents", many_small_documents, short_meta, {.text_store = true}, 0, 1},
	{"empty", nothing, short_meta, {0}, 0, 0},
};

static void build_docs(const struct shape *shape, const struct naive *c, uint64_t first,
		       uint64_t end, const char *path)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options options = shape->options;
	struct ng_build_summary summary;
	struct ng_error err = {""};

	options.output = path;
	options.threads = 1;
	options.append = first > 0;
	if (ng_builder_new(&options, &builder, &err) < 0)
		fail_msg("%s", err.text);
	for (uint64_t doc = first; doc < end; doc++) {
		char meta[META_MAX];
		size_t meta_bytes = shape->meta(doc, meta);

		if (ng_builder_add(builder, c->text + naive_begin(c, doc), naive_bytes(c, doc),
				   meta, meta_bytes, &err) < 0)
			fail_msg("%s", err.text);
	}
	if (ng_builder_finish(builder, &summary, &err) < 0)
		fail_msg("%s", err.text);
}

/* ---- trials ---- */

struct file {
	char path[SCRATCH_DIR_MAX + 300];
	const char *name;
	bool is_shard;
	int fd;
	uint8_t *sound;
	size_t bytes;
};

struct tally {
	uint64_t trials, right, refused, errors, wrong;
};

/* An index of a shape, whose files are changed and put right again. */
struct trial {
	const struct shape *shape;
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 8];
	struct file files[FILES_MAX];
	size_t n_files;
	struct naive corpus;
	struct questions questions;
	struct answers sound, answers;
	uint64_t rng;
	uint64_t all; /* from one bit to the next; 0: what suits a short test */
	uint64_t turn;
	uint64_t printed;
};

/* Sections of which a changed bit has been found when something was asked. */
static bool found_in[NG_SECTION_TYPES];

/* What has been changed, for a crash or a hang. */
static char where[256];
static struct sigaction before[NSIG];

static void say_where(int number)
{
	ssize_t done = write(STDERR_FILENO, where, strlen(where));

	(void)done;
	if (number == SIGPROF)
		abort();
	sigaction(number, &before[number], NULL);
}

static void hang_watch(time_t seconds)
{
	const struct itimerval timer = {.it_value.tv_sec = seconds};

	setitimer(ITIMER_PROF, &timer, NULL);
}

static void watch(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF};
	struct sigaction action = {.sa_handler = say_where};

	for (size_t i = 0; i < ng_array_size(signals); i++)
		sigaction(signals[i], &action, &before[signals[i]]);
}

static void unwatch(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF};

	hang_watch(0);
	for (size_t i = 0; i < ng_array_size(signals); i++)
		sigaction(signals[i], &before[signals[i]], NULL);
}

__attribute__((__format__(printf, 3, 4))) static void wrong(struct trial *t, struct tally *tally,
							    const char *fmt, ...)
{
	char text[600];
	va_list ap;

	tally->wrong++;
	if (t->printed++ >= PRINTED)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_error("WRONG: %s: %s\n", where, text);
}

/* Compare with the sound index's answers, of which those may be missing that an error left no way
 * to ask for. Returns the number of errors. */
static unsigned compare(struct trial *t, struct tally *tally)
{
	const struct answer *sound = t->sound.of, *end = sound + t->sound.n;
	unsigned errors = 0;

	for (size_t i = 0; i < t->answers.n; i++) {
		const struct answer *a = &t->answers.of[i];

		while (sound < end &&
		       (sound->question != a->question || sound->number != a->number))
			sound++;
		if (a->r == -EUCLEAN)
			errors++;
		else if (sound == end || a->r != sound->r || a->sum != sound->sum)
			wrong(t, tally, "%s %zu: %s", a->question, a->number,
			      a->r < 0 ? strerror(-a->r) : "another answer");
		sound += sound < end;
	}
	if (errors == 0 && t->answers.n != t->sound.n)
		wrong(t, tally, "%zu answers instead of %zu", t->answers.n, t->sound.n);
	return errors;
}

/* Ask everything of an index that was changed as `where` says. Returns whether that was noticed. */
static bool judge(struct trial *t, struct tally *tally)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;
	const char *const *kernels = ng_bwt_kernels();
	uint64_t wrong_before = tally->wrong;
	struct ng_error err = {""};
	size_t n = 0;
	unsigned errors;
	int r;

	hang_watch(HANG_SECONDS);
	tally->trials++;
	r = ng_index_open(t->path, 1, &index, &err);
	if (r < 0) {
		tally->refused++;
		if ((r != -EUCLEAN && r != -EPROTO && r != -EIO) || !*err.text)
			wrong(t, tally, "opening: %s: \"%s\"", strerror(-r), err.text);
		return true;
	}
	while (kernels[n])
		n++;
	for (uint32_t s = 0; s < index->n_shards; s++)
		assert_int_equal(ng_bwt_use_kernel(index->shards[s]->bwt, kernels[t->turn % n]), 0);
	t->turn++;
	questions_ask(&t->questions, index, &t->answers);
	errors = compare(t, tally);
	if (ng_index_take_damage(index, &err) != (errors > 0))
		wrong(t, tally, "%u errors, but damage is %s", errors,
		      errors > 0 ? "not said" : err.text);
	tally->right += errors == 0 && tally->wrong == wrong_before;
	tally->errors += errors > 0;
	return errors > 0;
}

/* ---- files ---- */

static void file_write(const struct file *f, size_t at, const void *data, size_t bytes)
{
	assert_int_equal(pwrite(f->fd, data, bytes, (off_t)at), bytes);
}

/* As it was, from `at` on. */
static void file_mend(const struct file *f, size_t at, size_t bytes)
{
	file_write(f, at, f->sound + at, bytes);
}

static void file_flip(const struct file *f, uint64_t bit)
{
	uint8_t byte = (uint8_t)(f->sound[bit / 8] ^ 1u << bit % 8);

	file_write(f, bit / 8, &byte, 1);
}

static void files_open(struct trial *t)
{
	DIR *dir = opendir(t->path);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct file *f = &t->files[t->n_files];

		if (*entry->d_name == '.')
			continue;
		assert_true(t->n_files < FILES_MAX);
		snprintf(f->path, sizeof(f->path), "%s/%s", t->path, entry->d_name);
		f->name = strrchr(f->path, '/') + 1;
		f->is_shard = strcmp(f->name, NG_MANIFEST_NAME) != 0;
		f->sound = scratch_read(f->path, &f->bytes);
		assert_non_null(f->sound);
		f->fd = open(f->path, O_RDWR | O_CLOEXEC);
		assert_true(f->fd >= 0);
		t->n_files++;
	}
	closedir(dir);
	assert_int_equal(t->n_files, t->shape->shards + 1);
}

/* The sound index answers rightly. */
static void sound_answers(struct trial *t)
{
	ng_cleanup(ng_index_closep) struct ng_index *index = NULL;

	assert_int_equal(ng_index_open(t->path, 1, &index, NULL), 0);
	questions_ask(&t->questions, index, &t->sound);
	for (size_t i = 0; i < t->sound.n; i++) {
		const struct answer *a = &t->sound.of[i];

		if (a->r < 0 && (a->r != -ENOENT || a->number != t->corpus.docs))
			fail_msg("%s %zu: %s", a->question, a->number, strerror(-a->r));
		if (strcmp(a->question, "count") == 0)
			assert_int_equal(a->sum, t->questions.patterns[a->number].count);
	}
}

static void trial_begin(const struct shape *shape, uint64_t seed, struct trial *t)
{
	const char *all = getenv("NG_TEST_ALL");
	uint64_t first = shape->first_docs;

	memset(t, 0, sizeof(*t));
	t->shape = shape;
	t->rng = seed;
	if (all)
		t->all = ng_max(strtoull(all, NULL, 10), 1ull);
	t->corpus.name = shape->name;
	shape->fill(&t->corpus, &t->rng);
	assert_int_equal(scratch_make(t->dir), 0);
	snprintf(t->path, sizeof(t->path), "%s/index", t->dir);
	if (first)
		build_docs(shape, &t->corpus, 0, first, t->path);
	build_docs(shape, &t->corpus, first, t->corpus.docs, t->path);
	files_open(t);
	questions_make(&t->corpus, &t->rng, &t->questions);
	sound_answers(t);
	watch();
}

static void trial_end(struct trial *t)
{
	unwatch();
	for (size_t i = 0; i < t->n_files; i++) {
		close(t->files[i].fd);
		free(t->files[i].sound);
	}
	naive_clear(&t->corpus);
	assert_int_equal(scratch_remove(t->path), 0);
	assert_int_equal(scratch_remove(t->dir), 0);
}

static void tally_print(const struct trial *t, const char *what, const struct tally *tally)
{
	print_message("%-12s %-9s %9ju: %9ju right, %9ju refused, %9ju errors, %ju wrong\n",
		      t->shape->name, what, (uintmax_t)tally->trials, (uintmax_t)tally->right,
		      (uintmax_t)tally->refused, (uintmax_t)tally->errors, (uintmax_t)tally->wrong);
	assert_int_equal(tally->wrong, 0);
}

/* How far to go from one of n things to the next, for about so many of them, or as was asked for.
 * Odd, so that no bit of a byte is left out. */
static uint64_t stride_of(const struct trial *t, uint64_t n, unsigned budget)
{
	if (t->all)
		return t->all | 1;
	if (getenv("NG_TEST_BRIEF"))
		budget = budget / 5 + 1;
	return n <= budget ? 1 : n / budget | 1;
}

/* ---- what is done to them ---- */

/* Flip bits of bytes [begin, end) of a file, which are a section's; type 0: of none. */
static void flip_range(struct trial *t, const struct file *f, size_t begin, size_t end,
		       uint32_t type, unsigned budget, struct tally *tally)
{
	uint64_t stride = stride_of(t, (end - begin) * 8, budget);
	uint64_t bit = begin * 8 + scratch_random(&t->rng) % stride;

	for (; bit < end * 8; bit += stride) {
		snprintf(where, sizeof(where), "%s: %s, section %s, bit %ju", t->shape->name,
			 f->name, type ? ng_section_name(type) : "none", (uintmax_t)bit);
		file_flip(f, bit);
		if (judge(t, tally) && type < NG_SECTION_TYPES)
			found_in[type] = true;
		file_mend(f, bit / 8, 1);
	}
}

static void flip_shard(struct trial *t, const struct file *f, struct tally *tally)
{
	const struct ng_shard_header *header = (const void *)f->sound;
	const struct ng_shard_entry *e = (const void *)(f->sound + header->table_offset);

	flip_range(t, f, 0, sizeof(*header), 0, 3 * FLIPS, tally);
	flip_range(t, f, sizeof(*header), NG_PAGE_BYTES, 0, PADDING_FLIPS, tally);
	for (uint32_t i = 0; i < header->n_sections; i++) {
		size_t end = e[i].offset + e[i].bytes;
		size_t next = i + 1 < header->n_sections ? e[i + 1].offset : header->table_offset;

		flip_range(t, f, e[i].offset, end, e[i].type, FLIPS, tally);
		flip_range(t, f, end, next, 0, PADDING_FLIPS, tally);
	}
	flip_range(t, f, header->table_offset, f->bytes, 0, 3 * FLIPS, tally);
}

static void flips(struct trial *t)
{
	struct tally tally = {0};

	for (size_t i = 0; i < t->n_files; i++) {
		const struct file *f = &t->files[i];

		if (f->is_shard)
			flip_shard(t, f, &tally);
		else
			flip_range(t, f, 0, f->bytes, 0, 10 * FLIPS, &tally);
	}
	tally_print(t, "bits", &tally);
}

static void cut(struct trial *t, const struct file *f, size_t bytes, struct tally *tally)
{
	snprintf(where, sizeof(where), "%s: %s, of %zu bytes", t->shape->name, f->name, bytes);
	assert_int_equal(ftruncate(f->fd, (off_t)bytes), 0);
	judge(t, tally);
	file_mend(f, bytes, f->bytes - bytes);
}

static void lengthen(struct trial *t, const struct file *f, size_t bytes, bool zeroes,
		     struct tally *tally)
{
	ng_cleanup(ng_freep) uint8_t *more = calloc(1, bytes);

	assert_non_null(more);
	for (size_t i = 0; !zeroes && i < bytes; i++)
		more[i] = (uint8_t)scratch_random(&t->rng);
	snprintf(where, sizeof(where), "%s: %s, %zu bytes longer", t->shape->name, f->name, bytes);
	file_write(f, f->bytes, more, bytes);
	judge(t, tally);
	assert_int_equal(ftruncate(f->fd, (off_t)f->bytes), 0);
}

static void lengths(struct trial *t)
{
	static const size_t longer[] = {1, 2, 32, 4095, 4096, 4097, 65536};
	struct tally tally = {0};

	for (size_t i = 0; i < t->n_files; i++) {
		const struct file *f = &t->files[i];
		uint64_t stride = stride_of(t, f->bytes, 4 * OTHERS);

		for (size_t n = scratch_random(&t->rng) % stride; n < f->bytes; n += stride)
			cut(t, f, n, &tally);
		for (size_t n = 0; n < f->bytes; n += NG_PAGE_BYTES)
			cut(t, f, n, &tally);
		for (size_t k = 0; k < ng_array_size(longer); k++) {
			lengthen(t, f, longer[k], true, &tally);
			lengthen(t, f, longer[k], false, &tally);
		}
	}
	tally_print(t, "lengths", &tally);
}

static size_t page_bytes(const struct file *f, size_t page)
{
	return ng_min(f->bytes - page * NG_PAGE_BYTES, (size_t)NG_PAGE_BYTES);
}

/* Another page's bytes in a page's place. */
static void page_put(const struct file *f, size_t page, const struct file *from, size_t from_page)
{
	file_write(f, page * NG_PAGE_BYTES, from->sound + from_page * NG_PAGE_BYTES,
		   ng_min(page_bytes(f, page), page_bytes(from, from_page)));
}

static void page_mend(const struct file *f, size_t page)
{
	file_mend(f, page * NG_PAGE_BYTES, page_bytes(f, page));
}

static void swap_pages(struct trial *t, const struct file *f, struct tally *tally)
{
	size_t n = f->bytes / NG_PAGE_BYTES;
	uint64_t stride = stride_of(t, n * n / 2, 2 * OTHERS);
	uint64_t next = scratch_random(&t->rng) % stride;

	for (size_t a = 0; a < n; a++) {
		for (size_t b = a + 1; b < n; b++, next--) {
			if (next > 0)
				continue;
			next = stride;
			snprintf(where, sizeof(where), "%s: %s, pages %zu and %zu exchanged",
				 t->shape->name, f->name, a, b);
			page_put(f, a, f, b);
			page_put(f, b, f, a);
			judge(t, tally);
			page_mend(f, a);
			page_mend(f, b);
		}
	}
}

/* Nothing but one byte in a page. */
static void wipe_pages(struct trial *t, const struct file *f, uint8_t with, struct tally *tally)
{
	size_t n = ng_div_up(f->bytes, NG_PAGE_BYTES);
	uint64_t stride = stride_of(t, n, OTHERS / 2);
	uint8_t page[NG_PAGE_BYTES];

	memset(page, with, sizeof(page));
	for (size_t i = scratch_random(&t->rng) % stride; i < n; i += stride) {
		snprintf(where, sizeof(where), "%s: %s, page %zu all %u", t->shape->name, f->name,
			 i, with);
		file_write(f, i * NG_PAGE_BYTES, page, page_bytes(f, i));
		judge(t, tally);
		page_mend(f, i);
	}
}

/* Pages of another shard, each in its own place, and all of them. */
static void strange_pages(struct trial *t, const struct file *f, const struct file *other,
			  struct tally *tally)
{
	size_t n = ng_min(f->bytes, other->bytes) / NG_PAGE_BYTES;

	for (size_t i = 0; i < n; i++) {
		snprintf(where, sizeof(where), "%s: %s, page %zu is that of %s", t->shape->name,
			 f->name, i, other->name);
		page_put(f, i, other, i);
		judge(t, tally);
		page_mend(f, i);
	}
	snprintf(where, sizeof(where), "%s: %s is %s", t->shape->name, f->name, other->name);
	assert_int_equal(ftruncate(f->fd, (off_t)other->bytes), 0);
	file_write(f, 0, other->sound, other->bytes);
	judge(t, tally);
	assert_int_equal(ftruncate(f->fd, (off_t)f->bytes), 0);
	file_mend(f, 0, f->bytes);
}

static void pages(struct trial *t)
{
	struct tally tally = {0};

	for (size_t i = 0; i < t->n_files; i++) {
		const struct file *f = &t->files[i], *other = &t->files[(i + 1) % t->n_files];

		swap_pages(t, f, &tally);
		wipe_pages(t, f, 0, &tally);
		wipe_pages(t, f, 0xff, &tally);
		if (other != f)
			strange_pages(t, f, other, &tally);
	}
	tally_print(t, "pages", &tally);
}

/* Every bit counts for ngramfsck, also those that no question needs. */
static void checks(struct trial *t)
{
	const struct ng_check_options options = {.threads = 1};
	struct tally tally = {0};

	for (size_t i = 0; i < t->n_files; i++) {
		const struct file *f = &t->files[i];
		/* A check reads all of the index: of a large one it is asked less often. */
		unsigned budget = f->bytes < (128u << 10) ? 2 * OTHERS : OTHERS / 4;
		uint64_t stride = stride_of(t, f->bytes * 8, budget);
		uint64_t bit;

		if (t->all)
			stride = (f->bytes < (128u << 10) ? 13 : 1001) * t->all;
		bit = scratch_random(&t->rng) % stride;
		for (; bit < f->bytes * 8; bit += stride) {
			struct ng_check_summary summary = {0};
			struct ng_error err = {""};

			snprintf(where, sizeof(where), "%s: %s, bit %ju", t->shape->name, f->name,
				 (uintmax_t)bit);
			hang_watch(HANG_SECONDS);
			file_flip(f, bit);
			if (ng_check_index(t->path, &options, &summary, &err) < 0)
				wrong(t, &tally, "%s", err.text);
			else if (summary.damages == 0)
				wrong(t, &tally, "no damage is found");
			else
				tally.errors++;
			tally.trials++;
			file_mend(f, bit / 8, 1);
		}
	}
	tally_print(t, "checked", &tally);
}

/* Everything was put right again. */
static void sound_again(struct trial *t)
{
	struct tally tally = {0};

	snprintf(where, sizeof(where), "%s: nothing", t->shape->name);
	assert_false(judge(t, &tally));
	assert_int_equal(tally.right, 1);
}

/* ---- the tests ---- */

static uint64_t seed;

static void test_shape(void **state)
{
	static struct trial t;

	trial_begin(*state, seed, &t);
	flips(&t);
	sound_again(&t);
	lengths(&t);
	sound_again(&t);
	pages(&t);
	sound_again(&t);
	checks(&t);
	sound_again(&t);
	trial_end(&t);
}

/* The questions need all sections of a shard; those behind are of other files. */
static void test_all_sections(void **state)
{
	for (uint32_t type = 1; type < NG_SECTION_REMOVED; type++)
		if (!found_in[type])
			fail_msg("no bit of %s was missed", ng_section_name(type));
}

static bool wanted(const char *name, int argc, char **argv)
{
	bool found = argc < 2;

	for (int i = 1; i < argc; i++)
		found |= strcmp(name, argv[i]) == 0;
	return found;
}

/* Where files lie in memory, if there is such a place and no other was named. */
static void scratch_in_memory(void)
{
	static const char shm[] = "/dev/shm";
	struct statfs fs;

	if (access(shm, W_OK) == 0 && statfs(shm, &fs) == 0 &&
	    (uint64_t)fs.f_bavail * (uint64_t)fs.f_bsize > 64u << 20)
		setenv("TMPDIR", shm, 0);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[ng_array_size(shapes) + 1] = {{0}};
	size_t n = 0;

	seed = naive_seed();
	fflush(stdout);
	scratch_in_memory();
	for (size_t i = 0; i < ng_array_size(shapes); i++)
		if (wanted(shapes[i].name, argc, argv))
			tests[n++] = (struct CMUnitTest){.name = shapes[i].name,
							 .test_func = test_shape,
							 .initial_state = (void *)&shapes[i]};
	if (n == ng_array_size(shapes))
		tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_all_sections);
	return _cmocka_run_group_tests("flips", tests, n, NULL, NULL);
}
