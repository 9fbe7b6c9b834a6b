/* SPDX-License-Identifier: Apache-2.0 */
#include "format/shardlayout.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/file.h"
#include "base/filesystem.h"
#include "base/sigbus.h"
#include "format/pages.h"

struct ng_shard_file {
	const uint8_t *data; /* the mapping */
	int fd;
	struct stat opened; /* what it was then */
	uint64_t file_bytes;
	uint64_t table_offset;
	uint64_t checksum;
	uint32_t n_sections;
	struct ng_shard_entry *entries; /* by offset; the last: page sums */
	struct ng_sigbus *watch;
	struct ng_pages pages;
	atomic_bool damage_taken;
};

const char *ng_section_name(uint32_t type)
{
	static const char *const names[NG_SECTION_TYPES] = {
		[NG_SECTION_PARAMS] = "parameters",
		[NG_SECTION_BWT_DIRECTORY] = "bwt directory",
		[NG_SECTION_BWT_CELLS] = "bwt cells",
		[NG_SECTION_BWT_SUPERBLOCKS] = "bwt superblocks",
		[NG_SECTION_FREQUENT] = "frequent patterns",
		[NG_SECTION_SA_SAMPLES] = "suffix array samples",
		[NG_SECTION_SHORTCUTS] = "permutation shortcuts",
		[NG_SECTION_DOC_STARTS] = "document starts",
		[NG_SECTION_META_FRAMES] = "metadata frames",
		[NG_SECTION_META_DIRECTORY] = "metadata directory",
		[NG_SECTION_META_STARTS] = "metadata starts",
		[NG_SECTION_TEXT_FRAMES] = "text frames",
		[NG_SECTION_TEXT_DIRECTORY] = "text directory",
		[NG_SECTION_PAGE_SUMS] = "page sums",
		[NG_SECTION_MARK_HINTS] = "mark hints",
		[NG_SECTION_SAMPLE_STARTS] = "sample starts",
		[NG_SECTION_REMOVED] = "removed",
		[NG_SECTION_REMOVED_DOCS] = "removed documents",
		[NG_SECTION_REMOVED_ROWS] = "removed rows",
	};

	if (type == NG_SECTION_FACETS)
		return "facets";
	if (type >= NG_SECTION_OPTIONAL)
		return "unknown";
	return type && type < NG_SECTION_TYPES ? names[type] : "none";
}

static int read_at(int fd, const char *path, void *buf, size_t len, uint64_t offset,
		   struct ng_error *err)
{
	size_t done = 0;
	int r = ng_file_read_at(fd, buf, len, offset, &done);

	if (r < 0)
		return ng_fail(err, r, "%s: cannot read: %s", path, strerror(-r));
	if (done < len)
		return ng_fail(err, -EUCLEAN, "%s: truncated at byte %llu", path,
			       (unsigned long long)(offset + done));
	return 0;
}

int ng_format_refuse(const char *name, uint64_t version, struct ng_error *err)
{
	return ng_fail(err, -EPROTO, "%s%sformat version %llu; this program reads version %u: %s",
		       name ? name : "", name ? ": " : "", (unsigned long long)version,
		       NG_FORMAT_VERSION,
		       version > NG_FORMAT_VERSION ? "use a newer one, which reads both"
						   : "make the index again from its sources with "
						     "mkngramfs");
}

static int check_header(const struct ng_shard_header *h, const char *path, uint64_t file_bytes,
			struct ng_error *err)
{
	if (memcmp(h->magic, NG_SHARD_MAGIC, sizeof(h->magic)))
		return ng_fail(err, -EPROTO,
			       "%s: not a shard of an index, or its build did not finish", path);
	if (h->version != NG_FORMAT_VERSION)
		return ng_format_refuse(path, h->version, err);
	if (XXH3_64bits(h, offsetof(struct ng_shard_header, header_sum)) != h->header_sum)
		return ng_fail(err, -EUCLEAN, "%s: damaged: the header's checksum is wrong", path);
	if (h->file_bytes != file_bytes)
		return ng_fail(err, -EUCLEAN, "%s: damaged: %llu bytes long instead of %llu", path,
			       (unsigned long long)file_bytes, (unsigned long long)h->file_bytes);
	if (!h->n_sections || h->n_sections > NG_SHARD_SECTIONS_MAX ||
	    h->table_offset % NG_PAGE_BYTES || h->table_offset < NG_PAGE_BYTES ||
	    h->table_offset > file_bytes ||
	    file_bytes - h->table_offset != h->n_sections * sizeof(struct ng_shard_entry))
		return ng_fail(err, -EUCLEAN, "%s: damaged: the section table is out of place",
			       path);
	return 0;
}

/* Whether a section's type can be there. */
static int check_type(const struct ng_shard_file *file, uint32_t i, const char *path,
		      struct ng_error *err)
{
	const struct ng_shard_entry *e = &file->entries[i];
	bool twice = false;

