/* SPDX-License-Identifier: Apache-2.0 */
#include "text/source.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/printable.h"
#include "text/reader.h"
#include "text/reject.h"
#include "text/walk.h"
#include "text/window.h"

/* What the stats said when a named source was begun. */
struct begun {
	const char *path; /* NULL: none was */
	uint64_t docs, bad_docs, again;
};

/* Nobody can look at a pipe beforehand. What zstd itself decompresses without being asked twice. */
#define PIPE_WINDOW_BYTES (128u << 20)

struct ng_source {
	const char *const *paths;
	size_t n_paths, next_path;
	struct ng_source_options options;
	struct ng_source_stats stats;
	struct begun begun;
	struct ng_walk *walk;     /* being walked */
	struct ng_reader *reader; /* of the current file */
	bool reading;
	bool started;
	bool failed;           /* for good, whatever is skipped */
	size_t text_bytes;     /* of the document given out last */
	struct ng_seen own;    /* what the build writes */
	struct ng_seen dirs;   /* entered by walks */
	struct ng_seen shared; /* files that may be reached by several names, */
	struct ng_seen files;  /* and those of them that were read */
};

static bool is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

static void own_add_path(struct ng_source *source, const char *path)
{
	struct stat st;

	if (stat(path, &st) == 0 && ng_seen_add(&source->own, ng_seen_id(&st)) < 0)
		source->failed = true;
}

static void own_add_file(struct ng_source *source, FILE *file)
{
	struct stat st;

	/* Not what many write to, such as a terminal. */
	if (file && fstat(fileno(file), &st) == 0 && S_ISREG(st.st_mode) &&
	    ng_seen_add(&source->own, ng_seen_id(&st)) < 0)
		source->failed = true;
}

/* What is there now of that which the build writes. */
static int own_begin(struct ng_source *source, struct ng_error *err)
{
	const char *output = source->options.output;
	char *building ng_cleanup(ng_freep) = NULL;
	int len = output ? (int)strlen(output) : 0;

	own_add_file(source, source->options.skip_bad);
	own_add_file(source, source->options.list_passed);
	while (len > 1 && output[len - 1] == '/')
		len--;
	if (output && asprintf(&building, "%.*s.building", len, output) < 0)
		building = NULL;
	if (output && building) {
		own_add_path(source, output);
		own_add_path(source, building);
	}
	source->failed |= output && !building;
	return source->failed ? ng_fail(err, -ENOMEM, "out of memory") : 0;
}

static int walk_new(struct ng_source *source, const char *root, struct ng_seen *dirs,
		    struct ng_walk **ret_walk)
{
	const struct ng_walk_options options = {
		.no_follow = source->options.no_follow, .dirs = dirs, .own = &source->own};

	return ng_walk_new(root, &options, ret_walk);
}

static void note_window(struct ng_source *source, uint64_t bytes)
{
	source->stats.window_bytes = ng_max(source->stats.window_bytes, bytes);
}

/* The size of a tree, and which files may be reached twice. What cannot be read is reported when
 * its turn comes. */
static int measure_tree(struct ng_source *source, const char *root, struct ng_seen *dirs,
			struct ng_error *err)
{
	struct ng_walk *walk ng_cleanup(ng_walk_freep) = NULL;
	struct ng_walk_entry entry;
	int r = walk_new(source, root, dirs, &walk);

