/* SPDX-License-Identifier: Apache-2.0 */
/* mkngramfs: build an index, or change one. The work is in text/, sort/, merge/ and build/. */
#include <signal.h>
#include <time.h>

#include "base/printable.h"
#include "build/compact.h"
#include "build/join.h"
#include "build/memory.h"
#include "build/resume.h"
#include "mkngramfs_estimate.h"
#include "mkngramfs_reports.h"
#include "mkngramfs_summary.h"
#include "remembered.h"
#include "text/input.h"

struct run {
	struct arguments args;
	struct remembered remembered;
	struct ng_source *source;
	struct ng_builder *builder;
	struct ng_progress *progress;
	FILE *skip_bad, *list_passed;
	const ng_cancel *cancel;
	struct summary summary;
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

static int begin(struct run *run, struct ng_error *err)
{
	struct arguments *args = &run->args;
	struct ng_source_stats stats;
	uint64_t memory;
	int r;

	r = report_check_outside(args, args->build.output, err);
	if (r == 0)
		r = report_open(args, "--skip-bad", args->skip_bad, &run->skip_bad, err);
	if (r == 0)
		r = report_open(args, "--list-passed", args->list_passed, &run->list_passed, err);
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
	args->build.input_memory_bytes = ng_memory_for_input(memory, stats.window_bytes);
	ng_source_set_memory(run->source, NG_INPUT_MEMORY + args->build.input_memory_bytes,
			     ng_memory_document_max(memory - args->build.input_memory_bytes));
	return ng_builder_new(&args->build, &run->builder, err);
}

static int build(struct run *run, struct ng_error *err)
{
	struct ng_source_doc doc;
	struct ng_error why;
	int r;

	r = remembered_apply(&run->args, &run->remembered, err);
	/* A job that a cluster starts once more. Before the files that tell about the input are
	 * emptied. */
	if (r == 0 && run->args.build.resume && !run->args.build.force) {
		r = ng_resume_done(&run->args.build, &run->summary.build, err);
		run->summary.was_done = r > 0;
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
		r = report_flush(run->skip_bad, run->args.skip_bad, err);
	if (r == 0)
		r = report_flush(run->list_passed, run->args.list_passed, err);
	return r < 0 ? r : ng_builder_finish(run->builder, &run->summary.build, err);
}

static int merge(struct run *run, struct ng_error *err)
{
	struct ng_build_options *options = &run->args.build;

	options->cancel = run->cancel;
	options->progress = on_build_progress;
	options->userdata = run;
	return ng_compact(options, &run->summary.build, err);
}

static void on_note(void *userdata, const char *text)
{
	const struct run *run = userdata;

	if (!run->args.quiet)
		ng_say(stderr, "mkngramfs: note: %s", text);
}

static int join(struct run *run, struct ng_error *err)
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

	return ng_join(&options, &run->summary.build, err);
}

static int remove_documents(struct run *run, struct ng_error *err)
{
	struct ng_remove_summary s = {0};
	int r;

	run->args.build.cancel = run->cancel;
	r = ng_remove(&run->args.build, &run->args.choice, &s, err);
	if (r == 0)
		summary_print_removed(&run->args, &s);
	return r;
}

int main(int argc, char **argv)
{
	double started = now();
	struct run run = {0};
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
		    : run.args.merge  ? merge(&run, &err)
		    : run.args.remove ? remove_documents(&run, &err)
		    : run.args.join   ? join(&run, &err)
				      : build(&run, &err);
	/* Bad input leaves nothing behind: other input is another build. */
	kept = r < 0 && r != -EBADMSG && r != -E2BIG && r != -ENODATA && run.builder &&
	       ng_builder_keep(run.builder);
	/* First of all the working directory goes, so that the message is true. */
	run.builder = ng_builder_free(run.builder);
	run.progress = ng_progress_free(run.progress);
	bad_stays = report_close(run.skip_bad, run.args.skip_bad, r < 0);
	report_close(run.list_passed, run.args.list_passed, r < 0);
	if (run.source)
		ng_source_stats(run.source, &run.summary.source);
	run.summary.seconds = now() - started;
	if (r < 0)
		summary_print_failure(&run.args, r, bad_stays, kept, &err);
	else if (run.args.remove || run.args.estimate)
		; /* has said it */
	else if (run.args.progress == NG_PROGRESS_JSON)
		summary_print_json(&run.summary);
	else if (!run.args.quiet)
		summary_print(&run.args, &run.summary);
	ng_source_free(run.source);
	remembered_clear(&run.remembered);
	ng_doc_choice_clear(&run.args.choice);
	ng_facet_options_clear(&run.args.build.facets);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
