/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/journal.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json.h"

struct ng_journal {
	char *dir;
	int fd;
	off_t bytes; /* whole lines */
	int error;   /* that ended the writing, or 0 */
	struct ng_step *steps;
	size_t n, cap;
};

static const char *const kinds[] = {
	[NG_STEP_SEGMENT] = "segment", [NG_STEP_MERGED] = "merged", [NG_STEP_SHARD] = "shard"};

static char *path_of(const char *dir, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, file) < 0 ? NULL : path;
}

static int steps_grow(struct ng_journal *journal)
{
	size_t cap = 2 * journal->cap + 16;
	struct ng_step *grown;

	if (journal->n < journal->cap)
		return 0;
	grown = reallocarray(journal->steps, cap, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	journal->steps = grown;
	journal->cap = cap;
	return 0;
}

static int steps_append(struct ng_journal *journal, const struct ng_step *step)
{
	int r = steps_grow(journal);

	if (r == 0)
		journal->steps[journal->n++] = *step;
	return r;
}

/* jansson's way to take an object apart, json_unpack(3), fails where memory runs out. */
static const char *get_string(const json_t *line, const char *name, bool *missing)
{
	const char *value = json_string_value(json_object_get(line, name));

	*missing |= !value;
	return value ? value : "";
}

static uint64_t get_number(const json_t *line, const char *name, bool *missing)
{
	const json_t *value = json_object_get(line, name);

	*missing |= !json_is_integer(value);
	return (uint64_t)json_integer_value(value);
}

static bool step_parse(const json_t *line, struct ng_step *ret)
{
	bool missing = false;
	const char *kind = get_string(line, "step", &missing);
	const char *file = get_string(line, "file", &missing);
	const char *input = get_string(line, "input", &missing);
	const char *checksum = get_string(line, "checksum", &missing);
	char *stop;

	*ret = (struct ng_step){.shard = get_number(line, "shard", &missing),
				.first = get_number(line, "first", &missing),
				.end = get_number(line, "end", &missing),
				.file_bytes = get_number(line, "bytes", &missing),
				.rows = get_number(line, "rows", &missing)};
	if (missing)
		return false;
	if (strlen(file) >= sizeof(ret->file) || strchr(file, '/') ||
	    strlen(input) >= sizeof(ret->input))
		return false;
	strcpy(ret->file, file);
	strcpy(ret->input, input);
	ret->checksum = strtoull(checksum, &stop, 16);
	for (size_t k = 0; k < ng_array_size(kinds); k++) {
		if (strcmp(kind, kinds[k]) != 0)
			continue;
		ret->kind = (enum ng_step_kind)k;
		return !*stop;
	}
	return false;
}

static int options_compare(const json_t *line, const char *options, const char *path,
			   struct ng_error *err)
{
	const char *was = json_string_value(json_object_get(line, "options"));

	if (!was)
		return ng_fail(err, -EPROTO, "%s: is no journal of a build", path);
	if (strcmp(was, options) != 0)
		return ng_fail(
			err, -ESTALE,
			"%s: was begun with other options (%s, and not %s); use those again, "
			"or --force to begin anew",
			path, was, options);
	return 0;
}

/* Lines up to the last whole one; *ret_bytes: where that ends. */
static int journal_read(struct ng_journal *journal, FILE *f, const char *options, const char *path,
			off_t *ret_bytes, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *text = NULL;
	size_t cap = 0, lines = 0;
	ssize_t len = 0;
	int r = 0;

	*ret_bytes = 0;
	while (r == 0 && (len = getline(&text, &cap, f)) > 0 && text[len - 1] == '\n') {
		json_error_t why;
		json_t *line = NULL;
		struct ng_step step;

		if (ng_json_load(text, (size_t)len, 0, &line, &why) == -ENOMEM)
			r = ng_fail(err, -ENOMEM, "out of memory");
		else if (lines++ == 0)
			r = options_compare(line, options, path, err);
		else if (!line || !step_parse(line, &step))
			r = ng_fail(err, -EPROTO, "%s:%zu: is no step of a build", path, lines);
		else if (steps_append(journal, &step) < 0)
			r = ng_fail(err, -ENOMEM, "out of memory");
		json_decref(line);
		*ret_bytes += len;
	}
	/* What getline(3) has no memory for isn't the end. */
	if (r == 0 && len < 0 && !feof(f) && !ferror(f))
		r = ng_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && ferror(f))
		r = ng_fail(err, -EIO, "%s: cannot be read", path);
	return r;
}

static int line_put(struct ng_journal *journal, const char *line, size_t len)
{
	int r = ng_file_write(journal->fd, line, len, NULL);

	if (r == 0 && fsync(journal->fd) < 0)
		r = -errno;
	if (r == 0)
		journal->bytes += (off_t)len;
	/* No line goes behind half a one. */
	else if (ftruncate(journal->fd, journal->bytes) < 0)
		return r;
	return r;
}

