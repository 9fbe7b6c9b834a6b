/* SPDX-License-Identifier: Apache-2.0 */
#include "mkngramfs_options.h"

#include <getopt.h>

#include "base/printable.h"
#include "base/utf8.h"
#include "format/params.h"
#include "mkngramfs_options_check.h"
#include "text/formats.h"

static const char help[] =
	"Usage: mkngramfs -o INDEX [OPTION]... SOURCE...\n"
	"       mkngramfs --estimate [OPTION]... SOURCE...\n"
	"       mkngramfs --merge INDEX [OPTION]...\n"
	"       mkngramfs --remove INDEX --documents=LIST | --documents-from=FILE | --where=F:V\n"
	"       mkngramfs --join -o INDEX [OPTION]... PART...\n"
	"Build an index for exact search from JSON, CSV, WARC, text files, directory trees, and "
	"tar,\n"
	"zip and 7z archives, any of them compressed (gzip, bzip2, xz, zstd, lz4, ...). '-' is\n"
	"standard input.\n"
	"\n"
	"  -o, --output=INDEX      the index to make, a directory\n"
	"      --append            add to an INDEX that is there, as new shards, by its options\n"
	"      --force             replace an INDEX that is there; with --append, take other\n"
	"                          options than it was made with\n"
	"      --merge             make larger shards of the small ones of an INDEX\n"
	"      --resume            go on with a build of it that was interrupted; nothing is to\n"
	"                          be done where it had finished\n"
	"      --join              make one INDEX of the indexes PART..., whose shards it names\n"
	"                          where they are\n"
	"      --absolute          with --join: by absolute paths (default: relative ones)\n"
	"      --remove            take documents out of an INDEX; --merge forgets their bytes:\n"
	"      --documents=LIST    those of these numbers, such as 3,17,20-29\n"
	"      --documents-from=FILE  or of numbers in FILE ('-': standard input)\n"
	"      --where=FIELD:VALUE or those whose metadata has FIELD with that VALUE\n"
	"      --estimate          say what building would take of time, memory and disk, by a\n"
	"                          sample of the SOURCEs; makes no INDEX\n"
	"      --outside=DIRS      directories, with ':' between, where shards of a joined INDEX\n"
	"                          may lie, beside the one that it is in itself\n"
	"                          (default: $NGRAMFS_OUTSIDE)\n"
	"\n"
	"Input:\n"
	"      --format=FORMAT     auto (default), jsonl (a JSON object a line), json (objects\n"
	"                          over any lines, arrays of them), text (a document a file),\n"
	"                          lines (a document a line), tar, zip or 7z (a document\n"
	"                          a member), warc, csv or tsv (a document a record)\n"
	"      --list-formats      print what is read, how it is recognised, and what is not\n"
	"      --text-field=NAME   the field or column that holds the text (default: text), or a\n"
	"                          path to it, such as messages.0.content\n"
	"      --bad-unicode=HOW   in JSON: refuse (default), or replace by U+FFFD\n"
	"      --skip-bad=FILE     go on after bad input, and write it with the reason to FILE\n"
	"      --no-follow         pass over symbolic links in directories\n"
	"      --list-passed=FILE  list what is passed over in FILE\n"
	"      --allow-empty       a SOURCE may hold no document\n"
	"\n"
	"Index (SIZE is in bytes, or with a suffix K, M, G or T, powers of 1024):\n"
	"      --shard-size=SIZE   text in a shard at most (default: twice the memory)\n"
	"      --sa-sampling=N     locate in at most N steps, 4 to 1024\n"
	"                          (default 112; smaller is faster and larger)\n"
	"      --text-store        keep the text, too, compressed: documents are read faster\n"
	"      --facet=FIELD[:N]   count by this field of the metadata, too, or by the first N\n"
	"                          characters of it; by itself only those of few values\n"
	"      --no-facets         keep no columns of the metadata's fields\n"
	"\n"
	"Run:\n"
	"      --memory=SIZE       bound on memory (default: half of the machine's)\n"
	"      --batch-size=SIZE   text that is sorted at once (default: as memory allows)\n"
	"      --tmp=DIR           where temporary files go (default: beside the INDEX)\n"
	"      --threads=N         default: one a processor\n"
	"      --progress=WHEN     auto (default), plain (a line every 10 seconds),\n"
	"                          json (an object a line, every second) or none\n"
	"  -q, --quiet             say nothing but errors\n"
	"  -h, --help              print this and exit\n"
	"  -V, --version           print the version and exit\n"
	"\n"
	"Exit status: 0 done, 1 failed (no INDEX is left, or it is as it was), 2 usage. See "
	"mkngramfs(1).\n";

