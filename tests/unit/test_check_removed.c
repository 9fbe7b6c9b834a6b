/* SPDX-License-Identifier: Apache-2.0 */
/* Files of what was removed with numbers that are wrong and sums that are right, in manifests that
 * name them: the checker says what doesn't fit, and whatever is asked is answered or refused. */
#include "build/remove.h"
#include "findings.h"
#include "format/manifest.h"
#include "format/removed.h"
#include "indexmake.h"

#define DOCS      40u
#define DOC_BYTES 90u
#define FIRST     3u /* documents that are removed */
#define GONE      6u

/* What a file says, to be changed before it is written again. */
struct said {
	struct ng_removed_params params;
	struct ng_manifest_removed *entry; /* of the manifest: sums are set when it is written */
	uint64_t *docs, *rows;
};

struct case_ {
	const char *name;
	void (*change)(struct said *said);
	const char *finding; /* NULL: none */
};

static char dir[SCRATCH_DIR_MAX];
static char path[SCRATCH_DIR_MAX + 8];

/* ---- what is changed ---- */

static void change_nothing(struct said *said)
{
}

static void change_document(struct said *said)
{
	said->docs[GONE - 1] = DOCS - 1;
}

static void change_document_beyond(struct said *said)
{
	said->docs[GONE - 1] = DOCS;
}

static void change_document_twice(struct said *said)
{
	said->docs[1] = said->docs[0];
}

/* The number of a row that isn't removed, in the place of one that is. */
static void change_row(struct said *said)
{
	uint64_t n = GONE * (DOC_BYTES + 1);

	for (uint64_t i = 0; i + 1 < n; i++)
		if (said->rows[i] + 1 < said->rows[i + 1]) {
			said->rows[i]++;
			return;
		}
	fail();
}

static void change_row_twice(struct said *said)
{
	said->rows[7] = said->rows[6];
}

/* One document less than the rows are of. */
static void change_count(struct said *said)
{
	said->params.docs--;
	said->params.text_bytes++;
	said->entry->docs--;
	said->entry->held--;
	said->entry->text_bytes++;
}

static void change_shard(struct said *said)
{
	said->params.shard_checksum ^= 1;
}

static void change_shard_rows(struct said *said)
{
	said->params.shard_rows++;
}

static void change_entry_docs(struct said *said)
{
	said->entry->docs--;
	said->entry->held--;
}

static void change_entry_bytes(struct said *said)
{
	said->entry->text_bytes--;
}

static const struct case_ cases[] = {
	{"nothing", change_nothing, NULL},
	{"another document", change_document, "are not those of the documents"},
	{"a document beyond", change_document_beyond, "are not those of the documents"},
	{"a document twice", change_document_twice, "don't ascend"},
	{"another row", change_row, "are not those of the documents"},
	{"a row twice", change_row_twice, "don't ascend"},
	{"a document less", change_count, "are not those of the documents"},
	{"another shard", change_shard, "another shard"},
	{"a shard of other rows", change_shard_rows, "another shard"},
	{"documents in the manifest", change_entry_docs, "other documents or bytes"},
	{"bytes in the manifest", change_entry_bytes, "other documents or bytes"},
};

/* ---- the index ---- */

static int setup(void **state)
{
	const struct ng_build_options options = {.threads = 1, .sa_sampling = 8};
	struct ng_doc_range range = {FIRST, FIRST + GONE};
	struct ng_doc_choice choice = {.ranges = &range, .n_ranges = 1};
	struct ng_build_options remove = {.output = path, .threads = 1};
	struct ng_remove_summary summary;
	struct ng_build_summary built;
	struct naive c = {.name = "removed"};
	uint64_t rng = naive_seed();

	for (unsigned d = 0; d < DOCS; d++) {
		uint8_t text[DOC_BYTES];

		naive_words(&rng, text, sizeof(text));
		naive_add(&c, text, sizeof(text));
	}
	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/index", dir);
	made_build_docs(&c, 0, DOCS, &options, path, &built);
	assert_int_equal(ng_remove(&remove, &choice, &summary, NULL), 0);
	assert_int_equal(summary.docs, GONE);
	naive_clear(&c);
	return 0;
}

static int teardown(void **state)
{
	return scratch_remove(path) | scratch_remove(dir);
}

