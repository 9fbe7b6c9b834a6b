/* SPDX-License-Identifier: Apache-2.0 */
/* A share of what sources hold, so that one can tell what all of it will be. Whole files are read,
 * and of large ones the beginning: points lie evenly over the bytes of all files, one behind
 * another, and each is worth the same share of the sample's text, which is taken from the file that
 * it lies in, and, where that is too small, from those behind it. */
#pragma once

#include "base/buf.h"
#include "text/source.h"

/* As many points. A file's block is read for each, so more would cost more. */
#define NG_SAMPLE_POINTS 256u

struct ng_sample_file {
	char *path;
	uint64_t bytes;
	bool in_tree;
};

/* What was read of a file, or of several. */
struct ng_sample_read {
	uint64_t input_bytes; /* as they are on disk */
	uint64_t text_bytes, docs;
};

/* The file in which points lie: a byte of input has text by chance, as often as all of it has. (A
 * file that is read since it lies behind another isn't one that chance has chosen, and would tell
 * too much of what lies beside small files.) */
struct ng_sample_group {
	unsigned points; /* 0: none */
	uint64_t file_bytes;
	struct ng_sample_read read;
};

struct ng_sample_doc {
	uint64_t text_end, meta_end; /* in struct ng_sample's text and meta */
};

struct ng_sample {
	/* All that there is: files that were found twice count once. */
	struct ng_sample_file *files;
	size_t n_files, cap_files;
	uint64_t input_bytes;  /* sizes of the files */
	uint64_t window_bytes; /* as struct ng_source_stats has it */
	/* What was read of it. */
	uint64_t whole_files, begun_files; /* to the end, and not */
	struct ng_sample_group groups[NG_SAMPLE_POINTS];
	struct ng_sample_read sum; /* of all files that were read */
	uint64_t bad_docs;         /* lines or files that were rejected, */
	char bad[512];             /* and the first of them, with the reason; "": none */
	uint64_t binary_files;     /* of those read, passed over */
	uint64_t json_texts;       /* as struct ng_source_stats has it */
	double cpu_seconds;        /* that reading took */
	/* Documents, as many as there was room for. Of a large one only the beginning is kept. */
	struct ng_buf text, meta;
	struct ng_sample_doc *docs;
	size_t n_docs, cap_docs;
	bool has_nul;
};

/* List the files of paths, as ng_source_new would read them, into *sample, which is all zeroes; to
 * be cleared in any case. Of options what tells files apart counts. -EINVAL also for what can be
 * read only once: standard input, a FIFO or a device. Other errors as ng_source_new. Memory: the
 * paths. */
int ng_sample_list(const char *const *paths, size_t n_paths,
		   const struct ng_source_options *options, struct ng_sample *sample,
		   struct ng_error *err);

/* Read about text_bytes of text from the files that are listed, or all that there is. options as
 * for ng_source_new, but what is rejected is counted, whatever options.skip_bad is. -EINTR,
 * -ENOMEM. Keeps twice text_bytes at most. Memory: that, and the largest document. Time: that of
 * reading the files it reads, of each a block of input at least. */
int ng_sample_read(struct ng_sample *sample, const struct ng_source_options *options,
		   uint64_t text_bytes, struct ng_error *err);

void ng_sample_clear(struct ng_sample *sample);
