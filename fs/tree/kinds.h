/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a node by its kind alone. kinds.c also has such questions of tree.h. */
#pragma once

#include "names/node_number.h"

struct ng_node_ops;

const struct ng_node_ops *ng_kind_ops(enum ng_kind kind);

/* Whether requests for it are answered without looking into a shard. */
bool ng_kind_needs_no_shard(enum ng_kind kind);

/* Whether looking names up in such a directory may take more than some searches, whatever its
 * settings. */
bool ng_kind_lookup_is_long(enum ng_kind kind);
