/* SPDX-License-Identifier: Apache-2.0 */
#include "mkngramfs_estimate.h"

#include <inttypes.h>
#include <libgen.h>
#include <sys/statvfs.h>

#include "base/printable.h"
#include "build/estimate.h"
#include "text/input.h"

/* Text of the sample at most: some seconds of work. Less where memory is little, since it is in it
 * twice while it is sorted. */
#define SAMPLE_BYTES  (16u << 20)
#define MEMORY_SHARES 16u

/* Room for "1234:00:00" and sizes. */
#define CELL_LEN 32

/* As with a build, a file with a large window of compression takes memory that sorting can't have.
 */
static void memory_set(struct arguments *args, uint64_t memory, uint64_t window_bytes)
{
	struct ng_build_options *build = &args->build;

	build->input_memory_bytes = ng_memory_for_input(memory, window_bytes);
	args->source.unpack_bytes = NG_INPUT_MEMORY + build->input_memory_bytes;
	args->source.max_doc_bytes = ng_memory_document_max(memory - build->input_memory_bytes);
}

static const char *tmp_directory(const struct arguments *args)
{
	const char *dir = getenv("TMPDIR");

	if (args->build.tmp_dir)
		return args->build.tmp_dir;
	return dir && *dir ? dir : "/tmp";
}

/* ---- for people ---- */

typedef const char *cell_print(double value, char ret[CELL_LEN]);

static const char *bytes_print(double value, char ret[CELL_LEN])
{
	_Static_assert(CELL_LEN >= NG_PROGRESS_BYTES_LEN, "a size has room");

	return ng_progress_bytes((uint64_t)value, ret);
}

static const char *number_print(double value, char ret[CELL_LEN])
{
	snprintf(ret, CELL_LEN, "%.0f", value);
	return ret;
}

