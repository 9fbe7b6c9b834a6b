/* /with/SETTINGS: the tree under other settings. Its directories live in the node table, each with
 * a copy of the settings, so that they last as long as the kernel knows of them, and no longer. */
#include "node_ops.h"

static int with_lookup(const struct ng_request *request, const char *name,
		       struct ng_entry *ret_entry)
{
	struct ng_settings settings;
	int r = ng_settings_parse(name, &request->tree->settings, &settings);

	return r ? r
		 : ng_request_dynamic_dir(request, NG_KIND_SETTINGS, name, &settings, ret_entry);
}

const struct ng_node_ops ng_node_ops_with_dir = {.lookup = with_lookup};
