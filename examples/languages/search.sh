#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# search.sh MOUNT QUERY
cd "$1" || exit 1
# Any byte may be written as %XX; sed has no easier way with lines.
query=$(printf %s "$2" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g')
count=$(cat "count/$query") || exit 1
echo "$count occurrences"
[ -e "docs/$query" ] || exit 0
docs=$(find "docs/$query" -type f | sed 's,.*/,,; s/\.txt$//' | sort)
echo "$docs"
first=${docs%%[!0-9]*}
cat "doc/$first.txt"
echo
cat "doc/$first.json"
