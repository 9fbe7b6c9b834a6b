#!/usr/bin/awk -f
# search.awk MOUNT QUERY. awk cannot list a directory; find does.
function quote(s) { gsub(/'/, "'\\''", s); return "'" s "'" }
function text(path,   s) { RS = "\001"; getline s <path; RS = "\n"; return s }
BEGIN {
	query = ARGV[2]; gsub(/%/, "%25", query); gsub("/", "%2F", query); gsub(/\./, "%2E", query)
	print text(ARGV[1] "/count/" query) + 0, "occurrences"
	list = "cd " quote(ARGV[1] "/docs/" query) " 2>/dev/null && find . -type f | sed 's,.*/,,; s/\\.txt$//' | sort"
	while ((list | getline doc) > 0) { print doc; if (first == "") first = doc }
	if (first == "") exit
	print text(ARGV[1] "/doc/" first ".txt")
	printf "%s", text(ARGV[1] "/doc/" first ".json")
}
