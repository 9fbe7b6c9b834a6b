/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, told by its name and its first bytes; the same whether it was named or found.
 *
 * TAR    by content, and so are zip, 7z and WARC.
 * CSV    when the name ends in .csv (TSV: .tsv), and so that a directory may hold others, where the
 *        file was found, the header has the text's column; else it is TEXT, and csv_text says so.
 * JSONL  when the first line that isn't blank is a JSON object, and either it holds the text, or
 *        another object follows on the next such line, or the name ends in .jsonl or .ndjson (.gz,
 *        .bz2, .xz, .zst, .zstd, .lz4 behind it or not); and with such a name whatever is no JSON
 *        below.
 * JSON   when it begins with an object that goes over several lines, or shares its line with more,
 *        or with an array of objects, and the first object holds the text or the name is such.
 *
 *        What is nearly such an object counts as one, so that a slip makes no text of it: it holds
 *        the name of the text's field as JSON would, on the line where it begins, and ends there or
 *        within a string.
 *
 * TEXT   otherwise: JSON without the text, such as configuration, as well; json_text says so. */
#pragma once

#include "text/input.h"
#include "text/jsonl.h"
#include "text/signature.h"
#include "text/source.h"

struct ng_detect_params {
	const char *path;                   /* its suffix counts */
	const struct ng_jsonl_options json; /* what the text's field is */
	const char *column;                 /* of CSV and TSV, that holds the text */
	bool in_tree;                       /* found, not named */
	uint64_t max_bytes;                 /* of the first object; 0: any */
};

struct ng_detected {
	enum ng_source_format format; /* JSONL, JSON, WARC, CSV, TSV, TEXT or TAR (any archive) */
	bool binary;                  /* a NUL in the first 8 KiB (never for JSON and TAR), or */
	const struct ng_signature *signature; /* what it is, if that isn't text; else NULL */
	bool empty;
	bool json_text;      /* TEXT that is JSON, */
	bool csv_text;       /* or CSV or TSV by its name, without the text's column, */
	struct ng_error why; /* and why it is no document of JSON */
};

/* Look at a file that was just opened; nothing is consumed. Of an object that is larger than
 * max_bytes only the beginning counts. Errors as ng_input_peek, and -ENOMEM without a text. */
int ng_detect(struct ng_input *input, const struct ng_detect_params *params,
	      struct ng_detected *ret, struct ng_error *err);

/* The same without its format, for a member of an archive and where the format was said. Errors as
 * ng_input_peek. */
int ng_detect_binary(struct ng_input *input, struct ng_detected *ret, struct ng_error *err);

/* Nothing but JSON's white space. */
bool ng_is_blank(const uint8_t *line, size_t len);
