/* SPDX-License-Identifier: Apache-2.0 */
/* mkngramfs: build an index. Progress and messages; the work is in text/, sort/, merge/ and build/.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/printable.h"
#include "build/compact.h"
#include "build/join.h"
#include "build/memory.h"
#include "build/remove.h"
#include "build/resume.h"
#include "mkngramfs_estimate.h"
#include "remembered.h"
#include "text/input.h"

/* What a decoder keeps beside its window. */
#define WINDOW_MORE (1u << 20)

struct run {
	struct arguments args;
	struct remembered remembered;
	struct ng_source *source;
	struct ng_builder *builder;
	struct ng_progress *progress;
	FILE *skip_bad, *list_passed;
	const ng_cancel *cancel;
	bool was_done;  /* what was to be resumed had been finished */
	double started; /* seconds */
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void on_build_progress(void *userdata, const struct ng_build_progress *p)
{
	static const char *const phases[] = {
		[NG_PHASE_READ] = "reading",  [NG_PHASE_SORT] = "sorting",
		[NG_PHASE_MERGE] = "merging", [NG_PHASE_ENCODE] = "encoding",
		[NG_PHASE_STORE] = "storing", [NG_PHASE_SYNC] = "writing to disk",
	};
	struct run *run = userdata;
	struct ng_progress_at at = {.phase = phases[p->phase],
				    .shard = p->phase == NG_PHASE_READ ? -1 : (int64_t)p->shard,
				    .done_bytes = p->done_bytes,
				    .total_bytes = p->total_bytes,
				    .work_done = p->work_done,
				    .work_total = p->work_total};

	ng_progress_update(run->progress, &at);
}

/* Between two documents. */
static void on_document(struct run *run)
{
	struct ng_build_progress progress;
	struct ng_source_stats stats;

	ng_source_stats(run->source, &stats);
	ng_builder_input(run->builder, stats.input_bytes, stats.input_total);
	if (!ng_progress_due(run->progress, "reading"))
		return;
	ng_builder_progress(run->builder, &progress);
	on_build_progress(run, &progress);
}

/* The files of a build must not lie in a tree that it reads: it would read what it writes. */
static int check_outside(const struct run *run, const char *path, struct ng_error *err)
{
	char *copy ng_cleanup(ng_freep) = strdup(path);
	char place[PATH_MAX], source[PATH_MAX];

	if (!copy)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (!realpath(path, place) && !realpath(dirname(copy), place))
		return ng_fail(err, -errno, "%s: %s", path, strerror(errno));
	for (size_t i = 0; i < run->args.n_paths; i++) {
		struct stat st;
		size_t n;

		if (!realpath(run->args.paths[i], source)) {
			if (errno == ENOMEM)
				return ng_fail(err, -ENOMEM, "out of memory");
			continue;
		}
		if (stat(source, &st) < 0 || !S_ISDIR(st.st_mode))
			continue;
		n = strcmp(source, "/") == 0 ? 0 : strlen(source);
		if (strncmp(place, source, n) == 0 && (place[n] == '/' || !place[n]))
			return ng_fail(err, -EINVAL,
				       "%s would lie within the source %s, which is read "
				       "meanwhile; put it elsewhere",
				       path, run->args.paths[i]);
	}
	return 0;
}

/* A file that tells about the input; option: how it was named. NULL where there is none. */
static int open_report(struct run *run, const char *option, const char *path, FILE **ret_file,
		       struct ng_error *err)
{
	struct stat st;
	int r;

