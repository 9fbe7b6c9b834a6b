/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f || scratch_make(f->dir) < 0)
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/shard", f->dir);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	int r = scratch_remove(f->dir);

	free(f);
	return r;
}
