/* Documents in: one stream of documents out of JSONL, text files, trees, tar and standard input,
 * any of them compressed (libarchive recognises the compression by content, jansson reads JSON).
 *
 * A document is its bytes, whatever they are, and its metadata, a JSON object:
 *   {"path": "corpus/a.jsonl.zst", "line": 17, "metadata": {every other field of the line}}
 * For CSV, metadata holds the other columns as strings; for WARC, the fields of the record's
 * header, and "record" stands in the place of "line". path is the source as named on the command
 * line (for a tree: that name, "/" and the file's path below it; for tar: the archive's name, "/"
 * and the member's path; for standard input: "-"); line counts from 1 and stands only where a
 * document is a line; metadata only for JSONL. The other fields stand there as they were written,
 * without white space around them: numbers digit for digit. In path, bytes that are no valid UTF-8
 * became U+FFFD, one each. */
#pragma once

#include "base/base.h"
#include "text/signature.h"

struct ng_source;

/* A directory is a tree whatever the format: the format then says what each of its files is. Every
 * file may be compressed. AUTO takes a file as
 *   JSONL  when its name ends in .jsonl or .ndjson (.gz, .bz2, .xz, .zst, .lz4 behind it or not),
 *          or, where it is named on its own, when its first line that isn't blank is a JSON object;
 *          in a tree that line must hold the text's field, too, and the name end in .json
 *   TAR    by content, where it is named on its own; ZIP and 7Z likewise
 *   WARC   by content
 *   CSV    when its name ends in .csv (TSV: .tsv); in a tree only when its header has the text's
 *          field
 *   TEXT   otherwise. A file with a NUL in its first 8 KiB is binary, and so is one that
 *          signature.h knows: passed over and counted in a tree, refused where it was named. An
 * empty file is an empty document, but nothing at all on standard input is no document. */
enum ng_source_format {
	NG_SOURCE_AUTO,
	NG_SOURCE_JSONL, /* one JSON object a line */
	NG_SOURCE_TEXT,  /* one document a file, binary or not */
	NG_SOURCE_LINES, /* one document a line, without its newline */
	NG_SOURCE_TAR,   /* one document a regular member that isn't binary */
	NG_SOURCE_ZIP,   /* the same */
	NG_SOURCE_WARC,  /* one document a record of type response, resource or conversion */
	NG_SOURCE_CSV,   /* one document a record, of the column text_field */
	NG_SOURCE_TSV,   /* the same, with TABs */
	NG_SOURCE_7Z,    /* as TAR */
};

struct ng_source_options {
	enum ng_source_format format;
	const char *text_field; /* JSONL: the field that holds the text; NULL: "text" */
	FILE *skip_bad;         /* where rejected lines and files go, with the reason; NULL: a
				 * rejected one ends the build */
	bool ahead; /* compressed files are decompressed by a thread beside the caller's */
	uint64_t unpack_bytes;   /* what the windows of compression may take; 0: NG_INPUT_MEMORY */
	uint64_t max_doc_bytes;  /* a larger document, line or member is refused; 0: any */
	const ng_cancel *cancel; /* ends every call with -EINTR; may be NULL */
};

/* What has been read so far, for the progress line and the summary. */
struct ng_source_stats {
	uint64_t docs;
	uint64_t text_bytes;   /* of those documents */
	uint64_t input_bytes;  /* read from disk or a pipe, before decompression */
	uint64_t input_total;  /* size of all sources, as far as known (pipes: 0) */
	uint64_t window_bytes; /* of compression, that the sources ask for at most, as far as known
				*/
	uint64_t bad_docs;     /* written to skip_bad */
	uint64_t binary_files; /* skipped in trees and archives */
	uint64_t unread_files[NG_SIGNATURES_MAX]; /* of these, by ng_signature_index */
	uint64_t csv_texts;    /* .csv and .tsv in trees without the text's column: taken as text */
	uint64_t padded_files; /* with zeros or an end of line behind compressed data */
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
 * checked to exist and be readable before the first document is read (with skip_bad only to
 * exist). Trees are walked once to learn their size. The strings in paths and options are
 * borrowed until ng_source_free. Not thread-safe. Returns 0, -ENOENT, -EACCES, -EINVAL
 * (unsuitable kind of file; standard input twice), -EINTR, -ENOMEM, with err set. */
int ng_source_new(const char *const *paths, size_t n_paths, const struct ng_source_options *options,
		  struct ng_source **ret_source, struct ng_error *err);

/* What the windows of compression may take, as options.unpack_bytes: for when that is known only
 * after stats.window_bytes is. */
void ng_source_set_unpack(struct ng_source *source, uint64_t unpack_bytes);

/* The next document. Files of a tree come in byte order of their paths, so that the same tree
 * gives the same order on any filesystem. Returns 1 with *ret_doc set, 0 at the end, -EBADMSG for
 * malformed input ("file:line: reason" in err), -EFBIG (max_doc_bytes), or another negative errno
 * for input that cannot be read: these only when options.skip_bad is NULL; otherwise the line, or
 * the rest of the file, is left out. -EINTR, -ENOMEM, and the errno of writing skip_bad end it in
 * any case. After an error the source only can be freed. */
int ng_source_next(struct ng_source *source, struct ng_source_doc *ret_doc, struct ng_error *err);

void ng_source_stats(const struct ng_source *source, struct ng_source_stats *ret_stats);

struct ng_source *ng_source_free(struct ng_source *source);

static inline void ng_source_freep(struct ng_source **source)
{
	ng_source_free(*source);
}
