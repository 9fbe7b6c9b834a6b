/* SPDX-License-Identifier: Apache-2.0 */
/* /with/SETTINGS: the tree under other settings. Its directories live in the node table, each with
 * a copy of the settings, so that they last as long as the kernel knows of them, and no longer. */
#include "query/where_docs.h"
#include "tree/node_ops.h"

static int with_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	struct ng_settings settings;
	bool fits = true;
	int r = ng_settings_parse(name, &request->tree->settings, &settings);

	if (r)
		return r;
	/* A field that no document has is misspelled, rather than a condition that never holds. */
	if (settings.scope && settings.scope->where)
		r = ng_where_fits(request->index->index, settings.scope->where, &fits);
	if (r == 0 && !fits)
		r = -ENOENT;
	if (r == 0)
		r = ng_request_dynamic_dir(request, NG_KIND_SETTINGS, name, &settings, ret_entry);
	ng_scope_unref(settings.scope);
	return r;
}

const struct ng_node_ops ng_node_ops_with_dir = {.lookup = with_lookup};
