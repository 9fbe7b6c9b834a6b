/* SPDX-License-Identifier: Apache-2.0 */
#include "format/manifest.h"
#include "format/shardfile.h"
#include "scratch.h"

#include <inttypes.h>
#include <setjmp.h>
#include <sys/stat.h>
#include <xxhash.h>

#include <cmocka.h>

/* Format and parse back. main puts the checksum in. */
#define KEY "\"manifest_checksum\": \""

static char sound[] = "{\n"
		      "  \"format\": \"ngramfs\",\n"
		      "  \"format_version\": 4,\n"
		      "  " KEY "0000000000000000\",\n"
		      "  \"sa_sampling\": 52,\n"
		      "  \"text_store\": true,\n"
		      "  \"shards\": [\n"
		      "    {\n"
		      "      \"file\": \"shard-0.ngram\",\n"
		      "      \"docs\": 0,\n"
		      "      \"text_bytes\": 9223372036854775807,\n"
		      "      \"file_bytes\": 4096,\n"
		      "      \"checksum\": \"00000000000000ff\"\n"
		      "    },\n"
		      "    {\n"
		      "      \"file\": \"shard-1.ngram\",\n"
		      "      \"docs\": 12,\n"
		      "      \"text_bytes\": 0,\n"
		      "      \"file_bytes\": 4097,\n"
		      "      \"checksum\": \"fedcba9876543210\"\n"
		      "    }\n"
		      "  ]\n"
		      "}\n";

/* Make the checksum of a text right, where it has one. */
static void seal(char *text)
{
	char *at = strstr(text, KEY), hex[17];

	if (!at || strlen(at) < strlen(KEY) + 17 || at[strlen(KEY) + 16] != '"')
		return;
	at += strlen(KEY);
	memset(at, '0', 16);
	snprintf(hex, sizeof(hex), "%016" PRIx64, (uint64_t)XXH3_64bits(text, strlen(text)));
	memcpy(at, hex, 16);
}

static struct ng_manifest_shard shards[] = {
	{"shard-0.ngram", 0, INT64_MAX, 4096, 0xff, {0}},
	{"shard-1.ngram", 12, 0, 4097, 0xfedcba9876543210u, {0}},
};

static const struct ng_manifest example = {
	.format_version = 4,
	.sa_sampling = 52,
	.text_store = true,
	.n_shards = 2,
	.shards = shards,
};

static void assert_same(const struct ng_manifest *a, const struct ng_manifest *b)
{
	assert_int_equal(a->format_version, b->format_version);
	assert_int_equal(a->sa_sampling, b->sa_sampling);
	assert_int_equal(a->text_store, b->text_store);
	assert_int_equal(a->n_shards, b->n_shards);
	for (size_t i = 0; i < a->n_shards; i++) {
		assert_string_equal(a->shards[i].file, b->shards[i].file);
		assert_int_equal(a->shards[i].docs, b->shards[i].docs);
		assert_int_equal(a->shards[i].text_bytes, b->shards[i].text_bytes);
		assert_int_equal(a->shards[i].file_bytes, b->shards[i].file_bytes);
		assert_int_equal(a->shards[i].checksum, b->shards[i].checksum);
	}
}

static void test_format(void **state)
{
	ng_cleanup(ng_freep) char *text = NULL;

	assert_int_equal(ng_manifest_format(&example, &text), 0);
	assert_string_equal(text, sound);
}

static void test_parse(void **state)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
	struct ng_error err;

	assert_int_equal(ng_manifest_parse(sound, strlen(sound), &m, &err), 0);
	assert_same(&m, &example);
	ng_manifest_clear(&m);
	assert_null(m.shards);
	assert_int_equal(m.n_shards, 0);
}

static void test_no_shards(void **state)
{
	const struct ng_manifest none = {.format_version = 4, .sa_sampling = 4};
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
	ng_cleanup(ng_freep) char *text = NULL;

	assert_int_equal(ng_manifest_format(&none, &text), 0);
	assert_int_equal(ng_manifest_parse(text, strlen(text), &m, NULL), 0);
	assert_same(&m, &none);
}

