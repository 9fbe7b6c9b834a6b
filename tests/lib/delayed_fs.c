/* SPDX-License-Identifier: Apache-2.0 */
/* Storage that is far away, to test and measure with: shows a directory, to be read only, and
 * answers each read after a while, however many others wait beside it.
 *
 *   delayed_fs DIRECTORY MOUNTPOINT
 *
 * Stays in the foreground and takes commands from standard input, one a line, each of which it
 * answers with a line:
 *
 *   delay US    reads that begin from now on take so many microseconds
 *   hold 1|0    none of those in flight is answered, or they are again
 *   fail 1|0    they fail with EIO, or don't any more
 *   forget      have the kernel drop all pages of the files, mapped ones too
 *   stats       of the reads since the last stats that have ended:
 *               reads=N bytes=N turns=N together=N waiting=N
 *   list        the same reads, one line each: file offset bytes begin_us end_us; then "."
 *
 * turns: the longest sequence of reads none of which began before the one ahead of it had ended.
 * together: the most in flight at once; waiting: those in flight now. Lookups and attributes aren't
 * delayed, and the kernel keeps them for ever. The end of standard input unmounts and ends it. */
#define FUSE_USE_VERSION 312

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse_lowlevel.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TIMEOUT_SECONDS 1e9
#define IN_FLIGHT_MAX   65535u
#define FILES_MAX       65536u
#define READ_MAX        (1u << 20)

/* What has been looked up; its number is its place plus FUSE_ROOT_ID. */
struct file {
	fuse_ino_t parent;
	char *name;
	int fd;
};

struct read {
	struct read *next;
	fuse_req_t req;
	fuse_ino_t ino;
	uint64_t begin_ns, due_ns, end_ns;
	off_t offset;
	size_t bytes;
	bool fails;
};

static struct fuse_session *session;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t arrived;                           /* there is a first read */
static struct file files[FILES_MAX];
static size_t n_files;
static uint64_t delay_ns;
static bool failing, holding;
static pthread_cond_t released;             /* holding has become false */
static struct read *first, **last = &first; /* in flight */
static size_t waiting, together;
static struct read *ended; /* since the last stats */
static size_t n_ended, ended_room;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *must(void *memory)
{
	if (!memory) {
		fprintf(stderr, "delayed_fs: %s\n", strerror(ENOMEM));
		exit(1);
	}
	return memory;
}

/* ---- files ---- */

static int file_fd(fuse_ino_t ino)
{
	int fd;

	pthread_mutex_lock(&lock);
	fd = files[ino - FUSE_ROOT_ID].fd;
	pthread_mutex_unlock(&lock);
	return fd;
}

/* Number of a file, opened when it is first looked up; 0 with errno where there is none. */
static fuse_ino_t file_find(fuse_ino_t parent, const char *name)
{
	fuse_ino_t found = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 1; i < n_files && !found; i++)
		if (files[i].parent == parent && strcmp(files[i].name, name) == 0)
			found = i + FUSE_ROOT_ID;
	if (!found) {
		int fd = openat(files[parent - FUSE_ROOT_ID].fd, name, O_RDONLY | O_CLOEXEC);

		if (fd >= 0 && n_files < FILES_MAX) {
			files[n_files] = (struct file){parent, must(strdup(name)), fd};
			found = n_files++ + FUSE_ROOT_ID;
		}
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static int file_stat(fuse_ino_t ino, struct stat *ret_stat)
{
	if (fstat(file_fd(ino), ret_stat) < 0)
		return -1;
	ret_stat->st_ino = ino;
	return 0;
}

static void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
	struct fuse_entry_param entry = {.attr_timeout = TIMEOUT_SECONDS,
					 .entry_timeout = TIMEOUT_SECONDS};

	entry.ino = file_find(parent, name);
	if (!entry.ino || file_stat(entry.ino, &entry.attr) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_entry(req, &entry);
}

static void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct stat st;

	if (file_stat(ino, &st) < 0)
		fuse_reply_err(req, errno);
	else
		fuse_reply_attr(req, &st, TIMEOUT_SECONDS);
}

static void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	fi->keep_cache = 1;
	fuse_reply_open(req, fi);
}

static void op_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	int fd = openat(file_fd(ino), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char *buf = must(malloc(size));
	struct dirent *entry;
	size_t len = 0;

	for (off_t at = 0; dir && (entry = readdir(dir)); at++) {
		struct stat st = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
		size_t need;

		if (at < offset)
			continue;
		need = fuse_add_direntry(req, buf + len, size - len, entry->d_name, &st, at + 1);
		if (need > size - len)
			break;
		len += need;
	}
	if (dir)
		closedir(dir);
	fuse_reply_buf(req, buf, len);
	free(buf);
}

/* ---- reads ---- */

static void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *fi)
{
	struct read *read = must(calloc(1, sizeof(*read)));

	pthread_mutex_lock(&lock);
	*read = (struct read){.req = req,
			      .ino = ino,
			      .begin_ns = now_ns(),
			      .offset = offset,
			      .bytes = size < READ_MAX ? size : READ_MAX,
			      .fails = failing};
	read->due_ns = read->begin_ns + delay_ns;
	*last = read;
	last = &read->next;
	if (++waiting > together)
		together = waiting;
	pthread_cond_signal(&arrived);
	pthread_mutex_unlock(&lock);
}

