/* SPDX-License-Identifier: Apache-2.0 */
/* What a check found, for the tests of the checker. */
#pragma once

#include "check/check.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

#define FINDINGS_MAX 64u

struct findings {
	unsigned n; /* kept; more may have been reported */
	unsigned notes;
	struct {
		char path[SCRATCH_DIR_MAX + 64], part[64], text[512];
		uint64_t offset;
	} of[FINDINGS_MAX];
	struct ng_check_summary summary;
};

/* Check the index at path, and collect. */
void findings_check(const char *path, bool full, struct findings *all);

/* Number of damages of a part with text in what is said of them; their lowest offset. */
unsigned findings_of(const struct findings *all, const char *part, const char *text,
		     uint64_t *ret_offset);
void findings_print(const struct findings *all);
