/* Node numbers, and the table of those nodes that need memory.
 *
 * A node number has 64 bits: 1 that is explained below, 6 of kind, and 57 of index (which of the
 * mounted ones) and value: of the first index a 0 and 56 of value, of any other a 1, 8 of index and
 * 48 of value. Where the value says everything about a file (a count, a document's number)
 * the node needs no memory: a million different counts cost the daemon nothing. Consequences, all
 * intended:
 *  - a document is one inode wherever it appears, and shares the page cache; so are two queries'
 *    counts that are the same number, whose content is then the same as well;
 *  - st_nlink stays 1 all the same, so that tar, cp -a, rsync -H and du, which look for hard links
 *    only where st_nlink > 1, treat each name as a file of its own.
 *
 * An index may change under a mount (ng_tree_reload), and everything that the kernel has cached of
 * it must go. It can't be told to forget the children of a directory whose names nobody remembers;
 * but directories that don't live in the table have the index's epoch, a count of its changes, for
 * a value. So after a change they are other nodes, with nothing cached below them, and it is enough
 * to make the kernel look the few names in the mount's root up again. Counts stay what they are;
 * documents, too, as long as an index is only appended to; otherwise its incarnation changes, which
 * is part of their value. What an old number means is decided by node_ops.h.
 *
 * Directories of one query, directories below /with, whose settings must be kept, and files whose
 * content must be kept, are dynamic, in the table: made by lookup, counted as the kernel counts
 * them, freed by forget. Their numbers are never used twice, so that generation numbers aren't
 * needed. The st_ino that they show is a hash of what they are, so that one query written in two
 * ways is one file, and an inode number is the same at the next mount. The table can't free what
 * the kernel holds; past a limit it names the oldest nodes, and the daemon asks the kernel to let
 * go of them. */
#pragma once

#include "settings.h"

struct ng_stream;

enum ng_kind {
	NG_KIND_ROOT, /* the mount's root is number 1, as FUSE wants it */
	NG_KIND_INDEX,
	NG_KIND_COUNT_DIR,
	NG_KIND_FIND_DIR,
	NG_KIND_DOCS_DIR,
	NG_KIND_META_DIR,
	NG_KIND_MATCH_DIR,
	NG_KIND_DOC_DIR,
	NG_KIND_KWIC_DIR,
	NG_KIND_BATCH_DIR,
	NG_KIND_DF_DIR,
	NG_KIND_NEXT_DIR,
	NG_KIND_PREV_DIR,
	NG_KIND_NEXTWORD_DIR,
	NG_KIND_PREVWORD_DIR,
	NG_KIND_LINES_DIR,
	NG_KIND_GREP_DIR,
	NG_KIND_WITH_DIR,
	NG_KIND_FACET_DIR,
	NG_KIND_BATCH_FACET_DIR,
	NG_KIND_COUNT,         /* value: the count */
	NG_KIND_TEXT,          /* value: incarnation and document number */
	NG_KIND_META,          /* the same */
	NG_KIND_FIRST_DYNAMIC, /* kinds from here on live in the table; value: a serial number */
	NG_KIND_FIND = NG_KIND_FIRST_DYNAMIC,
	NG_KIND_DOCS_PAGE,
	NG_KIND_META_PAGE,
	NG_KIND_MATCH_PAGE,
	NG_KIND_SETTINGS, /* /with/SETTINGS */
	NG_KIND_FACET_FIELD,
	NG_KIND_MATCH,
	NG_KIND_README,
	NG_KIND_STATS,
	NG_KIND_KWIC,
	NG_KIND_DF,
	NG_KIND_NEXT,
	NG_KIND_PREV,
	NG_KIND_NEXTWORD,
	NG_KIND_PREVWORD,
	NG_KIND_FACET,
	NG_KIND_LINES,
	NG_KIND_GREP,
	NG_KIND_FIRST_STREAM, /* kinds from here on have a stream; see stream.h */
	NG_KIND_LONG_KWIC = NG_KIND_FIRST_STREAM,
	NG_KIND_LONG_DF,
	NG_KIND_LONG_WORDS,
	NG_KIND_WORDLIST,
	NG_KIND_LONG_COUNT,
	NG_KIND_LONG_FACET,
	NG_KIND_LONG_LINES,
	NG_KIND_LONG_GREP,
	NG_KIND_BATCH,
	NG_KIND_TRACE,
	NG_KINDS,
};
_Static_assert(NG_KINDS <= 64, "kinds have 6 bits");

typedef uint64_t ng_node_id;

#define NG_NODE_ROOT        ((ng_node_id)1)
#define NG_NODE_KIND_SHIFT  57
#define NG_NODE_INDEX_SHIFT 48
#define NG_NODE_OTHER       (UINT64_C(1) << 56) /* not the first index */
#define NG_NODE_INDEX_LIMIT 256u

/* Bits of a value, which must be below the limit. */
static inline unsigned ng_node_value_bits(unsigned index)
{
	return index ? NG_NODE_INDEX_SHIFT : 56;
}

static inline uint64_t ng_node_value_limit(unsigned index)
{
	return UINT64_C(1) << ng_node_value_bits(index);
}

static inline ng_node_id ng_node_id_make(enum ng_kind kind, unsigned index, uint64_t value)
{
	uint64_t other = index ? NG_NODE_OTHER | (uint64_t)index << NG_NODE_INDEX_SHIFT : 0;

	return (uint64_t)kind << NG_NODE_KIND_SHIFT | other | value;
}

/* Set where a node lives in the table although its kind doesn't say so: directories that are the
 * same as those of the root, but below /with/SETTINGS. */
#define NG_NODE_DYNAMIC (UINT64_C(1) << 63)

static inline unsigned ng_node_kind(ng_node_id id)
{
	return (unsigned)(id >> NG_NODE_KIND_SHIFT) & 0x3f;
}

static inline bool ng_node_is_dynamic(ng_node_id id)
{
	return id & NG_NODE_DYNAMIC || ng_node_kind(id) >= NG_KIND_FIRST_DYNAMIC;
}

static inline unsigned ng_node_index(ng_node_id id)
{
	return id & NG_NODE_OTHER ? (unsigned)(id >> NG_NODE_INDEX_SHIFT) & 0xff : 0;
}

static inline uint64_t ng_node_value(ng_node_id id)
{
	return id & (ng_node_value_limit(ng_node_index(id)) - 1);
}

/* A document's number is the lower part of the value, and the index's incarnation the upper. */
#define NG_NODE_INCARNATION_BITS  12
#define NG_NODE_INCARNATION_LIMIT (1u << NG_NODE_INCARNATION_BITS)

static inline unsigned ng_node_doc_bits(unsigned index)
{
	return ng_node_value_bits(index) - NG_NODE_INCARNATION_BITS;
}

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