enum long_option {
	OPT_FORMAT = 256,
	OPT_TEXT_FIELD,
	OPT_SHARD_SIZE,
	OPT_BATCH_SIZE,
	OPT_MEMORY,
	OPT_THREADS,
	OPT_SA_SAMPLING,
	OPT_TEXT_STORE,
	OPT_FACET,
	OPT_NO_FACETS,
	OPT_SKIP_BAD,
	OPT_BAD_UNICODE,
	OPT_NO_FOLLOW,
	OPT_LIST_PASSED,
	OPT_ALLOW_EMPTY,
	OPT_APPEND,
	OPT_FORCE,
	OPT_RESUME,
	OPT_MERGE,
	OPT_JOIN,
	OPT_REMOVE,
	OPT_DOCUMENTS,
	OPT_DOCUMENTS_FROM,
	OPT_WHERE,
	OPT_ABSOLUTE,
	OPT_OUTSIDE,
	OPT_TMP,
	OPT_PROGRESS,
	OPT_LIST_FORMATS,
	OPT_ESTIMATE,
};

static bool is_utf8(const char *text)
{
	const uint8_t *p = (const uint8_t *)text, *end = p + strlen(text);

	while (p < end && ng_utf8_len(p, end))
		p += ng_utf8_len(p, end);
	return p == end;
}

/* In the order of enum ng_source_format. */
static const char *const formats[] = {"auto", "jsonl", "text", "lines", "tar", "json",
				      "zip",  "7z",    "warc", "csv",   "tsv"};

/* Documents to remove. A file that can't be read is a failure, and no wrong usage. */
static int choose(int option, const char *arg, struct arguments *args)
{
	struct ng_error err = {""};
	int r;

	if (option == OPT_DOCUMENTS)
		r = ng_doc_choice_numbers(&args->choice, "--documents", arg, &err);
	else if (option == OPT_WHERE)
		r = ng_doc_choice_where(&args->choice, arg, &err);
	else
		r = ng_doc_choice_file(&args->choice, arg, &err);
	if (r == -EINVAL && option != OPT_DOCUMENTS_FROM)
		return ng_usage("%s", err.text);
	if (r < 0)
		ng_say(stderr, "mkngramfs: %s", err.text);
	return r < 0 ? EXIT_FAILURE : 0;
}

static int parse_facet(const char *arg, struct arguments *args)
{
	struct ng_error err = {""};

	if (!is_utf8(arg))
		return ng_usage("--facet: no UTF-8, as all of JSON is");
	return ng_facet_options_add(&args->build.facets, arg, &err)
		       ? ng_usage("--facet: %s", err.text)
		       : 0;
}

/* What an option that takes no argument says. */
static bool *flag_of(int option, struct arguments *args)
{
	switch (option) {
	case 'q':
		return &args->quiet;
	case OPT_TEXT_STORE:
		return &args->build.text_store;
	case OPT_NO_FOLLOW:
		return &args->source.no_follow;
	case OPT_ALLOW_EMPTY:
		return &args->source.allow_empty;
	case OPT_APPEND:
		return &args->build.append;
	case OPT_FORCE:
		return &args->force;
	case OPT_RESUME:
		return &args->build.resume;
	case OPT_MERGE:
		return &args->merge;
	case OPT_REMOVE:
		return &args->remove;
	case OPT_JOIN:
		return &args->join;
	case OPT_ESTIMATE:
		return &args->estimate;
	case OPT_ABSOLUTE:
		return &args->absolute;
	default:
		return NULL;
	}
}

