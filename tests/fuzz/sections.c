/* SPDX-License-Identifier: Apache-2.0 */
#include "sections.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "format/manifest.h"
#include "format/params.h"
#include "format/removed.h"
#include "format/shardlayout.h"
#include "scratch.h"

#define FILES_MAX     16u
#define NAME_BYTES    40u
#define SECTIONS_MAX  20u
#define RECORD_HEADER 4u
#define REMOVED       "removed-" /* begins the names of files of what was taken out of a shard */

struct record {
	unsigned type;
	const uint8_t *data;
	size_t len;
};

/* A file that was written, and what a manifest says of it. */
struct written {
	uint64_t bytes, checksum;
	struct ng_shard_params params;
	struct ng_removed_params removed;
	bool store;
};

void sections_judge(bool holds, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "%s:%d: does not hold\n", file, line);
	abort();
}

static bool record_next(const uint8_t **data, size_t *size, struct record *ret)
{
	const uint8_t *at = *data;
	size_t len;

	if (*size < RECORD_HEADER)
		return false;
	len = (size_t)at[1] | (size_t)at[2] << 8 | (size_t)at[3] << 16;
	*ret = (struct record){at[0], at + RECORD_HEADER, ng_min(len, *size - RECORD_HEADER)};
	*data = ret->data + ret->len;
	*size -= RECORD_HEADER + ret->len;
	return true;
}

static void record_put(struct ng_buf *buf, unsigned type, const void *data, size_t len)
{
	uint8_t header[RECORD_HEADER] = {(uint8_t)type, (uint8_t)len, (uint8_t)(len >> 8),
					 (uint8_t)(len >> 16)};

	sections_require(len < 1u << 24);
	sections_require(ng_buf_append(buf, header, sizeof(header)) == 0);
	sections_require(ng_buf_append(buf, data, len) == 0);
}

/* ---- writing ---- */

static void file_name(const struct record *record, unsigned number, char ret[NAME_BYTES])
{
	static const char *const ours[] = {"journal",
					   "text-+([0-9])",
					   "segment-+([0-9])-+([0-9])-+([0-9])",
					   "shard-+([0-9]).ngs",
					   "removed-+([0-9]).ngr",
					   "dropped-+([0-9])",
					   "mkngramfs.lock",
					   NG_MANIFEST_NAME};
	size_t len = ng_min(record->len, (size_t)NAME_BYTES - 1);

	memcpy(ret, record->data, len);
	ret[len] = '\0';
	for (size_t i = 0; i < ng_array_size(ours); i++)
		if (fnmatch(ours[i], ret, FNM_EXTMATCH) == 0)
			return;
	snprintf(ret, NAME_BYTES, "shard-%05u.ngs", number);
}

/* What the section says of the file. */
static void section_note(const struct record *record, struct written *ret)
{
	ret->store |= record->type == NG_SECTION_TEXT_FRAMES;
	if (record->type == NG_SECTION_PARAMS && record->len == sizeof(ret->params))
		memcpy(&ret->params, record->data, record->len);
	if (record->type == NG_SECTION_REMOVED && record->len == sizeof(ret->removed))
		memcpy(&ret->removed, record->data, record->len);
}

/* Sections up to the next file, as a shard; a writer takes each type once. What no section is made
 * of is the file itself. The path is free. */
static bool file_write(const char *path, const uint8_t **data, size_t *size, struct written *ret)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *writer = NULL;
	bool seen[256] = {false}, raw = false;
	unsigned n = 0;
	struct record record;

	*ret = (struct written){0};
	while (*size >= RECORD_HEADER && **data != SECTIONS_FILE &&
	       record_next(data, size, &record)) {
		if (record.type == SECTIONS_RAW) {
			if (!writer)
				sections_require(!scratch_write(path, record.data, record.len));
			raw = true;
			continue;
		}
		if (record.type == NG_SECTION_PAGE_SUMS || seen[record.type] || n == SECTIONS_MAX ||
		    (record.type >= NG_SECTION_TYPES && record.type < NG_SECTION_OPTIONAL))
			continue;
		if (!writer) {
			if (raw)
				unlink(path);
			sections_require(!ng_shard_writer_new(path, &writer, NULL));
		}
		n++;
		seen[record.type] = true;
		section_note(&record, ret);
		sections_require(!ng_shard_writer_section(writer, record.type, NULL));
		sections_require(!ng_shard_writer_write(writer, record.data, record.len, NULL));
	}
	if (writer)
		sections_require(
			!ng_shard_writer_finish(writer, &ret->bytes, &ret->checksum, NULL));
	return writer;
}

