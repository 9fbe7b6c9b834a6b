/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include <signal.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/printable.h"

/* Set by a signal handler, which can reach nothing else. */
static ng_cancel cancelled;

static void on_signal(int signal)
{
	atomic_store(&cancelled, true);
}

const ng_cancel *ng_catch_signals(void)
{
	static const int ending[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction end = {.sa_handler = on_signal}, was;

	for (size_t i = 0; i < ng_array_size(ending); i++) {
		/* nohup, and shells without job control, want theirs ignored. */
		if (sigaction(ending[i], NULL, &was) == 0 && was.sa_handler != SIG_IGN)
			sigaction(ending[i], &end, NULL);
	}
	return &cancelled;
}

int ng_usage(const char *fmt, ...)
{
	char text[sizeof(((struct ng_error *)0)->text)];
	va_list ap;

	va_start(ap, fmt);
	ng_printable_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	ng_say(stderr, "%s: %s", program_invocation_short_name, text);
	ng_say(stderr, "Try '%s --help'.", program_invocation_short_name);
	return EXIT_USAGE;
}

int ng_parse_size(const char *option, const char *arg, uint64_t *ret)
{
	int r = ng_number_parse(arg, true, ret);

	if (r == -ERANGE)
		return ng_usage("--%s: '%s' is too large", option, arg);
	if (r < 0)
		return ng_usage("--%s: '%s' is no size (such as 500M or 2G)", option, arg);
	return 0;
}

int ng_parse_count(const char *option, const char *arg, uint32_t lo, uint32_t hi, uint32_t *ret)
{
	uint64_t v;

	if (ng_number_parse(arg, false, &v) < 0 || v < lo || v > hi)
		return ng_usage("--%s: '%s' is no number from %u to %u", option, arg, lo, hi);
	*ret = (uint32_t)v;
	return 0;
}

int ng_parse_number(const char *option, const char *arg, uint64_t *ret)
{
	if (ng_number_parse(arg, false, ret) < 0)
		return ng_usage("--%s: '%s' is no number", option, arg);
	return 0;
}

int ng_parse_word(const char *option, const char *arg, const char *const *words, size_t n,
		  unsigned *ret)
{
	ng_cleanup(ng_buf_free) struct ng_buf list = NG_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(arg, words[i]) == 0) {
			*ret = (unsigned)i;
			return 0;
		}
	}
	for (size_t i = 0; r == 0 && i < n; i++)
		r = ng_buf_printf(&list, "%s%s", i ? ", " : "", words[i]);
	if (r < 0)
		return ng_usage("--%s: unknown value '%s'", option, arg);
	return ng_usage("--%s: '%s' is none of %.*s", option, arg, (int)list.len,
			(const char *)list.data);
}

int ng_parse_progress(const char *arg, enum ng_progress_mode *ret)
{
	/* In the order of the modes. */
	static const char *const modes[] = {"auto", "plain", "json", "none"};
	unsigned mode = 0;
	int r = ng_parse_word("progress", arg, modes, ng_array_size(modes), &mode);

	if (r == 0)
		*ret = (enum ng_progress_mode)mode;
	return r;
}