static void test_random(void **state)
{
	for (uint64_t seed = 0; seed < 50; seed++) {
		ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
		ng_cleanup(ng_freep) char *text = NULL;
		struct ng_manifest_shard many[40];
		char names[40][32];
		uint64_t rng = seed;
		struct ng_manifest made = {
			.format_version = 4,
			.sa_sampling = 4 + (uint32_t)(scratch_random(&rng) % 1021),
			.text_store = scratch_random(&rng) % 2,
			.n_shards = scratch_random(&rng) % 41,
			.shards = many,
		};

		for (size_t i = 0; i < made.n_shards; i++) {
			snprintf(names[i], sizeof(names[i]), "s%zu_%" PRIx64, i,
				 scratch_random(&rng));
			many[i] = (struct ng_manifest_shard){names[i],
							     scratch_random(&rng) >> 8,
							     scratch_random(&rng) >> 8,
							     scratch_random(&rng) >> 8,
							     scratch_random(&rng),
							     {0}};
		}
		assert_int_equal(ng_manifest_format(&made, &text), 0);
		if (ng_manifest_parse(text, strlen(text), &m, NULL))
			fail_msg("seed %" PRIu64, seed);
		assert_same(&m, &made);
	}
}

/* Each case: a piece of the sound text, what stands there instead, and what the message must say.
 */
static const struct {
	const char *find, *put, *message;
} refused[] = {
	{"\"ngramfs\"", "\"other\"", "format"},
	{"\"ngramfs\"", "7", "format"},
	{"_version\": 4", "_version\": 1", "version 1; this program reads version 4"},
	{"_version\": 4", "_version\": 3", "from its sources with mkngramfs"},
	{"_version\": 4", "_version\": 5", "version 5; this program reads version 4: use a newer"},
	{"_version\": 4", "_version\": 0", "format_version"},
	{"_version\": 4", "_version\": 4.0", "format_version"},
	{"_version\": 4", "_version\": \"4\"", "format_version"},
	{"_version\": 4", "_version\": 4294967300", "format_version"},
	{"\"sa_sampling\": 52", "\"sa_sampling\": 3", "sa_sampling"},
	{"\"sa_sampling\": 52", "\"sa_sampling\": 1025", "sa_sampling"},
	{"\"sa_sampling\": 52", "\"sa_sampling\": 4294967348", "sa_sampling"},
	{"\"sa_sampling\": 52", "\"sa_sampling\": 52.0", "sa_sampling"},
	{"\"sa_sampling\": 52,", "", "sa_sampling"},
	{"\"sa_sampling\": 52,", "\"sa_sampling\": 52, \"isa_sampling\": 256,", "\"isa_sampling\""},
	{"true", "1", "text_store"},
	{"true", "null", "text_store"},
	{"true,", "true, \"more\": 1,", "\"more\", which this program doesn't know"},
	{"true,", "true, \"X_more\": 1,", "\"X_more\""},
	{"true,", "true, \"requires\": [\"planes\"],", "requires \"planes\", which"},
	{"true,", "true, \"requires\": [7],", "requires \"?\""},
	{"true,", "true, \"requires\": \"planes\",", "\"requires\" is not an array"},
	{"true,", "true, \"x_options\": {\"a\": \"b\"},", "\"x_options\" is no array of strings"},
	{"true,", "true, \"x_options\": [\"--a=b\", 1],", "\"x_options\" is no array of strings"},
	{"true,", "true, \"x_m\": {" KEY "0000000000000000\"},", "manifest_checksum"},
	{KEY, "\"manifest_checksum\":\"", "manifest_checksum"},
	{KEY, "\"x_checksum\": \"", "manifest_checksum"},
	{KEY, KEY "f", "manifest_checksum"},
	{KEY "0", KEY "", "manifest_checksum"},
	{"true,", "true, \"text_store\": true,", "duplicate"},
	{"\"shards\": [", "\"shards\": 5, \"x\": [", "\"x\""},
	{"\"shards\": [", "\"shardS\": [", "\"shardS\""},
	{"shard-0.ngram", "", "\"file\""},
	{"shard-0.ngram", ".hidden", "\"file\""},
	{"shard-0.ngram", "..", "\"file\""},
	{"shard-0.ngram", "../up", "doesn't require \"outside\", which it needs"},
	{"shard-0.ngram", "sub/shard", "doesn't require \"outside\", which it needs"},
	{"shard-0.ngram", "/etc/passwd", "doesn't require \"outside\", which it needs"},
	{"shard-0.ngram", "sub/../shard", "\"file\""},
	{"true,", "true, \"requires\": [\"outside\", \"planes\"],", "requires \"planes\""},
	{"shard-0.ngram", "a\\nb", "\"file\""},
	{"shard-0.ngram", "a\\u0000b", "line 9"},
	{"shard-0.ngram", "shard-1.ngram", "twice"},
	{"\"shard-0.ngram\"", "5", "\"file\""},
	{"\"docs\": 12", "\"docs\": -1", "docs"},
	{"\"docs\": 12", "\"docs\": 1e3", "docs"},
	{"\"docs\": 12", "\"docs\": 9223372036854775808", "line 17"},
	{"\"docs\": 12,", "", "\"docs\""},
	{"\"docs\": 12,", "\"docs\": 12, \"more\": 0,", "shard 1: has a field \"more\""},
	{"\"docs\": 12", "\"dogs\": 12", "dogs"},
	{"\"text_bytes\": 0", "\"text_bytes\": 1", "overflow"},
	{"\"file_bytes\": 4097", "\"file_bytes\": 9223372036854775807", "overflow"},
	{"fedcba9876543210", "fedcba987654321", "checksum"},
	{"fedcba9876543210", "fedcba98765432100", "checksum"},
	{"fedcba9876543210", "FEDCBA9876543210", "checksum"},
	{"fedcba9876543210", "0xfedcba98765432", "checksum"},
	{"\"fedcba9876543210\"", "17", "checksum"},
	{"    },\n", "    },\n 4,\n", "shard 1: not an object"},
	{"  ]\n}\n", "  ]\n", "line "},
	{"  ]\n}\n", "  ]\n}}\n", "line 23"},
	{"{\n", "[", "line "},
};

