/* SPDX-License-Identifier: Apache-2.0 */
#include "text/walk.h"

#include <dirent.h>
#include <fcntl.h>

#include "base/buf.h"
#include "base/printable.h"

/* Names of directories end in '/', so that sorting the names of each level sorts the paths of the
 * whole tree ("a.c" before "a/b", but "a-b" before both). */
struct name {
	char *name;
	bool is_link, is_passed;
	enum ng_passed_kind passed;
};

/* A directory on the way down. */
struct level {
	struct name *names;
	size_t n_names, next, cap;
	size_t path_len; /* of this directory's path, with its '/' */
};

struct ng_walk {
	struct ng_walk_options options;
	struct level *levels;
	size_t n_levels;
	struct ng_buf path;
	bool started;
};

static void free_level(struct level *level)
{
	for (size_t i = 0; i < level->n_names; i++)
		free(level->names[i].name);
	free(level->names);
}

int ng_walk_new(const char *root, const struct ng_walk_options *options, struct ng_walk **ret_walk)
{
	struct ng_walk *walk ng_cleanup(ng_walk_freep) = calloc(1, sizeof(*walk));
	size_t len = strlen(root);

	if (!walk || ng_buf_append(&walk->path, root, len) < 0)
		return -ENOMEM;
	if (len && root[len - 1] != '/' && ng_buf_append(&walk->path, "/", 1) < 0)
		return -ENOMEM;
	walk->options = *options;
	*ret_walk = ng_steal_ptr(&walk);
	return 0;
}

struct ng_walk *ng_walk_free(struct ng_walk *walk)
{
	if (!walk)
		return NULL;
	for (size_t i = 0; i < walk->n_levels; i++)
		free_level(&walk->levels[i]);
	free(walk->levels);
	ng_buf_free(&walk->path);
	free(walk);
	return NULL;
}

static void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static void free_levelp(struct level *level)
{
	free_level(level);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->name, ((const struct name *)b)->name);
}

static int add_name(struct level *level, const char *text, bool is_dir, const struct name *name)
{
	if (level->n_names == level->cap) {
		size_t n = level->cap ? level->cap * 2 : 16;
		struct name *names = reallocarray(level->names, n, sizeof(*names));

		if (!names)
			return -ENOMEM;
		level->names = names;
		level->cap = n;
	}
	level->names[level->n_names] = *name;
	if (asprintf(&level->names[level->n_names].name, "%s%s", text, is_dir ? "/" : "") < 0)
		return -ENOMEM;
	level->n_names++;
	return 0;
}

/* DT_UNKNOWN comes from filesystems that keep no types in directories. */
static int entry_type(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return IFTODT(st.st_mode);
}

/* The type of what a link leads to; DT_LNK when it leads nowhere. One that leads to what may not be
 * looked at is taken for a file, which then cannot be opened. */
static int target_type(int dir_fd, const char *name)
{
	struct stat st;

	if (fstatat(dir_fd, name, &st, 0) == 0)
		return IFTODT(st.st_mode);
	return errno == ENOENT || errno == ELOOP || errno == ENOTDIR ? DT_LNK : DT_REG;
}

static int add_entry(const struct ng_walk *walk, int dir_fd, const struct dirent *entry,
		     struct level *level)
{
	int type = entry_type(dir_fd, entry);
	struct name name = {.is_link = type == DT_LNK};

	if (type < 0)
		return type;
	if (type == DT_LNK && !walk->options.no_follow)
		type = target_type(dir_fd, entry->d_name);
	name.is_passed = type != DT_REG && type != DT_DIR;
	if (type == DT_LNK)
		name.passed = walk->options.no_follow ? NG_PASSED_LINK : NG_PASSED_DANGLING;
	else if (type == DT_FIFO)
		name.passed = NG_PASSED_FIFO;
	else if (type == DT_SOCK)
		name.passed = NG_PASSED_SOCKET;
	else
		name.passed = NG_PASSED_DEVICE;
	return add_name(level, entry->d_name, type == DT_DIR, &name);
}

static int list(const struct ng_walk *walk, DIR *dir, struct level *level)
{
	for (;;) {
		struct dirent *entry;
		int r;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = add_entry(walk, dirfd(dir), entry, level);
		if (r < 0)
			return r;
	}
}

static int fail(const struct ng_walk *walk, int code, struct ng_error *err)
{
	char name[NG_PRINTABLE_NAME_BYTES];

	ng_printable((const char *)walk->path.data, walk->path.len, name, sizeof(name));
	return ng_fail(err, code, "%s: cannot read: %s", name, strerror(-code));
}

