/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <inttypes.h>
#include <time.h>

#include "base/machine.h"

#define TERMINAL_SECONDS 0.2
#define PLAIN_SECONDS    10.0
#define JSON_SECONDS     1.0
#define RATE_SECONDS     0.5 /* no rate before it means something */
#define PHASE_LEN        48

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
	double seconds; /* now() */
	double rate;    /* bytes a second */
	double left;    /* seconds; -1: unknown */
	double percent; /* -1: unknown */
	uint64_t memory_bytes;
};

static struct moment measure(const struct ng_progress *progress, const struct ng_progress_at *at,
			     double seconds)
{
	struct moment m = {.seconds = seconds, .left = -1, .percent = -1};
	double in_phase = seconds - progress->phase_start;

	if (in_phase >= RATE_SECONDS && at->done_bytes > progress->phase_done_bytes)
		m.rate = (double)(at->done_bytes - progress->phase_done_bytes) / in_phase;
	if (at->total_bytes)
		m.percent = 100.0 * (double)ng_min(at->done_bytes, at->total_bytes) /
			    (double)at->total_bytes;
	if (m.rate > 0 && at->done_bytes < at->total_bytes)
		m.left = ng_min((double)(at->total_bytes - at->done_bytes) / m.rate, 1e9);
	m.memory_bytes = ng_machine_resident();
	return m;
}

static void write_line(struct ng_progress *progress, const struct ng_progress_at *at,
		       const struct moment *m)
{
	char a[NG_PROGRESS_BYTES_LEN], b[NG_PROGRESS_BYTES_LEN];
	FILE *out = progress->out;

	fprintf(out, "%s%s%s", progress->terminal ? "\r" : program_invocation_short_name,
		progress->terminal ? "" : ": ", at->phase);
	if (at->shard >= 0)
		fprintf(out, " shard %" PRId64, at->shard);
	fprintf(out, ": %s", ng_progress_bytes(at->done_bytes, a));
	if (m->percent >= 0)
		fprintf(out, " of %s, %.0f %%", ng_progress_bytes(at->total_bytes, b), m->percent);
	if (m->rate > 0)
		fprintf(out, ", %s/s", ng_progress_bytes((uint64_t)m->rate, a));
	if (m->left >= 0) {
		unsigned long s = (unsigned long)m->left;

		fprintf(out, ", %lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
	}
	if (m->memory_bytes)
		fprintf(out, ", %s of memory", ng_progress_bytes(m->memory_bytes, a));
	fputs(progress->terminal ? "\033[K" : "\n", out);
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
	write_member(out, "elapsed_seconds", true, m->seconds - progress->start);
	fputs("}\n", out);
	fflush(out);
}

static double interval(const struct ng_progress *progress)
{
	if (progress->mode == NG_PROGRESS_JSON)
		return JSON_SECONDS;
	return progress->terminal ? TERMINAL_SECONDS : PLAIN_SECONDS;
}

void ng_progress_update(struct ng_progress *progress, const struct ng_progress_at *at)
{
	bool begins;
	double seconds;
	struct moment m;

	if (progress->mode == NG_PROGRESS_NONE)
		return;
	seconds = now();
	begins = strncmp(at->phase, progress->phase, PHASE_LEN - 1) != 0 ||
		 at->shard != progress->shard;
	if (begins) {
		snprintf(progress->phase, PHASE_LEN, "%s", at->phase);
		progress->shard = at->shard;
		progress->phase_start = seconds;
		progress->phase_done_bytes = at->done_bytes;
	}
	if (seconds - progress->last < interval(progress) &&
	    !(begins && progress->mode == NG_PROGRESS_JSON))
		return;
	progress->last = seconds;
	m = measure(progress, at, seconds);
	if (progress->mode == NG_PROGRESS_JSON)
		write_json(progress, at, &m);
	else
		write_line(progress, at, &m);
}
