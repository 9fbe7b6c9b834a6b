/* SPDX-License-Identifier: Apache-2.0 */
#include "build/ours.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "build/dirlock.h"
#include "format/manifest.h"
#include "merge/journal.h"

#define MANIFEST_TEMPORARY (NG_MANIFEST_NAME ".tmp")

/* Whether a name is that of a pattern, in which '#' stands for a number. */
static bool is_like(const char *name, const char *pattern)
{
	for (; *pattern; pattern++) {
		size_t digits = *pattern == '#' ? strspn(name, "0123456789") : 0;

		if (*pattern == '#' ? digits == 0 : *name != *pattern)
			return false;
		name += digits ? digits : 1;
	}
	return !*name;
}

static bool is_our_name(const char *name)
{
	static const char *const patterns[] = {
		"shard-#.ngs",   "removed-#.ngr",  "dropped-#",        "segment-#-#-#", "text-#",
		NG_JOURNAL_NAME, NG_MANIFEST_NAME, MANIFEST_TEMPORARY, NG_DIRLOCK_NAME};

	for (size_t i = 0; i < ng_array_size(patterns); i++)
		if (is_like(name, patterns[i]))
			return true;
	return false;
}

/* The entries of a directory, from the first one on, without readdir(3)'s memory: what a build has
 * written is removed where there is no more, too. */
struct entries {
	int fd;
	size_t at, bytes;
	_Alignas(struct dirent64) char buf[4096];
};

static int entries_open(struct entries *entries, int dir_fd)
{
	entries->at = entries->bytes = 0;
	entries->fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return entries->fd < 0 ? -errno : 0;
}

static void entries_close(const struct entries *entries)
{
	ng_closep(&entries->fd);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* The next name, good until the next call: 1; 0 at the end. */
static int entries_next(struct entries *entries, const char **ret_name)
{
	for (;;) {
		const struct dirent64 *entry;
		ssize_t n;

		if (entries->at == entries->bytes) {
			n = getdents64(entries->fd, entries->buf, sizeof(entries->buf));
			if (n <= 0)
				return n < 0 ? -errno : 0;
			entries->at = 0;
			entries->bytes = (size_t)n;
		}
		entry = (const struct dirent64 *)(const void *)(entries->buf + entries->at);
		entries->at += entry->d_reclen;
		if (!is_dots(entry->d_name)) {
			*ret_name = entry->d_name;
			return 1;
		}
	}
}

static bool is_lock(const char *name)
{
	return strcmp(name, NG_DIRLOCK_NAME) == 0;
}

static bool is_journal(const char *name)
{
	return strcmp(name, NG_JOURNAL_NAME) == 0;
}

/* Ours is a regular file, and a lock's is empty. */
static bool is_ours(int dir_fd, const char *name)
{
	struct stat st;

	return is_our_name(name) && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode) && (st.st_size == 0 || !is_lock(name));
}

int ng_ours_check(int dir_fd, const char *path, struct ng_error *err)
{
	ng_cleanup(entries_close) struct entries entries;
	const char *name;
	int r = entries_open(&entries, dir_fd);

	while (r == 0 && (r = entries_next(&entries, &name)) > 0) {
		if (!is_ours(dir_fd, name))
			return ng_fail(err, -EEXIST,
				       "%s: holds %s, which no build has made; not touching it, "
				       "move it elsewhere",
				       path, name);
		r = 0;
	}
	return r < 0 ? ng_fail(err, r, "%s: cannot be read: %s", path, strerror(-r)) : 0;
}

bool ng_ours_nothing(int dir_fd)
{
	ng_cleanup(entries_close) struct entries entries;
	const char *name;
	int r = entries_open(&entries, dir_fd);

	while (r == 0 && (r = entries_next(&entries, &name)) > 0) {
		if (!is_lock(name) || !is_ours(dir_fd, name))
			return false;
		r = 0;
	}
	return r == 0;
}

int ng_ours_remove(int dir_fd, bool (*unless)(const void *userdata, const char *name),
		   const void *userdata)
{
	ng_cleanup(entries_close) struct entries entries;
	const char *name;
	int r = entries_open(&entries, dir_fd), failed = 0;

	while (r == 0 && (r = entries_next(&entries, &name)) > 0) {
		if (!is_lock(name) && !is_journal(name) && is_ours(dir_fd, name) &&
		    !(unless && unless(userdata, name)) && unlinkat(dir_fd, name, 0) < 0)
			failed = -errno;
		r = 0;
	}
	/* Last of all, so that what is left of the others, should this be killed, is known for what
	 * it is. */
	if (r == 0 && !failed && is_ours(dir_fd, NG_JOURNAL_NAME) &&
	    !(unless && unless(userdata, NG_JOURNAL_NAME)) &&
	    unlinkat(dir_fd, NG_JOURNAL_NAME, 0) < 0)
		failed = -errno;
	return r < 0 ? r : failed;
}
