/* Files for a while: they have no name, so that nothing is left when the process is killed. */
#pragma once

#include "base/base.h"

/* A file in a directory, opened for reading and writing, that is gone once it is closed. Where the
 * filesystem has no files without names it has one for a moment. Returns its descriptor, or what
 * open or mkostemp did; -ENOMEM. */
int ng_tempfile_open(const char *dir);
