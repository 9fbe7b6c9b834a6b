#include "text/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "text/reject.h"

/* A directory on the way down. Names of directories end in '/', so that sorting the names of
 * each level sorts the paths of the whole tree ("a.c" before "a/b", but "a-b" before both). */
struct level {
	char **names;
	size_t n_names, next;
	size_t path_len; /* of this directory's path, with its '/' */
};

struct ng_walk {
	struct level *levels;
	size_t n_levels;
	struct ng_buf path;
	bool started;
};

static void free_level(struct level *level)
{
	for (size_t i = 0; i < level->n_names; i++)
		free(level->names[i]);
	free(level->names);
}

int ng_walk_new(const char *root, struct ng_walk **ret_walk)
{
	struct ng_walk *walk ng_cleanup(ng_walk_freep) = calloc(1, sizeof(*walk));
	size_t len = strlen(root);

	if (!walk || ng_buf_append(&walk->path, root, len) < 0)
		return -ENOMEM;
	if (len && root[len - 1] != '/' && ng_buf_append(&walk->path, "/", 1) < 0)
		return -ENOMEM;
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
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_name(struct level *level, size_t *cap, const char *name, bool is_dir)
{
	if (level->n_names == *cap) {
		size_t n = *cap ? *cap * 2 : 16;
		char **names = reallocarray(level->names, n, sizeof(*names));

		if (!names)
			return -ENOMEM;
		level->names = names;
		*cap = n;
	}
	if (asprintf(&level->names[level->n_names], "%s%s", name, is_dir ? "/" : "") < 0)
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

static int list(DIR *dir, struct level *level)
{
	size_t cap = 0;

	for (;;) {
		struct dirent *entry;
		int type, r;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			break;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		type = entry_type(dirfd(dir), entry);
		if (type < 0)
			return type;
		if (type != DT_REG && type != DT_DIR)
			continue;
		r = add_name(level, &cap, entry->d_name, type == DT_DIR);
		if (r < 0)
			return r;
	}
	return -errno;
}

static int fail(const struct ng_walk *walk, int code, struct ng_error *err)
{
	char name[NG_REJECT_NAME_BYTES];

	ng_reject_name((const char *)walk->path.data, walk->path.len, name);
	return ng_fail(err, code, "%s: cannot read: %s", name, strerror(-code));
}

/* Go down into the directory whose path stands in walk->path. */
static int enter(struct ng_walk *walk, struct ng_error *err)
{
	struct level level ng_cleanup(free_levelp) = {.path_len = walk->path.len};
	/* The root may be a symbolic link: it was named. */
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (walk->started ? O_NOFOLLOW : 0);
	DIR *dir ng_cleanup(closedirp) = NULL;
	struct level *levels;
	int fd, r;

	walk->started = true;
	r = ng_buf_append(&walk->path, "", 1);
	if (r < 0)
		return fail(walk, r, err);
	walk->path.len--;
	fd = open((const char *)walk->path.data, flags);
	if (fd >= 0) {
		dir = fdopendir(fd);
		if (!dir)
			close(fd);
	}
	if (!dir)
		return fail(walk, -errno, err);
	r = list(dir, &level);
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

int ng_walk_next(struct ng_walk *walk, const char **ret_path, uint64_t *ret_bytes,
		 struct ng_error *err)
{
	int r;

	if (!walk->started) {
		r = enter(walk, err);
		if (r < 0)
			return r;
	}
	while (walk->n_levels) {
		struct level *level = &walk->levels[walk->n_levels - 1];
		struct stat st;
		size_t len;
		char *name;

		walk->path.len = level->path_len;
		if (level->next == level->n_names) {
			free_level(level);
			walk->n_levels--;
			continue;
		}
		name = level->names[level->next++];
		len = strlen(name);
		r = ng_buf_append(&walk->path, name, len + 1);
		if (r < 0)
			return fail(walk, r, err);
		walk->path.len--;
		if (name[len - 1] == '/') {
			r = enter(walk, err);
			if (r < 0)
				return r;
			continue;
		}
		*ret_path = (const char *)walk->path.data;
		*ret_bytes = lstat(*ret_path, &st) == 0 ? (uint64_t)st.st_size : 0;
		return 1;
	}
	return 0;
}
