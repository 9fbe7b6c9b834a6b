/* SPDX-License-Identifier: Apache-2.0 */
/* How kinds of nodes behave: internal to the tree. There is a set of them for each kind; to add
 * one, add its kind to node_number.h, write the functions, and name it in node_ops[] of kinds.c
 * (and, if it stands in an index's root, in names[] of node_top.c). */
#pragma once

#include "files/indexes.h"
#include "files/listing.h"
#include "names/path.h"
#include "query/query.h"
#include "files/stream.h"
#include "tree/tree.h"

/* Why a question was refused last, until somebody logs it. */
struct ng_refusal {
	pthread_mutex_t lock;
	bool is;
	struct ng_error err;
};

struct ng_tree {
	struct ng_settings settings; /* the mount's own */
	bool no_streams;
	struct ng_streams *streams;
	struct ng_nodes *nodes;
	struct ng_listings *listings;
	struct ng_indexes *indexes;
	struct ng_refusal refusal;
};

/* A node that is being asked something.
 *
 * A directory may be of an earlier epoch than the index: somebody stands in it, or holds it open,
 * since before the index changed. It answers from the index as it is now, but nothing of that is
 * cached, since nobody would tell the kernel to forget it the next time. If documents have changed,
 * pages of an earlier epoch are stale: what they list would be another query's. Files say for ever
 * what they said first. */
struct ng_request {
	struct ng_tree *tree;
	ng_node_id id;
	const struct ng_mounted_index *index; /* the one it belongs to, as it is now */
	unsigned index_no;
	uint64_t value;                     /* of id; a document's without the incarnation */
	bool uncacheable;                   /* a directory of an earlier epoch */
	const struct ng_node *node;         /* of those that live in the table, otherwise NULL */
	const struct ng_settings *settings; /* that it is under */
	const ng_cancel *cancel;
};

struct ng_node_ops {
	/* Directories: */
	int (*lookup)(const struct ng_request *request, const char *name,
		      struct ng_entry *ret_entry);
	/* Names from offset on, without "." and ".."; offset 0 is the first, next counts likewise.
	 * NULL: lists nothing. */
	int (*list)(const struct ng_request *request, uint64_t offset, ng_tree_emit emit,
		    void *userdata);
	/* Files: */
	int (*bytes)(const struct ng_request *request, uint64_t *ret_bytes);
	int (*read)(const struct ng_request *request, uint64_t offset, size_t len, uint8_t *buf,
		    size_t *ret_len);
};

/* The entry of a kind of node that isn't in the table, in the same state of the index as the
 * request. */
int ng_request_entry(const struct ng_request *request, enum ng_kind kind, uint64_t value,
		     struct ng_entry *ret_entry);

/* Name i of an index's root, for i from 0 on; NULL behind the last. */
const char *ng_node_top_name(size_t i);

/* What a node in the directory `request` is made of that is of the index as it is now: kind, name,
 * parent, epoch and settings are filled in, the query is empty. */
struct ng_node_init ng_request_node_init(const struct ng_request *request, enum ng_kind kind,
					 const char *name);

/* Find or make a directory that lives in the table, under settings and in the same state of the
 * index as `request`. */
int ng_request_dynamic_dir(const struct ng_request *request, enum ng_kind kind, const char *name,
			   const struct ng_settings *settings, struct ng_entry *ret_entry);

/* The epoch that directories in this one have: its own, so that a directory never stands in two. */
uint64_t ng_request_epoch_below(const struct ng_request *request);

/* st_ino of a node in the table, under the settings of `request`, before it is made. */
uint64_t ng_request_ino(const struct ng_request *request, enum ng_kind kind, uint64_t number,
			const uint8_t *query, size_t query_bytes);

/* Copy bytes [offset, offset + len) of a content that is in memory. */
void ng_node_copy(const void *content, size_t content_bytes, uint64_t offset, size_t len,
		  uint8_t *buf, size_t *ret_len);

/* Decode a name into a query under the settings of `request`; buf, which the query's bytes stay in,
 * has room for NG_PATH_NAME_MAX bytes. -ENOENT: the name is one of probes.h; -EINVAL: a bad
 * escape. */
