/* SPDX-License-Identifier: Apache-2.0 */
/* search MOUNT QUERY */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Print a file up to its end, or up to a byte such as the newline behind a count. */
static void show(const char *dir, const char *name, const char *suffix, int end)
{
	char path[PATH_MAX + 16];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s%s", dir, name, suffix);
	file = fopen(path, "r");
	if (!file) {
		perror(path);
		exit(1);
	}
	for (int c; (c = getc(file)) != EOF && c != end;)
		putchar(c);
	fclose(file);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(int argc, char **argv)
{
	char query[PATH_MAX], *to = query;
	glob_t docs = {0};
	int mount;

	if (argc != 3 || strlen(argv[2]) >= sizeof(query) / 3)
		return 2;
	for (const char *c = argv[2]; *c; c++)
		to += sprintf(to, strchr("%/.-", *c) ? "%%%02X" : "%c", *c);
	mount = open(argv[1], O_PATH | O_DIRECTORY);
	if (mount < 0 || fchdir(mount) < 0) {
		perror(argv[1]);
		return 1;
	}
	show("count", query, "", '\n');
	puts(" occurrences");

	/* Page after page; each is sorted, all of them together are not. */
	if (chdir("docs") < 0 || chdir(query) < 0)
		return 0;
	while (glob("*.txt", docs.gl_pathc ? GLOB_APPEND : 0, NULL, &docs) == 0 &&
	       chdir("more") == 0)
		;
	qsort(docs.gl_pathv, docs.gl_pathc, sizeof(*docs.gl_pathv), compare);
	for (size_t i = 0; i < docs.gl_pathc; i++) {
		docs.gl_pathv[i][strcspn(docs.gl_pathv[i], ".")] = '\0';
		puts(docs.gl_pathv[i]);
	}
	if (docs.gl_pathc && fchdir(mount) == 0) {
		show("doc", docs.gl_pathv[0], ".txt", EOF);
		putchar('\n');
		show("doc", docs.gl_pathv[0], ".json", EOF);
	}
	globfree(&docs);
	return 0;
}
