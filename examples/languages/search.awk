#!/usr/bin/awk -f
# SPDX-License-Identifier: Apache-2.0
# search.awk MOUNT QUERY. awk cannot list a directory; find does. It reads lines; cat reads files.
function quote(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function show(file) { if (system("cat " quote(ARGV[1] "/doc/" file)) != 0) exit 1 }
BEGIN {
	query = ARGV[2]
	gsub(/%/, "%25", query); gsub("/", "%2F", query); gsub(/\./, "%2E", query); gsub(/-/, "%2D", query)
	if ((getline count <(ARGV[1] "/count/" query)) <= 0) { print "no answer" >"/dev/stderr"; exit 1 }
	print count, "occurrences"
	list = "cd " quote(ARGV[1] "/docs/" query) " 2>/dev/null && find . -type f | sed 's,.*/,,; s/\\.txt$//' | sort"
	while ((list | getline doc) > 0) { print doc; if (first == "") first = doc }
	fflush()
	if (first == "") exit
	show(first ".txt"); system("echo"); show(first ".json")
}
