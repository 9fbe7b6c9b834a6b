#include "text/input.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sys/stat.h>

#include <archive.h>
#include <archive_entry.h>

#include "text/readahead.h"

#define READ_BYTES     (256u << 10)
#define HOLE_BYTES     (64u << 10)
#define CANCEL_POLL_MS 200

struct ng_input {
	struct archive *archive;
	struct ng_input_params params;
	int fd;
	bool is_tar;
	struct archive_entry *entry; /* the first member, until it is asked for */
	bool ended;                  /* of the file or member */
	bool archive_ended;          /* no member follows */
	bool file_ended;             /* read(2) returned 0 */
	int read_error;              /* negative errno of read(2), or -EINTR */
	struct stat before;
	_Atomic uint64_t read_bytes; /* by read(2), */
	uint64_t told_bytes;         /* and of them added to what the caller counts */
	struct ng_readahead *ahead;  /* NULL: nothing is read ahead (yet) */
	uint64_t member_bytes;       /* given out of this member */
	struct ng_buf head;
	bool head_given;
	const uint8_t *pending; /* behind a hole of a sparse member */
	size_t pending_len;
	uint64_t pending_offset;
	uint8_t buffer[READ_BYTES];
};

static const uint8_t hole[HOLE_BYTES];

/* A pipe may stay silent for hours; look at the cancel flag meanwhile. */
static int wait_readable(struct ng_input *input)
{
	struct pollfd p = {.fd = input->fd, .events = POLLIN};

	if (S_ISREG(input->before.st_mode))
		return 0;
	for (;;) {
		int n;

		if (ng_cancelled(input->params.cancel))
			return -EINTR;
		n = poll(&p, 1, CANCEL_POLL_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

static la_ssize_t on_read(struct archive *archive, void *userdata, const void **ret_data)
{
	struct ng_input *input = userdata;
	ssize_t n = -1;

	*ret_data = input->buffer;
	input->read_error = wait_readable(input);
	while (input->read_error == 0) {
		if (ng_cancelled(input->params.cancel)) {
			input->read_error = -EINTR;
			break;
		}
		n = read(input->fd, input->buffer, sizeof(input->buffer));
		if (n >= 0)
			break;
		if (errno != EINTR)
			input->read_error = -errno;
	}
	if (input->read_error < 0) {
		archive_set_error(archive, -input->read_error, "read failed");
		return ARCHIVE_FATAL;
	}
	if (n == 0)
		input->file_ended = true;
	input->read_bytes += (uint64_t)n;
	return n;
}

static void bytes_tell(struct ng_input *input)
{
	uint64_t bytes = atomic_load(&input->read_bytes);

	*input->params.input_bytes += bytes - input->told_bytes;
	input->told_bytes = bytes;
}

/* Why libarchive gave up: the file could not be read, it ends too early, or it is damaged. */
static int archive_failure(const struct ng_input *input, struct ng_error *err)
{
	const char *label = input->params.label;
	const char *why = archive_error_string(input->archive);

	if (input->read_error == -EINTR)
		return ng_fail(err, -EINTR, "interrupted");
	if (input->read_error < 0)
		return ng_fail(err, input->read_error, "%s: cannot read: %s", label,
			       strerror(-input->read_error));
	if (archive_errno(input->archive) == ENOMEM)
		return ng_fail(err, -ENOMEM, "%s: out of memory", label);
	if (!why)
		why = "unexpected end or damage";
	if (strstr(why, "Unrecognized archive format"))
		return ng_fail(err, -EBADMSG, "%s: not a tar archive", label);
	if (input->file_ended || strcasestr(why, "truncated"))
		return ng_fail(err, -EBADMSG, "%s: truncated: it ends too early (%s)", label, why);
	return ng_fail(err, -EBADMSG, "%s: damaged: %s", label, why);
}

static int open_fd(struct ng_input *input, struct ng_error *err)
{
	const struct ng_input_params *params = &input->params;
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;

	if (params->stdin_dash && strcmp(params->path, "-") == 0) {
		input->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		/* Not to hang when a FIFO took the place of a file since the tree was listed. */
		if (params->regular_only)
			flags |= O_NONBLOCK;
		if (params->no_follow)
			flags |= O_NOFOLLOW;
		do {
			if (ng_cancelled(params->cancel))
				return ng_fail(err, -EINTR, "interrupted");
			input->fd = open(params->path, flags);
		} while (input->fd < 0 && errno == EINTR);
	}
	if (input->fd < 0 || fstat(input->fd, &input->before) < 0)
		return ng_fail(err, -errno, "%s: cannot open: %s", params->label, strerror(errno));
	if (S_ISDIR(input->before.st_mode) ||
	    (params->regular_only && !S_ISREG(input->before.st_mode)))
		return ng_fail(err, -EINVAL, "%s: not a file", params->label);
	return 0;
}

static int open_archive(struct ng_input *input, struct ng_error *err)
{
	struct archive *a = input->archive = archive_read_new();
	enum ng_input_tar tar = input->params.tar;

	if (!a)
		return -ENOMEM;
	if (archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_bzip2(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK ||
	    archive_read_support_filter_lz4(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK ||
	    (tar != NG_INPUT_TAR_ALWAYS && archive_read_support_format_raw(a) != ARCHIVE_OK) ||
	    (tar != NG_INPUT_TAR_NEVER &&
	     (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	      archive_read_set_option(a, "tar", "read_concatenated_archives", "1") != ARCHIVE_OK)))
		return ng_fail(err, -EIO, "libarchive: %s", archive_error_string(a));
	archive_read_set_callback_data(a, input);
	archive_read_set_read_callback(a, on_read);
	if (archive_read_open1(a) != ARCHIVE_OK)
		return archive_failure(input, err);
	return 0;
}

/* Do these first bytes begin a compressed stream that libarchive did not take for one, since its
 * header is cut short? (bzip2's magic is printable, so it counts only where nothing follows it.) */
static bool is_cut_magic(const uint8_t *data, size_t len)
{
	static const struct {
		const char *bytes;
		size_t len;
	} magics[] = {
		{"\x1f\x8b\x08", 3},
		{"\xfd"
		 "7zXZ\0",
		 6},
		{"\x28\xb5\x2f\xfd", 4},
		{"\x04\x22\x4d\x18", 4},
	};

	for (size_t i = 0; i < ng_array_size(magics); i++)
		if (len >= magics[i].len && memcmp(data, magics[i].bytes, magics[i].len) == 0)
			return true;
	return len >= 4 && len < 14 && memcmp(data, "BZh", 3) == 0 && data[3] >= '1' &&
	       data[3] <= '9';
}

/* At the end of the file: was that all of it, and is it still the file that was opened? */
static int check_end(struct ng_input *input, struct ng_error *err)
{
	const char *label = input->params.label;
	int64_t used = archive_filter_bytes(input->archive, -1);
	struct stat now;

	if (archive_filter_count(input->archive) > 1 && used >= 0 &&
	    (uint64_t)used < input->read_bytes)
		return ng_fail(err, -EBADMSG,
			       "%s: damaged: bytes that cannot be decompressed follow the "
			       "compressed stream, from byte %" PRId64 " on",
			       label, used);
	if (!S_ISREG(input->before.st_mode))
		return 0;
	if (fstat(input->fd, &now) < 0)
		return ng_fail(err, -errno, "%s: cannot read: %s", label, strerror(errno));
	if (now.st_size != input->before.st_size ||
	    now.st_mtim.tv_sec != input->before.st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != input->before.st_mtim.tv_nsec)
		return ng_fail(err, -EBADMSG, "%s: changed while it was read", label);
	return 0;
}

/* 1, 0 at the end of the file or member */
static int read_block(struct ng_input *input, const uint8_t **ret_data, size_t *ret_len,
		      struct ng_error *err)
{
	const void *data;
	size_t len = 0;
	int64_t offset;

	while (!input->ended && !input->pending_len) {
		int r = archive_read_data_block(input->archive, &data, &len, &offset);

		if (r == ARCHIVE_RETRY)
			continue;
		if (r == ARCHIVE_EOF) {
			input->ended = true;
			if (!input->is_tar && (r = check_end(input, err)) < 0)
				return r;
			/* A sparse member may end in a hole. */
			if (offset < 0 || !input->is_tar)
				offset = 0;
			len = 0;
		} else if (r != ARCHIVE_OK && r != ARCHIVE_WARN) {
			return archive_failure(input, err);
		}
		if (offset < 0)
			return ng_fail(err, -EBADMSG, "%s: damaged: a negative offset",
				       input->params.label);
		input->pending = data;
		input->pending_len = len;
		input->pending_offset = input->is_tar ? (uint64_t)offset : input->member_bytes;
	}
	if (input->member_bytes < input->pending_offset) {
		*ret_data = hole;
		*ret_len =
			ng_min(input->pending_offset - input->member_bytes, (uint64_t)sizeof(hole));
	} else if (input->pending_len) {
		*ret_data = input->pending;
		*ret_len = input->pending_len;
		input->pending_len = 0;
	} else {
		return 0;
	}
	input->member_bytes += *ret_len;
	return 1;
}

/* The next header: 1, 0 at the end of the archive (or of an empty file) */
static int read_header(struct ng_input *input, struct archive_entry **ret_entry,
		       struct ng_error *err)
{
	int r;

	if (input->archive_ended)
		return 0;
	do
		r = archive_read_next_header(input->archive, ret_entry);
	while (r == ARCHIVE_RETRY);
	if (r == ARCHIVE_EOF) {
		input->ended = input->archive_ended = true;
		return check_end(input, err);
	}
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return archive_failure(input, err);
	return 1;
}

/* Read as far as it takes to tell what the file is. */
static int identify(struct ng_input *input, struct ng_error *err)
{
	const struct ng_buf *head;
	int r = read_header(input, &input->entry, err);

	input->is_tar =
		(archive_format(input->archive) & ARCHIVE_FORMAT_BASE_MASK) == ARCHIVE_FORMAT_TAR;
	if (r <= 0 || input->is_tar)
		return r;
	if (archive_filter_count(input->archive) > 1)
		return 0;
	r = ng_input_peek(input, &head, err);
	if (r > 0 && is_cut_magic(head->data, head->len))
		return ng_fail(err, -EBADMSG,
			       "%s: truncated: the header of the compressed stream is cut short",
			       input->params.label);
	return r;
}

int ng_input_open(const struct ng_input_params *params, struct ng_input **ret_input,
		  struct ng_error *err)
{
	struct ng_input *input ng_cleanup(ng_input_freep) = malloc(sizeof(*input));
	int r;

	if (!input)
		return ng_fail(err, -ENOMEM, "%s: out of memory", params->label);
	memset(input, 0, offsetof(struct ng_input, buffer));
	input->params = *params;
	input->fd = -1;
	r = open_fd(input, err);
	if (r < 0)
		return r;
	r = open_archive(input, err);
	if (r < 0)
		return r;
	r = identify(input, err);
	bytes_tell(input);
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
	if (input->archive)
		archive_read_free(input->archive);
	if (input->fd >= 0)
		close(input->fd);
	ng_buf_free(&input->head);
	free(input);
	return NULL;
}

bool ng_input_is_tar(const struct ng_input *input)
{
	return input->is_tar;
}

int ng_input_next_member(struct ng_input *input, const char **ret_path, struct ng_error *err)
{
	for (;;) {
		struct archive_entry *entry = input->entry;
		const char *path;

		input->entry = NULL;
		if (!entry) {
			int r = read_header(input, &entry, err);

			if (r <= 0)
				return r;
		}
		if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
			continue;
		/* A pax name beyond ASCII has no form in the C locale, only one in UTF-8. */
		path = archive_entry_pathname(entry);
		if (!path)
			path = archive_entry_pathname_utf8(entry);
		if (!path)
			return ng_fail(err, -EBADMSG, "%s: damaged: a member without a name",
				       input->params.label);
		ng_buf_free(&input->head);
		input->head_given = false;
		input->ended = false;
		input->pending_len = 0;
		input->pending_offset = 0;
		input->member_bytes = 0;
		*ret_path = path;
		return 1;
	}
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
	return input->params.ahead && !input->ahead && !input->is_tar && !input->ended &&
	       archive_filter_count(input->archive) > 1 && S_ISREG(input->before.st_mode);
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
	bytes_tell(input);
	return r;
}

int ng_input_peek(struct ng_input *input, const struct ng_buf **ret_head, struct ng_error *err)
{
	const uint8_t *data;
	size_t len;
	int r = read_block(input, &data, &len, err);

	bytes_tell(input);
	if (r > 0 && ng_buf_append(&input->head, data, len) < 0)
		return ng_fail(err, -ENOMEM, "%s: out of memory", input->params.label);
	*ret_head = &input->head;
	return r;
}
