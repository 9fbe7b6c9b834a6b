/* Documents in: one stream of documents out of JSONL, text files, trees, tar and standard input,
 * any of them compressed (libarchive recognises the compression by content, jansson reads JSON).
 *
 * A document is its bytes, whatever they are, and its metadata, a JSON object:
 *   {"path": "corpus/a.jsonl.zst", "line": 17, "metadata": {every other field of the line}}
 * path is the source as named on the command line (for a tree: that name, "/" and the file's path
 * below it; for tar: the archive's name, "/" and the member's path; for standard input: "-");
 * line counts from 1 and stands only where a document is a line; metadata only for JSONL. */
#pragma once

#include "base/base.h"

struct ng_source;

enum ng_source_format {
	NG_SOURCE_AUTO,	 /* a tree, tar, JSONL (first non-blank byte is '{') or text, by content */
	NG_SOURCE_JSONL, /* one JSON object a line */
	NG_SOURCE_TEXT,	 /* one document a file */
	NG_SOURCE_LINES, /* one document a line, without its newline */
	NG_SOURCE_TAR,	 /* one document a member */
};

struct ng_source_options {
	enum ng_source_format format;
	const char *text_field; /* JSONL: the field that holds the text; NULL: "text" */
	FILE *skip_bad;		/* where rejected lines and files go, with the reason; NULL: a
				 * rejected one ends the build */
};

/* What has been read so far, for the progress line and the summary. */
struct ng_source_stats {
	uint64_t docs;
	uint64_t text_bytes;   /* of those documents */
	uint64_t input_bytes;  /* read from disk or a pipe, before decompression */
	uint64_t input_total;  /* size of all sources, as far as known (pipes: 0) */
	uint64_t bad_docs;     /* written to skip_bad */
	uint64_t binary_files; /* skipped in trees and tars: hold a NUL in their first 8 KiB */
	uint64_t blank_lines;  /* JSONL: lines of white space only, skipped */
};

/* One document; the memory belongs to the source and is good until the next call. */
struct ng_source_doc {
	const uint8_t *text;
	size_t text_bytes;
	const char *meta; /* JSON object, compact, no newline; not NUL-terminated */
	size_t meta_bytes;
};

/* Prepare to read paths[0..n_paths-1] in that order ("-" is standard input). Every path is
 * checked to exist and be readable before the first document is read. The strings in paths and
 * options are borrowed until ng_source_free. Not thread-safe.
 * Returns 0, -ENOENT, -EACCES, -EINVAL (unsuitable kind of file), -ENOMEM, with err set. */
int ng_source_new(const char *const *paths, size_t n_paths, const struct ng_source_options *options,
		  struct ng_source **ret_source, struct ng_error *err);

/* The next document. Files of a tree come in byte order of their paths, so that the same tree
 * gives the same order on any filesystem. Returns 1 with *ret_doc set, 0 at the end, -EBADMSG for
 * malformed input ("file:line: reason" in err; only when options.skip_bad is NULL), or another
 * negative errno for input that cannot be read. After an error the source only can be freed. */
int ng_source_next(struct ng_source *source, struct ng_source_doc *ret_doc, struct ng_error *err);

void ng_source_stats(const struct ng_source *source, struct ng_source_stats *ret_stats);

struct ng_source *ng_source_free(struct ng_source *source);

static inline void ng_source_freep(struct ng_source **source)
{
	ng_source_free(*source);
}
