/* SPDX-License-Identifier: Apache-2.0 */
/* The facets of an index, listed once. */
#pragma once

#include <pthread.h>

#include "query/facet.h"

struct ng_facet_list {
	pthread_mutex_t lock;
	bool made;
	struct ng_facet *list;
	size_t n;
};

void ng_facet_list_init(struct ng_facet_list *list);
void ng_facet_list_clear(struct ng_facet_list *list);
