/* SPDX-License-Identifier: Apache-2.0 */
#include "text/archive.h"

#include <locale.h>

#include <archive.h>
#include <archive_entry.h>

#include "text/sevenzip.h"

#define HOLE_BYTES (64u << 10)

/* Bytes that a tar header may have: a long name, extended attributes and a map of holes. What
 * libarchive keeps of a map is up to twelve times what it reads. */
#define TAR_HEADER_BYTES (4u << 20)

/* What libarchive keeps of a zip's directory, a byte of it: 250 bytes a member of 46 at least. */
#define ZIP_DIRECTORY_FACTOR 6u

/* What libarchive keeps of the header of a 7z archive: of a name of two bytes, 100 for a file. */
#define SEVENZIP_HEADER_FACTOR 64u

struct ng_archive {
	struct ng_archive_params params;
	struct archive *archive;
	/* Our own: without memory for one of its own, libarchive dies. */
	struct archive_entry *entry;
	locale_t utf8;         /* libarchive gives names in the locale's encoding, or none at all */
	size_t given;          /* of the feed's piece: libarchive is done with it when it asks for
				* more */
	uint64_t header_bytes; /* read since the last member, zeros apart */
	uint64_t header_max;
	bool in_header;
	int code; /* of a callback, and its text */
	struct ng_error code_err;
	bool ended, member_ended;
	uint64_t member_bytes;  /* given out of this member */
	const uint8_t *pending; /* behind a hole of a sparse member */
	size_t pending_len;
	uint64_t pending_offset;
};

static const uint8_t hole[HOLE_BYTES];

static bool is_zero(const uint8_t *data, size_t len)
{
	return len && !data[0] && memcmp(data, data + 1, len - 1) == 0;
}

/* One of libarchive's callbacks has failed. */
static la_ssize_t give_up(struct ng_archive *archive, int code)
{
	archive->code = code;
	archive_set_error(archive->archive, -code, "read failed");
	return ARCHIVE_FATAL;
}

static la_ssize_t on_read(struct archive *a, void *userdata, const void **ret_data)
{
	struct ng_archive *archive = userdata;
	struct ng_feed *feed = archive->params.feed;
	const uint8_t *data;
	size_t len;
	int r;

	if (archive->params.raw) {
		r = ng_rawfile_next(archive->params.raw, &data, &len, &archive->code_err);
		if (r == 0)
			len = 0;
	} else {
		ng_feed_take(feed, archive->given);
		r = ng_feed_look(feed, 1, &archive->code_err);
		data = feed->data;
		len = archive->given = feed->len;
	}
	if (r < 0)
		return give_up(archive, r);
	*ret_data = data;
	if (archive->in_header && !is_zero(data, len))
		archive->header_bytes += len;
	if (archive->header_bytes > archive->header_max) {
		ng_fail(&archive->code_err, -E2BIG,
			"%s: a header or directory of the archive has more than %ju bytes, more "
			"than memory allows (see --memory)",
			archive->params.label, (uintmax_t)archive->header_max);
		return give_up(archive, -E2BIG);
	}
	return (la_ssize_t)len;
}

static la_int64_t on_seek(struct archive *a, void *userdata, la_int64_t offset, int whence)
{
	struct ng_archive *archive = userdata;
	int64_t size = (int64_t)ng_rawfile_size(archive->params.raw);
	int r;

	/* libarchive seeks from the beginning and the end. */
	if (whence == SEEK_END)
		offset += size;
	offset = ng_max(offset, (la_int64_t)0);
	r = ng_rawfile_seek(archive->params.raw, (uint64_t)offset, &archive->code_err);
	return r < 0 ? give_up(archive, r) : offset;
}

/* Why libarchive gave up. */
static int fail(const struct ng_archive *archive, struct ng_error *err)
{
	static const char *const names[] = {
		[NG_ARCHIVE_TAR] = "tar",
		[NG_ARCHIVE_ZIP] = "zip",
		[NG_ARCHIVE_7Z] = "7z",
	};
	const char *label = archive->params.label;
	const char *why = archive_error_string(archive->archive);

	if (archive->code < 0)
		return ng_fail(err, archive->code, "%s", archive->code_err.text);
	/* It often says something else, or nothing, when memory runs out. */
	if (archive_errno(archive->archive) == ENOMEM || errno == ENOMEM)
		return ng_fail(err, -ENOMEM, "%s: out of memory", label);
	if (!why)
		why = "unexpected end or damage";
	if (strstr(why, "Unrecognized archive format"))
		return ng_fail(err, -EBADMSG, "%s: not a %s archive", label,
			       names[archive->params.kind]);
	if (strcasestr(why, "truncated"))
		return ng_fail(err, -EBADMSG, "%s: truncated: it ends too early (%s)", label, why);
	return ng_fail(err, -EBADMSG, "%s: damaged: %s", label, why);
}

