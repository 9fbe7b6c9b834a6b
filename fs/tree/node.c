/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <pthread.h>
#include <xxhash.h>

#include "tree/node.h"
#include "names/path.h"
#include "files/stream.h"

/* The members that follow node are the table's, under its lock. */
struct slot {
	struct ng_node node;
	struct slot *next_by_id, *next_by_name;
	struct slot *older, *newer; /* in age order, while in_age */
	uint64_t lookups;           /* that the kernel holds */
	uint64_t refs;              /* requests at work */
	uint64_t opens;             /* files, of a stream's */
	size_t bytes;
	bool in_age;                 /* false: the kernel has been asked to drop it */
	bool is_stream, closed;      /* closed: its stream is freed with the last reference */
	struct ng_settings settings; /* node.settings, if that isn't NULL */
	char data[];                 /* query, then name */
};

struct ng_nodes {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct slot **by_id, **by_name; /* chains; both have buckets heads, a power of two */
	size_t buckets, n;
	uint64_t next_serial;
	size_t bytes, asked_bytes, limit_bytes;
	struct slot *oldest, *newest;
	bool draining, stopped;
};

#define FIRST_BUCKETS 256u

int ng_nodes_new(size_t limit_bytes, struct ng_nodes **ret_nodes)
{
	struct ng_nodes *nodes = calloc(1, sizeof(*nodes));

	if (!nodes)
		return -ENOMEM;
	nodes->by_id = calloc(FIRST_BUCKETS, sizeof(*nodes->by_id));
	nodes->by_name = calloc(FIRST_BUCKETS, sizeof(*nodes->by_name));
	if (!nodes->by_id || !nodes->by_name) {
		free(nodes->by_id);
		free(nodes->by_name);
		free(nodes);
		return -ENOMEM;
	}
	nodes->buckets = FIRST_BUCKETS;
	nodes->limit_bytes = limit_bytes;
	nodes->next_serial = 1;
	pthread_mutex_init(&nodes->lock, NULL);
	pthread_cond_init(&nodes->wake, NULL);
	*ret_nodes = nodes;
	return 0;
}

static void slot_free(struct slot *slot)
{
	if (!slot)
		return;
	ng_stream_free(slot->node.stream);
	ng_scope_unref(slot->settings.scope);
	free(slot->node.content);
	free(slot);
}

struct ng_nodes *ng_nodes_free(struct ng_nodes *nodes)
{
	if (!nodes)
		return NULL;
	for (size_t i = 0; i < nodes->buckets; i++) {
		while (nodes->by_id[i]) {
			struct slot *slot = nodes->by_id[i];

			nodes->by_id[i] = slot->next_by_id;
			slot_free(slot);
		}
	}
	free(nodes->by_id);
	free(nodes->by_name);
	pthread_cond_destroy(&nodes->wake);
	pthread_mutex_destroy(&nodes->lock);
	free(nodes);
	return NULL;
}

static size_t id_bucket(const struct ng_nodes *nodes, ng_node_id id)
{
	return ng_node_value(id) & (nodes->buckets - 1);
}

static size_t name_bucket(const struct ng_nodes *nodes, ng_node_id parent, uint64_t epoch,
			  const char *name)
{
	uint64_t seed = parent ^ epoch << 48;

	return XXH3_64bits_withSeed(name, strlen(name), seed) & (nodes->buckets - 1);
}

static struct slot *find_id(const struct ng_nodes *nodes, ng_node_id id)
{
	struct slot *slot = nodes->by_id[id_bucket(nodes, id)];

	while (slot && slot->node.id != id)
		slot = slot->next_by_id;
	return slot;
}

/* Not a stream: that belongs to whoever opened it. */
static struct slot *find_name(const struct ng_nodes *nodes, ng_node_id parent, uint64_t epoch,
			      const char *name)
{
	struct slot *slot = nodes->by_name[name_bucket(nodes, parent, epoch, name)];

	while (slot && (slot->is_stream || slot->node.parent != parent ||
			slot->node.epoch != epoch || strcmp(slot->node.name, name) != 0))
		slot = slot->next_by_name;
	return slot;
}

