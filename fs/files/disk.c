/* SPDX-License-Identifier: Apache-2.0 */
#include "files/disk.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>

#include "base/file.h"
#include "base/tempfile.h"

/* Room is given back to the filesystem by the page. */
#define PAGE_BYTES UINT64_C(4096)

struct ng_disk {
	pthread_mutex_t lock;
	uint64_t bytes, bytes_most;
	/* What is parked, page after page; what is taken out leaves a hole. */
	int fd; /* -1 until something is */
	size_t parked;
	uint64_t end;
	char dir[];
};

const char *ng_disk_directory(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

int ng_disk_new(const char *dir, uint64_t bytes_most, struct ng_disk **ret_disk)
{
	size_t dir_bytes = strlen(dir) + 1;
	struct ng_disk *disk = calloc(1, sizeof(*disk) + dir_bytes);

	if (!disk)
		return -ENOMEM;
	memcpy(disk->dir, dir, dir_bytes);
	disk->bytes_most = bytes_most;
	disk->fd = -1;
	pthread_mutex_init(&disk->lock, NULL);
	*ret_disk = disk;
	return 0;
}

struct ng_disk *ng_disk_free(struct ng_disk *disk)
{
	if (!disk)
		return NULL;
	assert(disk->bytes == 0 && disk->parked == 0);
	if (disk->fd >= 0)
		close(disk->fd);
	pthread_mutex_destroy(&disk->lock);
	free(disk);
	return NULL;
}

int ng_disk_open(const struct ng_disk *disk)
{
	return ng_tempfile_open(NG_TEMPDIR(disk->dir));
}

int ng_disk_reserve(struct ng_disk *disk, uint64_t bytes)
{
	int r = 0;

	pthread_mutex_lock(&disk->lock);
	if (bytes > disk->bytes_most - disk->bytes)
		r = -ENOSPC;
	else
		disk->bytes += bytes;
	pthread_mutex_unlock(&disk->lock);
	return r;
}

void ng_disk_give_back(struct ng_disk *disk, uint64_t bytes)
{
	pthread_mutex_lock(&disk->lock);
	assert(bytes <= disk->bytes);
	disk->bytes -= bytes;
	pthread_mutex_unlock(&disk->lock);
}

/* A place for bytes: its offset in *ret_offset. */
static int take_place(struct ng_disk *disk, uint64_t bytes, uint64_t *ret_offset)
{
	int r = 0;

	pthread_mutex_lock(&disk->lock);
	if (disk->fd < 0) {
		r = ng_disk_open(disk);
		if (r >= 0)
			disk->fd = r;
		r = ng_min(r, 0);
	}
	if (r == 0) {
		*ret_offset = disk->end;
		disk->end += bytes;
		disk->parked++;
	}
	pthread_mutex_unlock(&disk->lock);
	return r;
}

static void leave_place(struct ng_disk *disk, uint64_t offset, uint64_t bytes)
{
	pthread_mutex_lock(&disk->lock);
	if (--disk->parked == 0) {
		if (ftruncate(disk->fd, 0) == 0)
			disk->end = 0;
	} else {
		/* Where the filesystem can't, it is given back when nothing is parked. */
		fallocate(disk->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			  (off_t)bytes);
	}
	pthread_mutex_unlock(&disk->lock);
	ng_disk_give_back(disk, bytes);
}

int ng_disk_park(struct ng_disk *disk, size_t n, struct ng_buf *const bufs[],
		 struct ng_parked *parked)
{
	struct ng_parked place = {0};
	uint64_t len = 0, at;
	int r;

	assert(n <= NG_PARKED_BUFS && parked->bytes == 0);
	for (size_t i = 0; i < n; i++) {
		place.len[i] = bufs[i]->len;
		len += bufs[i]->len;
	}
	place.bytes = ng_align_up(ng_max(len, UINT64_C(1)), PAGE_BYTES);
	r = ng_disk_reserve(disk, place.bytes);
	if (r)
		return r;
	r = take_place(disk, place.bytes, &place.offset);
	if (r) {
		ng_disk_give_back(disk, place.bytes);
		return r;
	}
	at = place.offset;
	for (size_t i = 0; r == 0 && i < n; i++) {
		r = ng_file_write_at(disk->fd, bufs[i]->data, bufs[i]->len, at, NULL);
		at += bufs[i]->len;
	}
	if (r) {
		leave_place(disk, place.offset, place.bytes);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		ng_buf_free(bufs[i]);
	*parked = place;
	return 0;
}

int ng_disk_unpark(struct ng_disk *disk, size_t n, struct ng_buf *const bufs[],
		   struct ng_parked *parked)
{
	uint64_t at = parked->offset;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = ng_buf_reserve(bufs[i], parked->len[i]);
		if (r == 0)
			r = ng_file_read_at(disk->fd, bufs[i]->data, parked->len[i], at, NULL);
		at += parked->len[i];
	}
	if (r) {
		for (size_t i = 0; i < n; i++)
			ng_buf_free(bufs[i]);
		return r;
	}
	for (size_t i = 0; i < n; i++)
		bufs[i]->len = parked->len[i];
	ng_disk_drop(disk, parked);
	return 0;
}

void ng_disk_drop(struct ng_disk *disk, struct ng_parked *parked)
{
	if (parked->bytes)
		leave_place(disk, parked->offset, parked->bytes);
	*parked = (struct ng_parked){0};
}
