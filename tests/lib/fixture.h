/* SPDX-License-Identifier: Apache-2.0 */
/* A place for a test's shard, in a directory that goes with the test. */
#pragma once

#include "scratch.h"

struct fixture {
	char dir[SCRATCH_DIR_MAX];
	char path[SCRATCH_DIR_MAX + 8];
};

int fixture_setup(void **state);
int fixture_teardown(void **state);
