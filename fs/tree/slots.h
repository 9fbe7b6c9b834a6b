/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes in memory, found by their numbers and by their names: what the table of nodes (node.h) is
 * made of. Under its lock. */
#pragma once

#include "tree/node.h"

/* The members that follow node are the table's. */
struct ng_slot {
	struct ng_node node;
	struct ng_slot *next_by_id, *next_by_name;
	struct ng_slot *older, *newer; /* in age order, while in_age */
	uint64_t lookups;              /* that the kernel holds */
	uint64_t refs;                 /* requests at work */
	uint64_t opens;                /* files, of a stream's */
	size_t bytes;
	bool in_age;                 /* false: the kernel has been asked to drop it */
	bool is_stream, closed;      /* closed: its stream is freed with the last reference */
	struct ng_settings settings; /* node.settings, if that isn't NULL */
	char data[];                 /* query, then name */
};

/* A slot of its own, with the query, the name and the settings copied, and content and stream taken
 * over; id and ino are not set. NULL: there is no memory, and nothing is taken over. */
struct ng_slot *ng_slot_new(const struct ng_node_init *init);
void ng_slot_free(struct ng_slot *slot); /* with what it holds; NULL is fine */

struct ng_slots {
	struct ng_slot **by_id, **by_name; /* chains; both have buckets heads, a power of two */
	size_t buckets, n;
};

int ng_slots_init(struct ng_slots *slots);   /* -ENOMEM */
void ng_slots_clear(struct ng_slots *slots); /* frees all of them */

/* The slot of that number, or NULL. O(1), as all below. */
struct ng_slot *ng_slots_find(const struct ng_slots *slots, ng_node_id id);

/* That of the name below parent, made in that epoch, or NULL. Not a stream: that belongs to whoever
 * opened it. */
struct ng_slot *ng_slots_find_name(const struct ng_slots *slots, ng_node_id parent, uint64_t epoch,
				   const char *name);

void ng_slots_add(struct ng_slots *slots, struct ng_slot *slot);
void ng_slots_remove(struct ng_slots *slots, struct ng_slot *slot); /* which is there */
