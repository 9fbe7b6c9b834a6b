#include "progress.h"

#include <time.h>

#define TERMINAL_SECONDS 0.2
#define PLAIN_SECONDS    10.0
#define RATE_SECONDS     0.5 /* no rate before it means something */
#define PHASE_LEN        48

struct ng_progress {
	FILE *out;
	enum ng_progress_mode mode;
	bool terminal;
	bool shown;                /* a line stands on the terminal */
	double last;               /* when something was written */
	double phase_start;        /* seconds, as last */
	uint64_t phase_done_bytes; /* at phase_start */
	char phase[PHASE_LEN];
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
	progress->last = now();
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

static void write_line(struct ng_progress *progress, double at, uint64_t done, uint64_t total)
{
	char a[NG_PROGRESS_BYTES_LEN], b[NG_PROGRESS_BYTES_LEN];
	double seconds = at - progress->phase_start;
	double rate = seconds >= RATE_SECONDS && done > progress->phase_done_bytes
			      ? (double)(done - progress->phase_done_bytes) / seconds
			      : 0;
	FILE *out = progress->out;

	fprintf(out, "%s%s: %s", progress->terminal ? "\r" : "mkngramfs: ", progress->phase,
		ng_progress_bytes(done, a));
	if (total)
		fprintf(out, " of %s, %.0f %%", ng_progress_bytes(total, b),
			100.0 * (double)ng_min(done, total) / (double)total);
	if (rate > 0)
		fprintf(out, ", %s/s", ng_progress_bytes((uint64_t)rate, a));
	if (rate > 0 && done < total) {
		double left = (double)(total - done) / rate;
		unsigned long s = left < 1e9 ? (unsigned long)left : 1000000000;

		fprintf(out, ", %lu:%02lu:%02lu left", s / 3600, s / 60 % 60, s % 60);
	}
	fputs(progress->terminal ? "\033[K" : "\n", out);
	fflush(out);
	progress->shown = progress->terminal;
}

void ng_progress_update(struct ng_progress *progress, const char *phase, uint64_t done_bytes,
			uint64_t total_bytes)
{
	double at;

	if (progress->mode == NG_PROGRESS_NONE)
		return;
	at = now();
	if (strncmp(phase, progress->phase, PHASE_LEN - 1) != 0) {
		snprintf(progress->phase, PHASE_LEN, "%s", phase);
		progress->phase_start = at;
		progress->phase_done_bytes = done_bytes;
	}
	if (at - progress->last < (progress->terminal ? TERMINAL_SECONDS : PLAIN_SECONDS))
		return;
	progress->last = at;
	write_line(progress, at, done_bytes, total_bytes);
}
