/* SPDX-License-Identifier: Apache-2.0 */
/* The container of a shard: one immutable file of a header, page-aligned sections, and a table of
 * them with their checksums. What a section holds is its module's business. See
 * ngramfs-index(5). */
#pragma once

#include <fcntl.h>

#include "base/file.h"

#define NG_SHARD_MAGIC     "ngramfs\x1a" /* the eight bytes a shard begins with */
#define NG_FORMAT_VERSION  4u
#define NG_PAGE_BYTES      4096u
#define NG_SECTION_PADDING 64u /* readable bytes behind every section, zero when written */

/* Refuse a file of a version of the format that this program doesn't read: -EPROTO, with err set to
 * which one it is and what to do. name: of the file, or NULL where the caller says it. */
int ng_format_refuse(const char *name, uint64_t version, struct ng_error *err);

enum ng_section_type {
	NG_SECTION_PARAMS = 1,      /* struct ng_shard_params */
	NG_SECTION_BWT_DIRECTORY,   /* where each cell is */
	NG_SECTION_BWT_CELLS,       /* the BWT: bwt/cell.h */
	NG_SECTION_BWT_SUPERBLOCKS, /* counts and presence by superblock, for absent symbols */
	NG_SECTION_FREQUENT,        /* intervals of frequent patterns */
	NG_SECTION_SA_SAMPLES,
	NG_SECTION_SHORTCUTS,  /* for inverting the suffix array samples: format/permutation.h */
	NG_SECTION_DOC_STARTS, /* Elias-Fano */
	NG_SECTION_META_FRAMES,
	NG_SECTION_META_DIRECTORY,
	NG_SECTION_META_STARTS, /* Elias-Fano: where each document's metadata begins */
	NG_SECTION_TEXT_FRAMES, /* only with a text store */
	NG_SECTION_TEXT_DIRECTORY,
	NG_SECTION_PAGE_SUMS,     /* of every page before it: format/pages.h */
	NG_SECTION_MARK_HINTS,    /* cells of some marked rows */
	NG_SECTION_SAMPLE_STARTS, /* Elias-Fano: the number of each document's first sample */
	/* Not of a shard, but of what was taken out of one: format/removed.h */
	NG_SECTION_REMOVED,      /* struct ng_removed_params */
	NG_SECTION_REMOVED_DOCS, /* Elias-Fano */
	NG_SECTION_REMOVED_ROWS, /* Elias-Fano */
	NG_SECTION_TYPES,        /* one more than the last */
	/* From here on are sections that a reader which doesn't know them may pass over. */
	NG_SECTION_OPTIONAL = 64,
	NG_SECTION_FACETS = NG_SECTION_OPTIONAL, /* format/facets.h; may be absent */
};

/* ---- writing ---- */

struct ng_shard_writer;

/* Create a file (it must not exist). The file is not a shard until ng_shard_writer_finish: its
 * magic is written last. Keeps a buffer of 1 MiB. A writer is for one thread at a time. All
 * functions return 0 or a negative errno with err set: -EEXIST, -EACCES, -ENOSPC and what else the
 * filesystem says; after an error the writer can only be freed. */
int ng_shard_writer_new_at(struct ng_file_at file, struct ng_shard_writer **ret_writer,
			   struct ng_error *err);

static inline int ng_shard_writer_new(const char *path, struct ng_shard_writer **ret_writer,
				      struct ng_error *err)
{
	return ng_shard_writer_new_at((struct ng_file_at){AT_FDCWD, path}, ret_writer, err);
}

/* Begin a section; write it in pieces; the next section or finish ends it. Types are unique, and
 * NG_SECTION_PAGE_SUMS is the writer's own. A type may also be one of those from
 * NG_SECTION_OPTIONAL on. */
int ng_shard_writer_section(struct ng_shard_writer *writer, uint32_t type, struct ng_error *err);
int ng_shard_writer_write(struct ng_shard_writer *writer, const void *data, size_t len,
			  struct ng_error *err);
/* Write page sums and table, fsync, write the header, fsync, close. The directory entry is the
 * caller's to sync. *ret_bytes: the file's size; *ret_checksum: as ng_shard_file_checksum. */
int ng_shard_writer_finish(struct ng_shard_writer *writer, uint64_t *ret_bytes,
			   uint64_t *ret_checksum, struct ng_error *err);
/* Free; an unfinished file is unlinked. */
struct ng_shard_writer *ng_shard_writer_free(struct ng_shard_writer *writer);