/* Where an argument goes that is taken as it is. */
static const char **string_of(int option, struct arguments *args)
{
	switch (option) {
	case 'o':
		return &args->build.output;
	case OPT_SKIP_BAD:
		return &args->skip_bad;
	case OPT_LIST_PASSED:
		return &args->list_passed;
	case OPT_OUTSIDE:
		return &args->build.outside;
	case OPT_TMP:
		return &args->build.tmp_dir;
	default:
		return NULL;
	}
}

/* OPT_FORMAT, OPT_TEXT_FIELD or OPT_BAD_UNICODE. */
static int parse_input(int option, const char *arg, struct arguments *args)
{
	static const char *const bad_unicode[] = {"refuse", "replace"};
	unsigned word = 0;
	int r = 0;

	switch (option) {
	case OPT_FORMAT:
		r = ng_parse_word("format", arg, formats, ng_array_size(formats), &word);
		args->source.format = (enum ng_source_format)word;
		break;
	case OPT_TEXT_FIELD:
		if (!is_utf8(arg))
			return ng_usage("--text-field: no UTF-8, as all of JSON is");
		args->source.text_field = arg;
		break;
	default:
		r = ng_parse_word("bad-unicode", arg, bad_unicode, ng_array_size(bad_unicode),
				  &word);
		args->source.replace_bad_unicode = word;
	}
	return r;
}

static int parse_option(int option, const char *arg, struct arguments *args)
{
	bool *flag = flag_of(option, args);
	const char **string = string_of(option, args);

	if (flag)
		*flag = true;
	if (string)
		*string = arg;
	if (flag || string)
		return 0;
	switch (option) {
	case OPT_FORMAT:
	case OPT_TEXT_FIELD:
	case OPT_BAD_UNICODE:
		return parse_input(option, arg, args);
	case OPT_DOCUMENTS:
	case OPT_DOCUMENTS_FROM:
	case OPT_WHERE:
		return choose(option, arg, args);
	case OPT_SHARD_SIZE:
		return ng_parse_size("shard-size", arg, &args->build.shard_bytes);
	case OPT_BATCH_SIZE:
		return ng_parse_size("batch-size", arg, &args->build.batch_bytes);
	case OPT_MEMORY:
		return ng_parse_size("memory", arg, &args->build.memory_bytes);
	case OPT_THREADS:
		return ng_parse_count("threads", arg, 1, 4096, &args->build.threads);
	case OPT_SA_SAMPLING:
		return ng_parse_count("sa-sampling", arg, NG_SA_RATE_MIN, NG_SA_RATE_MAX,
				      &args->build.sa_sampling);
	case OPT_FACET:
		args->facets_given = true;
		return parse_facet(arg, args);
	case OPT_NO_FACETS:
		args->facets_given = args->build.facets.none = true;
		return 0;
	case OPT_PROGRESS:
		return ng_parse_progress(arg, &args->progress);
	default:
		fputs("Try 'mkngramfs --help'.\n", stderr);
		return EXIT_USAGE;
	}
}

/* In the order of enum remembered_option. */
static const struct {
	const char *prefix;
	int option;
} remembered[] = {
	{"--format=", OPT_FORMAT},           {"--text-field=", OPT_TEXT_FIELD},
	{"--bad-unicode=", OPT_BAD_UNICODE}, {"--no-follow=", OPT_NO_FOLLOW},
	{"--shard-size=", OPT_SHARD_SIZE},
};
_Static_assert(ng_array_size(remembered) == REMEMBERED_OPTIONS, "each has its name");

