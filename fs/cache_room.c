#include "cache_room.h"

#include <sys/statvfs.h>

#include "base/machine.h"

#define DEFAULT_MAX (1ull << 30)

char *ng_cache_dir(void)
{
	const char *dir = getenv("TMPDIR");
	char *real;

	if (!dir || !*dir)
		dir = "/var/tmp";
	real = realpath(dir, NULL);
	/* Where there is none, making a file there says why. */
	return real ? real : strdup(dir);
}

uint64_t ng_cache_default(const char *dir)
{
	struct statvfs vfs;
	uint64_t room;

	if (statvfs(dir, &vfs) < 0)
		return 0;
	room = vfs.f_bavail * vfs.f_frsize / 4;
	return ng_min(ng_min(room, ng_machine_memory() / 16), (uint64_t)DEFAULT_MAX);
}

uint64_t ng_cache_limit(const char *dir, uint64_t asked)
{
	struct statvfs vfs;

	if (statvfs(dir, &vfs) < 0)
		return asked;
	return ng_min(asked, vfs.f_bavail * vfs.f_frsize / 2);
}