static void test_parse_refuses(void **state)
{
	char unsealed[sizeof(sound)];

	memcpy(unsealed, sound, sizeof(sound));
	memset(strstr(unsealed, KEY) + strlen(KEY), '0', 16);
	for (size_t i = 0; i < ng_array_size(refused); i++) {
		const char *at = strstr(unsealed, refused[i].find);
		struct ng_manifest untouched = {.n_shards = 77};
		struct ng_error err;
		char text[2000];
		int r;

		assert_non_null(at);
		snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - unsealed), unsealed,
			 refused[i].put, at + strlen(refused[i].find));
		seal(text);
		r = ng_manifest_parse(text, strlen(text), &untouched, &err);
		if (r != -EPROTO || !strstr(err.text, refused[i].message) ||
		    untouched.n_shards != 77)
			fail_msg("case %zu: %d, %s", i, r, r ? err.text : "");
	}
}

/* Whatever bit changes, it is refused. */
static void test_every_bit_counts(void **state)
{
	for (size_t bit = 0; bit < 8 * strlen(sound); bit++) {
		char text[sizeof(sound)];
		struct ng_manifest m;
		int r;

		memcpy(text, sound, sizeof(sound));
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		r = ng_manifest_parse(text, strlen(sound), &m, NULL);
		if (r != -EPROTO && r != -EUCLEAN)
			fail_msg("bit %zu: %d", bit, r);
	}
}

/* What a later version may add is passed over, if it says so. */
static void test_passed_over(void **state)
{
	static const char *const extra[] = {"\"x_more\": {\"requires\": [1]},", "\"x_\": null,",
					    "\"requires\": [],"};

	for (size_t i = 0; i < ng_array_size(extra); i++) {
		/* In the manifest, and in its first shard. */
		for (int in_shard = 0; in_shard < (*extra[i] && i < 2 ? 2 : 1); in_shard++) {
			ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
			const char *at = strstr(sound, in_shard ? "\"docs\"" : "\"text_store\"");
			char text[2000];

			snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - sound), sound, extra[i],
				 at);
			seal(text);
			assert_int_equal(ng_manifest_parse(text, strlen(text), &m, NULL), 0);
			assert_same(&m, &example);
		}
	}
}

