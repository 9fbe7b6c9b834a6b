/* SPDX-License-Identifier: Apache-2.0 */
/* Node numbers: which kind of file of which index, and a value.
 *
 * A node number has 64 bits: 1 for those that live in the table though their kind doesn't say so,
 * 6 of kind, and 57 of index (which of the mounted ones) and value: of the first index a 0 and 56
 * of value, of any other a 1, 8 of index and 48 of value. Where the value says everything about a
 * file (a count, a document's number) the node needs no memory: a million different counts cost the
 * daemon nothing. Consequences, all intended:
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
 * is part of their value. What an old number means is decided by node_ops.h. */
#pragma once

#include "base/base.h"

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
	NG_KIND_FILES_DIR,
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
	NG_KIND_FILES_SUB, /* a directory below /files */
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
	NG_KIND_REPEATS,
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
