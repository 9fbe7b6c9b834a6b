/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <linux/fuse.h>
#include <sys/uio.h>

#include "mount/mount.h"
#include "mount/parallel_lookups.h"

/* Whether these are the two parts of an answer to FUSE_INIT, as the first answer is. */
static bool is_init(const struct iovec *iov, int count)
{
	const struct fuse_out_header *head = iov[0].iov_base;

	return count == 2 && iov[0].iov_len == sizeof(*head) && head->unique && !head->error &&
	       iov[1].iov_len >= offsetof(struct fuse_init_out, flags) + sizeof(uint32_t);
}

static ssize_t answer(int fd, struct iovec *iov, int count, void *userdata)
{
	struct ng_mount *mount = userdata;

	if (atomic_load_explicit(&mount->starting, memory_order_relaxed) &&
	    atomic_exchange(&mount->starting, false) && is_init(iov, count)) {
		struct fuse_init_out *init = iov[1].iov_base;

		init->flags |= FUSE_PARALLEL_DIROPS;
	}
	return writev(fd, iov, count);
}

/* A thread that is taking a request just when it is unmounted is told that by another number. */
static ssize_t receive(int fd, void *buf, size_t buf_len, void *userdata)
{
	ssize_t n = read(fd, buf, buf_len);

	if (n < 0 && errno == ECONNABORTED)
		errno = ENODEV;
	return n;
}

int ng_parallel_lookups_offer(struct fuse_session *session)
{
	/* Without functions for splicing libfuse splices by itself. */
	const struct fuse_custom_io io = {.writev = answer, .read = receive};

	/* It is meant for descriptors that come from elsewhere, and does well for its own. */
	return fuse_session_custom_io(session, &io, fuse_session_fd(session));
}