	if (!path)
		return 0;
	r = check_outside(run, path, err);
	if (r < 0)
		return r;
	/* A build that goes on reads its input again, and rejects the same. */
	if (!run->args.force && !run->args.build.resume && stat(path, &st) == 0 &&
	    S_ISREG(st.st_mode) && st.st_size > 0)
		return ng_fail(err, -EEXIST,
			       "%s: exists (%s would overwrite it); remove it, or use --force",
			       path, option);
	*ret_file = fopen(path, "we");
	if (!*ret_file)
		return ng_fail(err, -errno, "%s: cannot write: %s", path, strerror(errno));
	return 0;
}

static int flush_report(FILE *file, const char *path, struct ng_error *err)
{
	if (!file || fflush(file) == 0)
		return 0;
	return ng_fail(err, -errno, "%s: cannot write: %s", path, strerror(errno));
}

/* One that says nothing about a failed run goes away. Returns whether it stays. */
static bool close_report(FILE *file, const char *path, bool failed)
{
	struct stat st;
	bool stays;

	if (!file)
		return false;
	fflush(file);
	stays = !failed || fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > 0;
	if (!stays)
		unlink(path);
	fclose(file);
	return stays;
}

static int begin(struct run *run, struct ng_error *err)
{
	struct arguments *args = &run->args;
	struct ng_source_stats stats;
	uint64_t memory;
	int r;

	r = check_outside(run, args->build.output, err);
	if (r == 0)
		r = open_report(run, "--skip-bad", args->skip_bad, &run->skip_bad, err);
	if (r == 0)
		r = open_report(run, "--list-passed", args->list_passed, &run->list_passed, err);
	if (r < 0)
		return r;
	args->source.skip_bad = run->skip_bad;
	args->source.list_passed = run->list_passed;
	args->source.output = args->build.output;
	args->source.cancel = run->cancel;
	args->source.ahead = args->build.threads != 1;
	memory = args->build.memory_bytes ? args->build.memory_bytes : ng_memory_default();
	args->build.cancel = run->cancel;
	args->build.progress = on_build_progress;
	args->build.userdata = run;
	r = ng_source_new(args->paths, args->n_paths, &args->source, &run->source, err);
	if (r < 0)
		return r;
	ng_source_stats(run->source, &stats);
	args->build.input_bytes = stats.input_total;
	/* A large window of compression is memory that sorting can't have. */
	if (stats.window_bytes > NG_INPUT_MEMORY)
		args->build.input_memory_bytes = ng_memory_for_input(
			memory, stats.window_bytes + WINDOW_MORE - NG_INPUT_MEMORY);
	ng_source_set_memory(run->source, NG_INPUT_MEMORY + args->build.input_memory_bytes,
			     ng_memory_document_max(memory - args->build.input_memory_bytes));
	return ng_builder_new(&args->build, &run->builder, err);
}

static int build(struct run *run, struct ng_build_summary *ret_summary, struct ng_error *err)
{
	struct ng_source_doc doc;
	struct ng_error why;
	int r;

	r = remembered_apply(&run->args, &run->remembered, err);
	/* A job that a cluster starts once more. Before the files that tell about the input are
	 * emptied. */
	if (r == 0 && run->args.build.resume && !run->args.build.force) {
		r = ng_resume_done(&run->args.build, ret_summary, err);
		run->was_done = r > 0;
	}
	if (r == 0)
		r = begin(run, err);
	if (r != 0)
		return ng_min(r, 0);
	while ((r = ng_source_next(run->source, &doc, err)) > 0) {
		r = ng_builder_add(run->builder, doc.text, doc.text_bytes, doc.meta, doc.meta_bytes,
				   &why);
		if (r == -E2BIG)
			r = ng_source_reject(run->source, why.text, err);
		else if (r < 0)
			ng_fail(err, r, "%s", why.text);
		if (r < 0)
			return r;
		on_document(run);
	}
	if (r == 0)
		r = flush_report(run->skip_bad, run->args.skip_bad, err);
	if (r == 0)
		r = flush_report(run->list_passed, run->args.list_passed, err);
	return r < 0 ? r : ng_builder_finish(run->builder, ret_summary, err);
}

static int merge(struct run *run, struct ng_build_summary *ret_summary, struct ng_error *err)
{
	struct ng_build_options *options = &run->args.build;

	options->cancel = run->cancel;
	options->progress = on_build_progress;
	options->userdata = run;
	return ng_compact(options, ret_summary, err);
}

static void on_note(void *userdata, const char *text)
{
	const struct run *run = userdata;

	if (!run->args.quiet)
		ng_say(stderr, "mkngramfs: note: %s", text);
}

static int join(struct run *run, struct ng_build_summary *ret_summary, struct ng_error *err)
{
	const struct ng_build_options *build = &run->args.build;
	struct ng_join_options options = {.output = build->output,
					  .parts = run->args.paths,
					  .n_parts = run->args.n_paths,
					  .absolute = run->args.absolute,
					  .force = run->args.force,
					  .resume = build->resume,
					  .outside = build->outside,
					  .cancel = run->cancel,
					  .note = on_note,
					  .userdata = run};

	return ng_join(&options, ret_summary, err);
}

static int remove_documents(struct run *run, struct ng_error *err)
{
	struct ng_remove_summary s = {0};
	char before[48] = "";
	int r;

	run->args.build.cancel = run->cancel;
	r = ng_remove(&run->args.build, &run->args.choice, &s, err);
	if (r < 0 || run->args.quiet)
		return r;
	if (run->args.progress == NG_PROGRESS_JSON) {
		fprintf(stderr,
			"{\"phase\":\"done\",\"removed_documents\":%" PRIu64
			",\"removed_text_bytes\":%" PRIu64 ",\"removed_before\":%" PRIu64
			",\"documents\":%" PRIu64 ",\"text_bytes\":%" PRIu64 "}\n",
			s.docs, s.text_bytes, s.before, s.left_docs, s.left_text_bytes);
		return 0;
	}
	if (s.before)
		snprintf(before, sizeof(before), ", %" PRIu64 " were before", s.before);
	ng_say(stderr,
	       "mkngramfs: %s: %" PRIu64 " document%s removed (%" PRIu64
	       " bytes of text)%s; %" PRIu64 " left%s",
	       run->args.build.output, s.docs, s.docs == 1 ? "" : "s", s.text_bytes, before,
	       s.left_docs,
	       s.docs ? "; the bytes stay in its files until it is merged (--merge)" : "");
	return 0;
}

static double cpu_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1e-6;
}

