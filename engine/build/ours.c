#include "build/ours.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include "format/manifest.h"
#include "merge/journal.h"

#define MANIFEST_TEMPORARY NG_MANIFEST_NAME ".tmp"

static bool is_our_name(const char *name)
{
	static const char *const patterns[] = {
		"shard-+([0-9]).ngs", "segment-+([0-9])-+([0-9])-+([0-9])",
		"text-+([0-9])",      NG_JOURNAL_NAME,
		MANIFEST_TEMPORARY,   NG_MANIFEST_NAME};

	for (size_t i = 0; i < ng_array_size(patterns); i++)
		if (fnmatch(patterns[i], name, FNM_EXTMATCH) == 0)
			return true;
	return false;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* A stream of its own, from the first entry on. */
static DIR *open_entries(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0)
		close(fd);
	return dir;
}

/* Ours is a regular file. */
static bool is_ours(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	return is_our_name(entry->d_name) &&
	       fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int ng_ours_check(int dir_fd, const char *path, struct ng_error *err)
{
	ng_cleanup(closedirp) DIR *dir = open_entries(dir_fd);
	struct dirent *entry;

	if (!dir)
		return ng_fail(err, -errno, "%s: cannot be read: %s", path, strerror(errno));
	while (errno = 0, (entry = readdir(dir)))
		if (!is_dots(entry->d_name) && !is_ours(dir_fd, entry))
			return ng_fail(err, -EEXIST,
				       "%s: holds %s, which no build has made; not touching it, "
				       "move it elsewhere",
				       path, entry->d_name);
	return errno ? ng_fail(err, -errno, "%s: cannot be read: %s", path, strerror(errno)) : 0;
}

int ng_ours_remove(int dir_fd, bool (*unless)(const void *userdata, const char *name),
		   const void *userdata)
{
	ng_cleanup(closedirp) DIR *dir = open_entries(dir_fd);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (!is_dots(entry->d_name) && is_ours(dir_fd, entry) &&
		    !(unless && unless(userdata, entry->d_name)) &&
		    unlinkat(dir_fd, entry->d_name, 0) < 0)
			r = -errno;
	return r;
}