/* Where slot's chain of by_name begins. */
static struct slot **name_head(const struct ng_nodes *nodes, const struct slot *slot)
{
	const struct ng_node *node = &slot->node;

	return &nodes->by_name[name_bucket(nodes, node->parent, node->epoch, node->name)];
}

static void chain(struct ng_nodes *nodes, struct slot *slot)
{
	struct slot **by_id = &nodes->by_id[id_bucket(nodes, slot->node.id)];
	struct slot **by_name = name_head(nodes, slot);

	slot->next_by_id = *by_id;
	*by_id = slot;
	slot->next_by_name = *by_name;
	*by_name = slot;
}

/* Twice as many buckets. Failure only makes chains longer. */
static void grow(struct ng_nodes *nodes)
{
	size_t old_buckets = nodes->buckets;
	struct slot **old_ids = nodes->by_id, **old_names = nodes->by_name;
	struct slot **ids = calloc(old_buckets * 2, sizeof(*ids));
	struct slot **names = calloc(old_buckets * 2, sizeof(*names));

	if (!ids || !names) {
		free(ids);
		free(names);
		return;
	}
	nodes->by_id = ids;
	nodes->by_name = names;
	nodes->buckets = old_buckets * 2;
	for (size_t i = 0; i < old_buckets; i++) {
		struct slot *slot = old_ids[i];

		while (slot) {
			struct slot *next = slot->next_by_id;

			chain(nodes, slot);
			slot = next;
		}
	}
	free(old_ids);
	free(old_names);
}

/* As the next newer one of `older`, or as the oldest where that is NULL. */
static void age_insert(struct ng_nodes *nodes, struct slot *slot, struct slot *older)
{
	slot->older = older;
	slot->newer = older ? older->newer : nodes->oldest;
	*(older ? &older->newer : &nodes->oldest) = slot;
	*(slot->newer ? &slot->newer->older : &nodes->newest) = slot;
	slot->in_age = true;
}