/* Options come back as they were put in, also those that look like a part of the manifest. */
/* Shards that are named by paths: who doesn't know such must refuse the manifest. */
static void test_paths(void **state)
{
	static const char *const paths[] = {"shard-00000.ngs", "../part/shard-00000.ngs",
					    "/data/p\xc3\xbc rt/a.ngs"};
	struct ng_manifest m = {.format_version = NG_FORMAT_VERSION, .sa_sampling = 128}, back;
	ng_cleanup(ng_freep) char *plain = NULL, *text = NULL;

	for (size_t i = 0; i < ng_array_size(paths); i++) {
		struct ng_manifest_shard shard = {(char *)paths[i], i, i, i, i, {0}};

		assert_int_equal(ng_manifest_add(&m, &shard), 0);
		if (i == 0)
			assert_int_equal(ng_manifest_format(&m, &plain), 0);
	}
	assert_int_equal(ng_manifest_format(&m, &text), 0);
	assert_null(strstr(plain, "requires"));
	assert_non_null(strstr(text, "\"requires\""));
	assert_int_equal(ng_manifest_parse(text, strlen(text), &back, NULL), 0);
	assert_same(&m, &back);
	ng_manifest_clear(&m);
	ng_manifest_clear(&back);
}

static void test_options(void **state)
{
	static const char *const options[] = {"--format=lines",
					      "--text-field=\"manifest_checksum\"",
					      "--text-field=\\\xc3\xa9\n", "--empty="};
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {.format_version = 4,
							      .sa_sampling = 52};
	ng_cleanup(ng_manifest_clear) struct ng_manifest again = {0};
	ng_cleanup(ng_freep) char *text = NULL;
	struct ng_error err = {0};

	assert_int_equal(ng_manifest_set_options(&m, options, 1), 0);
	assert_int_equal(ng_manifest_set_options(&m, options, ng_array_size(options)), 0);
	assert_int_equal(ng_manifest_format(&m, &text), 0);
	if (ng_manifest_parse(text, strlen(text), &again, &err) < 0)
		fail_msg("%s: %s", err.text, text);
	assert_int_equal(again.n_options, ng_array_size(options));
	for (size_t i = 0; i < ng_array_size(options); i++)
		assert_string_equal(again.options[i], options[i]);
	assert_string_equal(ng_manifest_option(&again, "--format="), "lines");
	assert_string_equal(ng_manifest_option(&again, "--text-field="), "\"manifest_checksum\"");
	assert_string_equal(ng_manifest_option(&again, "--empty="), "");
	assert_null(ng_manifest_option(&again, "--form="));
}

/* No cut and no changed byte makes it crash; a cut is always refused. */
static void test_parse_damaged(void **state)
{
	for (size_t len = 0; len < strlen(sound); len++) {
		ng_cleanup(ng_freep) char *cut = malloc(len + 1);
		struct ng_manifest m;
		int r;

		assert_non_null(cut);
		memcpy(cut, sound, len);
		r = ng_manifest_parse(cut, len, &m, NULL);
		assert_true(r == -EPROTO || (r == -EUCLEAN && len == strlen(sound) - 1));
	}
	for (uint64_t seed = 0; seed < 5000; seed++) {
		ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
		char text[sizeof(sound)];
		uint64_t rng = seed;

		memcpy(text, sound, sizeof(sound));
		for (uint64_t k = scratch_random(&rng) % 3 + 1; k; k--)
			text[scratch_random(&rng) % strlen(sound)] = (char)scratch_random(&rng);
		text[sizeof(text) - 1] = 0;
		if (seed % 2 && !memchr(text, 0, strlen(sound)))
			seal(text);
		ng_manifest_parse(text, strlen(sound), &m, NULL);
	}
}

static void test_format_refuses(void **state)
{
	static const struct ng_manifest_shard bad[] = {
		{"a//b", 0, 0, 0, 0, {0}},       {".a", 0, 0, 0, 0, {0}},
		{"", 0, 0, 0, 0, {0}},           {"\xff", 0, 0, 0, 0, {0}},
		{"a", 1ull << 63, 0, 0, 0, {0}}, {"a", 0, UINT64_MAX, 0, 0, {0}},
		{"a", 0, 0, UINT64_MAX, 0, {0}},
	};

	for (size_t i = 0; i < ng_array_size(bad); i++) {
		struct ng_manifest_shard shard = bad[i];
		struct ng_manifest m = example;
		char *text = NULL;

		m.n_shards = 1;
		m.shards = &shard;
		assert_int_equal(ng_manifest_format(&m, &text), -EINVAL);
		assert_null(text);
	}
}

