/* SPDX-License-Identifier: Apache-2.0 */
#include "format/shardlayout.h"

#include <assert.h>
#include <fcntl.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/file.h"
#include "format/pages.h"

#define BUFFER_BYTES (256 * NG_PAGE_BYTES)

/* Everything goes through one buffer that holds a piece of the file: [base, base + fill); base is a
 * multiple of the buffer's size. */
struct ng_shard_writer {
	int dir_fd; /* that path is opened from: struct ng_file_at */
	char *path;
	int fd;
	bool created; /* and not finished: to be removed */
	bool in_section;
	bool summed; /* the page sums are complete: what follows has none */
	uint64_t base;
	size_t fill;
	uint32_t n_sections;
	struct ng_shard_entry entries[NG_SHARD_SECTIONS_MAX];
	struct ng_buf page_sums; /* u32 each, from page 1 on */
	XXH3_state_t *section_sum;
	uint8_t buffer[BUFFER_BYTES]; /* zeroes only where it was filled with them */
};

static int write_at(struct ng_shard_writer *w, const void *data, size_t len, uint64_t offset,
		    struct ng_error *err)
{
	size_t done = 0;
	int r = ng_file_write_at(w->fd, data, len, offset, &done);

	if (r < 0)
		return ng_fail(err, r, "%s: cannot write %zu more bytes at offset %llu: %s%s",
			       w->path, len - done, (unsigned long long)(offset + done),
			       strerror(-r), ng_file_advice(r));
	return 0;
}

static int sync_data(struct ng_shard_writer *w, struct ng_error *err)
{
	if (fsync(w->fd) < 0)
		return ng_fail(err, -errno, "%s: cannot sync to disk: %s", w->path,
			       strerror(errno));
	return 0;
}

/* Add the sums of the pages that the buffer holds, all of them whole. The header's page is summed
 * by itself. */
static int add_page_sums(struct ng_shard_writer *w, struct ng_error *err)
{
	assert(w->fill % NG_PAGE_BYTES == 0);
	for (size_t at = w->base ? 0 : NG_PAGE_BYTES; at < w->fill; at += NG_PAGE_BYTES) {
		uint32_t sum = ng_page_sum(w->buffer + at, (w->base + at) / NG_PAGE_BYTES);
		int r = ng_buf_append(&w->page_sums, &sum, sizeof(sum));

		if (r)
			return ng_fail(err, r, "%s: out of memory", w->path);
	}
	return 0;
}

static int flush(struct ng_shard_writer *w, struct ng_error *err)
{
	int r = write_at(w, w->buffer, w->fill, w->base, err);

	if (!r && !w->summed && w->fill == sizeof(w->buffer))
		r = add_page_sums(w, err);
	if (r)
		return r;
	w->base += w->fill;
	w->fill = 0;
	return 0;
}

/* Append to the file; NULL for zeroes. */
static int put(struct ng_shard_writer *w, const void *data, size_t len, struct ng_error *err)
{
	const uint8_t *p = data;

	while (len) {
		size_t n = ng_min(len, sizeof(w->buffer) - w->fill);

		if (p) {
			memcpy(w->buffer + w->fill, p, n);
			p += n;
		} else {
			memset(w->buffer + w->fill, 0, n);
		}
		w->fill += n;
		len -= n;
		if (w->fill == sizeof(w->buffer)) {
			int r = flush(w, err);

			if (r)
				return r;
		}
	}
	return 0;
}

static int end_section(struct ng_shard_writer *w, struct ng_error *err)
{
	struct ng_shard_entry *entry;
	uint64_t end;

	if (!w->in_section)
		return 0;
	w->in_section = false;
	entry = &w->entries[w->n_sections - 1];
	entry->sum = XXH3_64bits_digest(w->section_sum);
	end = entry->offset + entry->bytes;
	return put(w, NULL, ng_shard_align(end) - end, err);
}

static int begin_section(struct ng_shard_writer *w, uint32_t type, struct ng_error *err)
{
	int r = end_section(w, err);

	if (r)
		return r;
	assert(w->n_sections < NG_SHARD_SECTIONS_MAX);
	for (uint32_t i = 0; i < w->n_sections; i++)
		assert(w->entries[i].type != type);
	w->entries[w->n_sections++] = (struct ng_shard_entry){
		.type = type,
		.offset = w->base + w->fill,
	};
	w->in_section = true;
	XXH3_64bits_reset(w->section_sum);
	return 0;
}