static const char *time_print(double value, char ret[CELL_LEN])
{
	unsigned long s = (unsigned long)(value + 0.999);

	snprintf(ret, CELL_LEN, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	return ret;
}

static void row_print(const char *label, struct ng_bounds range, cell_print *print)
{
	char low[CELL_LEN], likely[CELL_LEN], high[CELL_LEN];

	printf("  %-20s %12s %12s %12s\n", label, print(range.low, low),
	       print(range.likely, likely), print(range.high, high));
}

/* Whether dir has so much room is said; one that doesn't tell is passed over. */
static void room_print(const char *dir, double need)
{
	char label[NG_PRINTABLE_NAME_BYTES], bytes[CELL_LEN];
	struct statvfs fs;
	double free_bytes;

	if (statvfs(dir, &fs) < 0 || !fs.f_blocks)
		return;
	free_bytes = (double)fs.f_bavail * (double)fs.f_frsize;
	ng_printable(dir, strlen(dir), label, sizeof(label));
	printf("  free in %s: %s%s\n", label, bytes_print(free_bytes, bytes),
	       need > free_bytes ? ", which may be too little" : "");
}

static void sample_print(const struct ng_sample *sample, const struct ng_estimate *estimate)
{
	char input[CELL_LEN], text[CELL_LEN];

	printf("  files                %zu, %s\n", sample->n_files,
	       bytes_print((double)sample->input_bytes, input));
	if (estimate->whole) {
		printf("  read                 all of them: %s of text\n",
		       bytes_print((double)sample->sum.text_bytes, text));
		return;
	}
	printf("  sample               ");
	if (sample->whole_files)
		printf("%" PRIu64 " whole file%s%s", sample->whole_files,
		       sample->whole_files == 1 ? "" : "s", sample->begun_files ? " and " : "");
	if (sample->begun_files)
		printf("the beginning of %" PRIu64, sample->begun_files);
	printf(": %s of text\n", bytes_print((double)sample->sum.text_bytes, text));
}

static void table_print(const struct arguments *args, const struct ng_sample *sample,
			const struct ng_estimate *e)
{
	const char *output = args->build.output, *tmp = args->build.tmp_dir;
	char *copy ng_cleanup(ng_freep) = output ? strdup(output) : NULL;

	sample_print(sample, e);
	printf("  %-20s %12s %12s %12s\n", "", "at least", "likely", "at most");
	row_print("documents", e->docs, number_print);
	row_print("text", e->text_bytes, bytes_print);
	row_print("index", e->index_bytes, bytes_print);
	row_print("time", e->seconds, time_print);
	row_print("peak memory", e->memory_bytes, bytes_print);
	row_print(tmp ? "disk, beside it" : "disk meanwhile", tmp ? e->output_bytes : e->disk_bytes,
		  bytes_print);
	if (tmp)
		row_print("disk, temporary", e->tmp_bytes, bytes_print);
	printf("  shards               %" PRIu64 ", sorted in %" PRIu64 " batch%s\n", e->shards,
	       e->batches, e->batches == 1 ? "" : "es");
	if (copy)
		room_print(dirname(copy), tmp ? e->output_bytes.high : e->disk_bytes.high);
	if (tmp)
		room_print(tmp, e->tmp_bytes.high);
}

/* ---- for scripts ---- */

static void member_print(const char *name, struct ng_bounds range, int places)
{
	printf(",\"%s\":[%.*f,%.*f,%.*f]", name, places, range.low, places, range.likely, places,
	       range.high);
}

static void json_print(const struct ng_sample *sample, const struct ng_estimate *e)
{
	printf("{\"phase\":\"estimate\",\"files\":%zu,\"input_bytes\":%" PRIu64
	       ",\"sample_whole_files\":%" PRIu64 ",\"sample_begun_files\":%" PRIu64
	       ",\"sample_input_bytes\":%" PRIu64 ",\"sample_documents\":%" PRIu64
	       ",\"sample_text_bytes\":%" PRIu64 ",\"sample_rejected\":%" PRIu64
	       ",\"sample_binary_files\":%" PRIu64 ",\"sample_is_all\":%s,\"shards\":%" PRIu64
	       ",\"batches\":%" PRIu64,
	       sample->n_files, sample->input_bytes, sample->whole_files, sample->begun_files,
	       sample->sum.input_bytes, sample->sum.docs, sample->sum.text_bytes, sample->bad_docs,
	       sample->binary_files, e->whole ? "true" : "false", e->shards, e->batches);
	member_print("documents", e->docs, 0);
	member_print("text_bytes", e->text_bytes, 0);
	member_print("index_bytes", e->index_bytes, 0);
	member_print("seconds", e->seconds, 1);
	member_print("memory_bytes", e->memory_bytes, 0);
	member_print("disk_bytes", e->disk_bytes, 0);
	member_print("index_disk_bytes", e->output_bytes, 0);
	member_print("temporary_disk_bytes", e->tmp_bytes, 0);
	puts("}");
}

/* ---- all of it ---- */

static void notes_print(const struct arguments *args, const struct ng_sample *sample)
{
	bool all = !sample->begun_files && sample->whole_files == sample->n_files;
	const char *place = all ? "" : " in the sample";

	if (args->quiet)
		return;
	if (sample->bad_docs)
		ng_say(stderr, "mkngramfs: note: %s%s, %" PRIu64 " line%s or file%s: %s",
		       args->skip_bad ? "bad input is left out"
				      : "bad input, which ends a build without --skip-bad=FILE",
		       place, sample->bad_docs, sample->bad_docs == 1 ? "" : "s",
		       sample->bad_docs == 1 ? "" : "s", sample->bad);
	if (sample->binary_files)
		ng_say(stderr, "mkngramfs: note: binary files%s are passed over: %" PRIu64, place,
		       sample->binary_files);
	if (sample->json_texts)
		ng_say(stderr,
		       "mkngramfs: note: files of JSON%s that are taken for texts, since they "
		       "don't "
		       "hold the text's field (--text-field): %" PRIu64,
		       place, sample->json_texts);
}

static int estimate(struct arguments *args, struct ng_sample *sample, struct ng_error *err)
{
	uint64_t memory = args->build.memory_bytes ? args->build.memory_bytes : ng_memory_default();
	struct ng_estimate estimate;
	int r = ng_sample_list(args->paths, args->n_paths, &args->source, sample, err);

	if (r < 0)
		return r;
	memory_set(args, memory, sample->window_bytes);
	r = ng_sample_read(sample, &args->source,
			   ng_min((uint64_t)SAMPLE_BYTES, memory / MEMORY_SHARES), err);
	if (r < 0)
		return r;
	if (!sample->n_docs && sample->bad_docs)
		return ng_fail(err, -ENODATA, "no document in the sources that isn't bad input: %s",
			       sample->bad);
	if (!sample->n_docs && !args->source.allow_empty)
		return ng_fail(err, -ENODATA, "no document in %s",
			       sample->n_files ? "what was read of the sources" : "the sources");
	r = ng_estimate(sample, &args->build, tmp_directory(args), &estimate, err);
	if (r < 0)
		return r;
	if (args->progress == NG_PROGRESS_JSON)
		json_print(sample, &estimate);
	else
		table_print(args, sample, &estimate);
	notes_print(args, sample);
	if (fflush(stdout) != 0)
		return ng_fail(err, -errno, "cannot write the estimate: %s", strerror(errno));
	return 0;
}

int mkngramfs_estimate(struct arguments *args, const ng_cancel *cancel, struct ng_error *err)
{
	struct ng_sample sample = {0};
	int r;

	args->build.cancel = cancel;
	args->source.cancel = cancel;
	/* It says that rejected input doesn't end a build; nothing is written to it. */
	args->source.skip_bad = args->skip_bad ? stderr : NULL;
	r = estimate(args, &sample, err);
	ng_sample_clear(&sample);
	return r;
}
