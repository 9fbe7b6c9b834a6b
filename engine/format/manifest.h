/* SPDX-License-Identifier: Apache-2.0 */
/* The manifest: index.json in the index directory, which says what shards there are. It is
 * written last, so that a directory without it is no index. */
#pragma once

#include "base/base.h"

#define NG_MANIFEST_NAME "index.json"

/* Behind the name of an index that is being made: where that happens. */
#define NG_BUILDING ".building"

/* A file that says which documents were taken out of a shard: format/removed.h. */
struct ng_manifest_removed {
	char *file; /* as a shard's; NULL: there is none */
	uint64_t docs;
	uint64_t held;       /* of these, those whose text and metadata the shard still has */
	uint64_t text_bytes; /* of these */
	uint64_t file_bytes;
	uint64_t checksum;
};

struct ng_manifest_shard {
	char *file;    /* a name in the index directory, or a path: see shardpath.h */
	uint64_t docs; /* in this shard, with those that were removed */
	uint64_t text_bytes;
	uint64_t file_bytes;
	uint64_t checksum; /* ng_shard_file_checksum */
	struct ng_manifest_removed removed;
};

struct ng_manifest {
	uint32_t format_version;
	uint32_t sa_sampling;
	bool text_store;
	size_t n_shards;
	struct ng_manifest_shard *shards;
	/* How the documents were read, "--name=value" each, for who adds others: x_options. */
	size_t n_options;
	char **options;
};

/* JSON text with a newline at its end, its own checksum in it; the caller frees it. The same
 * manifest gives the same bytes. -EINVAL for a shard that ng_manifest_parse would refuse, -ENOMEM.
 */
int ng_manifest_format(const struct ng_manifest *manifest, char **ret_text);

/* Parse; every field is checked (a manifest may come from a stranger: no shard name but of those
 * that shardpath.h allows, no file twice, no overflow in sums), and so is the text's checksum. A
 * field that isn't known is passed over when its name begins with "x_", and refused otherwise, as
 * is a feature that the manifest requires. -EPROTO, -EUCLEAN (a wrong checksum) or -ENOMEM with err
 * set.
 */
int ng_manifest_parse(const char *text, size_t len, struct ng_manifest *ret_manifest,
		      struct ng_error *err);

/* Read DIR/index.json, of a directory that dir_fd has opened (dir: its path, for messages), or by
 * its path. -ENOENT, -ENOTDIR, -EACCES, -EPROTO, -EUCLEAN with err naming the file. Free what it
 * gives with ng_manifest_clear. */
int ng_manifest_read_at(int dir_fd, const char *dir, struct ng_manifest *ret_manifest,
			struct ng_error *err);
int ng_manifest_read(const char *dir, struct ng_manifest *ret_manifest, struct ng_error *err);

/* Write DIR/index.json (temporary name, fsync, rename, fsync of DIR). The text is parsed before it
 * takes its name. */
int ng_manifest_write_at(int dir_fd, const char *dir, const struct ng_manifest *manifest,
			 struct ng_error *err);
int ng_manifest_write(const char *dir, const struct ng_manifest *manifest, struct ng_error *err);

/* Whether two have the same text. -ENOMEM. */
int ng_manifest_compare(const struct ng_manifest *a, const struct ng_manifest *b, bool *ret_same);

/* Whether a shard's file, or what was taken out of one, has that name. O(n_shards). */
bool ng_manifest_names(const struct ng_manifest *manifest, const char *file);

#define NG_MANIFEST_FILE_MAX 32u

/* A name for the next shard's file that no shard has. O(n_shards) unless most names are out of
 * order. */
void ng_manifest_free_name(const struct ng_manifest *manifest, char file[NG_MANIFEST_FILE_MAX]);

/* Documents and bytes of a shard that are left. */
static inline uint64_t ng_manifest_left_docs(const struct ng_manifest_shard *shard)
{
	return shard->docs - shard->removed.docs;
}

static inline uint64_t ng_manifest_left_bytes(const struct ng_manifest_shard *shard)
{
	return shard->text_bytes - shard->removed.text_bytes;
}

/* The same for a file of what was removed, with the first free number from s on; returns the one
 * behind that, from where the next is to be sought. */
size_t ng_manifest_free_removed_name(const struct ng_manifest *manifest, size_t s,
				     char file[NG_MANIFEST_FILE_MAX]);

/* Add a shard at the end; names of files are copied. -ENOMEM. */
int ng_manifest_add(struct ng_manifest *manifest, const struct ng_manifest_shard *shard);

/* Put copies of these options into the place of those that are there. -ENOMEM: they are as they
 * were.
 */
int ng_manifest_set_options(struct ng_manifest *manifest, const char *const *options, size_t n);

/* The value of the option that begins with prefix, such as "--format="; NULL: it isn't there. */
const char *ng_manifest_option(const struct ng_manifest *manifest, const char *prefix);

/* Free the shards and their names; the struct is all zero afterwards. */
void ng_manifest_clear(struct ng_manifest *manifest);
