/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/machine.h"

#define TERMINAL_SECONDS 0.2
#define PLAIN_SECONDS    10.0
#define JSON_SECONDS     1.0
#define RATE_SECONDS     0.5 /* no rate before it means something */
#define PHASE_LEN        48
#define LINE_LEN         256

/* A run is as fast as was guessed, until it has taken some times so long. */
#define GUESS_SECONDS 1.0

/* On a terminal: what the line takes beside its bar, and the bar at most. */
#define COLUMNS_DEFAULT 80u
#define COLUMNS_TEXT    72u
#define BAR_MIN         6u
#define BAR_MAX         40u

struct ng_progress {
	FILE *out;
	enum ng_progress_mode mode;
	bool terminal;
	bool shown;                /* a line stands on the terminal */
	double start;              /* of the run, in seconds */
	double last;               /* when something was written */
	double phase_start;        /* seconds, as last */
	uint64_t phase_done_bytes; /* at phase_start */
	char phase[PHASE_LEN];
	int64_t shard;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of all threads. */
static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int ng_progress_new(FILE *out, enum ng_progress_mode mode, struct ng_progress **ret_progress)
{
	struct ng_progress *progress = calloc(1, sizeof(*progress));
	const char *term = getenv("TERM");

	if (!progress)
		return -ENOMEM;
	progress->out = out;
	progress->mode = mode;
	progress->terminal = mode == NG_PROGRESS_AUTO && isatty(fileno(out)) && term &&
			     strcmp(term, "dumb") != 0;
	progress->start = now();
	progress->last = progress->start;
	*ret_progress = progress;
	return 0;
}

struct ng_progress *ng_progress_free(struct ng_progress *progress)
{
	if (progress)
		ng_progress_clear(progress);
	free(progress);
	return NULL;
}

void ng_progress_clear(struct ng_progress *progress)
{
	if (progress->shown) {
		fputs("\r\033[K", progress->out);
		fflush(progress->out);
	}
	progress->shown = false;
}

const char *ng_progress_bytes(uint64_t bytes, char ret[NG_PROGRESS_BYTES_LEN])
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double v = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(ret, NG_PROGRESS_BYTES_LEN, "%u bytes", (unsigned)bytes);
		return ret;
	}
	while (v >= 1024 && unit + 1 < ng_array_size(units)) {
		v /= 1024;
		unit++;
	}
	snprintf(ret, NG_PROGRESS_BYTES_LEN, "%.1f %s", v, units[unit]);
	return ret;
}

/* What is known of a moment; 0 where it isn't. */
struct moment {
	double seconds;      /* now() */
	double rate;         /* bytes a second */
	double left;         /* seconds; -1: unknown */
	double percent;      /* -1: unknown */
	double work_left;    /* seconds of the whole run; -1: unknown */
	double work_percent; /* -1: unknown */
	uint64_t memory_bytes;
};

/* The whole run: as fast as it was so far, and as it was guessed to be. */
static void measure_work(const struct ng_progress *progress, const struct ng_progress_at *at,
			 struct moment *m)
{
	double total = (double)at->work_total * 1e-9;
	double done = (double)ng_min(at->work_done, at->work_total) * 1e-9;
	double rate = (done + GUESS_SECONDS) / (m->seconds - progress->start + GUESS_SECONDS);

	if (!at->work_total)
		return;
	m->work_percent = 100 * done / total;
	m->work_left = ng_min((total - done) / rate, 1e9);
}

static struct moment measure(const struct ng_progress *progress, const struct ng_progress_at *at,
			     double seconds)
{
	struct moment m = {
		.seconds = seconds, .left = -1, .percent = -1, .work_left = -1, .work_percent = -1};
	double in_phase = seconds - progress->phase_start;

	if (in_phase >= RATE_SECONDS && at->done_bytes > progress->phase_done_bytes)
		m.rate = (double)(at->done_bytes - progress->phase_done_bytes) / in_phase;
	if (at->total_bytes)
		m.percent = 100.0 * (double)ng_min(at->done_bytes, at->total_bytes) /
			    (double)at->total_bytes;
	if (m.rate > 0 && at->done_bytes < at->total_bytes)
		m.left = ng_min((double)(at->total_bytes - at->done_bytes) / m.rate, 1e9);
	measure_work(progress, at, &m);
	m.memory_bytes = ng_machine_resident();
	return m;
}

/* A line in the making; what is too long is cut. */
struct line {
	char text[LINE_LEN];
	size_t len;
};

static void put(struct line *line, const char *fmt, ...) __attribute__((__format__(printf, 2, 3)));

static void put(struct line *line, const char *fmt, ...)
{
	size_t room = sizeof(line->text) - line->len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(line->text + line->len, room, fmt, args);
	va_end(args);
	if (n > 0)
		line->len += ng_min((size_t)n, room - 1);
}

