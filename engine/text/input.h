/* The bytes of one file, FIFO or standard input, decompressed: gzip, bzip2, xz, zstd and lz4 are
 * recognised by content, also one inside another, and in several streams one after the other. Or
 * the members of a tar archive, likewise. Nothing is lost silently: a stream cut short, bytes
 * behind a stream's end, and a file that changes while it is read are errors. */
#pragma once

#include "base/base.h"
#include "base/buf.h"

struct ng_input;

enum ng_input_tar {
	NG_INPUT_TAR_NEVER,  /* a tar archive is bytes as any other file */
	NG_INPUT_TAR_DETECT, /* by content */
	NG_INPUT_TAR_ALWAYS, /* anything else is -EBADMSG */
};

struct ng_input_params {
	const char *path;  /* "-": standard input, when stdin_dash is set */
	const char *label; /* the name for messages */
	bool stdin_dash;
	bool regular_only; /* refuse FIFOs, devices, ... (files found in a tree) */
	bool no_follow;    /* refuse symbolic links */
	bool ahead;        /* a thread of its own decompresses */
	enum ng_input_tar tar;
	const ng_cancel *cancel; /* may be NULL */
	uint64_t *input_bytes;   /* grows by what is read, before decompression */
};

/* Open. path, label and the pointers are borrowed until ng_input_free. Not thread-safe. Returns 0,
 * -EBADMSG (cut short, damaged, no tar; "label: reason" in err), -EINVAL (unsuitable kind of
 * file), -EINTR (cancelled), -ENOMEM, or the errno of open(2) or read(2), with err set. */
int ng_input_open(const struct ng_input_params *params, struct ng_input **ret_input,
		  struct ng_error *err);
struct ng_input *ng_input_free(struct ng_input *input);

bool ng_input_is_tar(const struct ng_input *input);

/* Tar: go to the next regular member. Returns 1 with its path (good until the next call; the bytes
 * as they stand in the archive), 0 at the end, errors as ng_input_open. Directories, links and
 * devices are passed over: they hold no text of their own. */
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