	for (uint32_t k = 0; k < i; k++)
		twice |= file->entries[k].type == e->type;
	if (!e->type || twice || e->reserved)
		return ng_fail(err, -EUCLEAN,
			       "%s: damaged: section %u is of impossible or repeated type %u", path,
			       i, e->type);
	if (e->type >= NG_SECTION_TYPES && e->type < NG_SECTION_OPTIONAL)
		return ng_fail(err, -EPROTO,
			       "%s: has a section of type %u, which this program doesn't know; use "
			       "a newer one",
			       path, e->type);
	return 0;
}

/* Sections must lie exactly as the writer lays them; then they are aligned, padded and disjoint. */
static int check_table(const struct ng_shard_file *file, const char *path, struct ng_error *err)
{
	const struct ng_shard_entry *e = file->entries;
	uint64_t offset = NG_PAGE_BYTES;

	for (uint32_t i = 0; i < file->n_sections; i++, e++) {
		int r = check_type(file, i, path, err);

		if (r)
			return r;
		if (e->offset != offset || offset > file->table_offset ||
		    e->bytes > file->table_offset - offset)
			return ng_fail(err, -EUCLEAN, "%s: damaged: section \"%s\" is out of place",
				       path, ng_section_name(e->type));
		offset = ng_shard_align(offset + e->bytes);
	}
	e--;
	if (offset != file->table_offset)
		return ng_fail(err, -EUCLEAN, "%s: damaged: the section table is out of place",
			       path);
	if (e->type != NG_SECTION_PAGE_SUMS ||
	    e->bytes != ng_page_sums_bytes(e->offset / NG_PAGE_BYTES))
		return ng_fail(err, -EUCLEAN, "%s: damaged: the page sums are out of place", path);
	return 0;
}