static uint64_t *numbers_read(const struct ng_ef *ef)
{
	uint64_t *numbers = calloc(ef->n, sizeof(*numbers));
	bool damaged = false;

	assert_non_null(numbers);
	for (uint64_t i = 0; i < ef->n; i++)
		numbers[i] = ng_ef_get(ef, i, &damaged);
	assert_false(damaged);
	return numbers;
}

/* Change what the file says, and write it and a manifest that names it so. */
static void forge(const char *file, struct ng_manifest *manifest, void (*change)(struct said *said))
{
	struct said said = {.entry = &manifest->shards[0].removed};
	struct ng_removed *removed = NULL;

	assert_int_equal(ng_removed_open(file, &removed, NULL), 0);
	said.params = removed->params;
	said.docs = numbers_read(&removed->docs);
	said.rows = numbers_read(&removed->rows);
	ng_removed_close(removed);
	change(&said);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(ng_removed_write((struct ng_file_at){AT_FDCWD, file}, &said.params,
					  said.docs, said.rows, &said.entry->file_bytes,
					  &said.entry->checksum, NULL),
			 0);
	assert_int_equal(ng_manifest_write(path, manifest, NULL), 0);
	free(said.docs);
	free(said.rows);
}

/* Anything is an answer, as nothing says what is right; but it comes, and is in range. */
static void ask(const char *name)
{
	struct ng_index *index = NULL;
	uint8_t text[DOC_BYTES];
	int r = ng_index_open(path, 1, &index, NULL);

	if (r < 0) {
		assert_int_equal(r, -EUCLEAN);
		return;
	}
	for (unsigned byte = 1; byte < 256; byte++) {
		const uint8_t pat[] = {(uint8_t)byte};
		uint64_t count = 0;

		r = ng_count(index, pat, 1, NULL, &count);
		if ((r != 0 && r != -EUCLEAN) || count > DOCS * DOC_BYTES)
			fail_msg("%s: byte %u: %d, %ju", name, byte, r, (uintmax_t)count);
	}
	for (uint64_t doc = 0; doc <= DOCS; doc++) {
		size_t n = 0;

		r = ng_doc_read(index, doc, 0, sizeof(text), NULL, text, &n);
		if (r != 0 && r != -EUCLEAN && r != -ENOENT)
			fail_msg("%s: document %ju: %d", name, (uintmax_t)doc, r);
	}
	ng_index_close(index);
}

static void test_forged(void **state)
{
	static struct findings all;
	char file[SCRATCH_DIR_MAX + 64];
	ng_cleanup(ng_freep) uint8_t *kept = NULL;
	size_t bytes;

	snprintf(file, sizeof(file), "%s/removed-00000.ngr", path);
	kept = scratch_read(file, &bytes);
	assert_non_null(kept);
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		ng_cleanup(ng_manifest_clear) struct ng_manifest changed = {0}, sound = {0};
		const char *finding = cases[i].finding;
		uint64_t offset;

		assert_int_equal(ng_manifest_read(path, &sound, NULL), 0);
		assert_int_equal(ng_manifest_read(path, &changed, NULL), 0);
		forge(file, &changed, cases[i].change);
		findings_check(path, true, &all);
		if (finding ? findings_of(&all, "", finding, &offset) != 1 : all.n != 0) {
			findings_print(&all);
			fail_msg("%s: %u findings", cases[i].name, all.n);
		}
		ask(cases[i].name);
		assert_int_equal(scratch_write(file, kept, bytes), 0);
		assert_int_equal(ng_manifest_write(path, &sound, NULL), 0);
	}
}

/* The file is sound, and another than the manifest names. */
static void test_another_file(void **state)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};
	static struct findings all;
	uint64_t offset;

	assert_int_equal(ng_manifest_read(path, &manifest, NULL), 0);
	manifest.shards[0].removed.checksum ^= 1;
	assert_int_equal(ng_manifest_write(path, &manifest, NULL), 0);
	findings_check(path, false, &all);
	assert_int_equal(findings_of(&all, "", "not the file that the manifest names", &offset), 1);
	ask("another file");
	manifest.shards[0].removed.checksum ^= 1;
	assert_int_equal(ng_manifest_write(path, &manifest, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_another_file),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
