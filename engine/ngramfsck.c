/* SPDX-License-Identifier: Apache-2.0 */
/* ngramfsck: check an index. Options, messages and the exit status; the work is in check/. */
#include <getopt.h>
#include <inttypes.h>
#include <time.h>

#include "base/printable.h"
#include "check/check.h"
#include "command.h"
#include "format/shardpath.h"

static const char help[] =
	"Usage: ngramfsck [OPTION]... INDEX...\n"
	"Check indexes that mkngramfs made: checksums, manifest, structure.\n"
	"\n"
	"      --full           rebuild the text from each index, too, and recount 1,000 random\n"
	"                       substrings of each shard by reading it\n"
	"      --seed=N         what to pick at random; --full prints it\n"
	"      --outside=DIRS   directories, with ':' between, where shards of a joined index may\n"
	"                       lie, beside the one that it is in (default: $NGRAMFS_OUTSIDE)\n"
	"      --tmp=DIR        --full keeps the text in a file in DIR instead of memory\n"
	"      --threads=N      default: one a processor\n"
	"      --progress=WHEN  auto (default), plain (a line every 10 seconds), json or none\n"
	"  -q, --quiet          say nothing but what is wrong\n"
	"  -h, --help           print this and exit\n"
	"  -V, --version        print the version and exit\n"
	"\n"
	"Exit status: 0 sound, 1 damaged or not checked to the end, 2 usage. See ngramfsck(1).\n";

struct run {
	struct ng_check_options check;
	enum ng_progress_mode mode;
	bool quiet;
	const char *const *paths;
	size_t n_paths;
	struct ng_progress *progress;
};

enum long_option { OPT_FULL = 256, OPT_SEED, OPT_OUTSIDE, OPT_TMP, OPT_THREADS, OPT_PROGRESS };

static int parse_option(int option, const char *arg, struct run *run)
{
	switch (option) {
	case 'q':
		run->quiet = true;
		return 0;
	case OPT_FULL:
		run->check.full = true;
		return 0;
	case OPT_OUTSIDE:
		run->check.outside = arg;
		return 0;
	case OPT_TMP:
		run->check.tmp_dir = arg;
		return 0;
	case OPT_SEED:
		return ng_parse_number("seed", arg, &run->check.seed);
	case OPT_THREADS:
		return ng_parse_count("threads", arg, 1, 4096, &run->check.threads);
	case OPT_PROGRESS:
		return ng_parse_progress(arg, &run->mode);
	default:
		fputs("Try 'ngramfsck --help'.\n", stderr);
		return EXIT_USAGE;
	}
}

