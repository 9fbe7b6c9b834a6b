/* SPDX-License-Identifier: Apache-2.0 */
#include "query/facet_list.h"

#include "query/column.h"
#include "query/index_internal.h"

void ng_facet_list_init(struct ng_facet_list *list)
{
	*list = (struct ng_facet_list){0};
	pthread_mutex_init(&list->lock, NULL);
}

void ng_facet_list_clear(struct ng_facet_list *list)
{
	free(list->list);
	pthread_mutex_destroy(&list->lock);
}

static int compare(const void *pa, const void *pb)
{
	const struct ng_facet *a = pa, *b = pb;
	int order = ng_bytes_compare(a->name, a->name_bytes, b->name, b->name_bytes);

	return order ? order : (a->prefix > b->prefix) - (a->prefix < b->prefix);
}

/* Those of one shard, as far as they are new. */
static int shard_add(const struct ng_shard *shard, struct ng_facet_list *list)
{
	size_t there = list->n;
	struct ng_facet *grown;
	struct ng_facets facets;
	bool has;
	int r = ng_shard_facets(shard, &has, &facets);

	if (r < 0 || !has)
		return r;
	grown = reallocarray(list->list, list->n + facets.n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->list = grown;
	for (uint32_t i = 0; r == 0 && i < facets.n; i++) {
		struct ng_facet_field field;
		struct ng_facet facet;

		r = ng_facets_field(&facets, i, &field);
		if (r < 0)
			break;
		/* The name stays where it is for as long as the shard is open. */
		facet = (struct ng_facet){field.name, field.name_bytes, field.prefix};
		if (!bsearch(&facet, list->list, there, sizeof(facet), compare))
			list->list[list->n++] = facet;
	}
	qsort(list->list, list->n, sizeof(*list->list), compare);
	return ng_shard_result(shard, r);
}

int ng_index_facets(const struct ng_index *index, const struct ng_facet **ret_list, size_t *ret_n)
{
	struct ng_facet_list *list = index->facets;
	int r = 0;

	pthread_mutex_lock(&list->lock);
	for (uint32_t s = 0; r == 0 && !list->made && s < index->n_shards; s++)
		r = shard_add(index->shards[s], list);
	if (r < 0) {
		list->n = 0;
	} else {
		list->made = true;
		*ret_list = list->list;
		*ret_n = list->n;
	}
	pthread_mutex_unlock(&list->lock);
	return r;
}
