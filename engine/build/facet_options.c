/* SPDX-License-Identifier: Apache-2.0 */
#include "build/facet_options.h"

#include <xxhash.h>

/* The prefix that a name ends with, and where its colon is; NULL: it has none. */
static const char *prefix_find(const char *text, uint64_t *ret_prefix)
{
	const char *colon = strrchr(text, ':'), *p = colon ? colon + 1 : "";
	uint64_t prefix = 0;

	if (!*p)
		return NULL;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return NULL;
		prefix = ng_min(prefix * 10 + (uint64_t)(*p - '0'), UINT64_C(1) << 32);
	}
	*ret_prefix = prefix;
	return colon;
}

int ng_facet_options_add(struct ng_facet_options *options, const char *text, struct ng_error *err)
{
	uint64_t prefix = 0;
	const char *colon = prefix_find(text, &prefix);
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	struct ng_facet_spec *specs = (struct ng_facet_spec *)options->specs;
	struct ng_facet_spec *grown = NULL;
	char *name;

	if (len == 0 || len > NG_FACET_NAME_MAX)
		return ng_fail(err, -EINVAL, "'%s' names no field of 1 to %u bytes", text,
			       NG_FACET_NAME_MAX);
	if (prefix > NG_FACET_PREFIX_MAX)
		return ng_fail(err, -EINVAL, "'%s': a prefix has %u characters at most", text,
			       NG_FACET_PREFIX_MAX);
	if (options->n == NG_FACET_SPECS_MAX)
		return ng_fail(err, -EINVAL, "'%s' is one too many; %u are the most", text,
			       NG_FACET_SPECS_MAX);
	name = strndup(text, len);
	if (name)
		grown = reallocarray(specs, options->n + 1, sizeof(*specs));
	if (!grown) {
		free(name);
		return ng_fail(err, -ENOMEM, "out of memory");
	}
	specs = grown;
	specs[options->n++] = (struct ng_facet_spec){name, (uint32_t)prefix};
	options->specs = specs;
	return 0;
}

int ng_facet_options_read(const struct ng_manifest *manifest, struct ng_facet_options *ret_options,
			  struct ng_error *err)
{
	const char *none = ng_manifest_option(manifest, NG_NO_FACETS_OPTION);
	size_t len = strlen(NG_FACET_PREFIX_OPTION);
	int r = 0;

	*ret_options = (struct ng_facet_options){.none = none && strcmp(none, "yes") == 0};
	if (none && !ret_options->none && strcmp(none, "no") != 0)
		return ng_fail(err, -EPROTO,
			       "was made with " NG_NO_FACETS_OPTION "%s, which this "
			       "program doesn't know",
			       none);
	for (size_t i = 0; r == 0 && i < manifest->n_options; i++)
		if (strncmp(manifest->options[i], NG_FACET_PREFIX_OPTION, len) == 0)
			r = ng_facet_options_add(ret_options, manifest->options[i] + len, err);
	return r == -EINVAL ? -EPROTO : r;
}

void ng_facet_options_clear(struct ng_facet_options *options)
{
	for (size_t i = 0; i < options->n; i++)
		free((char *)options->specs[i].name);
	free((struct ng_facet_spec *)options->specs);
	*options = (struct ng_facet_options){0};
}

static bool has_all(const struct ng_facet_options *options, const struct ng_facet_options *of)
{
	for (size_t i = 0; i < of->n; i++) {
		bool found = false;

		for (size_t k = 0; k < options->n; k++)
			found |= options->specs[k].prefix == of->specs[i].prefix &&
				 strcmp(options->specs[k].name, of->specs[i].name) == 0;
		if (!found)
			return false;
	}
	return true;
}

bool ng_facet_options_same(const struct ng_facet_options *a, const struct ng_facet_options *b)
{
	return a->none == b->none && (a->none || (has_all(a, b) && has_all(b, a)));
}

uint64_t ng_facet_options_sum(const struct ng_facet_options *options)
{
	uint64_t sum = options->none;

	for (size_t i = 0; i < options->n; i++) {
		const struct ng_facet_spec *spec = &options->specs[i];

		sum = XXH3_64bits_withSeed(spec->name, strlen(spec->name), sum ^ spec->prefix);
	}
	return sum;
}