/* Open the directory whose path stands in walk->path. */
static int open_dir(struct ng_walk *walk, DIR **ret_dir, struct stat *ret_st)
{
	/* The root may be a symbolic link: it was named. */
	bool no_follow = walk->started && walk->options.no_follow;
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (no_follow ? O_NOFOLLOW : 0);
	int fd, r = ng_buf_append(&walk->path, "", 1);

	if (r < 0)
		return r;
	walk->path.len--;
	fd = open((const char *)walk->path.data, flags);
	if (fd < 0)
		return -errno;
	*ret_dir = fstat(fd, ret_st) < 0 ? NULL : fdopendir(fd);
	if (*ret_dir)
		return 0;
	r = -errno;
	close(fd);
	return r;
}

/* Pass the directory in walk->path over. Its path is shown without the '/'. */
static int pass_dir(struct ng_walk *walk, enum ng_passed_kind kind, struct ng_walk_entry *ret_entry)
{
	if (walk->path.len > 1)
		walk->path.data[walk->path.len - 1] = '\0';
	*ret_entry = (struct ng_walk_entry){
		.path = (const char *)walk->path.data, .is_passed = true, .passed = kind};
	return 1;
}

/* Go down into the directory whose path stands in walk->path: 0, or 1 where it is passed over. */
static int enter(struct ng_walk *walk, struct ng_walk_entry *ret_entry, struct ng_error *err)
{
	struct level level ng_cleanup(free_levelp) = {.path_len = walk->path.len};
	DIR *dir ng_cleanup(closedirp) = NULL;
	struct level *levels;
	struct stat st;
	int r = open_dir(walk, &dir, &st);

	walk->started = true;
	if (r < 0)
		return fail(walk, r, err);
	if (ng_seen_has(walk->options.own, ng_seen_id(&st)))
		return pass_dir(walk, NG_PASSED_OWN, ret_entry);
	r = ng_seen_add(walk->options.dirs, ng_seen_id(&st));
	if (r == 0)
		return pass_dir(walk, NG_PASSED_AGAIN, ret_entry);
	if (r > 0)
		r = list(walk, dir, &level);
	if (r < 0)
		return fail(walk, r, err);
	if (level.n_names)
		qsort(level.names, level.n_names, sizeof(*level.names), by_bytes);
	levels = reallocarray(walk->levels, walk->n_levels + 1, sizeof(*levels));
	if (!levels)
		return fail(walk, -ENOMEM, err);
	walk->levels = levels;
	levels[walk->n_levels++] = level;
	level = (struct level){0};
	return 0;
}

/* What stands in walk->path under this name is no directory. */
static void describe(const struct ng_walk *walk, const struct name *name,
		     struct ng_walk_entry *ret_entry)
{
	struct ng_walk_entry entry = {.path = (const char *)walk->path.data,
				      .is_passed = name->is_passed,
				      .passed = name->passed};
	struct stat st;

	/* A file that is gone meanwhile cannot be opened, which is reported then. */
	if (!entry.is_passed && stat(entry.path, &st) == 0) {
		entry.bytes = (uint64_t)st.st_size;
		entry.id = ng_seen_file_id(&st);
		entry.may_come_again = name->is_link || st.st_nlink > 1;
		entry.is_passed = ng_seen_has(walk->options.own, ng_seen_id(&st));
		entry.passed = NG_PASSED_OWN;
	}
	*ret_entry = entry;
}

int ng_walk_next(struct ng_walk *walk, struct ng_walk_entry *ret_entry, struct ng_error *err)
{
	int r;

	if (!walk->started) {
		r = enter(walk, ret_entry, err);
		if (r != 0)
			return r;
	}
	while (walk->n_levels) {
		struct level *level = &walk->levels[walk->n_levels - 1];
		const struct name *name;
		size_t len;

		walk->path.len = level->path_len;
		if (level->next == level->n_names) {
			free_level(level);
			walk->n_levels--;
			continue;
		}
		name = &level->names[level->next++];
		len = strlen(name->name);
		r = ng_buf_append(&walk->path, name->name, len + 1);
		if (r < 0)
			return fail(walk, r, err);
		walk->path.len--;
		if (name->name[len - 1] != '/') {
			describe(walk, name, ret_entry);
			return 1;
		}
		r = enter(walk, ret_entry, err);
		if (r != 0)
			return r;
	}
	return 0;
}
