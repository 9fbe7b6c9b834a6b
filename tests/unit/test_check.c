/* SPDX-License-Identifier: Apache-2.0 */
/* Checking an index: a sound one, and one whose bytes have changed since it was written. */
#include "findings.h"
#include "forge.h"

static const struct ng_build_options shapes[] = {
	{.threads = 1, .sa_sampling = 4},
	{.threads = 1, .text_store = true},
	{.threads = 1, .sa_sampling = 37, .shard_bytes = 3000, .text_store = true},
};

static void prose(uint64_t *rng, struct naive *ret)
{
	static uint8_t text[100000];

	*ret = (struct naive){.name = "prose"};
	naive_words(rng, text, sizeof(text));
	for (size_t at = 0; at < sizeof(text); at += 5000)
		naive_add(ret, text + at, 5000);
}

static void sound_check(const struct naive *c, const struct ng_build_options *options, bool fully)
{
	struct made_index made;
	struct findings all;
	uint64_t text_bytes = c->n - c->docs;

	made_index_new(c, options, &made);
	for (int full = 0; full <= fully; full++) {
		findings_check(made.path, full, &all);
		if (all.n || all.notes) {
			findings_print(&all);
			fail_msg("%s: %u damages, %u notes", c->name, all.n, all.notes);
		}
		assert_int_equal(all.summary.docs, c->docs);
		assert_int_equal(all.summary.text_bytes, text_bytes);
		assert_int_equal(all.summary.rebuilt_bytes, full ? text_bytes : 0);
		assert_int_equal(all.summary.shards_not_full, 0);
		if (full && text_bytes > 1000)
			assert_int_equal(all.summary.substrings, all.summary.shards * 1000);
	}
	made_index_free(&made);
}

static void test_sound(void **state)
{
	for (enum naive_size size = NAIVE_SMALL; size <= NAIVE_LARGE; size++) {
		struct naive c;

		for (size_t i = 0; naive_make(size, i, &c); i++) {
			/* Small ones in all shapes, and fully in one of them; others in one. */
			size_t full_in = i % (size == NAIVE_SMALL ? 3 : 2);

			for (size_t s = 0; s < ng_array_size(shapes); s++)
				if (size == NAIVE_SMALL || s == full_in)
					sound_check(&c, &shapes[s], s == full_in);
			naive_clear(&c);
		}
	}
}

/* Flip a bit, check, flip it back. */
static void flip(const struct forged *f, uint64_t at, struct findings *all)
{
	f->data[at] ^= 0x10;
	forged_write(f);
	f->data[at] ^= 0x10;
	findings_check(f->index, true, all);
	assert_in_range(all->n, 1, FINDINGS_MAX);
	assert_int_equal(all->summary.shards_not_full, 1);
}