static void print_sizes(const char *label, uint64_t docs, uint64_t text_bytes)
{
	char text[NG_PROGRESS_BYTES_LEN];

	fprintf(stderr, "  %-12s %" PRIu64 " (%" PRIu64 " bytes of text, %s)\n", label, docs,
		text_bytes, ng_progress_bytes(text_bytes, text));
}

static void print_index(uint64_t index_bytes, uint64_t text_bytes, uint32_t shards)
{
	char index[NG_PROGRESS_BYTES_LEN];

	fprintf(stderr, "  index        %" PRIu64 " bytes (%s), ", index_bytes,
		ng_progress_bytes(index_bytes, index));
	if (text_bytes)
		fprintf(stderr, "%.3f of the text, ", (double)index_bytes / (double)text_bytes);
	fprintf(stderr, "%" PRIu32 " shard%s\n", shards, shards == 1 ? "" : "s");
}

/* Of the binary files, those that are known. */
static void print_known(const struct ng_passed *passed)
{
	const char *before = "  of these     ";

	for (size_t i = 0; i < ng_n_signatures; i++) {
		if (!passed->known[i])
			continue;
		fprintf(stderr, "%s%" PRIu64 " x %s", before, passed->known[i],
			ng_signatures[i].name);
		before = ", ";
	}
	if (*before == ',')
		fputs(" (see mkngramfs --list-formats)\n", stderr);
}