static inline void ng_shard_writer_freep(struct ng_shard_writer **writer)
{
	ng_shard_writer_free(*writer);
}

/* ---- reading ---- */

struct ng_shard_file;

/* Map a file; in a directory that is given it is no link. Checks magic, version, file size, the
 * header's and the table's checksum, and that sections are aligned, inside the file, and disjoint:
 * O(sections). Contents are not checked: whoever reads them asks for each page of
 * ng_shard_file_pages first. Readahead is off (MADV_RANDOM). Returns -ENOENT, -EACCES, -EPROTO (no
 * shard, an unknown version, or a section that must be known and isn't), -EUCLEAN (truncated or
 * damaged), -ENOMEM, with err set. */
int ng_shard_file_open_at(struct ng_file_at file, struct ng_shard_file **ret_file,
			  struct ng_error *err);

static inline int ng_shard_file_open(const char *path, struct ng_shard_file **ret_file,
				     struct ng_error *err)
{
	return ng_shard_file_open_at((struct ng_file_at){AT_FDCWD, path}, ret_file, err);
}

struct ng_shard_file *ng_shard_file_close(struct ng_shard_file *file);

static inline void ng_shard_file_closep(struct ng_shard_file **file)
{
	ng_shard_file_close(*file);
}

/* Read the header alone: whether path is a shard of the right size, and *ret_checksum as
 * ng_shard_file_checksum has it. Errors as ng_shard_file_open. */
struct stat;
int ng_shard_file_peek(const char *path, struct stat *ret_stat, uint64_t *ret_checksum,
		       struct ng_error *err);

/* Give back the memory of the pages that were read so far: they are read again when needed. */
void ng_shard_file_release(const struct ng_shard_file *file);

/* A section's bytes, or false when the shard has none of this type. */
bool ng_shard_file_section(const struct ng_shard_file *file, uint32_t type,
			   const uint8_t **ret_data, size_t *ret_bytes);

/* What says whether a page of it is sound, as long as the file is open. */
struct ng_pages;
const struct ng_pages *ng_shard_file_pages(const struct ng_shard_file *file);

/* Have the system begin to read what opening the sections reads of them, and don't wait. */
void ng_shard_file_ask_heads(const struct ng_shard_file *file);

/* Whether its filesystem is one whose data comes from elsewhere (base/filesystem.h), and whether
 * that of another one is the same. */
bool ng_shard_file_is_remote(const struct ng_shard_file *file);
bool ng_shard_file_same_storage(const struct ng_shard_file *a, const struct ng_shard_file *b);

/* Where the first page is that a reader found not to be sound: the section that has it, and its
 * offset in the file. False where none was found, or where this has been said already. */
bool ng_shard_file_take_damage(struct ng_shard_file *file, uint32_t *ret_type,
			       uint64_t *ret_offset);

uint64_t ng_shard_file_bytes(const struct ng_shard_file *file);

/* The header's XXH3-64. The header holds the table's sum and the table those of the sections, so
 * that this one stands for the whole file; the manifest keeps it. */
uint64_t ng_shard_file_checksum(const struct ng_shard_file *file);

/* A page of the file could not be read since it was opened (it was truncated, or the disk fails).
 * The reader got zeroes instead of a SIGBUS; whoever used the data asks here afterwards. */
bool ng_shard_file_faulted(const struct ng_shard_file *file);

/* The file was written to, cut or touched since it was opened, so that what was read from it, and
 * what is in it now, may be anything. One system call. */
bool ng_shard_file_changed(const struct ng_shard_file *file);

/* Check every byte of the file, in one pass over it. Calls report(userdata, section type, file
 * offset, text) for each page that differs from its checksum, for a section that does though its
 * pages don't, and for padding that isn't zero (type 0); progress(userdata, done
 * bytes, total) about once a MiB. Both may be NULL. Returns 0 sound, -EUCLEAN damaged, -EINTR,
 * -ENOMEM. */
int ng_shard_file_verify(const struct ng_shard_file *file, const ng_cancel *cancel,
			 void (*report)(void *userdata, uint32_t type, uint64_t offset,
					const char *text),
			 void (*progress)(void *userdata, uint64_t done, uint64_t total),
			 void *userdata);

/* A section's name in messages, such as "bwt cells"; "unknown" for one that may be passed over;
 * "none" for a number that is no type. */
const char *ng_section_name(uint32_t type);