static int open_regular(struct ng_file_at file, struct stat *ret_stat, struct ng_error *err)
{
	/* Not to hang where somebody put a named pipe. */
	const char *path = file.path;
	int flags = file.dir_fd == AT_FDCWD ? 0 : O_NOFOLLOW;
	ng_cleanup(ng_closep) int fd =
		openat(file.dir_fd, ng_file_name(&file), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
	struct stat st;

	if (fd < 0)
		return ng_fail(err, -errno, "%s: cannot open: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		return ng_fail(err, -errno, "%s: cannot stat: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ng_fail(err, -EPROTO, "%s: not a regular file", path);
	*ret_stat = st;
	return ng_steal_fd(&fd);
}

static int map_file(struct ng_shard_file *file, int fd, const char *path, struct ng_error *err)
{
	void *data;
	int r;

	if (file->file_bytes > SIZE_MAX)
		return ng_fail(err, -ENOMEM, "%s: too large to map", path);
	data = mmap(NULL, file->file_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return ng_fail(err, -errno, "%s: cannot map: %s", path, strerror(errno));
	file->data = data;
	/* Advice only: where it fails, reads are merely slower. */
	madvise(data, file->file_bytes, MADV_RANDOM);
	r = ng_sigbus_watch(data, file->file_bytes, &file->watch);
	if (r)
		return ng_fail(err, r, "%s: cannot watch the mapping: %s", path, strerror(-r));
	r = ng_pages_open(data, file->file_bytes, file->entries[file->n_sections - 1].offset,
			  file->watch, &file->pages);
	return r ? ng_fail(err, r, "%s: out of memory", path) : 0;
}

static int read_header(int fd, const char *path, uint64_t file_bytes,
		       struct ng_shard_header *ret_header, struct ng_error *err)
{
	int r;

	if (file_bytes < sizeof(*ret_header))
		return ng_fail(err, -EPROTO, "%s: not a shard of an index: %llu bytes long", path,
			       (unsigned long long)file_bytes);
	r = read_at(fd, path, ret_header, sizeof(*ret_header), 0, err);
	return r ? r : check_header(ret_header, path, file_bytes, err);
}

int ng_shard_file_peek(const char *path, struct stat *ret_stat, uint64_t *ret_checksum,
		       struct ng_error *err)
{
	struct ng_shard_header header;
	struct stat st;
	ng_cleanup(ng_closep) int fd = open_regular((struct ng_file_at){AT_FDCWD, path}, &st, err);
	int r = fd < 0 ? fd : read_header(fd, path, (uint64_t)st.st_size, &header, err);

	if (r)
		return r;
	*ret_stat = st;
	*ret_checksum = header.header_sum;
	return 0;
}

int ng_shard_file_open_at(struct ng_file_at at, struct ng_shard_file **ret_file,
			  struct ng_error *err)
{
	ng_cleanup(ng_shard_file_closep) struct ng_shard_file *file = calloc(1, sizeof(*file));
	const char *path = at.path;
	struct ng_shard_header header;
	size_t table_bytes;
	int fd, r;

	if (!file)
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	file->fd = fd = open_regular(at, &file->opened, err);
	if (fd < 0)
		return fd;
	file->file_bytes = (uint64_t)file->opened.st_size;
	r = read_header(fd, path, file->file_bytes, &header, err);
	if (r)
		return r;
	file->table_offset = header.table_offset;
	file->checksum = header.header_sum;
	file->n_sections = header.n_sections;
	table_bytes = header.n_sections * sizeof(file->entries[0]);
	file->entries = malloc(table_bytes + 1);
	if (!file->entries)
		return ng_fail(err, -ENOMEM, "%s: out of memory", path);
	r = read_at(fd, path, file->entries, table_bytes, header.table_offset, err);
	if (r)
		return r;
	if (XXH3_64bits(file->entries, table_bytes) != header.table_sum)
		return ng_fail(err, -EUCLEAN, "%s: damaged: the section table's checksum is wrong",
			       path);
	r = check_table(file, path, err);
	if (!r)
		r = map_file(file, fd, path, err);
	if (r)
		return r;
	*ret_file = ng_steal_ptr(&file);
	return 0;
}

struct ng_shard_file *ng_shard_file_close(struct ng_shard_file *file)
{
	if (!file)
		return NULL;
	ng_sigbus_unwatch(file->watch);
	ng_pages_close(&file->pages);
	if (file->data)
		munmap((void *)file->data, file->file_bytes);
	ng_closep(&file->fd);
	free(file->entries);
	free(file);
	return NULL;
}

void ng_shard_file_release(const struct ng_shard_file *file)
{
	madvise((void *)file->data, file->file_bytes, MADV_DONTNEED);
}

bool ng_shard_file_section(const struct ng_shard_file *file, uint32_t type,
			   const uint8_t **ret_data, size_t *ret_bytes)
{
	for (uint32_t i = 0; i < file->n_sections; i++) {
		const struct ng_shard_entry *e = &file->entries[i];

		if (e->type != type)
			continue;
		*ret_data = file->data + e->offset;
		*ret_bytes = e->bytes;
		return true;
	}
	return false;
}

const struct ng_pages *ng_shard_file_pages(const struct ng_shard_file *file)
{
	return &file->pages;
}

void ng_shard_file_ask_heads(const struct ng_shard_file *file)
{
	uint64_t begin = 0, end = 0; /* of pages that follow each other */

	for (uint32_t i = 0; i < file->n_sections; i++) {
		const struct ng_shard_entry *e = &file->entries[i];
		uint64_t head_end = e->offset + ng_min(e->bytes, (uint64_t)NG_PAGE_BYTES);

		if (e->offset > end) {
			if (begin < end)
				ng_pages_prefetch(&file->pages, file->data + begin, end - begin);
			begin = e->offset;
		}
		end = ng_align_up(head_end, NG_PAGE_BYTES);
		/* The totals are at its end. */
		if (e->type == NG_SECTION_BWT_SUPERBLOCKS && e->bytes > NG_PAGE_BYTES)
			ng_pages_prefetch(&file->pages, file->data + e->offset + e->bytes - 1, 1);
	}
	ng_pages_prefetch(&file->pages, file->data + begin, end - begin);
}

bool ng_shard_file_is_remote(const struct ng_shard_file *file)
{
	return ng_file_is_remote(file->fd);
}

bool ng_shard_file_same_storage(const struct ng_shard_file *a, const struct ng_shard_file *b)
{
	return a->opened.st_dev == b->opened.st_dev;
}

static uint32_t type_at(const struct ng_shard_file *file, uint64_t offset)
{
	uint32_t i = file->n_sections - 1;

	while (i > 0 && file->entries[i].offset > offset)
		i--;
	return file->entries[i].type;
}

bool ng_shard_file_take_damage(struct ng_shard_file *file, uint32_t *ret_type, uint64_t *ret_offset)
{
	uint64_t offset = ng_pages_bad(&file->pages) * NG_PAGE_BYTES;

	if (!offset || atomic_exchange(&file->damage_taken, true))
		return false;
	*ret_type = type_at(file, offset);
	*ret_offset = offset;
	return true;
}

uint64_t ng_shard_file_bytes(const struct ng_shard_file *file)
{
	return file->file_bytes;
}

uint64_t ng_shard_file_checksum(const struct ng_shard_file *file)
{
	return file->checksum;
}

const struct ng_shard_entry *ng_shard_file_entries(const struct ng_shard_file *file,
						   uint32_t *ret_n)
{
	*ret_n = file->n_sections;
	return file->entries;
}

bool ng_shard_file_changed(const struct ng_shard_file *file)
{
	const struct stat *was = &file->opened;
	struct stat now;

	/* The time of change is another thing: it moves when the file loses its name. */
	return fstat(file->fd, &now) < 0 || now.st_size != was->st_size ||
	       now.st_mtim.tv_sec != was->st_mtim.tv_sec ||
	       now.st_mtim.tv_nsec != was->st_mtim.tv_nsec;
}

bool ng_shard_file_faulted(const struct ng_shard_file *file)
{
	return ng_sigbus_seen(file->watch);
}
