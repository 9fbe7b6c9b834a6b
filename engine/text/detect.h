/* What a file is, told by its name and its first bytes. See enum ng_source_format. */
#pragma once

#include "text/input.h"
#include "text/signature.h"
#include "text/source.h"

struct ng_detect_params {
	const char *path;   /* its suffix counts */
	const char *field;  /* of the text, in JSONL */
	bool in_tree;       /* found in a tree, not named */
	uint64_t max_bytes; /* of the first line; 0: any */
};

struct ng_detected {
	enum ng_source_format format; /* JSONL, WARC, CSV, TSV, TEXT or TAR (any archive) */
	bool binary;                  /* a NUL in the first 8 KiB (never for JSONL and TAR), or */
	const struct ng_signature *signature; /* what it is, if that isn't text; else NULL */
	bool csv_text; /* in a tree, CSV or TSV by its name, but without the text's column */
	bool empty;
};

/* Look at a file that was just opened; nothing is consumed. Errors as ng_input_peek, and -EFBIG
 * and -ENOMEM without a text. */
int ng_detect(struct ng_input *input, const struct ng_detect_params *params,
	      struct ng_detected *ret, struct ng_error *err);

/* The same without its format, for a member of an archive and where the format was said. Errors as
 * ng_input_peek. */
int ng_detect_binary(struct ng_input *input, struct ng_detected *ret, struct ng_error *err);

/* Nothing but JSON's white space. */
bool ng_is_blank(const uint8_t *line, size_t len);
