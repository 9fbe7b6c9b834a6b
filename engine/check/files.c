/* SPDX-License-Identifier: Apache-2.0 */
#include "check/files.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/file.h"
#include "format/params.h"
#include "format/shardlayout.h"

/* Which part of a file that can't be opened is the damaged one, and where. */
static uint32_t part_at_fault(const char *path, uint64_t *ret_offset)
{
	ng_cleanup(ng_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct ng_shard_header h;
	struct stat st;

	*ret_offset = NG_NO_OFFSET;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    ng_file_read_at(fd, &h, sizeof(h), 0, NULL) < 0)
		return NG_PART_FILE;
	*ret_offset = 0;
	if (memcmp(h.magic, NG_SHARD_MAGIC, sizeof(h.magic)) || h.version != NG_FORMAT_VERSION ||
	    XXH3_64bits(&h, offsetof(struct ng_shard_header, header_sum)) != h.header_sum)
		return NG_PART_HEADER;
	*ret_offset = ng_min((uint64_t)st.st_size, h.file_bytes);
	if ((uint64_t)st.st_size != h.file_bytes)
		return NG_PART_FILE;
	*ret_offset = ng_min((uint64_t)st.st_size, h.table_offset);
	return NG_PART_TABLE;
}

static void on_damage(void *userdata, uint32_t type, uint64_t offset, const char *text)
{
	uint32_t part = type < NG_SECTION_TYPES     ? type
			: type == NG_SECTION_FACETS ? NG_PART_FACETS
						    : NG_PART_UNKNOWN;

	ng_checker_damage(userdata, part, offset, "%s", text);
}

static void on_progress(void *userdata, uint64_t done, uint64_t total)
{
	struct ng_checker *checker = userdata;

	ng_checker_advance(checker, done - checker->done);
}

int ng_check_container(struct ng_checker *checker, const char *path,
		       struct ng_shard_file **ret_file)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = NULL;
	struct ng_error why = {""};
	uint64_t offset;
	uint32_t part;
	int r = ng_shard_file_open(path, &file, &why);

	*ret_file = NULL;
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		part = part_at_fault(path, &offset);
		ng_checker_damage(checker, part, offset, "%s", ng_checker_reason(why.text, path));
		return 0;
	}
	ng_checker_phase(checker, "verifying checksums", ng_shard_file_bytes(file));
	r = ng_shard_file_verify(file, checker->options->cancel, on_damage, on_progress, checker);
	if (r < 0 && r != -EUCLEAN)
		return r;
	*ret_file = ng_steal_ptr(&file);
	return 0;
}

static void differs(struct ng_checker *checker, const struct ng_manifest_shard *entry,
		    const char *field, uint64_t says, uint64_t is)
{
	ng_checker_damage(checker, NG_PART_FILE, NG_NO_OFFSET,
			  "\"%s\" of %s is %" PRIu64 ", in the shard it is %" PRIu64, field,
			  entry->file, says, is);
}

void ng_check_manifest_shard(struct ng_checker *checker, const struct ng_manifest *manifest,
			     const struct ng_manifest_shard *entry,
			     const struct ng_shard_file *file, bool params_sound)
{
	struct ng_shard_params params;
	const uint8_t *data;
	size_t bytes;
	bool store = ng_shard_file_section(file, NG_SECTION_TEXT_FRAMES, &data, &bytes);

	if (entry->checksum != ng_shard_file_checksum(file))
		ng_checker_damage(checker, NG_PART_FILE, NG_NO_OFFSET,
				  "\"checksum\" of %s is %016" PRIx64
				  ", in the shard it is %016" PRIx64,
				  entry->file, entry->checksum, ng_shard_file_checksum(file));
	if (entry->file_bytes != ng_shard_file_bytes(file))
		differs(checker, entry, "file_bytes", entry->file_bytes, ng_shard_file_bytes(file));
	if (store != manifest->text_store)
		ng_checker_damage(checker, NG_PART_FILE, NG_NO_OFFSET,
				  "\"text_store\" is %s, but %s has %s",
				  manifest->text_store ? "true" : "false", entry->file,
				  store ? "one" : "none");
	if (!params_sound || !ng_shard_file_section(file, NG_SECTION_PARAMS, &data, &bytes))
		return;
	memcpy(&params, data, sizeof(params));
	if (entry->docs != params.docs)
		differs(checker, entry, "docs", entry->docs, params.docs);
	if (entry->text_bytes != params.text_bytes)
		differs(checker, entry, "text_bytes", entry->text_bytes, params.text_bytes);
	if (manifest->sa_sampling != params.sa_rate)
		differs(checker, entry, "sa_sampling", manifest->sa_sampling, params.sa_rate);
}