static void note_given(int option, struct arguments *args)
{
	for (size_t i = 0; i < REMEMBERED_OPTIONS; i++)
		args->given[i] |= remembered[i].option == option;
}

int parse_arguments(int argc, char **argv, struct arguments *args)
{
	static const struct option options[] = {
		{"output", required_argument, NULL, 'o'},
		{"format", required_argument, NULL, OPT_FORMAT},
		{"text-field", required_argument, NULL, OPT_TEXT_FIELD},
		{"shard-size", required_argument, NULL, OPT_SHARD_SIZE},
		{"batch-size", required_argument, NULL, OPT_BATCH_SIZE},
		{"memory", required_argument, NULL, OPT_MEMORY},
		{"threads", required_argument, NULL, OPT_THREADS},
		{"sa-sampling", required_argument, NULL, OPT_SA_SAMPLING},
		{"text-store", no_argument, NULL, OPT_TEXT_STORE},
		{"facet", required_argument, NULL, OPT_FACET},
		{"no-facets", no_argument, NULL, OPT_NO_FACETS},
		{"skip-bad", required_argument, NULL, OPT_SKIP_BAD},
		{"bad-unicode", required_argument, NULL, OPT_BAD_UNICODE},
		{"no-follow", no_argument, NULL, OPT_NO_FOLLOW},
		{"list-passed", required_argument, NULL, OPT_LIST_PASSED},
		{"allow-empty", no_argument, NULL, OPT_ALLOW_EMPTY},
		{"append", no_argument, NULL, OPT_APPEND},
		{"force", no_argument, NULL, OPT_FORCE},
		{"resume", no_argument, NULL, OPT_RESUME},
		{"merge", no_argument, NULL, OPT_MERGE},
		{"join", no_argument, NULL, OPT_JOIN},
		{"remove", no_argument, NULL, OPT_REMOVE},
		{"documents", required_argument, NULL, OPT_DOCUMENTS},
		{"documents-from", required_argument, NULL, OPT_DOCUMENTS_FROM},
		{"where", required_argument, NULL, OPT_WHERE},
		{"estimate", no_argument, NULL, OPT_ESTIMATE},
		{"absolute", no_argument, NULL, OPT_ABSOLUTE},
		{"outside", required_argument, NULL, OPT_OUTSIDE},
		{"tmp", required_argument, NULL, OPT_TMP},
		{"progress", required_argument, NULL, OPT_PROGRESS},
		{"list-formats", no_argument, NULL, OPT_LIST_FORMATS},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	int c, r;

	while ((c = getopt_long(argc, argv, "o:qhV", options, NULL)) >= 0) {
		if (c == 'h') {
			fputs(help, stdout);
			return -1;
		}
		if (c == 'V') {
			puts("mkngramfs " NG_VERSION);
			return -1;
		}
		if (c == OPT_LIST_FORMATS)
			return ng_formats_print(stdout) < 0 ? EXIT_FAILURE : -1;
		r = parse_option(c, optarg, args);
		if (r)
			return r;
		note_given(c, args);
	}
	args->paths = (const char *const *)argv + optind;
	args->n_paths = (size_t)(argc - optind);
	if (args->quiet)
		args->progress = NG_PROGRESS_NONE;
	/* With --append, it is about options. */
	args->build.force = args->force && !args->build.append;
	return check_arguments(args);
}

const char *remembered_prefix(enum remembered_option option)
{
	return remembered[option].prefix;
}

int parse_remembered(enum remembered_option option, const char *value, struct arguments *args)
{
	if (option == REMEMBER_NO_FOLLOW && strcmp(value, "no") == 0)
		return 0;
	return parse_option(remembered[option].option, value, args) ? -EINVAL : 0;
}

const char *format_name(enum ng_source_format format)
{
	return formats[format];
}
