/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of one file, FIFO or standard input, decompressed as unpack.h says. Or the members of
 * an archive, as archive.h says. Nothing is lost silently: a stream that is damaged or cut short,
 * bytes behind a stream's end, and a file that changes while it is read are errors. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

struct ng_input;

enum ng_input_tar {
	NG_INPUT_TAR_NEVER,  /* an archive is bytes as any other file */
	NG_INPUT_TAR_DETECT, /* archives of any kind that is read, by content */
	NG_INPUT_TAR_ALWAYS, /* anything else is -EBADMSG */
	NG_INPUT_ZIP_ALWAYS, /* anything else is -EBADMSG */
	NG_INPUT_7Z_ALWAYS,  /* anything else is -EBADMSG */
};

/* What decompression may take, where nothing else is said: enough for xz -9. */
#define NG_INPUT_MEMORY (80u << 20)

struct ng_input_params {
	const char *path;  /* "-": standard input, when stdin_dash is set */
	const char *label; /* the name for messages */
	bool stdin_dash;
	bool regular_only; /* refuse FIFOs, devices, ... (files found in a tree) */
	bool no_follow;    /* refuse symbolic links */
	bool ahead;        /* a thread of its own decompresses */
	enum ng_input_tar tar;
	uint64_t memory_bytes;   /* for the windows of compression; 0: NG_INPUT_MEMORY */
	const ng_cancel *cancel; /* may be NULL */
	uint64_t *input_bytes;   /* grows by what is read, before decompression */
	uint64_t *padded_files;  /* grows by one when zeros or an end of line were passed over
				  * behind compressed data; may be NULL */
};

/* Open. path, label and the pointers are borrowed until ng_input_free. Not thread-safe. Returns 0,
 * -EBADMSG (cut short, damaged, no tar; "label: reason" in err), -E2BIG (more memory is needed than
 * memory_bytes), -EINVAL (unsuitable kind of file), -EINTR (cancelled), -ENOMEM, or the errno of
 * open(2) or read(2), with err set. */
int ng_input_open(const struct ng_input_params *params, struct ng_input **ret_input,
		  struct ng_error *err);
struct ng_input *ng_input_free(struct ng_input *input);

bool ng_input_is_archive(const struct ng_input *input);

/* Archives: go to the next regular member. Returns 1 with its path (good until the next call; the
 * bytes as they stand in the archive), 0 at the end, errors as ng_input_open. Directories, links
 * and devices are passed over: they hold no text of their own. */
int ng_input_next_member(struct ng_input *input, const char **ret_path, struct ng_error *err);

/* The next bytes of the file or member, at least one; good until the next call. Returns 1, 0 at
 * the end, errors as ng_input_open; after one the input only can be freed. */
int ng_input_read(struct ng_input *input, const uint8_t **ret_data, size_t *ret_len,
		  struct ng_error *err);

/* Look ahead before the first ng_input_read of a file or member: *ret_head grows by another piece
 * with each call and will be read again. Returns 1, 0 when there is no more (*ret_head is set),
 * errors as ng_input_read. *ret_head is good until the next call. */
int ng_input_peek(struct ng_input *input, const struct ng_buf **ret_head, struct ng_error *err);

static inline void ng_input_freep(struct ng_input **input)
{
	ng_input_free(*input);
}
