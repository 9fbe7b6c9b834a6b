/* SPDX-License-Identifier: Apache-2.0 */
#include "text/sample.h"

#include <sys/stat.h>
#include <time.h>

#include "base/printable.h"
#include "text/reader.h"
#include "text/reject.h"
#include "text/walk.h"
#include "text/window.h"

/* Rejected input of one file, beside its share, after which it is left. */
#define BAD_BYTES (512u << 10)

/* Of a document so much of the sample's text at most is kept. */
#define DOC_SHARES 32u

/* ---- listing ---- */

static int out_of_memory(struct ng_error *err)
{
	return ng_fail(err, -ENOMEM, "out of memory");
}

static int file_add(struct ng_sample *sample, const char *path, uint64_t bytes, bool in_tree)
{
	struct ng_sample_file *file;

	if (sample->n_files == sample->cap_files) {
		size_t cap = ng_max(2 * sample->cap_files, (size_t)64);
		struct ng_sample_file *files =
			reallocarray(sample->files, cap, sizeof(*sample->files));

		if (!files)
			return -ENOMEM;
		sample->files = files;
		sample->cap_files = cap;
	}
	file = &sample->files[sample->n_files];
	*file = (struct ng_sample_file){strdup(path), bytes, in_tree};
	if (!file->path)
		return -ENOMEM;
	sample->n_files++;
	sample->input_bytes += bytes;
	sample->window_bytes = ng_max(sample->window_bytes, ng_window_of_file(path));
	return 0;
}

/* A file that was found, unless it was before. */
static int file_found(struct ng_sample *sample, struct ng_seen *files, struct ng_seen_id id,
		      const char *path, uint64_t bytes, bool in_tree, struct ng_error *err)
{
	int r = ng_seen_add(files, id);

	if (r > 0)
		r = file_add(sample, path, bytes, in_tree);
	return r < 0 ? out_of_memory(err) : 0;
}

static int tree_list(struct ng_sample *sample, const char *root,
		     const struct ng_walk_options *walk_options,
		     const struct ng_source_options *options, struct ng_seen *files,
		     struct ng_error *err)
{
	struct ng_walk *walk ng_cleanup(ng_walk_freep) = NULL;
	struct ng_walk_entry entry;
	int r = ng_walk_new(root, walk_options, &walk);

	if (r < 0)
		return out_of_memory(err);
	for (;;) {
		if (ng_cancelled(options->cancel))
			return ng_fail(err, -EINTR, "interrupted");
		r = ng_walk_next(walk, &entry, err);
		if (r == 0)
			return 0;
		if (r > 0 && !entry.is_passed)
			r = file_found(sample, files, entry.id, entry.path, entry.bytes, true, err);
		/* With --skip-bad, what can't be read is left out. */
		if (r == -ENOMEM || (r < 0 && !options->skip_bad))
			return r;
	}
}

static int path_list(struct ng_sample *sample, const char *path, struct ng_walk_options *walk,
		     const struct ng_source_options *options, struct ng_seen *files,
		     struct ng_error *err)
{
	char label[NG_PRINTABLE_NAME_BYTES];
	struct stat st;

	ng_printable(path, strlen(path), label, sizeof(label));
	if (strcmp(path, "-") == 0)
		return ng_fail(err, -EINVAL,
			       "standard input is read only once, so nothing can be told of it "
			       "before; write it, or some of it, into a file, and name that");
	if (stat(path, &st) < 0)
		return ng_fail(err, -errno, "%s: %s", label, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return tree_list(sample, path, walk, options, files, err);
	if (!S_ISREG(st.st_mode))
		return ng_fail(err, -EINVAL,
			       "%s: no file or directory: what is read only once can't be told of "
			       "before; write it, or some of it, into a file, and name that",
			       label);
	return file_found(sample, files, ng_seen_file_id(&st), path, (uint64_t)st.st_size, false,
			  err);
}

int ng_sample_list(const char *const *paths, size_t n_paths,
		   const struct ng_source_options *options, struct ng_sample *sample,
		   struct ng_error *err)
{
	struct ng_seen dirs ng_cleanup(ng_seen_clear) = {0};
	struct ng_seen files ng_cleanup(ng_seen_clear) = {0};
	struct ng_seen own ng_cleanup(ng_seen_clear) = {0};
	struct ng_walk_options walk = {.no_follow = options->no_follow, .dirs = &dirs, .own = &own};