static void age_remove(struct ng_nodes *nodes, struct slot *slot)
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
static void count_lookup(struct ng_nodes *nodes, struct slot *slot, struct ng_entry *ret_entry)
{
	slot->lookups++;
	if (!slot->in_age) {
		nodes->asked_bytes -= slot->bytes;
		age_insert(nodes, slot, nodes->newest);
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
	struct slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = find_name(nodes, parent, epoch, name);
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

static struct slot *slot_new(const struct ng_node_init *init)
{
	size_t name_bytes = strlen(init->name) + 1;
	uint64_t salt = init->settings ? init->settings->hash : 0;
	struct slot *slot = calloc(1, sizeof(*slot) + init->query_bytes + name_bytes);

	if (!slot)
		return NULL;
	memcpy(slot->data, init->query, init->query_bytes);
	memcpy(slot->data + init->query_bytes, init->name, name_bytes);
	slot->bytes = sizeof(*slot) + init->query_bytes + name_bytes + init->content_bytes;
	slot->node = (struct ng_node){
		.parent = init->parent,
		.ino = ng_nodes_ino(init->kind, init->index, init->number ^ salt, init->query,
				    init->query_bytes),
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

int ng_nodes_add(struct ng_nodes *nodes, const struct ng_node_init *init,
		 struct ng_entry *ret_entry)
{
	struct slot *slot, *there;

	assert(init->kind >= NG_KIND_FIRST_DYNAMIC || init->settings);
	slot = slot_new(init);
	if (!slot) {
		ng_stream_free(init->stream);
		free(init->content);
		return -ENOMEM;
	}
	pthread_mutex_lock(&nodes->lock);
	there = init->stream ? NULL : find_name(nodes, init->parent, init->epoch, init->name);
	if (there) {
		count_lookup(nodes, there, ret_entry);
	} else {
		slot->node.id = ng_node_id_make(init->kind, init->index, nodes->next_serial++);
		if (init->kind < NG_KIND_FIRST_DYNAMIC)
			slot->node.id |= NG_NODE_DYNAMIC;
		if (nodes->n == nodes->buckets)
			grow(nodes);
		chain(nodes, slot);
		nodes->n++;
		nodes->bytes += slot->bytes;
		age_insert(nodes, slot, nodes->newest);
		count_lookup(nodes, slot, ret_entry);
	}
	pthread_mutex_unlock(&nodes->lock);
	if (there)
		slot_free(slot);
	return 0;
}

/* Take out a node that neither the kernel nor a request holds. Returns it, to be freed without the
 * lock, or NULL. */
static struct slot *take_unused(struct ng_nodes *nodes, struct slot *slot)
{
	struct slot **link;

	if (slot->lookups || slot->refs)
		return NULL;
	link = &nodes->by_id[id_bucket(nodes, slot->node.id)];
	while (*link != slot)
		link = &(*link)->next_by_id;
	*link = slot->next_by_id;
	link = name_head(nodes, slot);
	while (*link != slot)
		link = &(*link)->next_by_name;
	*link = slot->next_by_name;
	if (slot->in_age)
		age_remove(nodes, slot);
	else
		nodes->asked_bytes -= slot->bytes;
	nodes->bytes -= slot->bytes;
	nodes->n--;
	return slot;
}

/* Take the stream of a node that is closed and not in use; it is freed without the lock. */
static struct ng_stream *take_stream(struct slot *slot)
{
	struct ng_stream *stream = slot->node.stream;

	if (!slot->closed || slot->refs)
		return NULL;
	slot->node.stream = NULL;
	return stream;
}

/* Streams hold an index, which is closed here perhaps: not under the lock. */
static void unlock_and_free(struct ng_nodes *nodes, struct slot *slot)
{
	pthread_mutex_unlock(&nodes->lock);
	slot_free(slot);
}

const struct ng_node *ng_nodes_get(struct ng_nodes *nodes, ng_node_id id)
{
	struct slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = find_id(nodes, id);
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
	struct slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = find_id(nodes, node->id);
	assert(slot && slot->refs > 0);
	slot->refs--;
	stream = take_stream(slot);
	unlock_and_free(nodes, take_unused(nodes, slot));
	ng_stream_free(stream);
}

void ng_nodes_opened(struct ng_nodes *nodes, ng_node_id id)
{
	struct slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = find_id(nodes, id);
	if (slot)
		slot->opens++;
	pthread_mutex_unlock(&nodes->lock);
}

void ng_nodes_released(struct ng_nodes *nodes, ng_node_id id)
{
	struct ng_stream *stream = NULL;
	struct slot *slot;

	pthread_mutex_lock(&nodes->lock);
	slot = find_id(nodes, id);
	if (slot && slot->opens > 0 && --slot->opens == 0 && slot->is_stream) {
		slot->closed = true;
		stream = take_stream(slot);
	}
	pthread_mutex_unlock(&nodes->lock);
	ng_stream_free(stream);
}

void ng_nodes_forget(struct ng_nodes *nodes, ng_node_id id, uint64_t n)
{
	struct slot *slot;

	if (!ng_node_is_dynamic(id))
		return;
	pthread_mutex_lock(&nodes->lock);
	slot = find_id(nodes, id);
	if (slot) {
		slot->lookups -= ng_min(n, slot->lookups);
		slot = take_unused(nodes, slot);
	}
	unlock_and_free(nodes, slot);
}

bool ng_nodes_next_victim(struct ng_nodes *nodes, ng_node_id *ret_parent, char *ret_name,
			  size_t *ret_len)
{
	struct slot *slot;
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
	ret_stats->nodes = nodes->n;
	ret_stats->bytes = nodes->bytes;
	ret_stats->asked_bytes = nodes->asked_bytes;
	pthread_mutex_unlock(&nodes->lock);
}
