/* How kinds of nodes behave: internal to the tree. A room is a kind of directory or file; to add
 * one, add its kind to node.h, write the functions, and name it in rooms[] of view.c (and, if it
 * stands in an index's root, in names[] of room_top.c). */
#pragma once

#include "indexes.h"
#include "listing.h"
#include "path.h"
#include "query/query.h"
#include "stream.h"
#include "view.h"

struct ng_view {
	struct ng_settings settings; /* the mount's own */
	struct ng_nodes *nodes;
	struct ng_listings *listings;
	struct ng_indexes *indexes;
};

/* A node that is being asked something.
 *
 * A directory may be of an earlier epoch than the index: somebody stands in it, or holds it open,
 * since before the index changed. It answers from the index as it is now, but nothing of that is
 * cached, since nobody would tell the kernel to forget it the next time. If documents have changed,
 * pages of an earlier epoch are stale: what they list would be another query's. Files say for ever
 * what they said first. */
struct ng_at {
	struct ng_view *view;
	ng_node_id id;
	const struct ng_view_index *index; /* the one it belongs to, as it is now */
	unsigned index_no;
	uint64_t value;                     /* of id; a document's without the incarnation */
	bool passing;                       /* a directory of an earlier epoch */
	const struct ng_node *node;         /* of those that live in the table, otherwise NULL */
	const struct ng_settings *settings; /* that it is under */
	const ng_cancel *cancel;
};

struct ng_room {
	/* Directories: */
	int (*lookup)(const struct ng_at *at, const char *name, struct ng_entry *ret_entry);
	/* Names from offset on, without "." and ".."; offset 0 is the first, next counts likewise.
	 * NULL: lists nothing. */
	int (*list)(const struct ng_at *at, uint64_t offset, ng_view_emit emit, void *userdata);
	/* Files: */
	int (*bytes)(const struct ng_at *at, uint64_t *ret_bytes);
	int (*read)(const struct ng_at *at, uint64_t offset, size_t len, uint8_t *buf,
		    size_t *ret_len);
};

/* The entry of a kind of node that isn't in the table, in the same state of the index as at. */
int ng_room_entry(const struct ng_at *at, enum ng_kind kind, uint64_t value,
		  struct ng_entry *ret_entry);

/* Name i of an index's root, for i from 0 on; NULL behind the last. */
const char *ng_room_top_name(size_t i);

/* What a node in the directory `at` is made of that is of the index as it is now: kind, name,
 * parent, epoch and settings are filled in, the query is empty. */
struct ng_node_init ng_room_init(const struct ng_at *at, enum ng_kind kind, const char *name);

/* Find or make a directory that lives in the table, under settings and in the same state of the
 * index as `at`. */
int ng_room_kept_dir(const struct ng_at *at, enum ng_kind kind, const char *name,
		     const struct ng_settings *settings, struct ng_entry *ret_entry);

/* The epoch that directories in this one have: its own, so that a directory never stands in two. */
uint64_t ng_room_epoch_below(const struct ng_at *at);

/* st_ino of a node in the table, under the settings of `at`, before it is made. */
uint64_t ng_room_ino(const struct ng_at *at, enum ng_kind kind, uint64_t number,
		     const uint8_t *query, size_t query_bytes);

/* Copy bytes [offset, offset + len) of a content that is in memory. */
void ng_room_copy(const void *content, size_t content_bytes, uint64_t offset, size_t len,
		  uint8_t *buf, size_t *ret_len);

/* Decode a name into a query under the settings of `at`; buf, which the query's bytes stay in, has
 * room for NG_PATH_NAME_MAX bytes. */
int ng_room_query(const struct ng_at *at, const char *name, uint8_t *buf,
		  struct ng_asked *ret_asked);

/* The query of at->node. */
struct ng_asked ng_room_asked(const struct ng_at *at);

/* Size and content of a file that the node table keeps. */
int ng_room_kept_bytes(const struct ng_at *at, uint64_t *ret_bytes);
int ng_room_kept_read(const struct ng_at *at, uint64_t offset, size_t len, uint8_t *buf,
		      size_t *ret_len);

/* Find or make the first page of /docs/QUERY and its like; -ENOENT when QUERY doesn't occur. */
int ng_room_first_page(const struct ng_at *at, enum ng_kind kind, const char *name,
		       struct ng_entry *ret_entry);
/* Make the page after that of at->node, which the caller knows to be there. */
int ng_room_next_page(const struct ng_at *at, struct ng_entry *ret_entry);
#define NG_ROOM_MORE "more"
/* st_ino of the page after that of at->node. */
uint64_t ng_room_more_ino(const struct ng_at *at);

/* A new /trace. */
int ng_room_trace(const struct ng_at *at, const char *name, struct ng_entry *ret_entry);

/* room_top.c */
extern const struct ng_room ng_room_root, ng_room_index, ng_room_readme, ng_room_stats;
/* room_count.c */
extern const struct ng_room ng_room_count_dir, ng_room_count, ng_room_find_dir, ng_room_find;
/* room_docs.c */
extern const struct ng_room ng_room_docs_dir, ng_room_meta_dir, ng_room_doc_dir;
extern const struct ng_room ng_room_docs_page, ng_room_text, ng_room_meta;
/* room_stream.c */
extern const struct ng_room ng_room_kwic_dir, ng_room_df_dir, ng_room_next_dir, ng_room_prev_dir;
extern const struct ng_room ng_room_batch_dir, ng_room_stream_file;
/* room_match.c */
extern const struct ng_room ng_room_match_dir, ng_room_match_page, ng_room_match;
/* room_with.c */
extern const struct ng_room ng_room_with_dir;