int ng_request_decode(const struct ng_request *request, const char *name, uint8_t *buf,
		      struct ng_query *ret_query);

/* The query of request->node. */
struct ng_query ng_request_query(const struct ng_request *request);

/* Size and content of a file that the node table keeps. */
int ng_request_dynamic_bytes(const struct ng_request *request, uint64_t *ret_bytes);
int ng_request_dynamic_read(const struct ng_request *request, uint64_t offset, size_t len,
			    uint8_t *buf, size_t *ret_len);

/* Find or make the first page of /docs/QUERY and its like; -ENOENT when QUERY doesn't occur (in
 * documents that count). The page's count is of the occurrences that have pages: all of them, or,
 * for matches, those in documents that count. */
int ng_request_first_page(const struct ng_request *request, enum ng_kind kind, const char *name,
			  struct ng_entry *ret_entry);
/* Make the page after that of request->node, which the caller knows to be there. */
int ng_request_next_page(const struct ng_request *request, struct ng_entry *ret_entry);
#define NG_NAME_MORE "more"
/* st_ino of the page after that of request->node. */
uint64_t ng_request_more_ino(const struct ng_request *request);

/* Whether a name of the directory `request` has its answer already. */
bool ng_request_known(const struct ng_request *request, const char *name,
		      struct ng_entry *ret_entry);

/* A file that holds an answer, which is taken over in any case. */
int ng_request_add_answer(const struct ng_request *request, enum ng_kind kind, const char *name,
			  const struct ng_query *query, struct ng_buf *answer,
			  struct ng_entry *ret_entry);

/* Let it be logged why dir/name was refused. An empty err says nothing. */
void ng_request_refuse(const struct ng_request *request, const char *dir, const char *name,
		       const struct ng_error *err);

/* A node of that stream, which is taken over; not to be cached. Under -o nostreams it is freed, and
 * the answer -EOPNOTSUPP. */
int ng_request_add_stream(const struct ng_request *request, enum ng_kind kind, const char *name,
			  const struct ng_query *query, struct ng_stream *stream,
			  struct ng_entry *ret_entry);

/* A new /trace. */
int ng_request_trace(const struct ng_request *request, const char *name,
		     struct ng_entry *ret_entry);

/* A new /repeats. */
int ng_request_repeats(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry);

/* A new /wordlist. */
int ng_request_wordlist(const struct ng_request *request, const char *name,
			struct ng_entry *ret_entry);

/* node_top.c */
extern const struct ng_node_ops ng_node_ops_root, ng_node_ops_index, ng_node_ops_readme,
	ng_node_ops_stats;
/* node_count.c */
extern const struct ng_node_ops ng_node_ops_count_dir, ng_node_ops_count, ng_node_ops_find_dir,
	ng_node_ops_find;
/* node_docs.c */
extern const struct ng_node_ops ng_node_ops_docs_dir, ng_node_ops_meta_dir, ng_node_ops_doc_dir;
extern const struct ng_node_ops ng_node_ops_docs_page, ng_node_ops_text, ng_node_ops_meta;
/* node_answer.c */
extern const struct ng_node_ops ng_node_ops_kwic_dir, ng_node_ops_df_dir, ng_node_ops_next_dir,
	ng_node_ops_prev_dir, ng_node_ops_answer;
/* node_word.c */
extern const struct ng_node_ops ng_node_ops_nextword_dir, ng_node_ops_prevword_dir;
/* node_lines.c */
extern const struct ng_node_ops ng_node_ops_lines_dir, ng_node_ops_grep_dir;
/* node_stream.c */
extern const struct ng_node_ops ng_node_ops_batch_dir, ng_node_ops_stream_file;
/* node_match.c */
extern const struct ng_node_ops ng_node_ops_match_dir, ng_node_ops_match_page, ng_node_ops_match;
/* node_facet.c */
extern const struct ng_node_ops ng_node_ops_facet_dir, ng_node_ops_facet_field,
	ng_node_ops_batch_facet_dir;
/* node_files.c */
extern const struct ng_node_ops ng_node_ops_files_dir;
/* node_with.c */
extern const struct ng_node_ops ng_node_ops_with_dir;
