/* The segments that a shard is put together from, when it has more text than is sorted at once. */
#pragma once

#include "merge/journal.h"
#include "merge/merge.h"

struct ng_assembly;

/* Begin the assembly of shard number `shard` in a directory: opens the file for its text, as it is
 * if it is there. -ENOMEM, and the file's errors, with err set. */
int ng_assembly_new(const char *dir, size_t shard, struct ng_assembly **ret_assembly,
		    struct ng_error *err);

/* Free; the files stay. */
struct ng_assembly *ng_assembly_free(struct ng_assembly *assembly);

static inline void ng_assembly_freep(struct ng_assembly **assembly)
{
	ng_assembly_free(*assembly);
}

/* One more segment, of so many rows, behind those that are there: its file's path, which is the
 * assembly's own, and where its text goes. -ENOMEM. */
int ng_assembly_add(struct ng_assembly *assembly, uint64_t rows, const char **ret_path,
		    int *ret_text_fd, uint64_t *ret_text_at);

/* A shard that is there, as one more segment: its file stays, and its text is read from it if it is
 * needed. -ENOMEM. */
int ng_assembly_add_shard(struct ng_assembly *assembly, uint64_t rows, const char *path);

/* Number of segments. */
size_t ng_assembly_segments(const struct ng_assembly *assembly);

/* Merge all segments, which are on disk, two neighbours at a time, in the order that costs least;
 * what was merged is removed. Steps that the journal (NULL: none) has are not made again.
 * *ret_path: the file of the one segment. Errors as of ng_segments_merge. */
int ng_assembly_merge(struct ng_assembly *assembly, struct ng_journal *journal,
		      const struct ng_merge_options *options, const char **ret_path,
		      struct ng_error *err);

/* Remove the files. */
void ng_assembly_remove(struct ng_assembly *assembly);