/* Returns 0; EXIT_USAGE after a message; or -1 when there is nothing left to do. */
static int parse_arguments(int argc, char **argv, struct run *run)
{
	static const struct option options[] = {
		{"full", no_argument, NULL, OPT_FULL},
		{"seed", required_argument, NULL, OPT_SEED},
		{"outside", required_argument, NULL, OPT_OUTSIDE},
		{"tmp", required_argument, NULL, OPT_TMP},
		{"threads", required_argument, NULL, OPT_THREADS},
		{"progress", required_argument, NULL, OPT_PROGRESS},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	struct ng_error err = {""};
	int c, r;

	while ((c = getopt_long(argc, argv, "qhV", options, NULL)) >= 0) {
		if (c == 'h') {
			fputs(help, stdout);
			return -1;
		}
		if (c == 'V') {
			puts("ngramfsck " NG_VERSION);
			return -1;
		}
		r = parse_option(c, optarg, run);
		if (r)
			return r;
	}
	run->paths = (const char *const *)argv + optind;
	run->n_paths = (size_t)(argc - optind);
	if (!run->n_paths)
		return ng_usage("no INDEX named");
	if (!run->check.outside)
		run->check.outside = getenv(NG_OUTSIDE_VARIABLE);
	if (ng_shard_roots_check(run->check.outside, &err) < 0)
		return ng_usage("--outside: %s", err.text);
	if (run->quiet)
		run->mode = NG_PROGRESS_NONE;
	return 0;
}

static void on_finding(void *userdata, const struct ng_finding *f)
{
	struct run *run = userdata;
	char offset[32] = "";

	if (!f->damage && run->quiet)
		return;
	ng_progress_clear(run->progress);
	if (!f->damage) {
		ng_say(stderr, "ngramfsck: note: %s %s", f->path, f->text);
		return;
	}
	if (f->offset != NG_NO_OFFSET)
		snprintf(offset, sizeof(offset), "offset %" PRIu64 ": ", f->offset);
	ng_say(stdout, "%s: %s%s%s%s", f->path, f->part ? f->part : "", f->part ? ": " : "", offset,
	       f->text);
	fflush(stdout);
}

static void on_progress(void *userdata, const char *phase, uint64_t shard, uint64_t done,
			uint64_t total)
{
	struct run *run = userdata;
	struct ng_progress_at at = {
		.phase = phase, .shard = (int64_t)shard, .done_bytes = done, .total_bytes = total};

	ng_progress_update(run->progress, &at);
}

static void print_summary(const struct run *run, const char *path, const struct ng_check_summary *s)
{
	char text[NG_PROGRESS_BYTES_LEN], size[NG_PROGRESS_BYTES_LEN];

	ng_printable_write(stdout, path);
	if (s->damages)
		printf(": %" PRIu64 " damage%s", s->damages, s->damages == 1 ? "" : "s");
	else
		printf(": sound");
	printf("; %" PRIu64 " shard%s of %s, %" PRIu64 " document%s, %s of text", s->shards,
	       s->shards == 1 ? "" : "s", ng_progress_bytes(s->file_bytes, size), s->docs,
	       s->docs == 1 ? "" : "s", ng_progress_bytes(s->text_bytes, text));
	if (run->check.full)
		printf("; %s rebuilt, %" PRIu64 " substrings recounted",
		       ng_progress_bytes(s->rebuilt_bytes, text), s->substrings);
	if (s->removed_docs)
		printf("; %" PRIu64 " document%s removed", s->removed_docs,
		       s->removed_docs == 1 ? "" : "s");
	if (s->held_docs)
		printf(", %" PRIu64 " of them held until mkngramfs --merge, with %s of text",
		       s->held_docs, ng_progress_bytes(s->held_bytes, text));
	if (s->shards_not_full)
		printf("; not rebuilt, since damaged: %" PRIu64, s->shards_not_full);
	putchar('\n');
	/* The next may take hours. */
	fflush(stdout);
}

/* Whether it is sound. */
static bool check_one(struct run *run, const char *path)
{
	struct ng_check_summary summary = {0};
	struct ng_error err = {""};
	int r = ng_check_index(path, &run->check, &summary, &err);

	ng_progress_clear(run->progress);
	if (r == -EINTR)
		ng_say(stderr, "ngramfsck: interrupted; %s was not checked to the end", path);
	else if (r < 0)
		ng_say(stderr, "ngramfsck: %s", err.text);
	else if (!run->quiet)
		print_summary(run, path, &summary);
	return r == 0 && summary.damages == 0;
}

int main(int argc, char **argv)
{
	struct run run = {.check.seed = (uint64_t)time(NULL)};
	bool sound = true;
	int r;

	r = parse_arguments(argc, argv, &run);
	if (r)
		return r < 0 ? EXIT_SUCCESS : r;
	run.check.cancel = ng_catch_signals();
	run.check.report = on_finding;
	run.check.progress = on_progress;
	run.check.userdata = &run;
	if (ng_progress_new(stderr, run.mode, &run.progress) < 0) {
		fputs("ngramfsck: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	if (run.check.full && !run.quiet)
		printf("seed %" PRIu64 "\n", run.check.seed);
	/* After an interruption each of the others says that it was not checked. */
	for (size_t i = 0; i < run.n_paths; i++)
		sound &= check_one(&run, run.paths[i]);
	ng_progress_free(run.progress);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		fputs("ngramfsck: cannot write to standard output\n", stderr);
		return EXIT_FAILURE;
	}
	return sound ? EXIT_SUCCESS : EXIT_FAILURE;
}
