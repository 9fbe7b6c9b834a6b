#include "text/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "text/reader.h"
#include "text/reject.h"
#include "text/walk.h"
#include "text/window.h"

/* Nobody can look at a pipe beforehand. What zstd itself decompresses without being asked twice. */
#define PIPE_WINDOW_BYTES (128u << 20)

struct ng_source {
	const char *const *paths;
	size_t n_paths, next_path;
	struct ng_source_options options;
	struct ng_source_stats stats;
	struct ng_walk *walk;     /* being walked */
	struct ng_reader *reader; /* of the current file */
	bool reading;
};

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static void note_window(struct ng_source *source, uint64_t bytes)
{
	source->stats.window_bytes = ng_max(source->stats.window_bytes, bytes);
}

/* The size of a tree. What cannot be read is reported when its turn comes. */
static int measure_tree(struct ng_source *source, const char *root, struct ng_error *err)
{
	struct ng_walk *walk ng_cleanup(ng_walk_freep) = NULL;
	const char *path;
	uint64_t bytes;
	int r = ng_walk_new(root, &walk);

	if (r < 0)
		return ng_fail(err, r, "out of memory");
	for (;;) {
		if (ng_cancelled(source->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		r = ng_walk_next(walk, &path, &bytes, NULL);
		if (r == 0)
			return 0;
		if (r == -ENOMEM)
			return ng_fail(err, r, "out of memory");
		if (r > 0) {
			source->stats.input_total += bytes;
			note_window(source, ng_window_of_file(path));
		}
	}
}

/* Is this source there, of a kind that can be read, and ours to read? */
static int check_path(struct ng_source *source, const char *path, struct ng_error *err)
{
	char label[NG_REJECT_NAME_BYTES];
	struct stat st;
	int r;

	ng_reject_name(path, strlen(path), label);
	r = is_stdin(path) ? fstat(STDIN_FILENO, &st) : stat(path, &st);
	if (r < 0)
		return ng_fail(err, -errno, "%s: %s", label, strerror(errno));
	if (S_ISBLK(st.st_mode) || (S_ISSOCK(st.st_mode) && !is_stdin(path)))
		return ng_fail(err, -EINVAL, "%s: not a file, a directory or a FIFO", label);
	if (S_ISDIR(st.st_mode) && is_stdin(path))
		return ng_fail(err, -EINVAL, "standard input is a directory");
	if (S_ISREG(st.st_mode))
		source->stats.input_total += (uint64_t)st.st_size;
	if (is_stdin(path) || S_ISFIFO(st.st_mode))
		note_window(source, PIPE_WINDOW_BYTES);
	else if (S_ISREG(st.st_mode))
		note_window(source, ng_window_of_file(path));
	if (!is_stdin(path) && !source->options.skip_bad &&
	    faccessat(AT_FDCWD, path, S_ISDIR(st.st_mode) ? R_OK | X_OK : R_OK, AT_EACCESS) < 0)
		return ng_fail(err, -errno, "%s: cannot read: %s", label, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return measure_tree(source, path, err);
	return 0;
}

int ng_source_new(const char *const *paths, size_t n_paths, const struct ng_source_options *options,
		  struct ng_source **ret_source, struct ng_error *err)
{
	struct ng_source *source ng_cleanup(ng_source_freep) = calloc(1, sizeof(*source));
	bool stdin_seen = false;
	int r;

	if (!source)
		return ng_fail(err, -ENOMEM, "out of memory");
	source->paths = paths;
	source->n_paths = n_paths;
	source->options = *options;
	for (size_t i = 0; i < n_paths; i++) {
		if (is_stdin(paths[i]) && stdin_seen)
			return ng_fail(err, -EINVAL, "standard input (-) is named twice");
		stdin_seen |= is_stdin(paths[i]);
		r = check_path(source, paths[i], err);
		if (r < 0)
			return r;
	}
	r = ng_reader_new(&source->options, &source->stats, &source->reader);
	if (r < 0)
		return ng_fail(err, r, "out of memory");
	*ret_source = ng_steal_ptr(&source);
	return 0;
}

struct ng_source *ng_source_free(struct ng_source *source)
{
	if (!source)
		return NULL;
	ng_reader_free(source->reader);
	ng_walk_free(source->walk);
	free(source);
	return NULL;
}

void ng_source_set_unpack(struct ng_source *source, uint64_t unpack_bytes)
{
	source->options.unpack_bytes = unpack_bytes;
}

void ng_source_stats(const struct ng_source *source, struct ng_source_stats *ret_stats)
{
	*ret_stats = source->stats;
}

/* Start the next file: of the walk, or named. 1, 0 when there is none, or an error. */
static int next_file(struct ng_source *source, struct ng_error *err)
{
	const char *path;
	struct stat st;
	uint64_t bytes;
	bool in_tree;
	int r;

	for (;;) {
		in_tree = source->walk;
		if (in_tree) {
			r = ng_walk_next(source->walk, &path, &bytes, err);
			if (r < 0)
				return r;
			if (r > 0)
				break;
			source->walk = ng_walk_free(source->walk);
			continue;
		}
		if (source->next_path == source->n_paths)
			return 0;
		path = source->paths[source->next_path++];
		if (is_stdin(path) || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
			break;
		r = ng_walk_new(path, &source->walk);
		if (r < 0)
			return ng_fail(err, r, "out of memory");
	}
	r = ng_reader_start(source->reader, path, in_tree, err);
	return r < 0 ? r : 1;
}

static bool ends_the_run(const struct ng_source *source, int code)
{
	return !source->options.skip_bad || code == -EINTR || code == -ENOMEM;
}

int ng_source_next(struct ng_source *source, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	struct ng_error why = {0};
	int r;

	for (;;) {
		if (ng_cancelled(source->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		if (source->reading) {
			r = ng_reader_next(source->reader, ret_doc, &why);
			if (r > 0)
				return 1;
			source->reading = false;
			if (r == 0)
				ng_reader_stop(source->reader);
		} else {
			r = next_file(source, &why);
			if (r == 0)
				return 0;
			source->reading = r > 0;
		}
		if (r >= 0)
			continue;
		if (ends_the_run(source, r))
			return ng_fail(err, r, "%s", why.text);
		source->stats.bad_docs++;
		r = ng_reject_write(source->options.skip_bad, why.text, NULL, 0, err);
		if (r < 0)
			return r;
	}
}
