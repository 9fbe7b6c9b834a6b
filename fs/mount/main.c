/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <syslog.h>

#include "base/number.h"
#include "base/printable.h"
#include "mount/daemon.h"
#include "format/shardpath.h"
#include "mount/limits.h"
#include "mount/ops.h"
#include "mount/parallel_lookups.h"
#include "mount/service.h"

#define EXIT_USAGE 2

#define PAGE_DOCS_DEFAULT 1000u
#define PAGE_DOCS_MAX     1000000u
#define CONTEXT_BYTES     200u
#define THREADS_MAX       1024u

/* What the daemon may remember of queries asked for before it asks the kernel to forget them. */
#define NODE_LIMIT_BYTES (4u << 20)

/* A line of the log is cut in its middle when it is longer. */
#define LOG_LINE_BYTES 8192

struct options {
	const char **paths; /* indexes, then the mount point */
	size_t n_paths;
	char **argv;
	char *page, *threads, *outside, *preload_size, *limit_texts[NG_LIMITS];
	uint64_t page_docs, preload_bytes;
	unsigned search_threads;
	struct ng_limits limits;
	int foreground, debug, single, read_only, no_streams, preload, no_preload, no_sandbox;
	int help, version;
};

enum { KEY_DEBUG, KEY_RW };

/* As FUSE_OPT_KEY has it, which leaves the conversion to the compiler. */
#define OFFSET_NONE ((unsigned long)-1U)

static const struct fuse_opt option_spec[] = {
	{"-h", offsetof(struct options, help), 1},
	{"--help", offsetof(struct options, help), 1},
	{"-V", offsetof(struct options, version), 1},
	{"--version", offsetof(struct options, version), 1},
	{"-f", offsetof(struct options, foreground), 1},
	{"-s", offsetof(struct options, single), 1},
	{"ro", offsetof(struct options, read_only), 1},
	{"nosandbox", offsetof(struct options, no_sandbox), 1},
	{"nostreams", offsetof(struct options, no_streams), 1},
	{"page=%s", offsetof(struct options, page), 0},
	{"outside=%s", offsetof(struct options, outside), 0},
	{"threads=%s", offsetof(struct options, threads), 0},
	{"preload", offsetof(struct options, preload), 1},
	{"preload=%s", offsetof(struct options, preload_size), 0},
	{"nopreload", offsetof(struct options, no_preload), 1},
	{"timeout=%s", offsetof(struct options, limit_texts[NG_LIMIT_TIMEOUT]), 0},
	{"searches=%s", offsetof(struct options, limit_texts[NG_LIMIT_SEARCHES]), 0},
	{"queue=%s", offsetof(struct options, limit_texts[NG_LIMIT_QUEUE]), 0},
	{"memory=%s", offsetof(struct options, limit_texts[NG_LIMIT_MEMORY]), 0},
	{"spool=%s", offsetof(struct options, limit_texts[NG_LIMIT_SPOOL]), 0},
	{"lines=%s", offsetof(struct options, limit_texts[NG_LIMIT_LINES]), 0},
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
	"`umount MOUNTPOINT` (`fusermount3 -u` without root)\n"
	"ends it. See ngramfs(1), and README in the mount.\n";

/* What is logged, libfuse's own lines, too, is printable, whatever names were asked for. */
static void log_to_stderr(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_BYTES];

	ng_printable_vformat(line, sizeof(line), fmt, ap);
	ng_say(stderr, "%s", line);
}

/* In the background. Standard error is the terminal's until the mount is ready, then nowhere. */
static void log_to_syslog(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_BYTES];

	ng_printable_vformat(line, sizeof(line), fmt, ap);
	ng_say(stderr, "%s", line);
	syslog((int)level, "%s", line); /* libfuse's levels are those of syslog */
}