static void put_left(struct line *line, double seconds)
{
	unsigned long s = (unsigned long)seconds;

	put(line, ", %lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
}

static unsigned columns_of(FILE *out)
{
	struct winsize size = {0};

	if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return COLUMNS_DEFAULT;
	return size.ws_col;
}

static void put_bar(struct line *line, double percent, unsigned columns)
{
	unsigned width = columns > COLUMNS_TEXT ? ng_min(columns - COLUMNS_TEXT, BAR_MAX) : 0;
	unsigned full = (unsigned)(percent * width / 100);

	if (width < BAR_MIN)
		return;
	put(line, "[");
	for (unsigned i = 0; i < width; i++)
		put(line, i < full ? "=" : " ");
	put(line, "] ");
}

/* All of it first, and then the phase; on a terminal what there is room for. */
static void put_moment(struct line *line, const struct ng_progress *progress,
		       const struct ng_progress_at *at, const struct moment *m, unsigned columns)
{
	bool whole = m->work_percent >= 0, brief = whole && progress->terminal;
	char a[NG_PROGRESS_BYTES_LEN], b[NG_PROGRESS_BYTES_LEN];

	if (brief)
		put_bar(line, m->work_percent, columns);
	if (whole) {
		put(line, "%.0f %%", m->work_percent);
		put_left(line, m->work_left);
		put(line, "; ");
	}
	put(line, "%s", at->phase);
	if (at->shard >= 0)
		put(line, " shard %" PRId64, at->shard);
	if (brief && m->percent >= 0) {
		put(line, ": %.0f %%", m->percent);
	} else {
		put(line, ": %s", ng_progress_bytes(at->done_bytes, a));
		if (m->percent >= 0)
			put(line, " of %s, %.0f %%", ng_progress_bytes(at->total_bytes, b),
			    m->percent);
	}
	if (m->rate > 0 && !brief)
		put(line, ", %s/s", ng_progress_bytes((uint64_t)m->rate, a));
	if (!whole && m->left >= 0)
		put_left(line, m->left);
	if (m->memory_bytes)
		put(line, ", %s of memory", ng_progress_bytes(m->memory_bytes, a));
}

static void write_line(struct ng_progress *progress, const struct ng_progress_at *at,
		       const struct moment *m)
{
	unsigned columns = progress->terminal ? columns_of(progress->out) : 0;
	struct line line = {0};
	FILE *out = progress->out;

	put_moment(&line, progress, at, m, columns);
	/* One that goes over two rows couldn't be written over. */
	if (progress->terminal)
		fprintf(out, "\r%.*s\033[K", (int)ng_min(line.len, (size_t)columns - 1), line.text);
	else
		fprintf(out, "%s: %s\n", program_invocation_short_name, line.text);
	fflush(out);
	progress->shown = progress->terminal;
}

/* A number that may be unknown. */
static void write_member(FILE *out, const char *name, bool known, double value)
{
	if (known)
		fprintf(out, ",\"%s\":%.1f", name, value);
	else
		fprintf(out, ",\"%s\":null", name);
}

/* Phases are named by this program, and need no escapes. */
static void write_json(const struct ng_progress *progress, const struct ng_progress_at *at,
		       const struct moment *m)
{
	FILE *out = progress->out;

	fprintf(out, "{\"phase\":\"%s\",\"shard\":", at->phase);
	if (at->shard >= 0)
		fprintf(out, "%" PRId64, at->shard);
	else
		fputs("null", out);
	fprintf(out, ",\"done_bytes\":%" PRIu64 ",\"total_bytes\":", at->done_bytes);
	if (at->total_bytes)
		fprintf(out, "%" PRIu64, at->total_bytes);
	else
		fputs("null", out);
	write_member(out, "percent", m->percent >= 0, m->percent);
	write_member(out, "bytes_per_second", m->rate > 0, m->rate);
	write_member(out, "seconds_left", m->left >= 0, m->left);
	fprintf(out, ",\"memory_bytes\":%" PRIu64, m->memory_bytes);
	write_member(out, "work_percent", m->work_percent >= 0, m->work_percent);
	write_member(out, "work_seconds_left", m->work_left >= 0, m->work_left);
	write_member(out, "elapsed_seconds", true, m->seconds - progress->start);
	write_member(out, "cpu_seconds", true, cpu_seconds());
	fputs("}\n", out);
	fflush(out);
}

static double interval(const struct ng_progress *progress)
{
	if (progress->mode == NG_PROGRESS_JSON)
		return JSON_SECONDS;
	return progress->terminal ? TERMINAL_SECONDS : PLAIN_SECONDS;
}

static bool is_due(const struct ng_progress *progress, bool begins, double seconds)
{
	return progress->mode != NG_PROGRESS_NONE &&
	       (seconds - progress->last >= interval(progress) ||
		(begins && progress->mode == NG_PROGRESS_JSON));
}

static bool begins_phase(const struct ng_progress *progress, const char *phase)
{
	return strncmp(phase, progress->phase, PHASE_LEN - 1) != 0;
}

bool ng_progress_due(const struct ng_progress *progress, const char *phase)
{
	return is_due(progress, begins_phase(progress, phase), now());
}

void ng_progress_update(struct ng_progress *progress, const struct ng_progress_at *at)
{
	bool begins = begins_phase(progress, at->phase) || at->shard != progress->shard;
	double seconds;
	struct moment m;

	if (progress->mode == NG_PROGRESS_NONE)
		return;
	seconds = now();
	if (begins) {
		snprintf(progress->phase, PHASE_LEN, "%s", at->phase);
		progress->shard = at->shard;
		progress->phase_start = seconds;
		progress->phase_done_bytes = at->done_bytes;
	}
	if (!is_due(progress, begins, seconds))
		return;
	progress->last = seconds;
	m = measure(progress, at, seconds);
	if (progress->mode == NG_PROGRESS_JSON)
		write_json(progress, at, &m);
	else
		write_line(progress, at, &m);
}
