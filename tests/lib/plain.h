/* SPDX-License-Identifier: Apache-2.0 */
/* Reading what lies in memory and in no file: no page of it can be damaged. */
#pragma once

#include "format/ef.h"
#include "format/packed.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static inline uint64_t plain_ef_get(const struct ng_ef *ef, uint64_t i)
{
	bool damaged = false;
	uint64_t value = ng_ef_get(ef, i, &damaged);

	assert_false(damaged);
	return value;
}

static inline uint64_t plain_ef_rank(const struct ng_ef *ef, uint64_t x)
{
	bool damaged = false;
	uint64_t rank = ng_ef_rank(ef, x, &damaged);

	assert_false(damaged);
	return rank;
}

static inline uint64_t plain_packed_get(const struct ng_packed *packed, uint64_t i)
{
	bool damaged = false;
	uint64_t value = ng_packed_get(packed, i, &damaged);

	assert_false(damaged);
	return value;
}