static void test_files(void **state)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
	ng_cleanup(ng_freep) char *text = NULL;
	char dir[SCRATCH_DIR_MAX], path[SCRATCH_DIR_MAX + 32];
	struct ng_error err;
	size_t len;

	assert_int_equal(scratch_make(dir), 0);
	snprintf(path, sizeof(path), "%s/%s", dir, NG_MANIFEST_NAME);
	assert_int_equal(ng_manifest_read(dir, &m, &err), -ENOENT);
	assert_non_null(strstr(err.text, dir));
	assert_int_equal(ng_manifest_write(dir, &example, &err), 0);
	text = (char *)scratch_read(path, &len);
	assert_non_null(text);
	assert_int_equal(len, strlen(sound));
	assert_memory_equal(text, sound, len);
	assert_int_equal(ng_manifest_read(dir, &m, &err), 0);
	assert_same(&m, &example);
	/* Over an old one, and when a temporary file was left behind. */
	snprintf(path, sizeof(path), "%s/%s.tmp", dir, NG_MANIFEST_NAME);
	assert_int_equal(scratch_write(path, sound, 100), 0);
	assert_int_equal(ng_manifest_write(dir, &m, &err), 0);
	assert_int_equal(access(path, F_OK), -1);

	snprintf(path, sizeof(path), "%s/%s", dir, NG_MANIFEST_NAME);
	assert_int_equal(ng_manifest_read(path, &m, &err), -ENOTDIR);
	assert_int_equal(ng_manifest_write(path, &example, &err), -ENOTDIR);
	assert_int_equal(scratch_write(path, "{\n\n?", 4), 0);
	assert_int_equal(ng_manifest_read(dir, &m, &err), -EPROTO);
	assert_non_null(strstr(err.text, path));
	assert_non_null(strstr(err.text, "line 3"));
	assert_int_equal(scratch_write(path, "", 0), 0);
	assert_int_equal(ng_manifest_read(dir, &m, &err), -EPROTO);
	/* A sparse gigabyte is not read, a named pipe not waited for. */
	assert_int_equal(truncate(path, 1 << 30), 0);
	assert_int_equal(ng_manifest_read(dir, &m, &err), -EPROTO);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ng_manifest_read(dir, &m, &err), -EPROTO);
	assert_int_equal(scratch_remove(dir), 0);
	assert_int_equal(ng_manifest_read(dir, &m, &err), -ENOENT);
}

/* Names that shards have, and one that none has. */
static void test_add(void **state)
{
	static const char *const files[] = {"shard-00000.ngs", "shard-00002.ngs",
					    "shard-00003.ngs"};
	char file[NG_MANIFEST_FILE_MAX];
	struct ng_manifest m = {0};

	ng_manifest_free_name(&m, file);
	assert_string_equal(file, "shard-00000.ngs");
	for (size_t i = 0; i < ng_array_size(files); i++) {
		struct ng_manifest_shard shard = {.docs = i, .checksum = 7};

		assert_false(ng_manifest_names(&m, files[i]));
		snprintf(file, sizeof(file), "%s", files[i]);
		shard.file = file;
		assert_int_equal(ng_manifest_add(&m, &shard), 0);
		memset(file, 0, sizeof(file));
		assert_true(ng_manifest_names(&m, files[i]));
		assert_int_equal(m.n_shards, i + 1);
		assert_string_equal(m.shards[i].file, files[i]);
		assert_int_equal(m.shards[i].docs, i);
		assert_int_equal(m.shards[i].checksum, 7);
	}
	assert_false(ng_manifest_names(&m, "shard-00001.ngs"));
	/* From the number of shards on, past those that are taken. */
	ng_manifest_free_name(&m, file);
	assert_string_equal(file, "shard-00004.ngs");
	ng_manifest_clear(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_no_shards),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_passed_over),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_parse_damaged),
		cmocka_unit_test(test_format_refuses),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_add),
	};

	seal(sound);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
