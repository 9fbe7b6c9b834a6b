/* /with/SETTINGS: the tree under other settings. Its directories live in the node table, each with
 * a copy of the settings, so that they last as long as the kernel knows of them, and no longer. */
#include "room.h"

static int with_lookup(const struct ng_at *at, const char *name, struct ng_entry *ret_entry)
{
	struct ng_settings settings;
	int r = ng_settings_parse(name, &at->view->settings, &settings);

	return r ? r : ng_room_kept_dir(at, NG_KIND_SETTINGS, name, &settings, ret_entry);
}

const struct ng_room ng_room_with_dir = {.lookup = with_lookup};
