/* SPDX-License-Identifier: Apache-2.0 */
#include "check/checker.h"

#include <inttypes.h>

#include "base/parallel.h"
#include "base/printable.h"

/* Damages of one part of a file that are reported; more are counted. */
#define REPORTS_MAX 16u

void ng_checker_init(struct ng_checker *checker, const struct ng_check_options *options)
{
	*checker = (struct ng_checker){.options = options};
	checker->threads = options->threads ? options->threads : ng_processors();
	pthread_mutex_init(&checker->lock, NULL);
}

void ng_checker_clear(struct ng_checker *checker)
{
	pthread_mutex_destroy(&checker->lock);
}

void ng_checker_file(struct ng_checker *checker, const char *path)
{
	checker->path = path;
	memset(checker->in_part, 0, sizeof(checker->in_part));
}

static void finding(const struct ng_checker *checker, bool damage, uint32_t part, uint64_t offset,
		    const char *text)
{
	struct ng_finding f = {damage, checker->path, NULL, offset, text};
	char name[64];

	if (!checker->options->report)
		return;
	if (part == 0)
		f.part = "padding";
	else if (part == NG_PART_HEADER)
		f.part = "header";
	else if (part == NG_PART_TABLE)
		f.part = "section table";
	else if (part == NG_PART_FACETS)
		f.part = "section facets";
	else if (part == NG_PART_UNKNOWN)
		f.part = "section unknown";
	else if (part < NG_SECTION_TYPES)
		f.part = name;
	snprintf(name, sizeof(name), "section %s", ng_section_name(part));
	checker->options->report(checker->options->userdata, &f);
}

void ng_checker_file_end(struct ng_checker *checker)
{
	char text[64];

	for (uint32_t part = 0; part < NG_PARTS; part++) {
		if (checker->in_part[part] <= REPORTS_MAX)
			continue;
		snprintf(text, sizeof(text), "%" PRIu64 " more damages of this part",
			 checker->in_part[part] - REPORTS_MAX);
		finding(checker, true, part, NG_NO_OFFSET, text);
	}
	checker->path = NULL;
}

void ng_checker_damage(struct ng_checker *checker, uint32_t part, uint64_t offset, const char *fmt,
		       ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	ng_printable_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&checker->lock);
	checker->damages++;
	if (checker->in_part[part]++ < REPORTS_MAX)
		finding(checker, true, part, offset, text);
	pthread_mutex_unlock(&checker->lock);
}

void ng_checker_note(struct ng_checker *checker, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	ng_printable_vformat(text, sizeof(text), fmt, ap);
	va_end(ap);
	pthread_mutex_lock(&checker->lock);
	finding(checker, false, NG_PART_FILE, NG_NO_OFFSET, text);
	pthread_mutex_unlock(&checker->lock);
}

bool ng_checker_part_sound(struct ng_checker *checker, uint32_t part)
{
	bool sound;

	pthread_mutex_lock(&checker->lock);
	sound = checker->in_part[part] == 0;
	pthread_mutex_unlock(&checker->lock);
	return sound;
}

bool ng_checker_file_sound(struct ng_checker *checker)
{
	for (uint32_t part = 0; part < NG_PARTS; part++)
		if (!ng_checker_part_sound(checker, part))
			return false;
	return true;
}

void ng_checker_phase(struct ng_checker *checker, const char *phase, uint64_t total)
{
	pthread_mutex_lock(&checker->lock);
	checker->phase = phase;
	checker->done = 0;
	checker->total = total;
	pthread_mutex_unlock(&checker->lock);
	ng_checker_advance(checker, 0);
}

void ng_checker_advance(struct ng_checker *checker, uint64_t bytes)
{
	const struct ng_check_options *options = checker->options;

	pthread_mutex_lock(&checker->lock);
	checker->done += bytes;
	if (options->progress)
		options->progress(options->userdata, checker->phase, checker->shard, checker->done,
				  checker->total);
	pthread_mutex_unlock(&checker->lock);
}

const char *ng_checker_reason(const char *text, const char *path)
{
	static const char damaged[] = "damaged: ";
	char shown[sizeof(((struct ng_error *)0)->text)];
	size_t n;

	ng_printable(path, strlen(path), shown, sizeof(shown));
	n = strlen(shown);
	if (strncmp(text, shown, n) == 0 && strncmp(text + n, ": ", 2) == 0)
		text += n + 2;
	return strncmp(text, damaged, strlen(damaged)) == 0 ? text + strlen(damaged) : text;
}