static bool support(const struct ng_archive *archive)
{
	struct archive *a = archive->archive;

	if (archive_read_support_format_empty(a) != ARCHIVE_OK)
		return false;
	if (archive->params.kind == NG_ARCHIVE_TAR)
		return archive_read_support_format_tar(a) == ARCHIVE_OK &&
		       archive_read_set_option(a, "tar", "read_concatenated_archives", "1") ==
			       ARCHIVE_OK;
	if (archive->params.kind == NG_ARCHIVE_7Z)
		return archive_read_support_format_7zip(a) == ARCHIVE_OK;
	if (!archive->params.raw)
		return archive_read_support_format_zip_streamable(a) == ARCHIVE_OK;
	return archive_read_support_format_zip_seekable(a) == ARCHIVE_OK;
}

/* Before libarchive reads a 7z archive. */
static int check_sevenzip(const struct ng_archive_params *params, struct ng_error *err)
{
	const char *why = NULL;
	uint64_t window;
	int r;

	if (!params->raw)
		return ng_fail(
			err, -EBADMSG,
			"%s: a 7z archive is read from its end, which a pipe and a compressed "
			"file don't have: name the file of the archive itself",
			params->label);
	r = ng_sevenzip_look(ng_rawfile_fd(params->raw),
			     params->memory_bytes / SEVENZIP_HEADER_FACTOR, &window, &why);
	if (r == -EBADMSG)
		return ng_fail(err, r, "%s: %s", params->label, why);
	if (r == 0 && window > params->memory_bytes)
		r = -E2BIG;
	if (r == -E2BIG)
		return ng_fail(
			err, r,
			"%s: its header or dictionary takes more memory than the %ju MiB that "
			"--memory leaves for that; give it more, or pipe it: bsdtar -cf - "
			"@FILE | mkngramfs -o INDEX --format=tar -",
			params->label, (uintmax_t)(params->memory_bytes >> 20));
	return r < 0 ? ng_fail(err, r, "%s: cannot read: %s", params->label, strerror(-r)) : 0;
}

int ng_archive_new(const struct ng_archive_params *params, struct ng_archive **ret_archive,
		   struct ng_error *err)
{
	struct ng_archive *archive ng_cleanup(ng_archive_freep) = calloc(1, sizeof(*archive));
	struct archive *a;
	int r = 0;

	if (!archive)
		return ng_fail(err, -ENOMEM, "%s: out of memory", params->label);
	if (params->kind == NG_ARCHIVE_7Z)
		r = check_sevenzip(params, err);
	if (r < 0)
		return r;
	archive->params = *params;
	archive->member_ended = true;
	if (params->kind == NG_ARCHIVE_TAR) {
		archive->header_max = TAR_HEADER_BYTES;
		archive->params.raw = NULL;
	} else if (params->kind == NG_ARCHIVE_7Z) {
		archive->header_max = UINT64_MAX; /* it has been looked at */
	} else {
		archive->header_max = params->memory_bytes / ZIP_DIRECTORY_FACTOR;
	}
	/* Nothing but the end of a zip's directory, which libarchive takes for no archive. */
	if (params->kind == NG_ARCHIVE_ZIP && params->feed->len >= 4 &&
	    memcmp(params->feed->data, "PK\5\6", 4) == 0) {
		archive->ended = true;
		archive->params.raw = NULL;
		*ret_archive = ng_steal_ptr(&archive);
		return 0;
	}
	archive->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	a = archive->archive = archive_read_new();
	archive->entry = a ? archive_entry_new2(a) : NULL;
	if (!a || !archive->entry || !archive->utf8)
		return ng_fail(err, -ENOMEM, "%s: out of memory", params->label);
	errno = 0;
	if (!support(archive) || archive_read_set_callback_data(a, archive) != ARCHIVE_OK)
		return fail(archive, err);
	archive_read_set_read_callback(a, on_read);
	if (archive->params.raw) {
		r = ng_rawfile_seek(archive->params.raw, 0, err);
		if (r < 0)
			return r;
		archive_read_set_seek_callback(a, on_seek);
	}
	archive->in_header = true;
	errno = 0;
	if (archive_read_open1(a) != ARCHIVE_OK)
		return fail(archive, err);
	*ret_archive = ng_steal_ptr(&archive);
	return 0;
}

struct ng_archive *ng_archive_free(struct ng_archive *archive)
{
	if (!archive)
		return NULL;
	archive_entry_free(archive->entry);
	if (archive->archive)
		archive_read_free(archive->archive);
	if (archive->utf8)
		freelocale(archive->utf8);
	free(archive);
	return NULL;
}

/* Behind the archive: what it is inside of has to be whole, too. */
static int drain(struct ng_archive *archive, struct ng_error *err)
{
	struct ng_feed *feed = archive->params.feed;

	if (archive->params.raw)
		return ng_rawfile_check(archive->params.raw, err);
	ng_feed_take(feed, archive->given);
	archive->given = 0;
	for (;;) {
		int r = ng_feed_look(feed, 1, err);

		if (r < 0 || !feed->len)
			return r;
		ng_feed_take(feed, feed->len);
	}
}