int ng_shard_writer_new_at(struct ng_file_at file, struct ng_shard_writer **ret_writer,
			   struct ng_error *err)
{
	ng_cleanup(ng_shard_writer_freep) struct ng_shard_writer *w = malloc(sizeof(*w));
	const char *path = file.path;

	if (!w)
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	/* Of the buffer only the header's page, which is zeroes until the header is written: most
	 * of a small file's time would go into the rest of it. */
	memset(w, 0, offsetof(struct ng_shard_writer, buffer) + NG_PAGE_BYTES);
	w->fill = NG_PAGE_BYTES;
	w->fd = -1;
	w->dir_fd = file.dir_fd;
	w->path = strdup(path);
	w->section_sum = XXH3_createState();
	if (!w->path || !w->section_sum)
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	w->fd = openat(file.dir_fd, ng_file_name(&file),
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (w->fd < 0)
		return ng_fail(err, -errno, "%s: cannot create: %s", path, strerror(errno));
	w->created = true;
	*ret_writer = ng_steal_ptr(&w);
	return 0;
}

int ng_shard_writer_section(struct ng_shard_writer *writer, uint32_t type, struct ng_error *err)
{
	assert(type && (type < NG_SECTION_TYPES || type >= NG_SECTION_OPTIONAL) &&
	       type != NG_SECTION_PAGE_SUMS);
	return begin_section(writer, type, err);
}

int ng_shard_writer_write(struct ng_shard_writer *writer, const void *data, size_t len,
			  struct ng_error *err)
{
	assert(writer->in_section);
	if (!len)
		return 0;
	XXH3_64bits_update(writer->section_sum, data, len);
	writer->entries[writer->n_sections - 1].bytes += len;
	return put(writer, data, len, err);
}

static int write_page_sums(struct ng_shard_writer *w, struct ng_error *err)
{
	int r = begin_section(w, NG_SECTION_PAGE_SUMS, err);
	uint64_t number = (w->base + w->fill) / NG_PAGE_BYTES;

	if (!r)
		r = add_page_sums(w, err);
	w->summed = true;
	for (size_t at = 0; !r && at < w->page_sums.len; at += NG_PAGE_SUMS * 4, number++) {
		uint8_t page[NG_PAGE_BYTES] = {0};

		memcpy(page, w->page_sums.data + at,
		       ng_min(w->page_sums.len - at, (size_t)NG_PAGE_SUMS * 4));
		ng_store32(page + NG_PAGE_SUMS * 4, ng_page_sums_sum(page, number));
		r = ng_shard_writer_write(w, page, sizeof(page), err);
	}
	return r;
}

int ng_shard_writer_finish(struct ng_shard_writer *writer, uint64_t *ret_bytes,
			   uint64_t *ret_checksum, struct ng_error *err)
{
	struct ng_shard_header header = {.magic = NG_SHARD_MAGIC, .version = NG_FORMAT_VERSION};
	size_t table_bytes;
	int r, fd;

	r = write_page_sums(writer, err);
	if (!r)
		r = end_section(writer, err);
	if (r)
		return r;
	table_bytes = writer->n_sections * sizeof(writer->entries[0]);
	header.n_sections = writer->n_sections;
	header.table_offset = writer->base + writer->fill;
	header.file_bytes = header.table_offset + table_bytes;
	header.table_sum = XXH3_64bits(writer->entries, table_bytes);
	header.header_sum = XXH3_64bits(&header, offsetof(struct ng_shard_header, header_sum));
	r = put(writer, writer->entries, table_bytes, err);
	if (!r)
		r = flush(writer, err);
	if (!r)
		r = sync_data(writer, err);
	if (!r)
		r = write_at(writer, &header, sizeof(header), 0, err);
	if (!r)
		r = sync_data(writer, err);
	if (r)
		return r;
	fd = ng_steal_fd(&writer->fd);
	if (close(fd) < 0)
		return ng_fail(err, -errno, "%s: cannot close: %s", writer->path, strerror(errno));
	writer->created = false;
	*ret_bytes = header.file_bytes;
	*ret_checksum = header.header_sum;
	return 0;
}

static void file_remove(const struct ng_shard_writer *w)
{
	struct ng_file_at file = {w->dir_fd, w->path};

	unlinkat(w->dir_fd, ng_file_name(&file), 0);
}

struct ng_shard_writer *ng_shard_writer_free(struct ng_shard_writer *writer)
{
	if (!writer)
		return NULL;
	if (writer->fd >= 0)
		close(writer->fd);
	if (writer->created)
		file_remove(writer);
	ng_buf_free(&writer->page_sums);
	XXH3_freeState(writer->section_sum);
	free(writer->path);
	free(writer);
	return NULL;
}