unsigned sections_write(const uint8_t *data, size_t size, const char *dir)
{
	unsigned n = 0;

	while (n < FILES_MAX) {
		struct record record = {0};
		struct written written;
		char name[NAME_BYTES], path[SCRATCH_DIR_MAX + NAME_BYTES + 8];

		if (!record_next(&data, &size, &record))
			break;
		file_name(&record, n++, name);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		unlink(path);
		file_write(path, &data, &size, &written);
	}
	return n;
}

/* What was taken out of a shard, where nothing is yet. */
static void removed_name(struct ng_manifest_shard *shard, const char *name,
			 const struct written *written)
{
	shard->removed = (struct ng_manifest_removed){
		.file = strdup(name),
		.docs = written->removed.docs,
		.held = written->removed.docs,
		.text_bytes = written->removed.text_bytes,
		.file_bytes = written->bytes,
		.checksum = written->checksum,
	};
	sections_require(shard->removed.file);
}

static void shard_name(struct ng_manifest *manifest, char *name, const struct written *written)
{
	struct ng_manifest_shard shard = {
		.file = name,
		.docs = written->params.docs,
		.text_bytes = written->params.text_bytes,
		.file_bytes = written->bytes,
		.checksum = written->checksum,
	};

	manifest->sa_sampling = written->params.sa_rate;
	manifest->text_store |= written->store;
	sections_require(!ng_manifest_add(manifest, &shard));
}

bool sections_write_index(const uint8_t *data, size_t size, const char *dir)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {
		.format_version = NG_FORMAT_VERSION, .sa_sampling = NG_SA_RATE_MIN};
	struct record record;
	bool left = false; /* what is no shard, under the next one's name */

	while (manifest.n_shards < FILES_MAX && record_next(&data, &size, &record)) {
		char name[NG_MANIFEST_FILE_MAX], path[SCRATCH_DIR_MAX + NG_MANIFEST_FILE_MAX + 8];
		struct ng_manifest_shard *last =
			manifest.n_shards ? &manifest.shards[manifest.n_shards - 1] : NULL;
		bool removed = last && !last->removed.file && record.len >= strlen(REMOVED) &&
			       memcmp(record.data, REMOVED, strlen(REMOVED)) == 0;
		struct written written;

		if (removed)
			ng_manifest_free_removed_name(&manifest, manifest.n_shards - 1, name);
		else
			ng_manifest_free_name(&manifest, name);
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (left || removed)
			unlink(path);
		left = !file_write(path, &data, &size, &written);
		if (left)
			continue;
		if (removed)
			removed_name(last, name, &written);
		else
			shard_name(&manifest, name, &written);
	}
	return ng_manifest_write(dir, &manifest, NULL) == 0;
}

/* ---- reading ---- */

void sections_of_file(const char *dir, const char *name, bool is_shard, struct ng_buf *ret)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	ng_cleanup(ng_freep) char *path = NULL;
	const uint8_t *data;
	size_t len;

	sections_require(asprintf(&path, "%s/%s", dir, name) > 0);
	record_put(ret, SECTIONS_FILE, name, strlen(name));
	if (!is_shard) {
		ng_cleanup(ng_freep) uint8_t *whole = scratch_read(path, &len);

		sections_require(whole);
		record_put(ret, SECTIONS_RAW, whole, len);
		return;
	}
	sections_require(!ng_shard_file_open(path, &file, NULL));
	for (unsigned type = 1; type <= NG_SECTION_FACETS; type++)
		if (type != NG_SECTION_PAGE_SUMS && ng_shard_file_section(file, type, &data, &len))
			record_put(ret, type, data, len);
}

void sections_of_index(const char *dir, struct ng_buf *ret)
{
	ng_cleanup(ng_manifest_clear) struct ng_manifest manifest = {0};

	sections_require(!ng_manifest_read(dir, &manifest, NULL));
	for (size_t i = 0; i < manifest.n_shards; i++) {
		const struct ng_manifest_shard *shard = &manifest.shards[i];

		sections_of_file(dir, shard->file, true, ret);
		if (shard->removed.file)
			sections_of_file(dir, shard->removed.file, true, ret);
	}
}

/* ---- where ---- */

static char base[SCRATCH_DIR_MAX];

static void base_remove(void)
{
	rmdir(base);
}

static void base_make(void)
{
	static const char shm[] = "/dev/shm";

	if (access(shm, W_OK) == 0)
		setenv("TMPDIR", shm, 0);
	sections_require(!scratch_make(base));
	atexit(base_remove);
}

const char *sections_dir(const char *name)
{
	static char path[SCRATCH_DIR_MAX + 64];

	if (!*base)
		base_make();
	snprintf(path, sizeof(path), "%s/%s", base, name);
	sections_remove(path);
	sections_require(mkdir(path, 0700) == 0);
	return path;
}

void sections_remove(const char *dir)
{
	struct stat st;

	if (lstat(dir, &st) == 0)
		sections_require(scratch_remove(dir) == 0);
}