static int on_option(void *data, const char *arg, int key, struct fuse_args *args)
{
	struct options *options = data;

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

/* Returns 0, or -EINVAL after a message. */
static int parse(struct fuse_args *args, struct options *options)
{
	struct ng_error err = {""};
	uint64_t number;

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
			return -EINVAL;
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

/* What df and mount show, before the user's options so that theirs win. The mount is one for
 * writing, since questions can be written; the kernel refuses the rest by the files' modes, but not
 * to root, to whom the daemon does. */
static int add_mount_options(struct fuse_args *args, const struct options *options)
{
	ng_cleanup(ng_freep) char *names = NULL, *shown = NULL, *arg = NULL;

	for (size_t i = 0; i + 1 < options->n_paths; i++) {
		ng_cleanup(ng_freep) char *real = realpath(options->paths[i], NULL);
		ng_cleanup(ng_freep) char *before = names;

		if (asprintf(&names, "%s%s%s", before ? before : "", before ? "," : "",
			     real ? real : options->paths[i]) < 0) {
			names = NULL;
			return -ENOMEM;
		}
	}
	if (fuse_opt_add_opt_escaped(&shown, names) < 0)
		return -ENOMEM;
	if (asprintf(&arg, "-osubtype=ngramfs,fsname=%s", shown) < 0) {
		arg = NULL;
		return -ENOMEM;
	}
	if (fuse_opt_insert_arg(args, 1, arg) < 0 ||
	    fuse_opt_add_arg(args, options->read_only ? "-oro" : "-orw,default_permissions") < 0)
		return -ENOMEM;
	return 0;
}

/* The mount point's absolute path, or NULL after a message. */
static char *check_mountpoint(const char *path)
{
	struct statvfs vfs;
	struct stat st;
	char *real = realpath(path, NULL);

	/* Attributes may come from the cache of a dead filesystem; statvfs asks it. */
	if (!real || stat(real, &st) < 0 || statvfs(real, &vfs) < 0) {
		const char *remedy = "";

		if (errno == ENOENT)
			remedy = "; make it with mkdir";
		else if (errno == ENOTCONN)
			remedy = "; a filesystem whose daemon has died is mounted there: umount it";
		ng_say(stderr, "ngramfs: mount point %s: %s%s", path, strerror(errno), remedy);
		free(real);
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		ng_say(stderr, "ngramfs: mount point %s: not a directory", path);
		free(real);
		return NULL;
	}
	return real;
}

static struct ng_tree *open_tree(const struct options *options)
{
	struct ng_tree_options tree_options = {
		.page_docs = options->page_docs,
		.context_bytes = CONTEXT_BYTES,
		.node_limit_bytes = NODE_LIMIT_BYTES,
		.no_streams = options->no_streams,
		.streams = options->limits.streams,
		.opening = {.threads = options->search_threads, .outside = options->outside},
	};
	const char *remedy = "";
	struct ng_error err = {""};
	struct ng_tree *tree = NULL;
	int r;

	r = ng_tree_new(options->paths, options->n_paths - 1, &tree_options, &tree, &err);
	if (r == 0)
		return tree;
	if (r == -ENOENT || r == -ENOTDIR)
		remedy = "; an index is a directory that mkngramfs makes";
	else if (r == -EUCLEAN)
		remedy = "; see what ngramfsck says of it";
	ng_say(stderr, "ngramfs: %s%s", err.text[0] ? err.text : strerror(-r), remedy);
	return NULL;
}

static enum ng_preloading_when preloading_when(const struct options *options)
{
	if (options->no_preload)
		return NG_PRELOADING_NEVER;
	return options->preload || options->preload_size ? NG_PRELOADING_ALWAYS
							 : NG_PRELOADING_REMOTE;
}

/* Everything from opening the indexes to the end; returns the exit status. */
static int run(const struct options *options, struct fuse_session *session, struct ng_mount *mount,
	       const char *mountpoint, int ready_fd)
{
	struct ng_service service = {
		.session = session,
		.mount = mount,
		.mountpoint = mountpoint,
		.ready_fd = ready_fd,
		.single = options->single,
		.argv = options->argv,
		.preloading = {.when = preloading_when(options),
			       .most_bytes = options->preload_bytes},
		.no_sandbox = options->no_sandbox,
		.debug = options->debug,
		.long_at_once = options->limits.calls.long_at_once,
	};
	ng_cleanup(ng_tree_freep) struct ng_tree *tree = open_tree(options);
	int r;

	if (!tree)
		return EXIT_FAILURE;
	r = ng_calls_new(&options->limits.calls, &mount->calls);
	if (r) {
		fprintf(stderr, "ngramfs: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	mount->tree = tree;
	mount->session = session;
	mount->no_streams = options->no_streams;
	mount->uid = getuid();
	mount->gid = getgid();
	if (fuse_set_signal_handlers(session) < 0)
		return EXIT_FAILURE;
	/* libfuse says what went wrong. */
	if (fuse_session_mount(session, mountpoint) < 0) {
		fuse_remove_signal_handlers(session);
		return EXIT_FAILURE;
	}
	r = ng_parallel_lookups_offer(session);
	if (r == 0)
		r = ng_service_run(&service);
	else
		fuse_session_unmount(session);
	fuse_remove_signal_handlers(session);
	if (r)
		fuse_log(FUSE_LOG_ERR, "ngramfs: %s: error: %s\n", mountpoint, strerror(-r));
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int start(struct fuse_args *args, const struct options *options)
{
	ng_cleanup(ng_freep) struct ng_mount *mount = calloc(1, sizeof(*mount));
	ng_cleanup(ng_freep) char *mountpoint = NULL;
	struct fuse_session *session;
	int status = EXIT_FAILURE, ready_fd = -1, r = 0;

	if (!mount || add_mount_options(args, options) < 0) {
		fprintf(stderr, "ngramfs: %s\n", strerror(ENOMEM));
		return EXIT_FAILURE;
	}
	session = fuse_session_new(args, &ng_ops, sizeof(ng_ops), mount);
	if (!session) {
		fprintf(stderr, "Try ngramfs --help.\n");
		return EXIT_USAGE;
	}
	mountpoint = check_mountpoint(options->paths[options->n_paths - 1]);
	if (mountpoint && !options->foreground) {
		openlog("ngramfs", LOG_PID, LOG_DAEMON);
		fuse_set_log_func(log_to_syslog);
		r = ng_daemon_fork(&ready_fd, &status);
		if (r < 0)
			fprintf(stderr, "ngramfs: cannot fork: %s\n", strerror(-r));
	}
	ng_service_block_signals();
	if (mountpoint && r == 0)
		status = run(options, session, mount, mountpoint, ready_fd);
	fuse_session_destroy(session);
	if (mount)
		ng_calls_free(mount->calls);
	return status;
}

int main(int argc, char **argv)
{
	struct fuse_args args = FUSE_ARGS_INIT(argc, argv);
	struct options options = {.argv = argv};
	struct rlimit files;
	int status;

	/* A descriptor for each shard. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* A daemon of many threads that lives long: few arenas, and memory given back. */
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	mallopt(M_TRIM_THRESHOLD, 256 << 10);

	options.paths = calloc((size_t)argc + 1, sizeof(*options.paths));
	if (!options.paths) {
		fprintf(stderr, "ngramfs: %s\n", strerror(ENOMEM));
		return EXIT_FAILURE;
	}
	fuse_set_log_func(log_to_stderr);
	if (parse(&args, &options) < 0) {
		status = EXIT_USAGE;
	} else if (options.help) {
		printf("%s\n%s", usage_text, help_text);
		status = EXIT_SUCCESS;
	} else if (options.version) {
		printf("ngramfs %s\nlibfuse %s\n", NG_VERSION, fuse_pkgversion());
		status = EXIT_SUCCESS;
	} else {
		status = start(&args, &options);
	}
	free(options.paths);
	free(options.page);
	free(options.threads);
	free(options.outside);
	free(options.preload_size);
	for (size_t i = 0; i < NG_LIMITS; i++)
		free(options.limit_texts[i]);
	fuse_opt_free_args(&args);
	return status;
}