static void print_passed(const struct run *run, const struct ng_source_stats *stats)
{
	for (unsigned kind = 0; kind < NG_PASSED_KINDS; kind++)
		if (stats->passed.counts[kind])
			fprintf(stderr, "  %-12s %" PRIu64 ", passed over\n", ng_passed_name(kind),
				stats->passed.counts[kind]);
	print_known(&stats->passed);
	if (run->args.list_passed)
		ng_say(stderr, "  passed over  %" PRIu64 ", see %s",
		       ng_passed_total(&stats->passed), run->args.list_passed);
	if (stats->json_texts)
		fprintf(stderr,
			"  JSON files   %" PRIu64
			", taken for texts, since they don't hold the text's field "
			"(--text-field)\n",
			stats->json_texts);
}

static void print_summary(const struct run *run, const struct ng_build_summary *summary)
{
	char peak[NG_PROGRESS_BYTES_LEN];
	const char *skip_bad = run->args.skip_bad;
	struct ng_source_stats stats = {0};
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	if (run->source)
		ng_source_stats(run->source, &stats);
	ng_say(stderr, "mkngramfs: %s is %s", run->args.build.output,
	       run->args.merge           ? "merged"
	       : run->was_done           ? "there already, whole"
	       : run->args.join          ? "joined"
	       : !run->args.build.append ? "made"
	       : summary->added_docs     ? "appended to"
					 : "as it was");
	if (run->args.build.append) {
		print_sizes("added", summary->added_docs, summary->added_text_bytes);
		print_index(summary->added_index_bytes, summary->added_text_bytes,
			    summary->added_shards);
		fputs("  now in all\n", stderr);
	}
	print_sizes("documents", summary->docs, summary->text_bytes);
	print_index(summary->index_bytes, summary->text_bytes, summary->shards);
	fprintf(stderr,
		"  time         %.1f s, %.1f s of CPU\n"
		"  peak memory  %s\n",
		now() - run->started, cpu_seconds(&usage),
		ng_progress_bytes((uint64_t)usage.ru_maxrss * 1024, peak));
	if (skip_bad)
		ng_say(stderr, "  rejected     %" PRIu64 " lines or files, see %s", stats.bad_docs,
		       skip_bad);
	print_passed(run, &stats);
	if (stats.csv_texts)
		fprintf(stderr,
			"  CSV as text  %" PRIu64 " files, in whose header --text-field is not\n",
			stats.csv_texts);
	if (stats.padded_files)
		fprintf(stderr,
			"  padding      %" PRIu64
			" files, zeros or an end of line behind compressed data, passed over\n",
			stats.padded_files);
	if (stats.blank_lines)
		fprintf(stderr, "  blank lines  %" PRIu64 ", passed over\n", stats.blank_lines);
	if (!summary->added_docs && !run->args.merge && !run->was_done)
		fprintf(stderr, "mkngramfs: note: no document in the sources; the index is %s\n",
			summary->docs ? "as it was" : "empty");
}

/* The same for scripts, as the last line. */
static void print_summary_json(const struct run *run, const struct ng_build_summary *summary)
{
	struct ng_source_stats stats = {0};
	struct rusage usage = {0};

	getrusage(RUSAGE_SELF, &usage);
	if (run->source)
		ng_source_stats(run->source, &stats);
	fprintf(stderr,
		"{\"phase\":\"done\",\"documents\":%" PRIu64 ",\"text_bytes\":%" PRIu64
		",\"index_bytes\":%" PRIu64 ",\"shards\":%" PRIu32,
		summary->docs, summary->text_bytes, summary->index_bytes, summary->shards);
	fprintf(stderr,
		",\"added_documents\":%" PRIu64 ",\"added_text_bytes\":%" PRIu64
		",\"added_index_bytes\":%" PRIu64 ",\"added_shards\":%" PRIu32,
		summary->added_docs, summary->added_text_bytes, summary->added_index_bytes,
		summary->added_shards);
	fprintf(stderr,
		",\"rejected\":%" PRIu64 ",\"blank_lines\":%" PRIu64 ",\"json_texts\":%" PRIu64
		",\"padded_files\":%" PRIu64,
		stats.bad_docs, stats.blank_lines, stats.json_texts, stats.padded_files);
	for (unsigned kind = 0; kind < NG_PASSED_KINDS; kind++)
		fprintf(stderr, ",\"%s\":%" PRIu64, ng_passed_field(kind),
			stats.passed.counts[kind]);
	fprintf(stderr,
		",\"elapsed_seconds\":%.1f,\"cpu_seconds\":%.1f,\"peak_memory_bytes\":%" PRIu64
		"}\n",
		now() - run->started, cpu_seconds(&usage), (uint64_t)usage.ru_maxrss * 1024);
}