static int line_write(struct ng_journal *journal, json_t *line, struct ng_error *err)
{
	ng_cleanup(ng_freep) char *text = NULL;
	ng_cleanup(ng_freep) char *whole = NULL;
	int len = line ? ng_json_dump(line, JSON_COMPACT, &text) : -ENOMEM;

	json_decref(line);
	len = len == 0 ? asprintf(&whole, "%s\n", text) : -1;
	if (len < 0) {
		whole = NULL;
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	if (!journal->error)
		journal->error = line_put(journal, whole, (size_t)len);
	if (journal->error)
		return ng_fail(err, journal->error, "%s: cannot write the build's journal: %s",
			       journal->dir, strerror(-journal->error));
	return 0;
}

static int journal_load(struct ng_journal *journal, const char *path, const char *options,
			bool *ret_found, struct ng_error *err)
{
	FILE *f = fdopen(dup(journal->fd), "r");
	off_t bytes = 0;
	int r;

	if (!f)
		return ng_fail(err, -errno, "%s: %s", path, strerror(errno));
	r = journal_read(journal, f, options, path, &bytes, err);
	fclose(f);
	if (r < 0)
		return r;
	if (ftruncate(journal->fd, bytes) < 0 || lseek(journal->fd, 0, SEEK_END) < 0)
		return ng_fail(err, -errno, "%s: %s", path, strerror(errno));
	*ret_found = bytes > 0;
	journal->bytes = bytes;
	return bytes ? 0 : line_write(journal, json_pack("{s:s}", "options", options), err);
}

int ng_journal_open(int dir_fd, const char *dir, const char *options,
		    struct ng_journal **ret_journal, bool *ret_found, struct ng_error *err)
{
	ng_cleanup(ng_journal_closep) struct ng_journal *journal = calloc(1, sizeof(*journal));
	ng_cleanup(ng_freep) char *path = path_of(dir, NG_JOURNAL_NAME);
	int r;

	if (!journal)
		return ng_fail(err, -ENOMEM, "out of memory");
	journal->fd = -1;
	journal->dir = strdup(dir);
	if (!path || !journal->dir)
		return ng_fail(err, -ENOMEM, "out of memory");
	r = ng_file_make(dir_fd, NG_JOURNAL_NAME, O_RDWR | O_APPEND, &journal->fd);
	if (r < 0)
		return ng_fail(err, r, "%s: %s", path, strerror(-r));
	r = journal_load(journal, path, options, ret_found, err);
	if (r < 0)
		return r;
	*ret_journal = ng_steal_ptr(&journal);
	return 0;
}

struct ng_journal *ng_journal_close(struct ng_journal *journal)
{
	if (!journal)
		return NULL;
	ng_closep(&journal->fd);
	free(journal->dir);
	free(journal->steps);
	free(journal);
	return NULL;
}

bool ng_journal_exists(int dir_fd)
{
	ng_cleanup(ng_closep) int fd =
		openat(dir_fd, NG_JOURNAL_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	unsigned lines = 0;
	char text[4096];
	size_t n = 1;
	int r = 0;

	if (fd < 0)
		return errno != ENOENT;
	while (lines < 2 && r == 0 && n) {
		r = ng_file_read(fd, text, sizeof(text), &n);
		for (size_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	}
	return r < 0 || lines >= 2;
}

int ng_journal_add(struct ng_journal *journal, const struct ng_step *step, struct ng_error *err)
{
	char checksum[17];
	int r = steps_grow(journal);

	if (r < 0)
		return ng_fail(err, r, "out of memory");
	snprintf(checksum, sizeof(checksum), "%016llx", (unsigned long long)step->checksum);
	r = line_write(journal,
		       json_pack("{s:s, s:I, s:I, s:I, s:s, s:I, s:s, s:I, s:s}", "step",
				 kinds[step->kind], "shard", (json_int_t)step->shard, "first",
				 (json_int_t)step->first, "end", (json_int_t)step->end, "file",
				 step->file, "bytes", (json_int_t)step->file_bytes, "checksum",
				 checksum, "rows", (json_int_t)step->rows, "input", step->input),
		       err);
	return r < 0 ? r : steps_append(journal, step);
}

const struct ng_step *ng_journal_find(const struct ng_journal *journal, enum ng_step_kind kind,
				      uint64_t shard, uint64_t first, uint64_t end)
{
	for (size_t i = 0; i < journal->n; i++) {
		const struct ng_step *step = &journal->steps[i];

		if (step->kind == kind && step->shard == shard && step->first == first &&
		    step->end == end)
			return step;
	}
	return NULL;
}

const struct ng_step *ng_journal_steps(const struct ng_journal *journal, size_t *ret_n)
{
	*ret_n = journal->n;
	return journal->steps;
}

void ng_journal_retain(struct ng_journal *journal, const bool *keep)
{
	size_t n = 0;

	for (size_t i = 0; i < journal->n; i++)
		if (keep[i])
			journal->steps[n++] = journal->steps[i];
	journal->n = n;
}

void ng_journal_remove(int dir_fd)
{
	unlinkat(dir_fd, NG_JOURNAL_NAME, 0);
}
