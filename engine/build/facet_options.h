/* SPDX-License-Identifier: Apache-2.0 */
/* Which facets an index has, as its manifest remembers it: "--no-facets=yes", and "--facet=FIELD"
 * or "--facet=FIELD:PREFIX" for each that was asked for. */
#pragma once

#include "format/facet_writer.h"
#include "format/manifest.h"

#define NG_FACET_PREFIX_OPTION "--facet="
#define NG_NO_FACETS_OPTION    "--no-facets="

/* Facets that can be asked for. */
#define NG_FACET_SPECS_MAX 64u

/* Add what FIELD or FIELD:PREFIX means: PREFIX is a number of characters, and FIELD:0 the whole
 * field, whatever its name ends in. Specs and names are from malloc. -EINVAL, with err set: it is
 * no such thing, or one too many; -ENOMEM. */
int ng_facet_options_add(struct ng_facet_options *options, const char *text, struct ng_error *err);

/* What a manifest remembers; *ret_options is cleared by the caller, also after an error. -EPROTO:
 * what is there is none of these; -ENOMEM; with err set. */
int ng_facet_options_read(const struct ng_manifest *manifest, struct ng_facet_options *ret_options,
			  struct ng_error *err);

void ng_facet_options_clear(struct ng_facet_options *options);

/* A number that differs where they aren't written down alike. */
uint64_t ng_facet_options_sum(const struct ng_facet_options *options);

/* Whether they make the same facets. */
bool ng_facet_options_same(const struct ng_facet_options *a, const struct ng_facet_options *b);
