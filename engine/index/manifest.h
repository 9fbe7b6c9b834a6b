/* The manifest: index.json in the index directory, which says what shards there are. It is
 * written last, so that a directory without it is no index. */
#pragma once

#include "base/base.h"

#define NG_MANIFEST_NAME "index.json"

struct ng_manifest_shard {
	char *file;    /* name in the index directory, no slash */
	uint64_t docs; /* in this shard */
	uint64_t text_bytes;
	uint64_t file_bytes;
	uint64_t checksum; /* ng_shard_file_checksum */
};

struct ng_manifest {
	uint32_t format_version;
	uint32_t sa_sampling, isa_sampling;
	bool text_store;
	size_t n_shards;
	struct ng_manifest_shard *shards;
};

/* JSON text with a newline at its end; the caller frees it. The same manifest gives the same
 * bytes. */
int ng_manifest_format(const struct ng_manifest *manifest, char **ret_text);

/* Parse; every field is checked (a manifest may come from a stranger: no shard name with a slash
 * or a leading dot, no overflow in sums). -EPROTO with err set. */
int ng_manifest_parse(const char *text, size_t len, struct ng_manifest *ret_manifest,
		      struct ng_error *err);

/* Read DIR/index.json. -ENOENT, -ENOTDIR, -EACCES, -EPROTO with err naming the file. */
int ng_manifest_read(const char *dir, struct ng_manifest *ret_manifest, struct ng_error *err);

/* Write DIR/index.json (temporary name, fsync, rename). */
int ng_manifest_write(const char *dir, const struct ng_manifest *manifest, struct ng_error *err);
void ng_manifest_clear(struct ng_manifest *manifest);
