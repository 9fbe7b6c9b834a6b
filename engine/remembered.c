/* SPDX-License-Identifier: Apache-2.0 */
#include "remembered.h"

/* A value as it stands in the manifest. */
static char *value_text(enum remembered_option option, const struct arguments *args)
{
	const struct ng_source_options *source = &args->source;
	char *text = NULL;
	int r = 0;

	switch (option) {
	case REMEMBER_FORMAT:
		return strdup(format_name(source->format));
	case REMEMBER_TEXT_FIELD:
		return strdup(source->text_field ? source->text_field : "text");
	case REMEMBER_BAD_UNICODE:
		return strdup(source->replace_bad_unicode ? "replace" : "refuse");
	case REMEMBER_NO_FOLLOW:
		return strdup(source->no_follow ? "yes" : "no");
	case REMEMBER_SHARD_SIZE:
		r = asprintf(&text, "%ju", (uintmax_t)args->build.shard_bytes);
		break;
	case REMEMBERED_OPTIONS:
		break;
	}
	return r < 0 ? NULL : text;
}

static int from_index(enum remembered_option option, struct arguments *args,
		      const struct ng_manifest *manifest, struct ng_error *err)
{
	const char *prefix = remembered_prefix(option);
	const char *is = ng_manifest_option(manifest, prefix);
	ng_cleanup(ng_freep) char *wanted = NULL;

	if (!is)
		return 0;
	if (!args->given[option])
		return parse_remembered(option, is, args) < 0
			       ? ng_fail(err, -EPROTO,
					 "%s: was made with %s%s, which this program doesn't know",
					 args->build.output, prefix, is)
			       : 0;
	/* Shards of another size hold the same documents. */
	if (option == REMEMBER_SHARD_SIZE)
		return 0;
	wanted = value_text(option, args);
	if (!wanted)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (strcmp(is, wanted) == 0 || args->force)
		return 0;
	return ng_fail(err, -EINVAL,
		       "%s: was made with %s%s, not %s; without that option documents are added as "
		       "they were then, and with --force otherwise",
		       args->build.output, prefix, is, wanted);
}

/* The facets of the index, or those of the command line. */
static int facets_apply(struct arguments *args, const struct ng_manifest *manifest,
			struct ng_error *err)
{
	ng_cleanup(ng_facet_options_clear) struct ng_facet_options is = {0};
	struct ng_error why = {""};
	int r = ng_facet_options_read(manifest, &is, &why);

	if (r < 0)
		return ng_fail(err, r, "%s: %s", args->build.output, why.text);
	if (!args->facets_given) {
		args->build.facets = is;
		is = (struct ng_facet_options){0};
		return 0;
	}
	if (args->force || ng_facet_options_same(&is, &args->build.facets))
		return 0;
	return ng_fail(err, -EINVAL,
		       "%s: was made with other facets (--facet, --no-facets); without these "
		       "options documents are added with the same ones, and with --force otherwise",
		       args->build.output);
}

/* What the index is to remember, "--name=value"; printf's arguments. */
__attribute__((__format__(printf, 2, 3))) static int remember(struct remembered *remembered,
							      const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -ENOMEM;
	remembered->texts[remembered->n] = text;
	remembered->options[remembered->n++] = text;
	return 0;
}

static int facets_remember(const struct arguments *args, struct remembered *remembered)
{
	const struct ng_facet_options *facets = &args->build.facets;
	int r = facets->none ? remember(remembered, NG_NO_FACETS_OPTION "yes") : 0;

	for (size_t i = 0; r == 0 && i < facets->n; i++)
		r = remember(remembered, NG_FACET_PREFIX_OPTION "%s:%u", facets->specs[i].name,
			     facets->specs[i].prefix);
	return r;
}

int remembered_apply(struct arguments *args, struct remembered *ret_remembered,
		     struct ng_error *err)
{
	struct remembered *remembered = ret_remembered;
	int r = 0;

	*remembered = (struct remembered){0};
	if (args->build.append)
		r = ng_manifest_read(args->build.output, &remembered->manifest, err);
	if (args->build.append && r == 0)
		args->build.known = &remembered->manifest;
	/* That there is no index is said where it is opened to be appended to. Anything else must
	 * not make documents of another kind. */
	if (r == -ENOENT || r == -ENOTDIR)
		r = 0;
	for (unsigned i = 0; r == 0 && i < REMEMBERED_OPTIONS; i++) {
		ng_cleanup(ng_freep) char *value = NULL;

		r = from_index(i, args, &remembered->manifest, err);
		if (r < 0)
			break;
		/* By default a shard is as large as this run's memory allows. */
		if (i == REMEMBER_SHARD_SIZE && !args->build.shard_bytes)
			continue;
		value = value_text(i, args);
		if (!value || remember(remembered, "%s%s", remembered_prefix(i), value) < 0)
			return ng_fail(err, -ENOMEM, "out of memory");
	}
	/* It was read. */
	if (r == 0 && remembered->manifest.format_version)
		r = facets_apply(args, &remembered->manifest, err);
	if (r == 0 && facets_remember(args, remembered) < 0)
		return ng_fail(err, -ENOMEM, "out of memory");
	if (r < 0)
		return r;
	args->build.remembered = remembered->options;
	args->build.n_remembered = remembered->n;
	return 0;
}

void remembered_clear(struct remembered *remembered)
{
	for (size_t i = 0; i < remembered->n; i++)
		free(remembered->texts[i]);
	ng_manifest_clear(&remembered->manifest);
	remembered->n = 0;
}
