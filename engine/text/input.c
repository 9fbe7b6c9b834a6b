/* SPDX-License-Identifier: Apache-2.0 */
#include "text/input.h"

#include "text/archive.h"
#include "text/feed.h"
#include "text/rawfile.h"
#include "text/readahead.h"
#include "text/signature.h"
#include "text/unpack.h"

struct ng_input {
	struct ng_input_params params;
	struct ng_rawfile *raw;
	struct ng_unpack *unpack;
	enum ng_archive_kind kind;
	struct ng_archive *archive; /* NULL: a file */
	uint64_t told_bytes;        /* of those read, added to what the caller counts */
	bool ended;                 /* of the file or member */
	bool told_padded;
	size_t given;               /* of the feed's piece, to be taken with the next call */
	struct ng_readahead *ahead; /* NULL: nothing is read ahead (yet) */
	struct ng_buf head;
	bool head_given;
};

/* Tell the caller's counters what has been read, and at the end what was passed over. */
static void tell(struct ng_input *input, int r)
{
	uint64_t bytes = ng_rawfile_bytes(input->raw);

	*input->params.input_bytes += bytes - input->told_bytes;
	input->told_bytes = bytes;
	if (r == 0 && !input->told_padded && input->params.padded_files &&
	    ng_unpack_is_padded(input->unpack)) {
		++*input->params.padded_files;
		input->told_padded = true;
	}
}

/* 1, 0 at the end of the file or member */
static int read_block(struct ng_input *input, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	struct ng_feed *feed = ng_unpack_feed(input->unpack);
	int r;

	if (input->ended)
		return 0;
	if (input->archive) {
		r = ng_archive_read(input->archive, ret_data, ret_len, err);
		input->ended = r == 0;
		return r;
	}
	ng_feed_take(feed, input->given);
	input->given = 0;
	r = ng_feed_look(feed, 1, err);
	if (r < 0)
		return r;
	input->ended = !feed->len;
	*ret_data = feed->data;
	*ret_len = input->given = feed->len;
	return !input->ended;
}

/* Read as far as it takes to tell whether the file is an archive. */
static int identify(struct ng_input *input, struct ng_error *err)
{
	struct ng_feed *feed = ng_unpack_feed(input->unpack);
	const struct ng_signature *signature;
	int r;

	switch (input->params.tar) {
	case NG_INPUT_TAR_NEVER:
		return 0;
	case NG_INPUT_TAR_ALWAYS:
		input->kind = NG_ARCHIVE_TAR;
		return 0;
	case NG_INPUT_ZIP_ALWAYS:
		input->kind = NG_ARCHIVE_ZIP;
		return 0;
	case NG_INPUT_7Z_ALWAYS:
		input->kind = NG_ARCHIVE_7Z;
		return 0;
	case NG_INPUT_TAR_DETECT:
		break;
	}
	r = ng_feed_look(feed, NG_SIGNATURE_HEAD_BYTES, err);
	if (r < 0)
		return r;
	signature = ng_signature_of(feed->data, feed->len);
	if (signature && signature->kind == NG_SIGNATURE_ARCHIVE)
		input->kind = signature->archive;
	return 0;
}

static int open_archive(struct ng_input *input, struct ng_error *err)
{
	bool seekable = ng_rawfile_is_seekable(input->raw) && !ng_unpack_layers(input->unpack);
	const struct ng_archive_params params = {
		.label = input->params.label,
		.kind = input->kind,
		.feed = ng_unpack_feed(input->unpack),
		.raw = seekable ? input->raw : NULL,
		.memory_bytes = input->params.memory_bytes,
	};

	/* Of a member that is still to be asked for. */
	input->ended = true;
	return ng_archive_new(&params, &input->archive, err);
}

static int start(struct ng_input *input, struct ng_error *err)
{
	const struct ng_rawfile_params file = {
		.path = input->params.path,
		.label = input->params.label,
		.stdin_dash = input->params.stdin_dash,
		.regular_only = input->params.regular_only,
		.no_follow = input->params.no_follow,
		.cancel = input->params.cancel,
	};
	struct ng_unpack_params unpack = {
		.label = input->params.label,
		.memory_bytes = input->params.memory_bytes,
		.next = ng_rawfile_next,
	};
	int r = ng_rawfile_open(&file, &input->raw, err);

	if (r < 0)
		return r;
	unpack.userdata = input->raw;
	r = ng_unpack_new(&unpack, &input->unpack, err);
	if (r == 0)
		r = identify(input, err);
	if (r == 0 && input->kind)
		r = open_archive(input, err);
	tell(input, r < 0 ? r : 1);
	return r;
}

int ng_input_open(const struct ng_input_params *params, struct ng_input **ret_input,
		  struct ng_error *err)
{
	struct ng_input *input ng_cleanup(ng_input_freep) = calloc(1, sizeof(*input));
	int r;

	if (!input)
		return ng_fail(err, -ENOMEM, "%s: out of memory", params->label);
	input->params = *params;
	if (!input->params.memory_bytes)
		input->params.memory_bytes = NG_INPUT_MEMORY;
	r = start(input, err);
	if (r < 0)
		return r;
	*ret_input = ng_steal_ptr(&input);
	return 0;
}

struct ng_input *ng_input_free(struct ng_input *input)
{
	if (!input)
		return NULL;
	ng_readahead_free(input->ahead);
	ng_archive_free(input->archive);
	ng_unpack_free(input->unpack);
	ng_rawfile_free(input->raw);
	ng_buf_free(&input->head);
	free(input);
	return NULL;
}

bool ng_input_is_archive(const struct ng_input *input)
{
	return input->archive;
}

int ng_input_next_member(struct ng_input *input, const char **ret_path, struct ng_error *err)
{
	int r = ng_archive_next(input->archive, ret_path, err);

	tell(input, r);
	if (r <= 0)
		return r;
	ng_buf_free(&input->head);
	input->head_given = false;
	input->ended = false;
	return 1;
}

static int read_ahead(void *userdata, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	return read_block(userdata, ret_data, ret_len, err);
}

/* Not of a pipe, which may stay silent while somebody waits for the thread to end. Where no thread
 * can be started, it is tried again next time. */
static bool is_worth_ahead(const struct ng_input *input)
{
	return input->params.ahead && !input->ahead && !input->archive && !input->ended &&
	       ng_unpack_layers(input->unpack) && ng_rawfile_is_regular(input->raw);
}

int ng_input_read(struct ng_input *input, const uint8_t **ret_data, size_t *ret_len,
		  struct ng_error *err)
{
	int r;

	if (input->head.len && !input->head_given) {
		*ret_data = input->head.data;
		*ret_len = input->head.len;
		input->head_given = true;
		return 1;
	}
	ng_buf_free(&input->head);
	if (is_worth_ahead(input))
		ng_readahead_new(read_ahead, input, &input->ahead);
	r = input->ahead ? ng_readahead_next(input->ahead, ret_data, ret_len, err)
			 : read_block(input, ret_data, ret_len, err);
	/* An archive ends behind its last member. */
	tell(input, input->archive && r == 0 ? 1 : r);
	return r;
}

int ng_input_peek(struct ng_input *input, const struct ng_buf **ret_head, struct ng_error *err)
{
	const uint8_t *data;
	size_t len;
	int r = read_block(input, &data, &len, err);

	tell(input, input->archive && r == 0 ? 1 : r);
	if (r > 0 && ng_buf_append(&input->head, data, len) < 0)
		return ng_fail(err, -ENOMEM, "%s: out of memory", input->params.label);
	*ret_head = &input->head;
	return r;
}