/* The one damage of a checksum is that section's, and is where the byte is. */
static void test_flipped_sections(void **state)
{
	uint64_t rng = naive_seed();
	struct made_index made;
	struct forged f;
	struct naive c;

	prose(&rng, &c);
	made_index_new(&c, &shapes[1], &made);
	forged_read(&made, &f);
	for (uint32_t i = 0; i < forged_header(&f)->n_sections; i++) {
		const struct ng_shard_entry *e = forged_entry(&f, i);
		char part[64];

		snprintf(part, sizeof(part), "section %s", ng_section_name(e->type));
		for (unsigned round = 0; round < 2 && e->bytes; round++) {
			uint64_t at = e->offset + scratch_random(&rng) % e->bytes, offset, other;
			struct findings all;
			unsigned n, all_sums = 0;

			flip(&f, at, &all);
			n = findings_of(&all, part, "checksum", &offset);
			for (unsigned k = 0; k < all.n; k++)
				all_sums += strstr(all.of[k].text, "checksum") != NULL;
			if (n != 1 || all_sums != 1 || offset > at ||
			    at - offset >= NG_PAGE_BYTES) {
				findings_print(&all);
				fail_msg("%s, byte %ju", part, (uintmax_t)at);
			}
			assert_int_equal(findings_of(&all, "header", "", &other), 0);
		}
	}
	free(f.data);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_flipped_container(void **state)
{
	static const struct {
		const char *part;
		bool from_table; /* at counts from the section table, else from the beginning */
		uint64_t at;
	} cases[] = {
		{"header", false, 0},          {"header", false, 9},
		{"header", false, 13},         {"header", false, 17},
		{"header", false, 33},         {"header", false, 41},
		{"padding", false, 48},        {"padding", false, NG_PAGE_BYTES - 1},
		{"section table", true, 0},    {"section table", true, 40},
		{"padding", true, UINT64_MAX},
	};
	uint64_t rng = naive_seed(), offset, table;
	struct made_index made;
	struct findings all;
	struct forged f;
	struct naive c;

	prose(&rng, &c);
	made_index_new(&c, &shapes[0], &made);
	forged_read(&made, &f);
	table = forged_header(&f)->table_offset;
	for (size_t i = 0; i < ng_array_size(cases); i++) {
		uint64_t at = cases[i].at + (cases[i].from_table ? table : 0);

		flip(&f, at, &all);
		if (all.n != 1 || findings_of(&all, cases[i].part, "", &offset) != 1 ||
		    offset > at) {
			findings_print(&all);
			fail_msg("case %zu", i);
		}
	}
	/* Between sections, padding is exact. */
	for (uint32_t i = 0; i < forged_header(&f)->n_sections; i++) {
		uint64_t end = forged_entry(&f, i)->offset + forged_entry(&f, i)->bytes;

		flip(&f, end + 5, &all);
		assert_int_equal(all.n, 1);
		assert_int_equal(findings_of(&all, "padding", "", &offset), 1);
		assert_int_equal(offset, end + 5);
	}
	free(f.data);
	made_index_free(&made);
	naive_clear(&c);
}

/* Files cut, lengthened, gone; a file that nobody knows; and a manifest that is wrong. */
static void test_files(void **state)
{
	uint64_t rng = naive_seed(), offset;
	struct ng_manifest manifest, wrong;
	struct made_index made;
	struct findings all;
	struct forged f;
	struct naive c;
	char path[SCRATCH_DIR_MAX + 40];

	prose(&rng, &c);
	made_index_new(&c, &shapes[0], &made);
	forged_read(&made, &f);
	for (unsigned i = 0; i < 4; i++) {
		const size_t lengths[] = {0, 47, f.bytes / 2, f.bytes + 1};

		assert_int_equal(truncate(f.path, (off_t)lengths[i]), 0);
		findings_check(made.path, false, &all);
		assert_int_equal(findings_of(&all, "", "", &offset), 1);
		assert_string_equal(all.of[0].path, f.path);
		forged_write(&f);
	}
	snprintf(path, sizeof(path), "%s/stranger", made.path);
	assert_int_equal(scratch_write(path, "x", 1), 0);
	findings_check(made.path, false, &all);
	assert_int_equal(all.n, 0);
	assert_int_equal(all.notes, 1);
	assert_int_equal(unlink(path), 0);

	assert_int_equal(ng_manifest_read(made.path, &manifest, NULL), 0);
	for (unsigned i = 0; i < 6; i++) {
		static const char *const says[] = {"\"docs\"",       "\"text_bytes\"",
						   "\"file_bytes\"", "\"checksum\"",
						   "\"text_store\"", "\"sa_sampling\""};
		struct ng_manifest_shard shard = manifest.shards[0];

		wrong = manifest;
		wrong.shards = &shard;
		shard.docs += i == 0;
		shard.text_bytes += i == 1;
		shard.file_bytes += i == 2;
		shard.checksum += i == 3;
		wrong.text_store ^= i == 4;
		wrong.sa_sampling = i == 5 ? 8 : manifest.sa_sampling;
		assert_int_equal(ng_manifest_write(made.path, &wrong, NULL), 0);
		findings_check(made.path, false, &all);
		assert_int_equal(all.n, 1);
		assert_non_null(strstr(all.of[0].path, "/" NG_MANIFEST_NAME));
		assert_non_null(strstr(all.of[0].text, says[i]));
	}
	assert_int_equal(ng_manifest_write(made.path, &manifest, NULL), 0);
	ng_manifest_clear(&manifest);
	findings_check(made.path, false, &all);
	assert_int_equal(all.n, 0);

	/* A manifest that can't be read: the shards are checked by themselves. */
	snprintf(path, sizeof(path), "%s/" NG_MANIFEST_NAME, made.path);
	assert_int_equal(scratch_write(path, "{", 1), 0);
	findings_check(made.path, true, &all);
	assert_int_equal(all.n, 1);
	assert_int_equal(all.summary.shards, 1);
	assert_int_equal(all.summary.substrings, 1000);
	assert_int_equal(unlink(f.path), 0);
	findings_check(made.path, true, &all);
	assert_int_equal(all.summary.shards, 0);
	free(f.data);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_missing_shard(void **state)
{
	uint64_t rng = naive_seed(), offset;
	struct made_index made;
	struct findings all;
	struct naive c;
	char path[SCRATCH_DIR_MAX + 40];

	prose(&rng, &c);
	made_index_new(&c, &(struct ng_build_options){.threads = 1, .shard_bytes = 25000}, &made);
	snprintf(path, sizeof(path), "%s/shard-00002.ngs", made.path);
	assert_int_equal(unlink(path), 0);
	findings_check(made.path, true, &all);
	assert_int_equal(all.n, 1);
	assert_int_equal(findings_of(&all, "", "No such file", &offset), 1);
	assert_string_equal(all.of[0].path, path);
	assert_true(all.summary.shards >= 3);
	assert_int_equal(all.summary.substrings, all.summary.shards * 1000);
	made_index_free(&made);
	naive_clear(&c);
}

/* A shard that holds nothing right doesn't drown the reader in reports. */
static void test_everything_damaged(void **state)
{
	uint64_t rng = naive_seed();
	struct made_index made;
	struct findings all;
	struct forged f;
	struct naive c;

	prose(&rng, &c);
	made_index_new(&c, &shapes[1], &made);
	forged_read(&made, &f);
	for (uint32_t i = 0; i < forged_header(&f)->n_sections; i++) {
		const struct ng_shard_entry *e = forged_entry(&f, i);

		for (uint64_t k = 0; k < e->bytes && e->type != NG_SECTION_PARAMS; k++)
			f.data[e->offset + k] ^= (uint8_t)scratch_random(&rng);
	}
	forged_write(&f);
	findings_check(made.path, true, &all);
	assert_in_range(all.n, forged_header(&f)->n_sections - 1, FINDINGS_MAX - 1);
	free(f.data);
	made_index_free(&made);
	naive_clear(&c);
}

static void test_errors(void **state)
{
	ng_cancel cancel = true;
	struct ng_check_options options = {.full = true, .cancel = &cancel};
	struct ng_check_summary untouched = {.damages = 77};
	uint64_t rng = naive_seed();
	struct made_index made;
	struct ng_error err;
	struct naive c;

	prose(&rng, &c);
	made_index_new(&c, &shapes[0], &made);
	assert_int_equal(ng_check_index(made.path, &options, &untouched, &err), -EINTR);
	cancel = false;
	options.tmp_dir = "/nonexistent";
	assert_int_equal(ng_check_index(made.path, &options, &untouched, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent"));
	assert_int_equal(ng_check_index("/nonexistent", &options, &untouched, &err), -ENOENT);
	assert_int_equal(ng_check_index(made.dir, &options, &untouched, &err), -ENOENT);
	assert_int_equal(untouched.damages, 77);
	options.tmp_dir = made.dir;
	assert_int_equal(ng_check_index(made.path, &options, &untouched, &err), 0);
	assert_int_equal(untouched.damages, 0);
	assert_int_equal(untouched.rebuilt_bytes, c.n - c.docs);
	made_index_free(&made);
	naive_clear(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound),
		cmocka_unit_test(test_flipped_sections),
		cmocka_unit_test(test_flipped_container),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_missing_shard),
		cmocka_unit_test(test_everything_damaged),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
