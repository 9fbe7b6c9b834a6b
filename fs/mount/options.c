/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/options.h"

#include "base/number.h"
#include "base/printable.h"
#include "format/shardpath.h"

#define PAGE_DOCS_DEFAULT 1000u
#define PAGE_DOCS_MAX     1000000u
#define THREADS_MAX       1024u

enum { KEY_DEBUG, KEY_RW };

/* As FUSE_OPT_KEY has it, which leaves the conversion to the compiler. */
#define OFFSET_NONE ((unsigned long)-1U)

static const struct fuse_opt option_spec[] = {
	{"-h", offsetof(struct ng_options, help), 1},
	{"--help", offsetof(struct ng_options, help), 1},
	{"-V", offsetof(struct ng_options, version), 1},
	{"--version", offsetof(struct ng_options, version), 1},
	{"-f", offsetof(struct ng_options, foreground), 1},
	{"-s", offsetof(struct ng_options, single), 1},
	{"ro", offsetof(struct ng_options, read_only), 1},
	{"nosandbox", offsetof(struct ng_options, no_sandbox), 1},
	{"nostreams", offsetof(struct ng_options, no_streams), 1},
	{"page=%s", offsetof(struct ng_options, page), 0},
	{"outside=%s", offsetof(struct ng_options, outside), 0},
	{"threads=%s", offsetof(struct ng_options, threads), 0},
	{"preload", offsetof(struct ng_options, preload), 1},
	{"preload=%s", offsetof(struct ng_options, preload_size), 0},
	{"nopreload", offsetof(struct ng_options, no_preload), 1},
	{"timeout=%s", offsetof(struct ng_options, limit_texts[NG_LIMIT_TIMEOUT]), 0},
	{"searches=%s", offsetof(struct ng_options, limit_texts[NG_LIMIT_SEARCHES]), 0},
	{"queue=%s", offsetof(struct ng_options, limit_texts[NG_LIMIT_QUEUE]), 0},
	{"memory=%s", offsetof(struct ng_options, limit_texts[NG_LIMIT_MEMORY]), 0},
	{"spool=%s", offsetof(struct ng_options, limit_texts[NG_LIMIT_SPOOL]), 0},
	{"lines=%s", offsetof(struct ng_options, limit_texts[NG_LIMIT_LINES]), 0},
	{"-d", OFFSET_NONE, KEY_DEBUG},
	{"debug", OFFSET_NONE, KEY_DEBUG},
	{"rw", OFFSET_NONE, KEY_RW},
	FUSE_OPT_END,
};

static const char usage_text[] = "usage: ngramfs [options] INDEX... MOUNTPOINT\n";

static const char help_text[] =
	"Mount indexes that mkngramfs made, to search their text by reading files.\n"
	"\n"
	"    -h, --help      this text\n"
	"    -V, --version   the version\n"
	"    -f              stay in the foreground; the log goes to standard error\n"
	"    -d              log every request; implies -f\n"
	"    -s              serve one request at a time\n"
	"    -o page=N       names that a directory lists before more/ (default 1000)\n"
	"    -o ro           nothing can be written, batch/ and trace neither\n"
	"    -o nostreams    no batch/, no trace, and of kwic/ and df/ only what is short; in\n"
	"                    turn a path asked for again costs nothing\n"
	"    -o outside=DIRS directories, with ':' between, where shards of a joined index may\n"
	"                    lie, beside the one that it is in (default: $NGRAMFS_OUTSIDE)\n"
	"    -o threads=N    threads that compute for one query (default: processors); where\n"
	"                    storage is waited for, more wait\n"
	"    -o preload      read at once what every query needs, a hundredth of the text,\n"
	"                    up to an eighth of memory; on network storage it is the default\n"
	"    -o preload=SIZE the same, up to SIZE in all (suffixes K, M, G, T)\n"
	"    -o nopreload    never\n"
	"    -o timeout=SECONDS  answer with an error what takes longer (default: any time)\n"
	"    -o searches=N   long questions that are answered at once (default 16)\n"
	"    -o queue=N      questions that may wait for their turn (default 1024)\n"
	"    -o memory=SIZE  memory of long answers that are half read (default 48M)\n"
	"    -o spool=SIZE   temporary files of sessions in batch/ and trace (default 4G)\n"
	"    -o lines=N      lines that may be written to one session in batch/ (any number)\n"
	"    -o nosandbox    keep the rights that root has, and all system calls\n"
	"    -o allow_other  let other users in (needs user_allow_other in /etc/fuse.conf\n"
	"                    unless root mounts)\n"
	"    -o OPTION       any other mount option of FUSE, such as fsname=NAME\n"
	"\n"
	"`umount MOUNTPOINT` (`fusermount3 -u` without root) ends it. See ngramfs(1), and\n"
	"README in the mount.\n";

