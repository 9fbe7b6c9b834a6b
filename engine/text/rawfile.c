/* SPDX-License-Identifier: Apache-2.0 */
#include "text/rawfile.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#define READ_BYTES     (256u << 10)
#define CANCEL_POLL_MS 200

struct ng_rawfile {
	struct ng_rawfile_params params;
	int fd;
	struct stat before;
	bool seekable;
	_Atomic uint64_t bytes; /* by read(2) */
	uint8_t buffer[READ_BYTES];
};

static int open_fd(struct ng_rawfile *file, struct ng_error *err)
{
	const struct ng_rawfile_params *params = &file->params;
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY;

	if (params->stdin_dash && strcmp(params->path, "-") == 0) {
		file->fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	} else {
		/* Not to hang when a FIFO took the place of a file since the tree was listed. */
		if (params->regular_only)
			flags |= O_NONBLOCK;
		if (params->no_follow)
			flags |= O_NOFOLLOW;
		do {
			if (ng_cancelled(params->cancel))
				return ng_fail(err, -EINTR, "interrupted");
			file->fd = open(params->path, flags);
		} while (file->fd < 0 && errno == EINTR);
	}
	if (file->fd < 0 || fstat(file->fd, &file->before) < 0)
		return ng_fail(err, -errno, "%s: cannot open: %s", params->label, strerror(errno));
	if (S_ISDIR(file->before.st_mode) ||
	    (params->regular_only && !S_ISREG(file->before.st_mode)))
		return ng_fail(err, -EINVAL, "%s: not a file", params->label);
	file->seekable = S_ISREG(file->before.st_mode) && lseek(file->fd, 0, SEEK_CUR) == 0;
	return 0;
}

int ng_rawfile_open(const struct ng_rawfile_params *params, struct ng_rawfile **ret_file,
		    struct ng_error *err)
{
	struct ng_rawfile *file ng_cleanup(ng_rawfile_freep) = malloc(sizeof(*file));
	int r;

	if (!file)
		return ng_fail(err, -ENOMEM, "%s: out of memory", params->label);
	memset(file, 0, offsetof(struct ng_rawfile, buffer));
	file->params = *params;
	file->fd = -1;
	r = open_fd(file, err);
	if (r < 0)
		return r;
	*ret_file = ng_steal_ptr(&file);
	return 0;
}

struct ng_rawfile *ng_rawfile_free(struct ng_rawfile *file)
{
	if (!file)
		return NULL;
	if (file->fd >= 0)
		close(file->fd);
	free(file);
	return NULL;
}

/* A pipe may stay silent for hours; look at the cancel flag meanwhile. */
static int wait_readable(const struct ng_rawfile *file)
{
	struct pollfd p = {.fd = file->fd, .events = POLLIN};

	if (S_ISREG(file->before.st_mode))
		return 0;
	for (;;) {
		int n;

		if (ng_cancelled(file->params.cancel))
			return -EINTR;
		n = poll(&p, 1, CANCEL_POLL_MS);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

int ng_rawfile_next(void *userdata, const uint8_t **ret_data, size_t *ret_len, struct ng_error *err)
{
	struct ng_rawfile *file = userdata;
	int r = wait_readable(file);

	while (r == 0) {
		ssize_t n;

		if (ng_cancelled(file->params.cancel)) {
			r = -EINTR;
			break;
		}
		n = read(file->fd, file->buffer, sizeof(file->buffer));
		if (n > 0) {
			file->bytes += (uint64_t)n;
			*ret_data = file->buffer;
			*ret_len = (size_t)n;
			return 1;
		}
		if (n == 0)
			return ng_rawfile_check(file, err);
		if (errno != EINTR)
			r = -errno;
	}
	if (r == -EINTR)
		return ng_fail(err, r, "interrupted");
	return ng_fail(err, r, "%s: cannot read: %s", file->params.label, strerror(-r));
}

bool ng_rawfile_is_regular(const struct ng_rawfile *file)
{
	return S_ISREG(file->before.st_mode);
}

bool ng_rawfile_is_seekable(const struct ng_rawfile *file)
{
	return file->seekable;
}

int ng_rawfile_fd(const struct ng_rawfile *file)
{
	return file->fd;
}

uint64_t ng_rawfile_size(const struct ng_rawfile *file)
{
	return (uint64_t)file->before.st_size;
}

int ng_rawfile_seek(struct ng_rawfile *file, uint64_t at, struct ng_error *err)
{
	if (lseek(file->fd, (off_t)at, SEEK_SET) < 0)
		return ng_fail(err, -errno, "%s: cannot read: %s", file->params.label,
			       strerror(errno));
	return 0;
}

int ng_rawfile_check(const struct ng_rawfile *file, struct ng_error *err)
{
	const struct stat *before = &file->before;
	struct stat now;

	if (!S_ISREG(before->st_mode))
		return 0;
	if (fstat(file->fd, &now) < 0)
		return ng_fail(err, -errno, "%s: cannot read: %s", file->params.label,
			       strerror(errno));
	if (now.st_size != before->st_size || now.st_mtim.tv_sec != before->st_mtim.tv_sec ||
	    now.st_mtim.tv_nsec != before->st_mtim.tv_nsec)
		return ng_fail(err, -EBADMSG, "%s: changed while it was read", file->params.label);
	return 0;
}

uint64_t ng_rawfile_bytes(const struct ng_rawfile *file)
{
	return atomic_load(&file->bytes);
}