	while (r != -ENOMEM) {
		if (ng_cancelled(source->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		r = ng_walk_next(walk, &entry, NULL);
		if (r == 0)
			return 0;
		if (r < 0 || entry.is_passed)
			continue;
		source->stats.input_total += entry.bytes;
		note_window(source, ng_window_of_file(entry.path));
		if (entry.may_come_again && ng_seen_add(&source->shared, entry.id) < 0)
			r = -ENOMEM;
	}
	return ng_fail(err, r, "out of memory");
}

/* Is this source there, of a kind that can be read, and ours to read? */
static int check_path(struct ng_source *source, const char *path, struct ng_seen *dirs,
		      struct ng_error *err)
{
	char label[NG_PRINTABLE_NAME_BYTES];
	struct stat st;
	int r;

	ng_printable(path, strlen(path), label, sizeof(label));
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
	if (S_ISREG(st.st_mode) && !is_stdin(path) &&
	    ng_seen_add(&source->shared, ng_seen_file_id(&st)) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!is_stdin(path) && !source->options.skip_bad &&
	    faccessat(AT_FDCWD, path, S_ISDIR(st.st_mode) ? R_OK | X_OK : R_OK, AT_EACCESS) < 0)
		return ng_fail(err, -errno, "%s: cannot read: %s", label, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return measure_tree(source, path, dirs, err);
	return 0;
}

int ng_source_new(const char *const *paths, size_t n_paths, const struct ng_source_options *options,
		  struct ng_source **ret_source, struct ng_error *err)
{
	struct ng_source *source ng_cleanup(ng_source_freep) = calloc(1, sizeof(*source));
	struct ng_seen dirs ng_cleanup(ng_seen_clear) = {0};
	bool stdin_seen = false;
	int r;

	if (!source)
		return ng_fail(err, -ENOMEM, "out of memory");
	source->paths = paths;
	source->n_paths = n_paths;
	source->options = *options;
	source->stats.passed.list = options->list_passed;
	r = own_begin(source, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_paths; i++) {
		if (is_stdin(paths[i]) && stdin_seen)
			return ng_fail(err, -EINVAL, "standard input (-) is named twice");
		stdin_seen |= is_stdin(paths[i]);
		r = check_path(source, paths[i], &dirs, err);
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
	ng_seen_clear(&source->own);
	ng_seen_clear(&source->dirs);
	ng_seen_clear(&source->shared);
	ng_seen_clear(&source->files);
	free(source);
	return NULL;
}

void ng_source_set_memory(struct ng_source *source, uint64_t unpack_bytes, uint64_t max_doc_bytes)
{
	source->options.unpack_bytes = unpack_bytes;
	source->options.max_doc_bytes = max_doc_bytes;
}

void ng_source_stats(const struct ng_source *source, struct ng_source_stats *ret_stats)
{
	*ret_stats = source->stats;
}

/* For good: other sources don't make it right. */
static int fail(struct ng_source *source, int code)
{
	source->failed = true;
	return code;
}

/* Pass over what the walk, or the command line, has brought. */
static int pass(struct ng_source *source, enum ng_passed_kind kind, const char *path,
		struct ng_error *err)
{
	int r = ng_passed_add(&source->stats.passed, kind, path, err);

	return r < 0 ? fail(source, r) : 0;
}

/* Was this file read under another name? 1, 0, or -ENOMEM. From now on it was. */
static int was_read(struct ng_source *source, struct ng_seen_id id)
{
	int r;

	if (!ng_seen_has(&source->shared, id))
		return 0;
	r = ng_seen_add(&source->files, id);
	return r < 0 ? r : !r;
}

/* The named source that was begun last has ended. That it gave nothing is more often a mistake than
 * not; unless that was said of each part of it. */
static int end_named(struct ng_source *source, struct ng_error *err)
{
	const struct begun *begun = &source->begun;
	const struct ng_source_stats *stats = &source->stats;
	char label[NG_PRINTABLE_NAME_BYTES];

	if (!begun->path || source->options.allow_empty || stats->docs != begun->docs ||
	    stats->bad_docs != begun->bad_docs ||
	    stats->passed.counts[NG_PASSED_AGAIN] != begun->again)
		return 0;
	ng_printable(begun->path, strlen(begun->path), label, sizeof(label));
	return ng_fail(err, fail(source, -ENODATA),
		       "%s: no document in it%s (--allow-empty takes it all the same)", label,
		       ng_passed_total(&stats->passed)
			       ? "; --list-passed=FILE lists what is passed over"
			       : "");
}

/* All sources have ended. */
static int end_all(struct ng_source *source, struct ng_error *err)
{
	const struct ng_source_stats *stats = &source->stats;

	if (!stats->docs && !source->options.allow_empty && source->n_paths)
		return ng_fail(err, fail(source, -ENODATA),
			       "no document in the sources (--allow-empty takes them all the "
			       "same)");
	if (stats->json_texts && stats->docs <= stats->json_texts)
		return ng_fail(err, fail(source, -ENODATA),
			       "%s; nothing else is in the sources (--format=text takes such "
			       "files for texts)",
			       ng_reader_json_text(source->reader));
	return 0;
}

/* Begin the next named source: 1 with its path, when it is a file to be read; 0 when it is a tree,
 * and source->walk stands before it, or is passed over; or an error. */
static int begin_named(struct ng_source *source, const char **ret_path, struct ng_error *err)
{
	const char *path = source->paths[source->next_path++];
	struct stat st;
	int r;

	source->begun = (struct begun){path, source->stats.docs, source->stats.bad_docs,
				       source->stats.passed.counts[NG_PASSED_AGAIN]};
	*ret_path = path;
	if (is_stdin(path) || stat(path, &st) < 0)
		return 1;
	if (S_ISDIR(st.st_mode)) {
		r = walk_new(source, path, &source->dirs, &source->walk);
		return r < 0 ? ng_fail(err, r, "out of memory") : 0;
	}
	if (!S_ISREG(st.st_mode))
		return 1;
	r = was_read(source, ng_seen_file_id(&st));
	if (r < 0)
		return ng_fail(err, r, "out of memory");
	if (r == 0)
		return 1;
	source->stats.input_total -= ng_min((uint64_t)st.st_size, source->stats.input_total);
	return pass(source, NG_PASSED_AGAIN, path, err);
}

/* The next file of the walk: as begin_named; at its end source->walk is NULL. */
static int next_in_tree(struct ng_source *source, struct ng_walk_entry *ret_entry,
			struct ng_error *err)
{
	int r = ng_walk_next(source->walk, ret_entry, err);

	if (r == 0)
		source->walk = ng_walk_free(source->walk);
	if (r <= 0)
		return r;
	if (ret_entry->is_passed)
		return pass(source, ret_entry->passed, ret_entry->path, err);
	r = was_read(source, ret_entry->id);
	if (r < 0)
		return ng_fail(err, r, "out of memory");
	if (r == 0)
		return 1;
	source->stats.input_total -= ng_min(ret_entry->bytes, source->stats.input_total);
	return pass(source, NG_PASSED_AGAIN, ret_entry->path, err);
}

/* Start the next file: of the walk, or named. 1, 0 when there is none, or an error. */
static int next_file(struct ng_source *source, struct ng_error *err)
{
	struct ng_walk_entry entry;
	bool in_tree;
	int r;

	do {
		in_tree = source->walk;
		if (in_tree) {
			r = next_in_tree(source, &entry, err);
			continue;
		}
		r = end_named(source, err);
		source->begun.path = NULL;
		if (r == 0 && source->next_path == source->n_paths)
			return end_all(source, err);
		if (r == 0)
			r = begin_named(source, &entry.path, err);
	} while (r == 0);
	if (r > 0)
		r = ng_reader_start(source->reader, entry.path, in_tree, err);
	return r < 0 ? r : 1;
}

static bool ends_the_run(const struct ng_source *source, int code)
{
	return !source->options.skip_bad || code == -EINTR || code == -ENOMEM || source->failed ||
	       source->stats.passed.failed;
}

int ng_source_next(struct ng_source *source, struct ng_source_doc *ret_doc, struct ng_error *err)
{
	struct ng_error why = {0};
	int r = source->started ? 0 : own_begin(source, err);

	/* The builder has made its directory since the source was. */
	source->started = true;
	if (r < 0)
		return r;
	for (;;) {
		if (ng_cancelled(source->options.cancel))
			return ng_fail(err, -EINTR, "interrupted");
		if (source->reading) {
			r = ng_reader_next(source->reader, ret_doc, &why);
			source->text_bytes = r > 0 ? ret_doc->text_bytes : 0;
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

int ng_source_reject(struct ng_source *source, const char *why, struct ng_error *err)
{
	int r = ng_reader_reject(source->reader, why, err);

	if (r < 0)
		return r;
	source->stats.docs--;
	source->stats.text_bytes -= source->text_bytes;
	return 0;
}
