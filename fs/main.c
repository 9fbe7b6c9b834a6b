#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <syslog.h>

#include "base/number.h"
#include "daemon.h"
#include "service.h"

#define EXIT_USAGE 2

#define PAGE_DOCS_DEFAULT 1000u
#define PAGE_DOCS_MAX     1000000u
#define CONTEXT_BYTES     200u
#define THREADS_MAX       1024u
#define SEARCHES_DEFAULT  16u
#define WAITING_DEFAULT   1024u

/* What the daemon may remember of queries asked for before it asks the kernel to forget them. */
#define NODE_LIMIT_BYTES (4u << 20)

struct options {
	const char **paths; /* indexes, then the mount point */
	size_t n_paths;
	char **argv;
	char *page, *threads;
	uint64_t page_docs;
	unsigned search_threads;
	struct ng_calls_limits calls;
	int foreground, debug, single, read_only, no_streams, help, version;
};

enum { KEY_DEBUG, KEY_RW };

static const struct fuse_opt option_spec[] = {
	{"-h", offsetof(struct options, help), 1},
	{"--help", offsetof(struct options, help), 1},
	{"-V", offsetof(struct options, version), 1},
	{"--version", offsetof(struct options, version), 1},
	{"-f", offsetof(struct options, foreground), 1},
	{"-s", offsetof(struct options, single), 1},
	{"ro", offsetof(struct options, read_only), 1},
	{"nostreams", offsetof(struct options, no_streams), 1},
	{"page=%s", offsetof(struct options, page), 0},
	{"threads=%s", offsetof(struct options, threads), 0},
	FUSE_OPT_KEY("-d", KEY_DEBUG),
	FUSE_OPT_KEY("debug", KEY_DEBUG),
	FUSE_OPT_KEY("rw", KEY_RW),
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
	"    -o threads=N    threads that search one query's shards (default: processors)\n"
	"    -o allow_other  let other users in (needs user_allow_other in /etc/fuse.conf\n"
	"                    unless root mounts)\n"
	"    -o OPTION       any other mount option of FUSE, such as fsname=NAME\n"
	"\n"
	"`umount MOUNTPOINT` (`fusermount3 -u` without root)\n"
	"ends it. See ngramfs(1), and README in the mount.\n";

static void log_to_stderr(enum fuse_log_level level, const char *fmt, va_list ap)
{
	vfprintf(stderr, fmt, ap);
}

/* In the background. Standard error is the terminal's until the mount is ready, then nowhere. */
static void log_to_syslog(enum fuse_log_level level, const char *fmt, va_list ap)
{
	va_list again;

	va_copy(again, ap);
	vfprintf(stderr, fmt, again);
	va_end(again);
	vsyslog((int)level, fmt, ap); /* libfuse's levels are those of syslog */
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
		fprintf(stderr, "ngramfs: -o %s=%s: give a number from 1 to %llu\n", name, text,
			(unsigned long long)max);
		return -EINVAL;
	}
	*ret_number = number;
	return 0;
}

/* Returns 0, or -EINVAL after a message. */
static int parse(struct fuse_args *args, struct options *options)
{
	uint64_t number;

	if (fuse_opt_parse(args, options, option_spec, on_option) < 0)
		return -EINVAL;
	options->page_docs = PAGE_DOCS_DEFAULT;
	options->calls.long_at_once = SEARCHES_DEFAULT;
	options->calls.waiting_most = WAITING_DEFAULT;
	if (options->page &&
	    parse_number("page", options->page, PAGE_DOCS_MAX, &options->page_docs) < 0)
		return -EINVAL;
	if (options->threads) {
		if (parse_number("threads", options->threads, THREADS_MAX, &number) < 0)
			return -EINVAL;
		options->search_threads = (unsigned)number;
	}
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
		fprintf(stderr, "ngramfs: mount point %s: %s%s\n", path, strerror(errno), remedy);
		free(real);
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		fprintf(stderr, "ngramfs: mount point %s: not a directory\n", path);
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
		.opening = {.threads = options->search_threads},
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
	fprintf(stderr, "ngramfs: %s%s\n", err.text[0] ? err.text : strerror(-r), remedy);
	return NULL;
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
		.long_at_once = options->calls.long_at_once,
	};
	ng_cleanup(ng_tree_freep) struct ng_tree *tree = open_tree(options);
	int r;

	if (!tree)
		return EXIT_FAILURE;
	r = ng_calls_new(&options->calls, &mount->calls);
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
	r = ng_service_run(&service);
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
	fuse_set_log_func(log_to_stderr);
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
	fuse_opt_free_args(&args);
	return status;
}
