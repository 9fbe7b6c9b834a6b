/* SPDX-License-Identifier: Apache-2.0 */
#include "format/shardpath.h"

#include <libgen.h>
#include <limits.h>

#include "base/utf8.h"

struct ng_shard_paths {
	char *dir;
	char *outside; /* as it was given */
	bool resolved; /* the roots, when the first path asks for them */
	char **roots;  /* real paths */
	size_t n_roots;
	char *last, *last_real; /* directory of the path before, as named and as it is */
};

/* ---- the text ---- */

/* A name that is safe in a path and in a message. */
static bool name_ok(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";

	return *name && *name != '.' && !name[strspn(name, allowed)] && strlen(name) <= NAME_MAX;
}

/* UTF-8 that a terminal shows and doesn't obey. */
static bool text_ok(const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);

	while (p < end) {
		unsigned n = ng_utf8_len(p, end);

		/* Controls: C0, DEL, and U+0080 to U+009F. */
		if (!n || *p < 0x20 || *p == 0x7f || (n == 2 && p[0] == 0xc2 && p[1] < 0xa0))
			return false;
		p += n;
	}
	return true;
}

static bool is_component(const char *at, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(at, what, len) == 0;
}

bool ng_shard_path_ok(const char *file)
{
	const char *name = strrchr(file, '/');
	const char *at = *file == '/' ? file + 1 : file;
	bool up = *file != '/'; /* ".." may still come */

	if (!name)
		return name_ok(file);
	if (!name_ok(name + 1) || strlen(file) > NG_SHARD_PATH_MAX || !text_ok(file))
		return false;
	while (name != file && at <= name) {
		size_t len = (size_t)(strchr(at, '/') - at);
		bool parent = is_component(at, len, "..");

		if (!len || len > NAME_MAX || is_component(at, len, ".") || (parent && !up))
			return false;
		up = parent;
		at += len + 1;
	}
	return true;
}

int ng_shard_roots_check(const char *list, struct ng_error *err)
{
	if (!list || !*list)
		return 0;
	for (const char *at = list; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL)
		if (*at != '/')
			return ng_fail(err, -EINVAL,
				       "'%s' is no list of absolute paths with ':' between", list);
	return 0;
}

/* ---- the directories ---- */

static void roots_clear(struct ng_shard_paths *paths)
{
	for (size_t i = 0; i < paths->n_roots; i++)
		free(paths->roots[i]);
	free(paths->roots);
	paths->roots = NULL;
	paths->n_roots = 0;
}

struct ng_shard_paths *ng_shard_paths_free(struct ng_shard_paths *paths)
{
	if (!paths)
		return NULL;
	roots_clear(paths);
	free(paths->dir);
	free(paths->outside);
	free(paths->last);
	free(paths->last_real);
	free(paths);
	return NULL;
}

int ng_shard_paths_new(const char *dir, const char *outside, struct ng_shard_paths **ret_paths,
		       struct ng_error *err)
{
	ng_cleanup(ng_shard_paths_freep) struct ng_shard_paths *paths = NULL;
	int r = ng_shard_roots_check(outside, err);

	if (r < 0)
		return r;
	paths = calloc(1, sizeof(*paths));
	if (!paths || !(paths->dir = strdup(dir)) ||
	    !(paths->outside = strdup(outside ? outside : "")))
		return ng_fail(err, -ENOMEM, "%s: out of memory", dir);
	*ret_paths = ng_steal_ptr(&paths);
	return 0;
}

/* The directory that the index lies in comes first; then those that were named. */
static int roots_resolve(struct ng_shard_paths *paths)
{
	ng_cleanup(ng_freep) char *list = strdup(paths->outside);
	ng_cleanup(ng_freep) char *parent = NULL;
	char *at = list, *dir;
	size_t most = 2;

	for (const char *p = paths->outside; *p; p++)
		most += *p == ':';
	if (!list || asprintf(&parent, "%s/..", paths->dir) < 0) {
		parent = NULL;
		return -ENOMEM;
	}
	roots_clear(paths);
	paths->roots = calloc(most, sizeof(*paths->roots));
	if (!paths->roots)
		return -ENOMEM;
	paths->roots[0] = realpath(parent, NULL);
	if (!paths->roots[0])
		return -errno;
	paths->n_roots = 1;
	while (*list && (dir = strsep(&at, ":"))) {
		char *real = realpath(dir, NULL);

		if (real)
			paths->roots[paths->n_roots++] = real;
		else if (errno == ENOMEM)
			return -ENOMEM;
	}
	paths->resolved = true;
	return 0;
}

static bool lies_below(const char *path, const char *root)
{
	size_t n = strcmp(root, "/") == 0 ? 0 : strlen(root);

	return strncmp(path, root, n) == 0 && (path[n] == '/' || !path[n]);
}

/* The directory at path, if it may be reached, is the last one then. */
static int directory_enter(struct ng_shard_paths *paths, const char *path, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *copy = strdup(path), *real = NULL, *above = NULL;

	if (!copy)
		return ng_fail(err, -ENOMEM, "%s: out of memory", paths->dir);
	real = realpath(path, NULL);
	if (!real && (errno == ENOENT || errno == ENOTDIR))
		return ng_fail(err, -EUCLEAN,
			       "%s: its shards in %s, of an index that was joined, are gone: it "
			       "was moved, removed or is not mounted",
			       paths->dir, path);
	if (!real)
		return ng_fail(err, -errno, "%s: %s: %s", paths->dir, path, strerror(errno));
	for (size_t i = 0; i < paths->n_roots; i++) {
		if (!lies_below(real, paths->roots[i]))
			continue;
		free(paths->last);
		free(paths->last_real);
		paths->last = ng_steal_ptr(&copy);
		paths->last_real = ng_steal_ptr(&real);
		return 0;
	}
	/* Its neighbours may be parts, too. */
	above = strdup(real);
	if (!above)
		return ng_fail(err, -ENOMEM, "%s: out of memory", paths->dir);
	return ng_fail(
		err, -EPERM,
		"%s: has shards in %s, which is not below %s, and so are not opened unasked; "
		"allow it with outside=%s (-o of ngramfs, -- of ngramfsck and mkngramfs) or "
		"NGRAMFS_OUTSIDE in the environment",
		paths->dir, real, paths->roots[0], dirname(above));
}

int ng_shard_paths_get(struct ng_shard_paths *paths, const char *file, char **ret_path,
		       struct ng_error *err)
{
	ng_cleanup(ng_freep) char *named = NULL;
	char *name, *path;
	int r = 0;

	if ((*file == '/' ? asprintf(&named, "%s", file)
			  : asprintf(&named, "%s/%s", paths->dir, file)) < 0) {
		named = NULL;
		return ng_fail(err, -ENOMEM, "%s: out of memory", paths->dir);
	}
	if (!ng_shard_path_outside(file)) {
		*ret_path = ng_steal_ptr(&named);
		return 0;
	}
	if (!paths->resolved)
		r = roots_resolve(paths);
	if (r < 0)
		return ng_fail(err, r, "%s: %s", paths->dir, strerror(-r));
	/* A '/' at the root stays, as the directory's name. */
	name = strrchr(named, '/');
	*name++ = '\0';
	if (!paths->last || strcmp(paths->last, named) != 0)
		r = directory_enter(paths, *named ? named : "/", err);
	if (r < 0)
		return r;
	if (asprintf(&path, "%s/%s", paths->last_real, name) < 0)
		return ng_fail(err, -ENOMEM, "%s: out of memory", paths->dir);
	*ret_path = path;
	return 0;
}