static void print_failure(const struct run *run, int code, bool bad_stays, bool kept,
			  const struct ng_error *err)
{
	bool append = run->args.build.append || run->args.merge || run->args.remove;

	if (code == -EINTR && kept) {
		fprintf(stderr, "mkngramfs: interrupted\n");
	} else if (code == -EINTR) {
		ng_say(stderr, "mkngramfs: interrupted; nothing was left behind%s%s",
		       bad_stays ? " but " : "", bad_stays ? run->args.skip_bad : "");
		return;
	}
	if (code != -EINTR)
		ng_say(stderr, "mkngramfs: %s", *err->text ? err->text : strerror(-code));
	if (kept) {
		ng_say(stderr,
		       "mkngramfs: what is finished is in %s.building; the same command with "
		       "--resume goes on from there",
		       run->args.build.output);
		return;
	}
	if (code == -ENOSPC || code == -EDQUOT)
		fprintf(stderr,
			"mkngramfs: no room on the disk; nothing was left behind. Free some%s\n",
			append               ? ""
			: run->args.estimate ? ", or name another place (--tmp)"
					     : ", or put the index (-o) elsewhere");
	if (code == -EBADMSG && !run->args.skip_bad)
		fprintf(stderr, "mkngramfs: %s; --skip-bad FILE leaves out bad input and goes on\n",
			append ? "nothing was appended" : "no index was made");
}

int main(int argc, char **argv)
{
	struct run run = {.started = now()};
	struct ng_build_summary summary = {0};
	struct ng_error err = {0};
	bool bad_stays, kept;
	int r;

	r = parse_arguments(argc, argv, &run.args);
	if (r) {
		ng_doc_choice_clear(&run.args.choice);
		return r < 0 ? EXIT_SUCCESS : r;
	}
	run.cancel = ng_catch_signals();
	/* A write to a pipe that nobody reads fails, and is reported. */
	signal(SIGPIPE, SIG_IGN);
	r = ng_progress_new(stderr, run.args.progress, &run.progress);
	if (r == 0)
		r = run.args.estimate ? mkngramfs_estimate(&run.args, run.cancel, &err)
		    : run.args.merge  ? merge(&run, &summary, &err)
		    : run.args.remove ? remove_documents(&run, &err)
		    : run.args.join   ? join(&run, &summary, &err)
				      : build(&run, &summary, &err);
	/* Bad input leaves nothing behind: other input is another build. */
	kept = r < 0 && r != -EBADMSG && r != -E2BIG && r != -ENODATA && run.builder &&
	       ng_builder_keep(run.builder);
	/* First of all the working directory goes, so that the message is true. */
	run.builder = ng_builder_free(run.builder);
	run.progress = ng_progress_free(run.progress);
	bad_stays = close_report(run.skip_bad, run.args.skip_bad, r < 0);
	close_report(run.list_passed, run.args.list_passed, r < 0);
	if (r < 0)
		print_failure(&run, r, bad_stays, kept, &err);
	else if (run.args.remove || run.args.estimate)
		; /* has said it */
	else if (run.args.progress == NG_PROGRESS_JSON)
		print_summary_json(&run, &summary);
	else if (!run.args.quiet)
		print_summary(&run, &summary);
	ng_source_free(run.source);
	remembered_clear(&run.remembered);
	ng_doc_choice_clear(&run.args.choice);
	ng_facet_options_clear(&run.args.build.facets);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
