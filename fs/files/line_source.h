/* SPDX-License-Identifier: Apache-2.0 */
/* Where the lines of a query are, or of a regular expression: at places that were located, or,
 * where these would be too many, all over the text; and what is shown of each of them. One thread
 * at a time. */
#pragma once

#include "files/indexes.h"
#include "files/line_file.h"
#include "query/grep.h"
#include "query/line_scan.h"
#include "query/places.h"

struct ng_line_source {
	const struct ng_mounted_index *index;
	struct ng_query query; /* whose bytes are the caller's */
	struct ng_line_file_how how;
	bool scans;      /* all of the text */
	size_t n_places; /* unless it scans */
	struct ng_places places;
	/* line_source.c's own. */
	bool has_places;         /* unless it scans; found when they are needed, after shedding */
	struct ng_grep *grep;    /* NULL: the query is no regular expression */
	struct ng_filter filter; /* of documents that count, unless places are of a query */
	/* The document whose path was asked for last. */
	bool path_is;
	uint64_t path_doc;
	struct ng_buf path;
};

/* How far the lines have been read. */
struct ng_line_cursor {
	size_t place; /* the next one */
	struct ng_hits_last last;
	struct ng_line_scan_at scan;
	bool ended;
};

/* Find out where to look, or that everything has to be looked at: a source of which index, query
 * and how are set, and the rest is zero. Errors as those of ng_line_file_new; the source is to be
 * cleared all the same. */
int ng_line_source_begin(struct ng_line_source *source, const ng_cancel *cancel,
			 struct ng_error *err);
void ng_line_source_clear(struct ng_line_source *source);

/* The beginning. */
struct ng_line_cursor ng_line_source_first(const struct ng_line_source *source);

/* Append the lines of the next few places, most_places at most, or of the next window where all is
 * scanned. The cursor moves on; on failure neither it nor buf changes. Errors of ng_hits_read, and,
 * after ng_line_source_shed, those of ng_line_source_begin. */
int ng_line_source_more(struct ng_line_source *source, size_t most_places,
			struct ng_line_cursor *cursor, const ng_cancel *cancel, struct ng_buf *buf);

/* All lines together have so many bytes at most. Errors of ng_count. */
int ng_line_source_bytes_most(const struct ng_line_source *source, const ng_cancel *cancel,
			      uint64_t *ret_bytes);

/* Bytes that ng_line_source_shed gives back; they are made again when they are needed. */
size_t ng_line_source_held(const struct ng_line_source *source);
void ng_line_source_shed(struct ng_line_source *source);
