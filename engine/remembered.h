/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a build that its index remembers, so that --append reads further documents as the
 * first ones were read: --format, --text-field, --bad-unicode, --no-follow, --facet and
 * --no-facets; and --shard-size, so
 * that it puts them into shards of that size. */
#pragma once

#include "mkngramfs_options.h"

#define REMEMBERED_MAX (REMEMBERED_OPTIONS + 1 + NG_FACET_SPECS_MAX)

struct remembered {
	const char *options[REMEMBERED_MAX]; /* "--name=value", for the manifest */
	char *texts[REMEMBERED_MAX];         /* the same, to be freed */
	size_t n;
	struct ng_manifest manifest; /* whose values the arguments borrow */
};

/* With --append, give the arguments what the index remembers, wherever the command line says
 * nothing; where it says something else, -EINVAL, unless --force is given or it is only the size of
 * shards. Then list what the index
 * is to remember. An index that cannot be read is left to the builder to complain of. args may
 * borrow from ret_remembered, which holds nothing but what remembered_clear frees, also after an
 * error. -EPROTO: it remembers what this program doesn't know; -ENOMEM. */
int remembered_apply(struct arguments *args, struct remembered *ret_remembered,
		     struct ng_error *err);

void remembered_clear(struct remembered *remembered);