static void reply(struct read *read)
{
	char *buf = must(malloc(read->bytes + 1));
	ssize_t n = pread(file_fd(read->ino), buf, read->bytes, read->offset);

	pthread_mutex_lock(&lock);
	waiting--;
	read->end_ns = now_ns();
	if (n_ended == ended_room) {
		ended_room = ended_room ? 2 * ended_room : 1024;
		ended = must(realloc(ended, ended_room * sizeof(*ended)));
	}
	ended[n_ended++] = *read;
	pthread_mutex_unlock(&lock);
	if (n < 0 || read->fails)
		fuse_reply_err(read->req, EIO);
	else
		fuse_reply_buf(read->req, buf, (size_t)n);
	free(buf);
}

/* In the order in which they came, each when it is due. */
static void *run_replies(void *unused)
{
	for (;;) {
		struct read *read;
		struct timespec due;

		pthread_mutex_lock(&lock);
		while (!first)
			pthread_cond_wait(&arrived, &lock);
		read = first;
		first = read->next;
		if (!first)
			last = &first;
		pthread_mutex_unlock(&lock);
		due = (struct timespec){(time_t)(read->due_ns / 1000000000u),
					(long)(read->due_ns % 1000000000u)};
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
			;
		pthread_mutex_lock(&lock);
		while (holding)
			pthread_cond_wait(&released, &lock);
		pthread_mutex_unlock(&lock);
		reply(read);
		free(read);
	}
	return NULL;
}

/* ---- commands ---- */

/* Under the lock. Reads end in the order in which they stand. */
static void print_stats(void)
{
	uint64_t end = 0;
	size_t bytes = 0, turns = 0;

	for (size_t i = 0; i < n_ended; i++) {
		bytes += ended[i].bytes;
		if (ended[i].begin_ns >= end) {
			turns++;
			end = ended[i].end_ns;
		}
	}
	printf("reads=%zu bytes=%zu turns=%zu together=%zu waiting=%zu\n", n_ended, bytes, turns,
	       together, waiting);
	n_ended = 0;
	together = waiting;
}

static void print_list(void)
{
	for (size_t i = 0; i < n_ended; i++)
		printf("%s %lld %zu %llu %llu\n", files[ended[i].ino - FUSE_ROOT_ID].name,
		       (long long)ended[i].offset, ended[i].bytes,
		       (unsigned long long)ended[i].begin_ns / 1000,
		       (unsigned long long)ended[i].end_ns / 1000);
	puts(".");
}

static void forget_pages(void)
{
	size_t n;

	pthread_mutex_lock(&lock);
	n = n_files;
	pthread_mutex_unlock(&lock);
	/* It waits for reads of the pages. */
	for (size_t i = 1; i < n; i++)
		fuse_lowlevel_notify_inval_inode(session, i + FUSE_ROOT_ID, 0, 0);
	puts("ok");
}

static void *run_commands(void *unused)
{
	unsigned long long number;
	char line[256];

	while (fgets(line, sizeof(line), stdin)) {
		if (strcmp(line, "forget\n") == 0) {
			forget_pages();
			fflush(stdout);
			continue;
		}
		pthread_mutex_lock(&lock);
		if (sscanf(line, "delay %llu", &number) == 1) {
			delay_ns = number * 1000;
			puts("ok");
		} else if (sscanf(line, "hold %llu", &number) == 1) {
			holding = number;
			pthread_cond_broadcast(&released);
			puts("ok");
		} else if (sscanf(line, "fail %llu", &number) == 1) {
			failing = number;
			puts("ok");
		} else if (strcmp(line, "stats\n") == 0) {
			print_stats();
		} else if (strcmp(line, "list\n") == 0) {
			print_list();
		} else {
			puts("unknown command");
		}
		pthread_mutex_unlock(&lock);
		fflush(stdout);
	}
	kill(getpid(), SIGTERM);
	return NULL;
}

static void start_thread(void *(*run)(void *))
{
	sigset_t all, before;
	pthread_t thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, run, NULL) != 0)
		must(NULL);
	pthread_detach(thread);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void op_init(void *userdata, struct fuse_conn_info *conn)
{
	conn->want &= ~(unsigned)(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS);
	/* Of the reads that the kernel makes ahead; the others have no bound. */
	conn->max_background = IN_FLIGHT_MAX;
	conn->congestion_threshold = IN_FLIGHT_MAX;
	start_thread(run_replies);
	start_thread(run_commands);
}

static const struct fuse_lowlevel_ops ops = {
	.init = op_init,
	.lookup = op_lookup,
	.getattr = op_getattr,
	.open = op_open,
	.readdir = op_readdir,
	.read = op_read,
};

int main(int argc, char **argv)
{
	char *fuse_argv[] = {argv[0], "-oro,fsname=delayed,subtype=delayed_fs,allow_other", NULL};
	struct fuse_args args = FUSE_ARGS_INIT(2, fuse_argv);
	int status = 1;

	if (argc != 3) {
		fprintf(stderr, "usage: delayed_fs DIRECTORY MOUNTPOINT\n");
		return 2;
	}
	files[0].fd = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n_files = 1;
	if (files[0].fd < 0) {
		fprintf(stderr, "delayed_fs: %s: %s\n", argv[1], strerror(errno));
		return 1;
	}
	pthread_cond_init(&arrived, NULL);
	pthread_cond_init(&released, NULL);
	session = fuse_session_new(&args, &ops, sizeof(ops), NULL);
	if (session && fuse_set_signal_handlers(session) == 0 &&
	    fuse_session_mount(session, argv[2]) == 0) {
		status = fuse_session_loop(session) < 0;
		fuse_session_unmount(session);
	}
	/* Its threads are still at work. */
	_exit(status);
}
