/* SPDX-License-Identifier: Apache-2.0 */
/* Directories compared, for the unit tests. */
#pragma once

#include <dirent.h>

#include "base/buf.h"
#include "scratch.h"

#include <setjmp.h>
#include <cmocka.h>

/* Entries of a directory, without . and .. */
unsigned entries_in(const char *path);

/* Two directories hold the same files with the same bytes. */
void check_same(const char *a, const char *b);
