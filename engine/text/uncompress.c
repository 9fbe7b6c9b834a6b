/* SPDX-License-Identifier: Apache-2.0 */
#include "text/uncompress.h"

#include <archive.h>
#include <archive_entry.h>

struct ng_uncompress {
	const char *label;
	struct ng_feed *feed;
	struct archive *archive;
	struct archive_entry *entry; /* libarchive dies without memory for one of its own */
	bool ended;
	size_t given; /* of the feed's piece: libarchive is done with it when it asks for more */
	int feed_code;
	struct ng_error feed_err;
};

static la_ssize_t on_read(struct archive *archive, void *userdata, const void **ret_data)
{
	struct ng_uncompress *z = userdata;

	ng_feed_take(z->feed, z->given);
	z->feed_code = ng_feed_look(z->feed, 1, &z->feed_err);
	if (z->feed_code < 0) {
		archive_set_error(archive, -z->feed_code, "read failed");
		return ARCHIVE_FATAL;
	}
	*ret_data = z->feed->data;
	z->given = z->feed->len;
	return (la_ssize_t)z->given;
}

static int fail(const struct ng_uncompress *z, struct ng_error *err)
{
	if (z->feed_code < 0)
		return ng_fail(err, z->feed_code, "%s", z->feed_err.text);
	/* It often says something else, or nothing, when memory runs out. */
	if (archive_errno(z->archive) == ENOMEM || errno == ENOMEM)
		return ng_fail(err, -ENOMEM, "%s: out of memory", z->label);
	return ng_fail(err, -EBADMSG, "%s: damaged: the stream of compress: %s", z->label,
		       archive_error_string(z->archive));
}

int ng_uncompress_new(const char *label, struct ng_feed *feed, struct ng_uncompress **ret,
		      struct ng_error *err)
{
	struct ng_uncompress *z ng_cleanup(ng_uncompress_freep) = calloc(1, sizeof(*z));
	struct archive *a;
	int r;

	if (!z)
		return ng_fail(err, -ENOMEM, "%s: out of memory", label);
	z->label = label;
	z->feed = feed;
	a = z->archive = archive_read_new();
	z->entry = a ? archive_entry_new2(a) : NULL;
	if (!z->entry)
		return ng_fail(err, -ENOMEM, "%s: out of memory", label);
	archive_read_set_read_callback(a, on_read);
	errno = 0;
	if (archive_read_set_callback_data(a, z) != ARCHIVE_OK ||
	    archive_read_support_filter_compress(a) != ARCHIVE_OK ||
	    archive_read_support_format_raw(a) != ARCHIVE_OK ||
	    archive_read_support_format_empty(a) != ARCHIVE_OK ||
	    archive_read_open1(a) != ARCHIVE_OK)
		return fail(z, err);
	r = archive_read_next_header2(a, z->entry);
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF)
		return fail(z, err);
	z->ended = r == ARCHIVE_EOF;
	*ret = ng_steal_ptr(&z);
	return 0;
}

struct ng_uncompress *ng_uncompress_free(struct ng_uncompress *z)
{
	if (!z)
		return NULL;
	archive_entry_free(z->entry);
	if (z->archive)
		archive_read_free(z->archive);
	free(z);
	return NULL;
}

int ng_uncompress_next(struct ng_uncompress *z, const uint8_t **ret_data, size_t *ret_len,
		       struct ng_error *err)
{
	const void *data;
	la_int64_t offset;
	int r;

	if (z->ended)
		return 0;
	errno = 0;
	do
		r = archive_read_data_block(z->archive, &data, ret_len, &offset);
	while (r == ARCHIVE_RETRY || (r == ARCHIVE_OK && !*ret_len));
	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK)
		return fail(z, err);
	*ret_data = data;
	return 1;
}
