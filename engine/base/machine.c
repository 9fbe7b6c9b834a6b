/* SPDX-License-Identifier: Apache-2.0 */
#include "base/machine.h"

/* A number in a file of a cgroup's; UINT64_MAX where there is none, or "max". */
static uint64_t limit_read(const char *root, const char *group, const char *file)
{
	ng_cleanup(ng_freep) char *path = NULL;
	unsigned long long limit;
	FILE *f;

	if (asprintf(&path, "%s%s/%s", root, group, file) < 0) {
		path = NULL;
		return UINT64_MAX;
	}
	f = fopen(path, "re");
	if (!f)
		return UINT64_MAX;
	if (fscanf(f, "%llu", &limit) != 1)
		limit = UINT64_MAX;
	fclose(f);
	return limit;
}

/* The least of the limits of a cgroup and those around it. */
static uint64_t limit_around(const char *root, char *group, const char *file)
{
	uint64_t limit = UINT64_MAX;

	for (;;) {
		char *slash = strrchr(group, '/');

		limit = ng_min(limit, limit_read(root, group, file));
		if (!slash)
			return limit;
		*slash = 0;
	}
}

/* This process's: lines are `number:controllers:/group`, of version 2 `0::/group`. */
static uint64_t cgroup_limit(void)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	ng_cleanup(ng_freep) char *line = NULL;
	uint64_t limit = UINT64_MAX;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		char *controllers = strchr(line, ':'), *group;

		group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group)
			continue;
		*group++ = 0;
		group[strcspn(group, "\n")] = 0;
		if (strcmp(controllers, ":") == 0)
			limit = ng_min(limit, limit_around("/sys/fs/cgroup", group, "memory.max"));
		else if (strcmp(controllers, ":memory") == 0)
			limit = ng_min(limit, limit_around("/sys/fs/cgroup/memory", group,
							   "memory.limit_in_bytes"));
	}
	if (f)
		fclose(f);
	return limit;
}

uint64_t ng_machine_memory(void)
{
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);

	return ng_min(memory, cgroup_limit());
}

uint64_t ng_machine_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long pages = 0;

	if (f && fscanf(f, "%*u %llu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
