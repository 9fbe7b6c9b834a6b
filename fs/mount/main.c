/* SPDX-License-Identifier: Apache-2.0 */
#define FUSE_USE_VERSION 312

#include <fuse_lowlevel.h>
#include <malloc.h>
#include <mntent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <syslog.h>

#include "base/printable.h"
#include "format/manifest.h"
#include "mount/daemon.h"
#include "mount/ops.h"
#include "mount/options.h"
#include "mount/parallel_lookups.h"
#include "mount/service.h"

#define EXIT_USAGE 2

#define CONTEXT_BYTES 200u

/* What the daemon may remember of queries asked for before it asks the kernel to forget them. */
#define NODE_LIMIT_BYTES (4u << 20)

/* A line of the log is cut in its middle when it is longer. */
#define LOG_LINE_BYTES 8192

/* What is logged, libfuse's own lines, too, is printable, whatever names were asked for. */
static void log_to_stderr(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_BYTES];
	size_t len = strlen(fmt);

	ng_printable_vformat(line, sizeof(line), fmt, ap);
	/* libfuse says some lines in pieces. */
	if (len && fmt[len - 1] == '\n')
		ng_say(stderr, "%s", line);
	else
		fputs(line, stderr);
}

/* In the background. Standard error is the terminal's until the mount is ready, then nowhere. */
static void log_to_syslog(enum fuse_log_level level, const char *fmt, va_list ap)
{
	char line[LOG_LINE_BYTES];

	ng_printable_vformat(line, sizeof(line), fmt, ap);
	ng_say(stderr, "%s", line);
	syslog((int)level, "%s", line); /* libfuse's levels are those of syslog */
}

/* What df and mount show, before the user's options so that theirs win. The mount is one for
 * writing, since questions can be written; the kernel refuses the rest by the files' modes, but not
 * to root, to whom the daemon does. */
static int add_mount_options(struct fuse_args *args, const struct ng_options *options)
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

/* Whether what is mounted at an absolute path, last of all, is one of these. */
static bool has_ngramfs(const char *path)
{
	FILE *mounts = setmntent("/proc/self/mounts", "r");
	struct mntent *entry;
	bool has = false;

	if (!mounts)
		return false;
	while ((entry = getmntent(mounts)) != NULL)
		if (strcmp(entry->mnt_dir, path) == 0)
			has = strcmp(entry->mnt_type, "fuse.ngramfs") == 0;
	endmntent(mounts);
	return has;
}

static bool has_file(const char *dir, const char *name)
{
	ng_cleanup(ng_freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0) {
		path = NULL;
		return false;
	}
	return access(path, F_OK) == 0;
}

/* The mount point's absolute path, or NULL after a message. What would be hidden by mistake is
 * refused: a mount of this program that was started before, and an index without a mount point
 * behind it. */
static char *check_mountpoint(const char *path)
{
	struct statvfs vfs;
	struct stat st;
	char *real = realpath(path, NULL);
	const char *why = NULL;

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
	if (!S_ISDIR(st.st_mode))
		why = "not a directory";
	else if (has_ngramfs(real))
		why = "ngramfs is mounted there already; umount it first";
	else if (has_file(real, NG_MANIFEST_NAME))
		why = "holds an " NG_MANIFEST_NAME
		      ", as an index does, which would be hidden; name "
		      "another directory behind the indexes";
	if (!why)
		return real;
	ng_say(stderr, "ngramfs: mount point %s: %s", path, why);
	free(real);
	return NULL;
}

static struct ng_tree *open_tree(const struct ng_options *options)
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

static enum ng_preloading_when preloading_when(const struct ng_options *options)
{
	if (options->no_preload)
		return NG_PRELOADING_NEVER;
	return options->preload || options->preload_size ? NG_PRELOADING_ALWAYS
							 : NG_PRELOADING_REMOTE;
}

/* Everything from opening the indexes to the end; returns the exit status. */
static int run(const struct ng_options *options, struct fuse_session *session,
	       struct ng_mount *mount, const char *mountpoint, int ready_fd)
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

static int start(struct fuse_args *args, const struct ng_options *options)
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
	struct ng_options options = {.argv = argv};
	struct rlimit files;
	int r, status;

	/* A descriptor for each shard. */
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	/* A daemon of many threads that lives long: few arenas, and memory given back. */
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	mallopt(M_TRIM_THRESHOLD, 256 << 10);

	fuse_set_log_func(log_to_stderr);
	r = ng_options_parse(&args, &options);
	if (r < 0) {
		status = r == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
	} else if (options.help) {
		ng_options_print_help();
		status = EXIT_SUCCESS;
	} else if (options.version) {
		printf("ngramfs %s\nlibfuse %s\n", NG_VERSION, fuse_pkgversion());
		status = EXIT_SUCCESS;
	} else {
		status = start(&args, &options);
	}
	ng_options_clear(&options);
	fuse_opt_free_args(&args);
	return status;
}