	for (size_t i = 0; i < n_paths; i++) {
		int r = path_list(sample, paths[i], &walk, options, &files, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- reading ---- */

/* What was rejected: counted in bytes, and the beginning kept. */
struct rejected {
	char *text;
	size_t size, len;
	uint64_t bytes, limit; /* of one file; then writing fails */
};

static ssize_t rejected_write(void *cookie, const char *data, size_t len)
{
	struct rejected *rejected = cookie;
	size_t room = rejected->size - 1 - rejected->len, n = ng_min(len, room);

	memcpy(rejected->text + rejected->len, data, n);
	rejected->len += n;
	rejected->bytes += len;
	if (rejected->bytes <= rejected->limit)
		return (ssize_t)len;
	errno = EFBIG;
	return 0;
}

struct reading {
	struct ng_sample *sample;
	struct ng_source_options options;
	struct ng_source_stats stats;
	struct ng_reader *reader;
	struct rejected rejected;
	uint64_t text_bytes;           /* of the whole sample */
	int64_t credit;                /* text that may be taken now */
	uint64_t offset;               /* of the next file, in all of them */
	unsigned point;                /* the next one */
	struct ng_sample_group *group; /* of the points in this file, NULL: none lies in it */
};

static int64_t share_of(const struct reading *reading)
{
	return (int64_t)(reading->text_bytes / NG_SAMPLE_POINTS) + 1;
}

/* The points up to the end of a file of so many bytes are worth their share. */
static void earn(struct reading *reading, uint64_t bytes)
{
	double a_point = (double)reading->sample->input_bytes / NG_SAMPLE_POINTS;
	double end = (double)(reading->offset + bytes);
	unsigned before = reading->point;

	/* The first one is the first file's, also if that is empty. */
	while (reading->point < NG_SAMPLE_POINTS &&
	       (!reading->point || reading->point * a_point < end))
		reading->point++;
	reading->group = NULL;
	if (reading->point == before)
		return;
	/* What files without text have left is not all for the next one, and what a large one had
	 * too much is not taken from it. */
	reading->credit = ng_max(ng_min(reading->credit, share_of(reading)), 0);
	reading->credit += (reading->point - before) * share_of(reading);
	reading->group = &reading->sample->groups[before];
	reading->group->points = reading->point - before;
	reading->group->file_bytes = bytes;
}

static int doc_keep(struct reading *reading, const struct ng_source_doc *doc)
{
	struct ng_sample *sample = reading->sample;
	size_t most = (size_t)ng_min((uint64_t)reading->credit, reading->text_bytes / DOC_SHARES);
	size_t text = ng_min(doc->text_bytes, most);

	if (sample->n_docs == sample->cap_docs) {
		size_t cap = ng_max(2 * sample->cap_docs, (size_t)256);
		struct ng_sample_doc *docs = reallocarray(sample->docs, cap, sizeof(*sample->docs));

		if (!docs)
			return -ENOMEM;
		sample->docs = docs;
		sample->cap_docs = cap;
	}
	if (ng_buf_append(&sample->text, doc->text, text) < 0 ||
	    ng_buf_append(&sample->meta, doc->meta, doc->meta_bytes) < 0)
		return -ENOMEM;
	sample->docs[sample->n_docs++] = (struct ng_sample_doc){sample->text.len, sample->meta.len};
	sample->has_nul |= memchr(doc->text, 0, text) != NULL;
	reading->credit -= (int64_t)text + 1;
	return 0;
}

/* The input comes in blocks: which text is how much of it can be told where one has ended. */
static int docs_read(struct reading *reading, uint64_t begin, struct ng_sample_read *ret_read,
		     bool *ret_whole, struct ng_error *err)
{
	struct ng_sample_read now = {0}, mark = {0};
	uint64_t most = (uint64_t)ng_max(reading->credit, 0) + BAD_BYTES;
	struct ng_source_doc doc;

	*ret_whole = false;
	for (;;) {
		uint64_t before = reading->stats.input_bytes;
		int r = ng_reader_next(reading->reader, &doc, err);

		if (r < 0)
			return r;
		now.input_bytes = before - begin;
		if (r == 0 || (reading->stats.input_bytes != before && now.docs))
			mark = now;
		*ret_read = mark;
		*ret_whole = r == 0;
		if (r == 0)
			return 0;
		if (reading->credit > 0 && doc_keep(reading, &doc) < 0)
			return out_of_memory(err);
		now.docs++;
		now.text_bytes += doc.text_bytes;
		if (mark.input_bytes && (reading->credit <= 0 || mark.input_bytes > most)) {
			*ret_read = mark;
			return 0;
		}
	}
}

static void read_add(struct ng_sample_read *sum, const struct ng_sample_read *read)
{
	sum->input_bytes += read->input_bytes;
	sum->text_bytes += read->text_bytes;
	sum->docs += read->docs;
}

/* What was read counts for all, and for the points in it. */
static void read_count(struct reading *reading, const struct ng_sample_read *read)
{
	struct ng_sample *sample = reading->sample;

	read_add(&sample->sum, read);
	if (!reading->group)
		return;
	reading->group->read = *read;
	/* Of what is too much for the sample, a point in a file without text has found none; files
	 * behind it aren't more than others. */
	if (!read->text_bytes && sample->n_docs && sample->input_bytes > reading->text_bytes)
		reading->credit = 0;
}

/* Read a file as far as its credit goes. */
static int file_read(struct reading *reading, const struct ng_sample_file *file,
		     struct ng_error *err)
{
	struct ng_sample_read read = {0};
	uint64_t begin = reading->stats.input_bytes;
	struct ng_error why = {0};
	bool whole = false;
	int r;

	clearerr(reading->options.skip_bad);
	reading->rejected.bytes = 0;
	reading->rejected.limit = (uint64_t)reading->credit + BAD_BYTES;
	r = ng_reader_start(reading->reader, file->path, file->in_tree, &why);
	if (r >= 0)
		r = docs_read(reading, begin, &read, &whole, &why);
	ng_reader_stop(reading->reader);
	if (r == -EINTR || r == -ENOMEM)
		return ng_fail(err, r, "%s", why.text);
	if (r == -EFBIG) {
		/* Too much of it is rejected: that is known of it. */
		read.input_bytes = reading->stats.input_bytes - begin;
	} else if (r < 0) {
		reading->stats.bad_docs++;
		ng_reject_write(reading->options.skip_bad, why.text, NULL, 0, NULL);
		whole = true;
	}
	if (whole)
		read.input_bytes = file->bytes;
	reading->sample->whole_files += whole;
	reading->sample->begun_files += !whole;
	read_count(reading, &read);
	return 0;
}

static int files_read(struct reading *reading, struct ng_error *err)
{
	const struct ng_sample *sample = reading->sample;

	for (size_t i = 0; i < sample->n_files; i++) {
		int r = 0;

		earn(reading, sample->files[i].bytes);
		if (reading->credit > 0)
			r = file_read(reading, &sample->files[i], err);
		if (r < 0)
			return r;
		reading->offset += sample->files[i].bytes;
	}
	return 0;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void sum_up(struct reading *reading)
{
	struct ng_sample *sample = reading->sample;
	char *end;

	fflush(reading->options.skip_bad);
	sample->bad_docs = reading->stats.bad_docs;
	sample->binary_files = reading->stats.passed.counts[NG_PASSED_BINARY];
	sample->json_texts = reading->stats.json_texts;
	/* One record a line, with a TAB behind the reason. */
	end = sample->bad + strcspn(sample->bad, "\t\n");
	*end = '\0';
}

int ng_sample_read(struct ng_sample *sample, const struct ng_source_options *options,
		   uint64_t text_bytes, struct ng_error *err)
{
	static const cookie_io_functions_t io = {.write = rejected_write};
	struct reading reading = {.sample = sample,
				  .options = *options,
				  .text_bytes = text_bytes,
				  .rejected = {sample->bad, sizeof(sample->bad), 0, 0, 0}};
	ng_cleanup(ng_fclosep) FILE *skip_bad = fopencookie(&reading.rejected, "w", io);
	ng_cleanup(ng_reader_freep) struct ng_reader *reader = NULL;
	double begun = cpu_seconds();
	int r;

	if (!skip_bad)
		return out_of_memory(err);
	reading.options.skip_bad = skip_bad;
	reading.options.list_passed = NULL;
	/* So that what was read is what was asked for. */
	reading.options.ahead = false;
	if (ng_reader_new(&reading.options, &reading.stats, &reader) < 0)
		return out_of_memory(err);
	reading.reader = reader;
	r = files_read(&reading, err);
	if (r < 0)
		return r;
	sum_up(&reading);
	sample->cpu_seconds = cpu_seconds() - begun;
	return 0;
}

void ng_sample_clear(struct ng_sample *sample)
{
	for (size_t i = 0; i < sample->n_files; i++)
		free(sample->files[i].path);
	free(sample->files);
	free(sample->docs);
	ng_buf_free(&sample->text);
	ng_buf_free(&sample->meta);
	*sample = (struct ng_sample){0};
}
