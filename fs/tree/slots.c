/* SPDX-License-Identifier: Apache-2.0 */
#include "tree/slots.h"

#include <xxhash.h>

#include "files/stream.h"

#define FIRST_BUCKETS 256u

void ng_slot_free(struct ng_slot *slot)
{
	if (!slot)
		return;
	ng_stream_free(slot->node.stream);
	ng_scope_unref(slot->settings.scope);
	free(slot->node.content);
	free(slot);
}

struct ng_slot *ng_slot_new(const struct ng_node_init *init)
{
	size_t name_bytes = strlen(init->name) + 1;
	struct ng_slot *slot = calloc(1, sizeof(*slot) + init->query_bytes + name_bytes);

	if (!slot)
		return NULL;
	memcpy(slot->data, init->query, init->query_bytes);
	memcpy(slot->data + init->query_bytes, init->name, name_bytes);
	slot->bytes = sizeof(*slot) + init->query_bytes + name_bytes + init->content_bytes;
	slot->node = (struct ng_node){
		.parent = init->parent,
		.epoch = init->epoch,
		.number = init->number,
		.count = init->count,
		.query = (const uint8_t *)slot->data,
		.query_bytes = init->query_bytes,
		.name = slot->data + init->query_bytes,
		.content = init->content,
		.content_bytes = init->content_bytes,
		.stream = init->stream,
	};
	slot->is_stream = init->stream;
	if (init->settings) {
		slot->settings = *init->settings;
		ng_scope_ref(slot->settings.scope);
		slot->node.settings = &slot->settings;
	}
	return slot;
}

int ng_slots_init(struct ng_slots *slots)
{
	slots->by_id = calloc(FIRST_BUCKETS, sizeof(*slots->by_id));
	slots->by_name = calloc(FIRST_BUCKETS, sizeof(*slots->by_name));
	slots->buckets = FIRST_BUCKETS;
	slots->n = 0;
	if (slots->by_id && slots->by_name)
		return 0;
	free(slots->by_id);
	free(slots->by_name);
	return -ENOMEM;
}

void ng_slots_clear(struct ng_slots *slots)
{
	for (size_t i = 0; i < slots->buckets; i++) {
		while (slots->by_id[i]) {
			struct ng_slot *slot = slots->by_id[i];

			slots->by_id[i] = slot->next_by_id;
			ng_slot_free(slot);
		}
	}
	free(slots->by_id);
	free(slots->by_name);
}

static size_t id_bucket(const struct ng_slots *slots, ng_node_id id)
{
	return ng_node_value(id) & (slots->buckets - 1);
}

static size_t name_bucket(const struct ng_slots *slots, ng_node_id parent, uint64_t epoch,
			  const char *name)
{
	uint64_t seed = parent ^ epoch << 48;

	return XXH3_64bits_withSeed(name, strlen(name), seed) & (slots->buckets - 1);
}

struct ng_slot *ng_slots_find(const struct ng_slots *slots, ng_node_id id)
{
	struct ng_slot *slot = slots->by_id[id_bucket(slots, id)];

	while (slot && slot->node.id != id)
		slot = slot->next_by_id;
	return slot;
}

struct ng_slot *ng_slots_find_name(const struct ng_slots *slots, ng_node_id parent, uint64_t epoch,
				   const char *name)
{
	struct ng_slot *slot = slots->by_name[name_bucket(slots, parent, epoch, name)];

	while (slot && (slot->is_stream || slot->node.parent != parent ||
			slot->node.epoch != epoch || strcmp(slot->node.name, name) != 0))
		slot = slot->next_by_name;
	return slot;
}

/* Where slot's chain of by_name begins. */
static struct ng_slot **name_head(const struct ng_slots *slots, const struct ng_slot *slot)
{
	const struct ng_node *node = &slot->node;

	return &slots->by_name[name_bucket(slots, node->parent, node->epoch, node->name)];
}

static void chain(struct ng_slots *slots, struct ng_slot *slot)
{
	struct ng_slot **by_id = &slots->by_id[id_bucket(slots, slot->node.id)];
	struct ng_slot **by_name = name_head(slots, slot);

	slot->next_by_id = *by_id;
	*by_id = slot;
	slot->next_by_name = *by_name;
	*by_name = slot;
}

/* Twice as many buckets. Failure only makes chains longer. */
static void grow(struct ng_slots *slots)
{
	size_t old_buckets = slots->buckets;
	struct ng_slot **old_ids = slots->by_id, **old_names = slots->by_name;
	struct ng_slot **ids = calloc(old_buckets * 2, sizeof(*ids));
	struct ng_slot **names = calloc(old_buckets * 2, sizeof(*names));

	if (!ids || !names) {
		free(ids);
		free(names);
		return;
	}
	slots->by_id = ids;
	slots->by_name = names;
	slots->buckets = old_buckets * 2;
	for (size_t i = 0; i < old_buckets; i++) {
		struct ng_slot *slot = old_ids[i];

		while (slot) {
			struct ng_slot *next = slot->next_by_id;

			chain(slots, slot);
			slot = next;
		}
	}
	free(old_ids);
	free(old_names);
}

void ng_slots_add(struct ng_slots *slots, struct ng_slot *slot)
{
	if (slots->n == slots->buckets)
		grow(slots);
	chain(slots, slot);
	slots->n++;
}

void ng_slots_remove(struct ng_slots *slots, struct ng_slot *slot)
{
	struct ng_slot **link = &slots->by_id[id_bucket(slots, slot->node.id)];

	while (*link != slot)
		link = &(*link)->next_by_id;
	*link = slot->next_by_id;
	link = name_head(slots, slot);
	while (*link != slot)
		link = &(*link)->next_by_name;
	*link = slot->next_by_name;
	slots->n--;
}