static int on_option(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct ng_options *options = data;

	if (key == KEY_DEBUG) {
		options->debug = 1;
		options->foreground = 1;
		return 1; /* libfuse's too */
	}
	if (key == KEY_RW)
		return 0; /* comes from mount(8) unasked, and is the default */
	if (key == FUSE_OPT_KEY_OPT && !*arg)
		return 0; /* -o "$OPTIONS" without any */
	if (key == FUSE_OPT_KEY_NONOPT) {
		options->paths[options->n_paths++] = arg;
		return 0;
	}
	return 1;
}

/* A number in 1..max out of -o name=TEXT. */
static int parse_number(const char *name, const char *text, uint64_t max, uint64_t *ret_number)
{
	uint64_t number;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || number < 1 || number > max) {
		ng_say(stderr, "ngramfs: -o %s=%s: give a number from 1 to %llu", name, text,
		       (unsigned long long)max);
		return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

int ng_options_parse(struct fuse_args *args, struct ng_options *options)
{
	struct ng_error err = {""};
	uint64_t number;

	options->paths = calloc((size_t)args->argc + 1, sizeof(*options->paths));
	if (!options->paths) {
		fprintf(stderr, "ngramfs: %s\n", strerror(ENOMEM));
		return -ENOMEM;
	}
	if (fuse_opt_parse(args, options, option_spec, on_option) < 0)
		return -EINVAL;
	options->page_docs = PAGE_DOCS_DEFAULT;
	options->limits = ng_limits_default;
	if (options->page &&
	    parse_number("page", options->page, PAGE_DOCS_MAX, &options->page_docs) < 0)
		return -EINVAL;
	if (options->threads) {
		if (parse_number("threads", options->threads, THREADS_MAX, &number) < 0)
			return -EINVAL;
		options->search_threads = (unsigned)number;
	}
	if (options->preload_size &&
	    (ng_number_parse(options->preload_size, true, &options->preload_bytes) < 0 ||
	     !options->preload_bytes)) {
		fprintf(stderr,
			"ngramfs: -o preload=%s: give a size from 1 byte on, such as 500M or 4G\n",
			options->preload_size);
		return -EINVAL;
	}
	if (options->no_preload && (options->preload || options->preload_size)) {
		fprintf(stderr, "ngramfs: give one of -o preload and -o nopreload\n");
		return -EINVAL;
	}
	if (!options->outside && getenv(NG_OUTSIDE_VARIABLE)) {
		options->outside = strdup(getenv(NG_OUTSIDE_VARIABLE));
		if (!options->outside) {
			fprintf(stderr, "ngramfs: %s\n", strerror(ENOMEM));
			return -ENOMEM;
		}
	}
	if (ng_shard_roots_check(options->outside, &err) < 0) {
		ng_say(stderr, "ngramfs: -o outside: %s", err.text);
		return -EINVAL;
	}
	if (ng_limits_parse((const char *const *)options->limit_texts, &options->limits) < 0)
		return -EINVAL;
	if (options->help || options->version)
		return 0;
	if (options->n_paths < 2) {
		fprintf(stderr, "%s%s\n", usage_text,
			options->n_paths
				? "ngramfs: one index at least, and a mount point, are needed"
				: "Try ngramfs --help.");
		return -EINVAL;
	}
	return 0;
}

void ng_options_print_help(void)
{
	printf("%s\n%s", usage_text, help_text);
}

void ng_options_clear(struct ng_options *options)
{
	free(options->paths);
	free(options->page);
	free(options->threads);
	free(options->outside);
	free(options->preload_size);
	for (size_t i = 0; i < NG_LIMITS; i++)
		free(options->limit_texts[i]);
}
