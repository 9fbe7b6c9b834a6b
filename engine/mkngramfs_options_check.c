/* SPDX-License-Identifier: Apache-2.0 */
#include "mkngramfs_options_check.h"

#include "format/shardpath.h"

/* `mkngramfs --merge INDEX` and `mkngramfs --merge -o INDEX` mean the same; so with --remove. */
static int check_change(struct arguments *args, const char *option)
{
	if (!args->build.output && args->n_paths == 1) {
		args->build.output = args->paths[0];
		args->n_paths = 0;
	}
	if (args->n_paths)
		return ng_usage("%s takes one INDEX and no SOURCE", option);
	if (args->build.append || args->force || args->build.resume)
		return ng_usage("%s changes an index that is whole: --append, --force and --resume "
				"are others",
				option);
	if (args->facets_given)
		return ng_usage("%s keeps the facets that the index was made with", option);
	return 0;
}

static int check_remove(struct arguments *args)
{
	if (args->merge || args->join)
		return ng_usage("--remove, --merge and --join are to be done one after the other");
	if (!args->choice.n_ranges && !args->choice.n_fields)
		return ng_usage("--remove: which documents? (--documents, --documents-from, "
				"--where)");
	return check_change(args, "--remove");
}

static int check_join(const struct arguments *args)
{
	if (args->build.append || args->merge)
		return ng_usage("--join makes an index: --append and --merge change one");
	if (args->build.resume && args->force)
		return ng_usage("--resume leaves an index that is there, --force replaces it");
	if (!args->n_paths)
		return ng_usage("no PART named (indexes to join)");
	return 0;
}

static int check_estimate(const struct arguments *args)
{
	if (args->build.append || args->merge || args->join || args->remove || args->build.resume)
		return ng_usage("--estimate is of an index that is made from its beginning: no "
				"--append, --merge, --join, --remove, --resume");
	return args->n_paths ? 0 : ng_usage("no SOURCE named");
}

static int check_outside(struct arguments *args)
{
	struct ng_error err = {""};

	if (!args->build.outside)
		args->build.outside = getenv(NG_OUTSIDE_VARIABLE);
	return ng_shard_roots_check(args->build.outside, &err) < 0
		       ? ng_usage("--outside: %s", err.text)
		       : 0;
}

int check_arguments(struct arguments *args)
{
	int r = check_outside(args);

	if (!r && args->absolute && !args->join)
		r = ng_usage("--absolute is for --join");
	if (!r && !args->remove && (args->choice.n_ranges || args->choice.n_fields))
		r = ng_usage("--documents, --documents-from and --where are for --remove");
	if (!r && args->estimate)
		r = check_estimate(args);
	else if (!r && args->remove)
		r = check_remove(args);
	else if (!r && args->join)
		r = check_join(args);
	else if (!r && args->merge)
		r = check_change(args, "--merge");
	if (r)
		return r;
	if (!args->estimate && (!args->build.output || !*args->build.output))
		return ng_usage("no index named (-o INDEX)");
	if (!args->merge && !args->remove && !args->n_paths)
		return ng_usage("no SOURCE named ('-' reads standard input)");
	if (args->build.facets.none && args->build.facets.n)
		return ng_usage("--facet and --no-facets exclude each other");
	if (args->build.resume && args->build.append)
		return ng_usage("--resume goes on with a build: --append is another thing");
	return 0;
}
