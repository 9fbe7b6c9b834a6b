/* SPDX-License-Identifier: Apache-2.0 */
/* libFuzzer entry point: what an interrupted build has left, as somebody has changed it, and a
 * build that goes on with it.
 *
 * The first byte of an input says how: with the journal as it is, a build is refused or gives
 * the right index, byte for byte, whatever became of the files; or with a journal that names the
 * files' true sizes and sums, so that what was forged is read: then a build may give anything, but
 * must come to its end. The files follow, see sections.h. */
#include "fuzz.h"

#include <inttypes.h>
#include <sys/stat.h>

#include "base/json.h"
#include "build/builder.h"
#include "build/memory.h"
#include "format/shardfile.h"
#include "merge/journal.h"
#include "query/query.h"
#include "scratch.h"
#include "sections.h"

#define DOCS 24u

/* With a number for the memory, nobody asks the machine how much it has. */
static const struct ng_build_options shape = {.threads = 1,
					      .sa_sampling = 8,
					      .shard_bytes = 300,
					      .batch_bytes = 100,
					      .memory_bytes = NG_MEMORY_MIN,
					      .resume = true};

/* Add documents up to `end`; then give up, or, where there are no more, make the index. */
static int build(const char *path, unsigned end, struct ng_error *err)
{
	ng_cleanup(ng_builder_freep) struct ng_builder *builder = NULL;
	struct ng_build_options options = shape;
	struct ng_build_summary summary;
	int r;

	options.output = path;
	r = ng_builder_new(&options, &builder, err);
	for (unsigned i = 0; r == 0 && i < end; i++) {
		char text[64], meta[32];
		int n = snprintf(text, sizeof(text), "document %u of the %u: %c%c", i, DOCS,
				 'a' + (char)(i % 7), 'a' + (char)(i % 3));
		int n_meta = snprintf(meta, sizeof(meta), "{\"line\":%u}", i);

		r = ng_builder_add(builder, (const uint8_t *)text, (size_t)n, meta, (size_t)n_meta,
				   err);
	}
	if (r == 0 && end == DOCS)
		r = ng_builder_finish(builder, &summary, err);
	else if (r == 0)
		ng_builder_keep(builder);
	return r;
}

static void remove_parts(const char *index)
{
	char work[SCRATCH_DIR_MAX + 96];

	snprintf(work, sizeof(work), "%s.building", index);
	sections_remove(work);
	sections_remove(index);
}

/* The manifest of the right index: its checksum stands for all of its bytes. */
static const struct ng_buf *right_manifest(void)
{
	static struct ng_buf right;
	const char *dir;
	char path[SCRATCH_DIR_MAX + 96];
	struct ng_error err;

	if (right.data)
		return &right;
	dir = sections_dir("right");
	sections_require(rmdir(dir) == 0);
	sections_require(build(dir, DOCS, &err) == 0);
	snprintf(path, sizeof(path), "%s/index.json", dir);
	right.data = scratch_read(path, &right.len);
	sections_require(right.data);
	sections_remove(dir);
	return &right;
}

/* Give the journal's step the size and sum that its file has. */
static void step_mend(const char *work, json_t *step)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	const char *name = json_string_value(json_object_get(step, "file"));
	char path[SCRATCH_DIR_MAX + 300], sum[17];

	if (!name || strchr(name, '/') || strlen(name) > 100)
		return;
	snprintf(path, sizeof(path), "%s/%s", work, name);
	if (ng_shard_file_open(path, &file, NULL) < 0)
		return;
	snprintf(sum, sizeof(sum), "%016" PRIx64, ng_shard_file_checksum(file));
	json_object_set_new(step, "checksum", json_string(sum));
	json_object_set_new(step, "bytes", json_integer((json_int_t)ng_shard_file_bytes(file)));
}

static void journal_mend(const char *work)
{
	ng_cleanup(ng_buf_free) struct ng_buf mended = NG_BUF_INIT;
	ng_cleanup(ng_freep) char *text = NULL;
	char path[SCRATCH_DIR_MAX + 96], *line, *rest;
	size_t len;

	snprintf(path, sizeof(path), "%s/" NG_JOURNAL_NAME, work);
	text = (char *)scratch_read(path, &len);
	if (!text)
		return;
	text[len] = '\0';
	for (rest = text; (line = strsep(&rest, "\n")) && rest;) {
		ng_cleanup(ng_freep) char *dumped = NULL;
		json_error_t why;
		json_t *step = NULL;

		ng_json_load(line, strlen(line), 0, &step, &why);
		step_mend(work, step);
		sections_require(!step || !ng_json_dump(step, JSON_COMPACT, &dumped));
		sections_require(!ng_buf_printf(&mended, "%s\n", dumped ? dumped : line));
		json_decref(step);
	}
	sections_require(!scratch_write(path, mended.data, mended.len));
}

static void judge(const char *index, bool mended)
{
	const struct ng_buf *right = right_manifest();
	ng_cleanup(ng_freep) uint8_t *is = NULL;
	char path[SCRATCH_DIR_MAX + 96];
	size_t len;

	snprintf(path, sizeof(path), "%s/index.json", index);
	is = scratch_read(path, &len);
	sections_require(is);
	if (!mended)
		sections_require(len == right->len && memcmp(is, right->data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char index[SCRATCH_DIR_MAX + 80], work[SCRATCH_DIR_MAX + 96];
	struct ng_error err = {""};
	bool mended = size && data[0] & 1;
	int r;

	right_manifest();
	snprintf(work, sizeof(work), "%s", sections_dir("index.building"));
	snprintf(index, sizeof(index), "%.*s", (int)(strlen(work) - strlen(".building")), work);
	if (size)
		sections_write(data + 1, size - 1, work);
	if (mended)
		journal_mend(work);
	r = build(index, DOCS, &err);
	if (r == 0)
		judge(index, mended);
	else
		sections_require(*err.text);
	remove_parts(index);
	return 0;
}

/* Builds that were given up sooner and later. */
uint8_t *fuzz_seed(unsigned number, size_t *ret_size)
{
	static const unsigned ends[] = {10, 15, 23};
	struct ng_buf buf = NG_BUF_INIT;
	char index[SCRATCH_DIR_MAX + 80], work[SCRATCH_DIR_MAX + 96];
	uint8_t mode = (uint8_t)(number % 2);
	struct ng_error err;
	struct dirent **entries;
	int n;

	if (number >= 2 * ng_array_size(ends))
		return NULL;
	snprintf(index, sizeof(index), "%s", sections_dir("seed"));
	sections_require(rmdir(index) == 0);
	sections_require(build(index, ends[number / 2], &err) == 0);
	snprintf(work, sizeof(work), "%s.building", index);
	sections_require(!ng_buf_append(&buf, &mode, 1));
	n = scandir(work, &entries, NULL, alphasort);
	sections_require(n > 3); /* or nothing was finished */
	for (int i = 0; i < n; i++) {
		const char *name = entries[i]->d_name;

		if (*name != '.')
			sections_of_file(work, name,
					 strncmp(name, "segment-", 8) == 0 ||
						 strncmp(name, "shard-", 6) == 0,
					 &buf);
		free(entries[i]);
	}
	free(entries);
	remove_parts(index);
	*ret_size = buf.len;
	return buf.data;
}
