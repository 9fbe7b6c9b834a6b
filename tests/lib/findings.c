/* SPDX-License-Identifier: Apache-2.0 */
#include "findings.h"

static void findings_add(void *userdata, const struct ng_finding *f)
{
	struct findings *all = userdata;

	assert_true(*f->text);
	if (!f->damage) {
		all->notes++;
		return;
	}
	if (all->n == FINDINGS_MAX)
		return;
	snprintf(all->of[all->n].path, sizeof(all->of[0].path), "%s", f->path);
	snprintf(all->of[all->n].part, sizeof(all->of[0].part), "%s", f->part ? f->part : "");
	snprintf(all->of[all->n].text, sizeof(all->of[0].text), "%s", f->text);
	all->of[all->n++].offset = f->offset;
}

void findings_check(const char *path, bool full, struct findings *all)
{
	struct ng_check_options options = {
		.full = full, .threads = 2, .seed = 1, .report = findings_add, .userdata = all};
	struct ng_error err = {""};

	memset(all, 0, sizeof(*all));
	if (ng_check_index(path, &options, &all->summary, &err) != 0)
		fail_msg("%s", err.text);
	assert_true((all->n > 0) == (all->summary.damages > 0));
}

unsigned findings_of(const struct findings *all, const char *part, const char *text,
		     uint64_t *ret_offset)
{
	unsigned n = 0;

	*ret_offset = NG_NO_OFFSET;
	for (unsigned i = 0; i < all->n; i++) {
		if (strcmp(all->of[i].part, part) != 0 || !strstr(all->of[i].text, text))
			continue;
		*ret_offset = ng_min(*ret_offset, all->of[i].offset);
		n++;
	}
	return n;
}

void findings_print(const struct findings *all)
{
	for (unsigned i = 0; i < all->n; i++)
		print_message("%s: %s: offset %jd: %s\n", all->of[i].path, all->of[i].part,
			      (intmax_t)all->of[i].offset, all->of[i].text);
}
