/* SPDX-License-Identifier: Apache-2.0 */
/* The table of those nodes that need memory; their numbers: names/node_number.h.
 *
 * Directories of one query, directories below /with, whose settings must be kept, and files whose
 * content must be kept, are dynamic, in the table: made by lookup, counted as the kernel counts
 * them, freed by forget. Their numbers are never used twice, so that generation numbers aren't
 * needed. The st_ino that they show is a hash of what they are, so that one query written in two
 * ways is one file, and an inode number is the same at the next mount. The table can't free what
 * the kernel holds; past a limit it names the oldest nodes, and the daemon asks the kernel to let
 * go of them. */
#pragma once

#include "names/node_number.h"
#include "names/settings.h"

struct ng_stream;

/* What a lookup answers. */
struct ng_entry {
	ng_node_id id;
	uint64_t ino;   /* st_ino */
	uint64_t bytes; /* st_size; 0 for directories */
	struct timespec mtime;
	bool uncacheable; /* may be different the next time: not to be cached */
	bool stream;      /* another one each time, and its size changes */
};

/* A node in the table. Its fields don't change; whoever got it holds a reference. */
struct ng_node {
	ng_node_id id, parent;
	uint64_t ino;
	uint64_t epoch;  /* of the index that it was made from */
	uint64_t number; /* a page's number from 0, or a match's */
	uint64_t count;  /* occurrences of the query */
	const uint8_t *query;
	size_t query_bytes;
	const char *name;                   /* as the kernel spelled it; NUL-terminated */
	const struct ng_settings *settings; /* that it is under; NULL: the mount's own */
	uint8_t *content;                   /* a file's; NULL for directories */
	size_t content_bytes;
	struct ng_stream *stream; /* of a kind that has one, otherwise NULL */
};

/* What a node is made of. Query, name and settings are copied; content and stream are taken over,
 * as ng_nodes_add says. */
struct ng_node_init {
	enum ng_kind kind;
	unsigned index;
	ng_node_id parent;
	const char *name;
	const uint8_t *query;
	size_t query_bytes;
	const struct ng_settings *settings; /* not NULL for a kind that isn't always dynamic */
	uint64_t epoch, number, count;
	uint8_t *content; /* from malloc, or NULL */
	size_t content_bytes;
	struct ng_stream *stream; /* or NULL */
};

struct ng_nodes;

/* limit_bytes: memory of nodes past which ng_nodes_next_victim wakes up. -ENOMEM. All functions
 * below are thread-safe. */
int ng_nodes_new(size_t limit_bytes, struct ng_nodes **ret_nodes);
/* No node may be in use any more; the kernel's lookup counts no longer matter. */
struct ng_nodes *ng_nodes_free(struct ng_nodes *nodes);

/* The node of that name below parent that was made in that epoch, where there is one; counts one
 * lookup. O(1). */
bool ng_nodes_lookup(struct ng_nodes *nodes, ng_node_id parent, uint64_t epoch, const char *name,
		     struct ng_entry *ret_entry);

/* Add a node; counts one lookup. If another thread has added the same name meanwhile, in the same
 * epoch, the answer is that one; but one with a stream is always new. init->content and
 * init->stream are taken over in any case, also on failure. -ENOMEM. O(1). */
int ng_nodes_add(struct ng_nodes *nodes, const struct ng_node_init *init,
		 struct ng_entry *ret_entry);

/* A reference to a node for as long as a request needs it; NULL when there is no such node, or its
 * stream was closed. */
const struct ng_node *ng_nodes_get(struct ng_nodes *nodes, ng_node_id id);
void ng_nodes_put(struct ng_nodes *nodes, const struct ng_node *node);

/* The kernel gives back n lookups. A number that isn't in the table is ignored. */
void ng_nodes_forget(struct ng_nodes *nodes, ng_node_id id, uint64_t n);

/* A file of a node was opened, or is closed for good. A stream is freed, with all that it holds,
 * when nobody has it open any more and the last request is done with it; ng_nodes_get doesn't give
 * its node from the last closing on. Numbers that aren't in the table are ignored. */
void ng_nodes_opened(struct ng_nodes *nodes, ng_node_id id);
void ng_nodes_released(struct ng_nodes *nodes, ng_node_id id);

/* st_ino of a node in the table, before it is made; if it has settings, their hash is XORed into
 * number. */
uint64_t ng_nodes_ino(enum ng_kind kind, unsigned index, uint64_t number, const uint8_t *query,
		      size_t query_bytes);

/* Wait until nodes hold more than the limit, then give the oldest ones, one a call, until three
 * quarters of it are left. ret_name has room for NG_PATH_NAME_MAX + 1
 * bytes. False once ng_nodes_stop was called. A node is given once, and again only after another
 * lookup of it. */
bool ng_nodes_next_victim(struct ng_nodes *nodes, ng_node_id *ret_parent, char *ret_name,
			  size_t *ret_len);
void ng_nodes_stop(struct ng_nodes *nodes);

struct ng_nodes_stats {
	uint64_t nodes, bytes;
	uint64_t asked_bytes; /* of them, of nodes given by ng_nodes_next_victim and still here */
};

void ng_nodes_stats(struct ng_nodes *nodes, struct ng_nodes_stats *ret_stats);
