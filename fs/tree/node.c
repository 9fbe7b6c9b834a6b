/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <pthread.h>
#include <xxhash.h>

#include "files/stream.h"
#include "names/path.h"
#include "tree/node.h"
#include "tree/slots.h"

struct ng_nodes {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct ng_slots slots;
	uint64_t next_serial;
	size_t bytes, asked_bytes, limit_bytes;
	struct ng_slot *oldest, *newest;
	bool draining, stopped;
};

int ng_nodes_new(size_t limit_bytes, struct ng_nodes **ret_nodes)
{
	struct ng_nodes *nodes = calloc(1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	if (ng_slots_init(&nodes->slots) < 0) {
		free(nodes);
		return -ENOMEM;
	}
	nodes->limit_bytes = limit_bytes;
	nodes->next_serial = 1;
	pthread_mutex_init(&nodes->lock, NULL);
	pthread_cond_init(&nodes->wake, NULL);
	*ret_nodes = nodes;
	return 0;
}

struct ng_nodes *ng_nodes_free(struct ng_nodes *nodes)
{
	if (!nodes)
		return NULL;
	ng_slots_clear(&nodes->slots);
	pthread_cond_destroy(&nodes->wake);
	pthread_mutex_destroy(&nodes->lock);
	free(nodes);
	return NULL;
}

/* As the newest. */
static void age_insert(struct ng_nodes *nodes, struct ng_slot *slot)
{
	slot->older = nodes->newest;
	slot->newer = NULL;
	*(slot->older ? &slot->older->newer : &nodes->oldest) = slot;
	nodes->newest = slot;
	slot->in_age = true;
}

static void age_remove(struct ng_nodes *nodes, struct ng_slot *slot)
{
	if (slot->older)
		slot->older->newer = slot->newer;
	else
		nodes->oldest = slot->newer;
	if (slot->newer)
		slot->newer->older = slot->older;
	else
		nodes->newest = slot->older;
	slot->in_age = false;
}

/* The kernel learns of a node (again). */
static void count_lookup(struct ng_nodes *nodes, struct ng_slot *slot, struct ng_entry *ret_entry)
{
	slot->lookups++;
	if (!slot->in_age) {
		nodes->asked_bytes -= slot->bytes;
		age_insert(nodes, slot);
	}
	if (nodes->bytes - nodes->asked_bytes > nodes->limit_bytes)
		pthread_cond_signal(&nodes->wake);
	ret_entry->id = slot->node.id;
	ret_entry->ino = slot->node.ino;
	ret_entry->bytes = slot->node.content_bytes;
}

bool ng_nodes_lookup(struct ng_nodes *nodes, ng_node_id parent, uint64_t epoch, const char *name,
		     struct ng_entry *ret_entry)
{
	struct ng_slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = ng_slots_find_name(&nodes->slots, parent, epoch, name);
	if (slot)
		count_lookup(nodes, slot, ret_entry);
	pthread_mutex_unlock(&nodes->lock);
	return slot;
}

uint64_t ng_nodes_ino(enum ng_kind kind, unsigned index, uint64_t number, const uint8_t *query,
		      size_t query_bytes)
{
	uint64_t seed = number ^ (uint64_t)index << 48 ^ (uint64_t)kind << 56;
	uint64_t hash = XXH3_64bits_withSeed(query, query_bytes, seed);

	return (uint64_t)kind << NG_NODE_KIND_SHIFT | hash >> (64 - NG_NODE_KIND_SHIFT);
}

int ng_nodes_add(struct ng_nodes *nodes, const struct ng_node_init *init,
		 struct ng_entry *ret_entry)
{
	uint64_t salt = init->settings ? init->settings->hash : 0;
	struct ng_slot *slot, *there;

	assert(init->kind >= NG_KIND_FIRST_DYNAMIC || init->settings);
	slot = ng_slot_new(init);
	if (!slot) {
		ng_stream_free(init->stream);
		free(init->content);
		return -ENOMEM;
	}
	slot->node.ino = ng_nodes_ino(init->kind, init->index, init->number ^ salt, init->query,
				      init->query_bytes);
	pthread_mutex_lock(&nodes->lock);
	there = init->stream
			? NULL
			: ng_slots_find_name(&nodes->slots, init->parent, init->epoch, init->name);
	if (there) {
		count_lookup(nodes, there, ret_entry);
	} else {
		slot->node.id = ng_node_id_make(init->kind, init->index, nodes->next_serial++);
		if (init->kind < NG_KIND_FIRST_DYNAMIC)
			slot->node.id |= NG_NODE_DYNAMIC;
		ng_slots_add(&nodes->slots, slot);
		nodes->bytes += slot->bytes;
		age_insert(nodes, slot);
		count_lookup(nodes, slot, ret_entry);
	}
	pthread_mutex_unlock(&nodes->lock);
	if (there)
		ng_slot_free(slot);
	return 0;
}

/* Take out a node that neither the kernel nor a request holds. Returns it, to be freed without the
 * lock, or NULL. */
static struct ng_slot *take_unused(struct ng_nodes *nodes, struct ng_slot *slot)
{
	if (slot->lookups || slot->refs)
		return NULL;
	ng_slots_remove(&nodes->slots, slot);
	if (slot->in_age)
		age_remove(nodes, slot);
	else
		nodes->asked_bytes -= slot->bytes;
	nodes->bytes -= slot->bytes;
	return slot;
}

/* Take the stream of a node that is closed and not in use; it is freed without the lock. */
static struct ng_stream *take_stream(struct ng_slot *slot)
{
	struct ng_stream *stream = slot->node.stream;

	if (!slot->closed || slot->refs)
		return NULL;
	slot->node.stream = NULL;
	return stream;
}

/* Streams hold an index, which is closed here perhaps: not under the lock. */
static void unlock_and_free(struct ng_nodes *nodes, struct ng_slot *slot)
{
	pthread_mutex_unlock(&nodes->lock);
	ng_slot_free(slot);
}

const struct ng_node *ng_nodes_get(struct ng_nodes *nodes, ng_node_id id)
{
	struct ng_slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = ng_slots_find(&nodes->slots, id);
	if (slot && slot->closed)
		slot = NULL;
	if (slot)
		slot->refs++;
	pthread_mutex_unlock(&nodes->lock);
	return slot ? &slot->node : NULL;
}

void ng_nodes_put(struct ng_nodes *nodes, const struct ng_node *node)
{
	struct ng_stream *stream;
	struct ng_slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = ng_slots_find(&nodes->slots, node->id);
	assert(slot && slot->refs > 0);
	slot->refs--;
	stream = take_stream(slot);
	unlock_and_free(nodes, take_unused(nodes, slot));
	ng_stream_free(stream);
}

void ng_nodes_opened(struct ng_nodes *nodes, ng_node_id id)
{
	struct ng_slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = ng_slots_find(&nodes->slots, id);
	if (slot)
		slot->opens++;
	pthread_mutex_unlock(&nodes->lock);
}

void ng_nodes_released(struct ng_nodes *nodes, ng_node_id id)
{
	struct ng_stream *stream = NULL;
	struct ng_slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = ng_slots_find(&nodes->slots, id);
	if (slot && slot->opens > 0 && --slot->opens == 0 && slot->is_stream) {
		slot->closed = true;
		stream = take_stream(slot);
	}
	pthread_mutex_unlock(&nodes->lock);
	ng_stream_free(stream);
}

void ng_nodes_forget(struct ng_nodes *nodes, ng_node_id id, uint64_t n)
{
	struct ng_slot *slot;

	if (!ng_node_is_dynamic(id))
		return;
	pthread_mutex_lock(&nodes->lock);
	slot = ng_slots_find(&nodes->slots, id);
	if (slot) {
		slot->lookups -= ng_min(n, slot->lookups);
		slot = take_unused(nodes, slot);
	}
	unlock_and_free(nodes, slot);
}

bool ng_nodes_next_victim(struct ng_nodes *nodes, ng_node_id *ret_parent, char *ret_name,
			  size_t *ret_len)
{
	struct ng_slot *slot;
	bool found = false;

	pthread_mutex_lock(&nodes->lock);
	for (;;) {
		size_t held_bytes = nodes->bytes - nodes->asked_bytes;

		if (nodes->stopped)
			break;
		nodes->draining = held_bytes > nodes->limit_bytes ||
				  (nodes->draining && held_bytes > nodes->limit_bytes / 4 * 3);
		slot = nodes->oldest;
		if (!slot || !nodes->draining) {
			pthread_cond_wait(&nodes->wake, &nodes->lock);
			continue;
		}
		age_remove(nodes, slot);
		nodes->asked_bytes += slot->bytes;
		*ret_parent = slot->node.parent;
		*ret_len = strlen(slot->node.name);
		assert(*ret_len <= NG_PATH_NAME_MAX);
		memcpy(ret_name, slot->node.name, *ret_len + 1);
		found = true;
		break;
	}
	pthread_mutex_unlock(&nodes->lock);
	return found;
}

void ng_nodes_stop(struct ng_nodes *nodes)
{
	pthread_mutex_lock(&nodes->lock);
	nodes->stopped = true;
	pthread_cond_broadcast(&nodes->wake);
	pthread_mutex_unlock(&nodes->lock);
}

void ng_nodes_stats(struct ng_nodes *nodes, struct ng_nodes_stats *ret_stats)
{
	pthread_mutex_lock(&nodes->lock);
	ret_stats->nodes = nodes->slots.n;
	ret_stats->bytes = nodes->bytes;
	ret_stats->asked_bytes = nodes->asked_bytes;
	pthread_mutex_unlock(&nodes->lock);
}
