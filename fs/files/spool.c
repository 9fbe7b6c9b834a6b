/* SPDX-License-Identifier: Apache-2.0 */
#include "files/spool.h"

#include <fcntl.h>

#include "base/file.h"
#include "base/tempfile.h"

/* Once so much of the file has been taken, its room is given back. */
#define PUNCH_BYTES (16u << 20)

static int file_open(const struct ng_spool *spool)
{
	if (spool->disk)
		return ng_disk_open(spool->disk);
	return ng_tempfile_open(NG_TEMPDIR(ng_disk_directory()));
}

static void hold(struct ng_spool *spool, uint64_t bytes)
{
	if (spool->disk)
		ng_disk_give_back(spool->disk, spool->file_held - bytes);
	spool->file_held = bytes;
}

static int file_append(struct ng_spool *spool, const uint8_t *data, size_t len)
{
	uint64_t held = spool->file_held;
	int r;

	if (spool->fd < 0) {
		r = file_open(spool);
		if (r < 0)
			return r;
		spool->fd = r;
	}
	r = spool->disk ? ng_disk_reserve(spool->disk, len) : 0;
	if (r < 0)
		return r;
	spool->file_held += len;
	r = ng_file_write_at(spool->fd, data, len, spool->file_hi, NULL);
	if (r < 0) {
		hold(spool, held);
		return r;
	}
	spool->file_hi += len;
	return 0;
}

int ng_spool_append(struct ng_spool *spool, const uint8_t *data, size_t len)
{
	size_t left = spool->front.len - spool->front_taken;

	if (spool->file_lo < spool->file_hi ||
	    len > NG_SPOOL_MEMORY_BYTES - ng_min(left, NG_SPOOL_MEMORY_BYTES))
		return file_append(spool, data, len);
	if (spool->front_taken) {
		memmove(spool->front.data, spool->front.data + spool->front_taken, left);
		spool->front.len = left;
		spool->front_taken = 0;
	}
	return ng_buf_append(&spool->front, data, len);
}

static int file_take(struct ng_spool *spool, size_t len, uint8_t *buf)
{
	int r = ng_file_read_at(spool->fd, buf, len, spool->file_lo, NULL);

	if (r < 0)
		return r;
	spool->file_lo += len;
	return 0;
}

/* Disk that is no longer needed. Where the filesystem can't give it back, it stays until the end:
 * nothing is wrong with that. */
static void file_trim(struct ng_spool *spool)
{
	if (spool->file_lo == spool->file_hi && spool->file_hi > 0) {
		if (ftruncate(spool->fd, 0) == 0) {
			spool->file_lo = spool->file_hi = 0;
			hold(spool, 0);
		}
	} else if (spool->file_lo % PUNCH_BYTES == 0 && spool->file_lo > 0) {
		if (fallocate(spool->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			      (off_t)spool->file_lo) == 0)
			hold(spool, spool->file_hi - spool->file_lo);
	}
}

int ng_spool_take(struct ng_spool *spool, size_t len, uint8_t *buf, size_t *ret_len)
{
	size_t in_front = spool->front.len - spool->front_taken;
	size_t from_front = ng_min(len, in_front);
	uint64_t in_file = spool->file_hi - spool->file_lo;
	/* Up to the next multiple, so that file_trim comes by there. */
	size_t from_file = (size_t)ng_min(ng_min((uint64_t)(len - from_front), in_file),
					  PUNCH_BYTES - spool->file_lo % PUNCH_BYTES);

	if (from_file) {
		int r = file_take(spool, from_file, buf + from_front);

		if (r)
			return r;
		file_trim(spool);
	}
	if (from_front)
		memcpy(buf, spool->front.data + spool->front_taken, from_front);
	spool->front_taken += from_front;
	*ret_len = from_front + from_file;
	return 0;
}

void ng_spool_clear(struct ng_spool *spool)
{
	struct ng_disk *disk = spool->disk;

	ng_buf_free(&spool->front);
	if (spool->fd >= 0)
		close(spool->fd);
	hold(spool, 0);
	*spool = NG_SPOOL_INIT;
	spool->disk = disk;
}
