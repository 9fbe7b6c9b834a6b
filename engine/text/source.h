/* SPDX-License-Identifier: Apache-2.0 */
/* Documents in: one stream of documents out of JSON, text files, trees, tar and standard input,
 * any of them compressed (libarchive recognises the compression by content).
 *
 * A document is its bytes, whatever they are, and its metadata, a JSON object:
 *   {"path": "corpus/a.jsonl.zst", "line": 17, "metadata": {every other field of the line}}
 * path is the source as named on the command line (for a tree: that name, "/" and the file's path
 * below it; for tar: the archive's name, "/" and the member's path; for standard input: "-");
 * line counts from 1 and stands only where a document is a line; item, likewise, where it is an
 * object of JSON that may go over several lines, and record, where it is one of WARC; metadata only
 * for these and for records of CSV and TSV, whose other columns it holds, as strings. Of JSON, the
 * other fields stand there as they were written, without white space around them: numbers digit for
 * digit. In path, bytes that are no valid UTF-8 became U+FFFD, one each. */
#pragma once

#include "text/passed.h"

struct ng_source;

/* A directory is a tree whatever the format: the format then says what each of its files is. Every
 * file may be compressed. AUTO tells what a file is by its content, whether it was named or found
 * in a tree; detect.h has the rules. A file with a NUL in its first 8 KiB, or that signature.h
 * knows, is binary: passed over and counted in a tree, refused where it was named. An empty file is
 * an empty document, but nothing at all on standard input is no document. */
enum ng_source_format {
	NG_SOURCE_AUTO,
	NG_SOURCE_JSONL, /* one JSON object a line */
	NG_SOURCE_TEXT,  /* one document a file, binary or not */
	NG_SOURCE_LINES, /* one document a line, without its newline */
	NG_SOURCE_TAR,   /* one document a regular member that isn't binary */
	NG_SOURCE_JSON,  /* JSON objects one after another, and arrays of them */
	NG_SOURCE_ZIP,   /* as TAR */
	NG_SOURCE_7Z,    /* as TAR */
	NG_SOURCE_WARC,  /* one document a record of type response, resource or conversion */
	NG_SOURCE_CSV,   /* one document a record, of the column text_field */
	NG_SOURCE_TSV,   /* the same, with TABs */
};

struct ng_source_options {
	enum ng_source_format format;
	const char *text_field;   /* JSON: where the text is (field.h); NULL: "text" */
	bool replace_bad_unicode; /* JSON: U+FFFD for what is no Unicode, instead of an error */
	bool no_follow;           /* pass symbolic links in trees over */
	bool allow_empty;         /* a named source may give no document at all */
	FILE *skip_bad;           /* where rejected lines and files go, with the reason; NULL: a
				   * rejected one ends the build */
	FILE *list_passed;        /* where what is passed over is listed; NULL: nowhere */
	const char *output;       /* the index that is made meanwhile, and the directory beside it
				   * with ".building" behind its name: passed over; NULL: none */
	bool ahead; /* compressed files are decompressed by a thread beside the caller's */
	uint64_t unpack_bytes;   /* what the windows of compression may take; 0: NG_INPUT_MEMORY */
	uint64_t max_doc_bytes;  /* a larger document, line or member is refused, and an object of
				  * JSON that is more than twice as large; 0: any */
	const ng_cancel *cancel; /* ends every call with -EINTR; may be NULL */
};

/* What has been read so far, for the progress line and the summary. */
struct ng_source_stats {
	uint64_t docs;
	uint64_t text_bytes;     /* of those documents */
	uint64_t input_bytes;    /* read from disk or a pipe, before decompression */
	uint64_t input_total;    /* size of all sources, as far as known (pipes: 0) */
	uint64_t window_bytes;   /* of compression, that the sources ask for at most, as far as
				  * known */
	uint64_t bad_docs;       /* written to skip_bad */
	uint64_t blank_lines;    /* JSONL: lines of white space only, skipped */
	uint64_t json_texts;     /* of the documents, files of JSON that were taken for texts, as
				  * they don't hold the text's field */
	uint64_t csv_texts;      /* the same of CSV and TSV, found in trees */
	uint64_t padded_files;   /* with zeros or an end of line behind compressed data */
	struct ng_passed passed; /* over */
};

/* One document; the memory belongs to the source and is good until the next call. */
struct ng_source_doc {
	const uint8_t *text;
	size_t text_bytes;
	const char *meta; /* JSON object, compact, no newline; not NUL-terminated */
	size_t meta_bytes;
};

/* Prepare to read paths[0..n_paths-1] in that order ("-" is standard input). Every path is
 * checked to exist and be readable before the first document is read (with skip_bad only to
 * exist). Trees are walked once to learn their size. The strings in paths and options are
 * borrowed until ng_source_free. Not thread-safe. Returns 0, -ENOENT, -EACCES, -EINVAL
 * (unsuitable kind of file; standard input twice), -EINTR, -ENOMEM, with err set. */
int ng_source_new(const char *const *paths, size_t n_paths, const struct ng_source_options *options,
		  struct ng_source **ret_source, struct ng_error *err);

/* What the windows of compression may take, and a document, as the options of these names: for when
 * that is known only after stats.window_bytes is. */
void ng_source_set_memory(struct ng_source *source, uint64_t unpack_bytes, uint64_t max_doc_bytes);

/* The next document. Files of a tree come in byte order of their paths, so that the same tree
 * gives the same order on any filesystem. A file that is reached twice, by links or since it was
 * named twice, is read once, under the first of its names in that order. Returns 1 with *ret_doc
 * set, 0 at the end, -EBADMSG for bad input ("file:line: reason" in err), or another negative errno
 * for input that cannot be read: these only when options.skip_bad is NULL; otherwise the line, or
 * the rest of the file, is left out. -EINTR, -ENOMEM, and the errno of writing skip_bad end it in
 * any case, and so does -ENODATA: a source gave no document and isn't allowed to, or all documents
 * are JSON that was taken for texts. After an error the source only can be freed. */
int ng_source_next(struct ng_source *source, struct ng_source_doc *ret_doc, struct ng_error *err);

/* The document that was given out last cannot be taken, for the reason why: it is bad input.
 * Returns 0 after it was written to skip_bad, and is no longer counted; without skip_bad -EBADMSG,
 * with "file:line: why" in err; or the errno of writing skip_bad. */
int ng_source_reject(struct ng_source *source, const char *why, struct ng_error *err);

void ng_source_stats(const struct ng_source *source, struct ng_source_stats *ret_stats);

struct ng_source *ng_source_free(struct ng_source *source);

static inline void ng_source_freep(struct ng_source **source)
{
	ng_source_free(*source);
}
