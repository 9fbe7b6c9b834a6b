/* SPDX-License-Identifier: Apache-2.0 */
/* The tree that a mount shows, as operations on node numbers: everything a FUSE request needs but
 * FUSE itself. Thread-safe once made. Functions return 0 or a negative errno and leave ret_* alone
 * on failure; besides those named: -EUCLEAN (a damaged index), -EIO, -EINTR (cancelled), -ENOMEM,
 * -ESTALE (a node number the tree doesn't know), -EOVERFLOW (a query that is folded has too
 * many spellings, or lines or grep too much to look at), -EFBIG (a facet has too many values). */
#pragma once

#include <sys/stat.h>

#include "files/indexes.h"
#include "tree/node.h"
#include "files/streams.h"

struct ng_tree;

struct ng_tree_options {
	uint64_t page_docs;      /* names a directory lists before more/ */
	uint32_t context_bytes;  /* of text on each side of a match */
	size_t node_limit_bytes; /* as ng_nodes_new takes it */
	bool no_streams;         /* what would be one is refused with -EOPNOTSUPP */
	struct ng_streams_limits streams;
	struct ng_opening opening;
};

/* Open the indexes at paths[0..n_paths-1], n_paths >= 1. One is shown at the root itself; several
 * as a directory each, named after the last component of the path without a trailing ".ngram".
 * O(shards). Returns also what ng_index_open does, -EEXIST (two of one name), -E2BIG (over 256, or
 * one of more than 2^48 bytes or 2^36 documents), with err set. */
int ng_tree_new(const char *const *paths, size_t n_paths, const struct ng_tree_options *options,
		struct ng_tree **ret_tree, struct ng_error *err);
struct ng_tree *ng_tree_free(struct ng_tree *tree);

static inline void ng_tree_freep(struct ng_tree **tree)
{
	ng_tree_free(*tree);
}

/* What the kernel may have cached of that name in that directory, and of all below, is no more. */
typedef void (*ng_tree_changed)(void *userdata, ng_node_id dir, const char *name);

/* Open the indexes again: requests that begin from here on get answers from the new state, and
 * those at work end in the old one. Calls changed for names that have to be looked up again, a few
 * for each index, when the new state is there. Returns how many indexes have changed, or what
 * ng_indexes_reopen fails with, with err set; nothing is different then. From one thread at a time;
 * O(shards). */
int ng_tree_reload(struct ng_tree *tree, ng_tree_changed changed, void *userdata,
		   struct ng_error *err);

/* The entry of that name in a directory; counts a lookup, which ng_tree_forget gives back. Counts
 * occurrences at most, save for a match (one locate), a page further on, a document that wasn't
 * listed (see ng_query_doc_holds), and what is made before its size is told (node_stream.c).
 * -ENOENT, -EINVAL (a bad escape), -ENOTDIR, -ENAMETOOLONG. With -ENOENT, *ret_entry has the id 0
 * and says whether that may be cached. */
int ng_tree_lookup(struct ng_tree *tree, ng_node_id dir, const char *name, const ng_cancel *cancel,
		   struct ng_entry *ret_entry);
void ng_tree_forget(struct ng_tree *tree, ng_node_id id, uint64_t n);

/* The entry of a node that the kernel holds; counts no lookup. */
int ng_tree_entry(struct ng_tree *tree, ng_node_id id, struct ng_entry *ret_entry);

/* Attributes of an entry: mode, size, times (those of the index's manifest). Everything but owner
 * and group, which stay 0. */
void ng_tree_stat(const struct ng_entry *entry, struct stat *ret_stat);

/* Bytes [offset, offset + len) of a file, as many as there are; of a stream, as many as have been
 * made, and if there are none, more is made first: as long as finding some thousand occurrences
 * takes, or answering as many questions. -EISDIR. */
int ng_tree_read(struct ng_tree *tree, ng_node_id id, uint64_t offset, size_t len,
		 const ng_cancel *cancel, uint8_t *buf, size_t *ret_len);

/* Write to a stream at offset. -EROFS: any other node; -ENOSPC and the like, from a temporary file.
 */
int ng_tree_write(struct ng_tree *tree, ng_node_id id, uint64_t offset, const uint8_t *data,
		  size_t len);

/* A name in a directory. */
struct ng_name {
	const char *name;
	uint64_t ino;
	bool is_dir;
	const struct ng_entry *entry; /* NULL: it takes a lookup to know. Only entries that need no
				       * memory are given here, so no lookup is counted */
	uint64_t next;                /* offset of the name after it */
};

/* Returns false when there is no room for the name; it will be asked for again. */
typedef bool (*ng_tree_emit)(void *userdata, const struct ng_name *name);

/* The names of a directory from offset on (0 at first; then a name's next), "." and ".." too. A
 * directory's names change only when the index does. -ENOTDIR. */
int ng_tree_list(struct ng_tree *tree, ng_node_id dir, uint64_t offset, const ng_cancel *cancel,
		 ng_tree_emit emit, void *userdata);

/* A file was opened, or is closed for good; see ng_nodes_opened. */
void ng_tree_opened(struct ng_tree *tree, ng_node_id id);
void ng_tree_released(struct ng_tree *tree, ng_node_id id);

bool ng_tree_is_dir(ng_node_id id);
bool ng_tree_is_writable(ng_node_id id);
/* Whether it is to be read in one go; see stream.h. */
bool ng_tree_is_stream(ng_node_id id);
/* Whether looking names up in a directory, or listing it, may take more than some searches. */
bool ng_tree_lookup_is_long(struct ng_tree *tree, ng_node_id dir);
bool ng_tree_list_is_long(ng_node_id dir);

/* For ng_nodes_next_victim and ng_nodes_stop. */
struct ng_nodes *ng_tree_nodes(struct ng_tree *tree);

/* What it shows. */
struct ng_indexes *ng_tree_indexes(struct ng_tree *tree);

/* The path of the index that a node belongs to, for messages. */
const char *ng_tree_path(const struct ng_tree *tree, ng_node_id id);

/* As ng_index_take_damage, of that index. */
bool ng_tree_take_damage(struct ng_tree *tree, ng_node_id id, struct ng_error *ret_text);

/* Why a question was refused, if nobody has taken that yet; for a log. */
bool ng_tree_take_refusal(struct ng_tree *tree, struct ng_error *ret_text);

/* A request for that node has failed with -EIO: its index is opened again before the next one, see
 * indexes.h. */
void ng_tree_suspect(struct ng_tree *tree, ng_node_id id);

/* Documents and bytes of text of all indexes, for statfs. */
void ng_tree_totals(struct ng_tree *tree, uint64_t *ret_docs, uint64_t *ret_bytes);