/* A name in it of a user that has no form in UTF-8 is none of our business; any other warning says
 * that something isn't as it should be. */
static bool is_harmless(struct ng_archive *archive)
{
	const char *why = archive_error_string(archive->archive);

	return archive->params.kind == NG_ARCHIVE_TAR || !why || strstr(why, "onver");
}

/* The next header: 1, 0 at the end of the archive */
static int next_header(struct ng_archive *archive, struct ng_error *err)
{
	int r;

	if (archive->ended)
		return drain(archive, err);
	errno = 0;
	/* Beforehand, so that the bytes of the member don't count as those of a header. */
	if (!archive->member_ended) {
		r = archive_read_data_skip(archive->archive);
		if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
			return fail(archive, err);
	}
	archive->in_header = true;
	archive->header_bytes = 0;
	do
		r = archive_read_next_header2(archive->archive, archive->entry);
	while (r == ARCHIVE_RETRY);
	archive->in_header = false;
	if (r == ARCHIVE_EOF) {
		archive->ended = archive->member_ended = true;
		return drain(archive, err);
	}
	if (r != ARCHIVE_OK && (r != ARCHIVE_WARN || errno == ENOMEM || !is_harmless(archive)))
		return fail(archive, err);
	return 1;
}

/* Is this member one that can be read, with little memory? */
static int check_member(const struct ng_archive *archive, struct archive_entry *entry,
			const char *path, struct ng_error *err)
{
	static const char *const methods[] = {"(uncompressed)", "(deflation)", "(bzip)"};
	const char *format = archive_format_name(archive->archive);
	const char *label = archive->params.label;

	if (archive->params.kind == NG_ARCHIVE_TAR)
		return 0;
	if (archive_entry_is_encrypted(entry))
		return ng_fail(err, -EBADMSG,
			       "%s: its member %.300s is encrypted; unpack it with its password, "
			       "and index the directory",
			       label, path);
	if (archive->params.kind == NG_ARCHIVE_7Z)
		return 0;
	for (size_t i = 0; i < ng_array_size(methods); i++)
		if (strstr(format, methods[i]))
			return 0;
	return ng_fail(err, -EBADMSG,
		       "%s: its member %.300s is compressed as %.60s, which is not read; pipe it: "
		       "bsdtar -cf - @FILE | mkngramfs -o INDEX --format=tar -",
		       label, path, format);
}

static int next_member(struct ng_archive *archive, const char **ret_path, struct ng_error *err)
{
	for (;;) {
		struct archive_entry *entry = archive->entry;
		const char *path;
		int r = next_header(archive, err);

		if (r <= 0)
			return r;
		archive->member_ended = false;
		archive->pending_len = 0;
		archive->pending_offset = 0;
		archive->member_bytes = 0;
		if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry))
			continue;
		errno = 0;
		path = archive_entry_pathname(entry);
		if (!path && errno == ENOMEM)
			return ng_fail(err, -ENOMEM, "%s: out of memory", archive->params.label);
		if (!path)
			return ng_fail(err, -EBADMSG, "%s: damaged: a member without a name",
				       archive->params.label);
		r = check_member(archive, entry, path, err);
		if (r < 0)
			return r;
		*ret_path = path;
		return 1;
	}
}

int ng_archive_next(struct ng_archive *archive, const char **ret_path, struct ng_error *err)
{
	locale_t before = archive->utf8 ? uselocale(archive->utf8) : (locale_t)0;
	int r = next_member(archive, ret_path, err);

	if (before)
		uselocale(before);
	return r;
}

int ng_archive_read(struct ng_archive *archive, const uint8_t **ret_data, size_t *ret_len,
		    struct ng_error *err)
{
	const void *data;
	size_t len = 0;
	int64_t offset = 0;

	while (!archive->member_ended && !archive->pending_len) {
		int r;

		errno = 0;
		r = archive_read_data_block(archive->archive, &data, &len, &offset);

		if (r == ARCHIVE_RETRY)
			continue;
		if (r == ARCHIVE_EOF) {
			archive->member_ended = true;
			/* A sparse member may end in a hole. */
			offset = ng_max(offset, (int64_t)0);
			len = 0;
		} else if (r != ARCHIVE_OK) {
			/* A warning here is a checksum or a size that is wrong. */
			return fail(archive, err);
		}
		if (offset < 0)
			return ng_fail(err, -EBADMSG, "%s: damaged: a negative offset",
				       archive->params.label);
		archive->pending = data;
		archive->pending_len = len;
		archive->pending_offset = (uint64_t)offset;
	}
	if (archive->member_bytes < archive->pending_offset) {
		*ret_data = hole;
		*ret_len = ng_min(archive->pending_offset - archive->member_bytes,
				  (uint64_t)sizeof(hole));
	} else if (archive->pending_len) {
		*ret_data = archive->pending;
		*ret_len = archive->pending_len;
		archive->pending_len = 0;
	} else {
		return 0;
	}
	archive->member_bytes += *ret_len;
	return 1;
}
