/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: a manifest from a stranger, as it is, and with the checksum that fits it,
 * so that what it says is looked at. One that is taken has names that lead nowhere else, unless
 * they are plain paths, which it must say that it has, and sums that don't overflow, and is written
 * and read again as the same. */
#include "fuzz.h"

#include <inttypes.h>
#include <xxhash.h>

#include "base/printable.h"
#include "format/manifest.h"
#include "format/shardfile.h"
#include "format/shardpath.h"

#define KEY    "\"manifest_checksum\": \""
#define DIGITS 16u

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_name(const struct ng_manifest *m, const char *file, const char *text)
{
	require(ng_shard_path_ok(file) && ng_manifest_names(m, file));
	require(!ng_shard_path_outside(file) || strstr(text, "\"outside\""));
}

/* text: another one that says the same, without escapes. */
static void check_shards(const struct ng_manifest *m, const char *text)
{
	uint64_t docs = 0, text_bytes = 0, file_bytes = 0;
	char free_name[NG_MANIFEST_FILE_MAX];

	for (size_t i = 0; i < m->n_shards; i++) {
		const struct ng_manifest_shard *s = &m->shards[i];

		check_name(m, s->file, text);
		if (s->removed.file) {
			check_name(m, s->removed.file, text);
			require(strcmp(s->file, s->removed.file) != 0);
			require(strstr(text, "\"removed\""));
			require(s->removed.docs && s->removed.held <= s->removed.docs);
		}
		require(s->removed.docs <= s->docs && s->removed.text_bytes <= s->text_bytes);
		docs += s->docs;
		text_bytes += s->text_bytes;
		file_bytes += s->file_bytes;
		require(docs <= INT64_MAX && text_bytes <= INT64_MAX && file_bytes <= INT64_MAX);
		for (size_t k = 0; k < ng_min(i, (size_t)20); k++)
			require(strcmp(m->shards[k].file, s->file) != 0);
	}
	ng_manifest_free_name(m, free_name);
	require(!ng_manifest_names(m, free_name));
	ng_manifest_free_removed_name(m, 0, free_name);
	require(!ng_manifest_names(m, free_name));
}

static void check_again(const struct ng_manifest *m)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest again = {0};
	ng_cleanup(ng_freep) char *text = NULL, *same = NULL;

	require(!ng_manifest_format(m, &text));
	require(!ng_manifest_parse(text, strlen(text), &again, NULL));
	require(again.n_shards == m->n_shards && again.n_options == m->n_options);
	require(!ng_manifest_format(&again, &same));
	require(strcmp(text, same) == 0);
	check_shards(m, text);
}

static void parse(const char *text, size_t size)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest m = {0};
	struct ng_error err = {""};
	char shown[sizeof(err.text)];
	int r = ng_manifest_parse(text, size, &m, &err);

	if (r < 0) {
		require(r == -EPROTO || r == -EUCLEAN || r == -ENOMEM);
		ng_printable(err.text, strlen(err.text), shown, sizeof(shown));
		require(*err.text && strcmp(err.text, shown) == 0);
		return;
	}
	require(m.format_version == NG_FORMAT_VERSION);
	check_again(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ng_cleanup(ng_freep) char *sealed = malloc(size + 1);
	char *at, hex[DIGITS + 1];

	require(sealed);
	parse((const char *)data, size);
	if (size)
		memcpy(sealed, data, size);
	sealed[size] = '\0';
	at = strstr(sealed, KEY);
	if (!at || strlen(at) < strlen(KEY) + DIGITS)
		return 0;
	at += strlen(KEY);
	memset(at, '0', DIGITS);
	snprintf(hex, sizeof(hex), "%016" PRIx64, (uint64_t)XXH3_64bits(sealed, size));
	memcpy(at, hex, DIGITS);
	parse(sealed, size);
	return 0;
}

uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const char *const extra[] = {
		"",
		", \"requires\": []",
		", \"requires\": [\"x\"]",
		", \"x_a\": [1, {\"b\": null}]",
		", \"x_options\": [\"--format=jsonl\", \"--text-field=a.b\"]",
		", \"y\": 1e3"};
	char file0[] = "shard-00000.ngs", file1[] = "a.b_-C", gone[] = "removed-00000.ngr",
	     path[] = "../parts/\xc3\xa4/shard-00000.ngs";
	struct ng_manifest_shard shards[] = {
		{.file = file0,
		 .docs = 3,
		 .text_bytes = 100,
		 .file_bytes = 74000,
		 .checksum = 0x123456789abcdef0},
		{.file = file1, .text_bytes = INT64_MAX - 100, .file_bytes = 8192, .checksum = 7}};
	struct ng_manifest m = {.format_version = NG_FORMAT_VERSION,
				.sa_sampling = 128,
				.text_store = number % 2,
				.shards = shards};
	ng_cleanup(ng_freep) char *text = NULL;
	char *seed = NULL;

	if (number >= ng_array_size(extra) + 2)
		return NULL;
	if (number >= ng_array_size(extra))
		shards[0].removed = (struct ng_manifest_removed){
			.file = gone, .docs = 2, .held = 1, .text_bytes = 60, .file_bytes = 4096};
	if (number > ng_array_size(extra))
		shards[0].file = path;
	m.n_shards = number < ng_array_size(extra) ? number % 3 : 1;
	require(!ng_manifest_format(&m, &text));
	text[strlen(text) - 3] = '\0'; /* before the last brace */
	*ret_size = (size_t)asprintf(&seed, "%s%s\n}\n", text,
				     number < ng_array_size(extra) ? extra[number] : "");
	require(seed);
	return (uint8_t *)seed;
}
