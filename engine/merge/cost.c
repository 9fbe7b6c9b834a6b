/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/cost.h"

#include "merge/segment_merge.h"

/* Of a byte or a row, in tenths of nanoseconds of CPU time, and how much of that one thread does
 * while the others wait, in percent. By the cpu_seconds at the beginnings of phases that
 * mkngramfs --progress=json --threads=1 says: on 100 MB of English with --memory=8G (reading,
 * sorting, encoding and storing one batch), with --memory=512M (merging two) and with two threads
 * (joining); on a quarter of it with --text-store (compressing), with --merge of four shards
 * (fetching), and with --merge of one that documents were removed from. On a machine with other
 * work, where two runs differ by a fifth. */
static const struct {
	uint32_t tenths;
	uint32_t alone;
} costs[] = {
	[NG_COST_READ] = {110, 100},     [NG_COST_COMPRESS] = {3950, 0},
	[NG_COST_TEXT] = {10, 100},      [NG_COST_SORT] = {1550, 100},
	[NG_COST_JOIN] = {700, 0},       [NG_COST_FETCH] = {1000, 0},
	[NG_COST_DROP] = {400, 0},       [NG_COST_INSERT] = {1800, 0},
	[NG_COST_INTERLEAVE] = {240, 0}, [NG_COST_ENCODE] = {175, 0},
	[NG_COST_PATTERNS] = {20, 0},    [NG_COST_COPY] = {10, 100},
	[NG_COST_STORE] = {18, 100},
};

uint64_t ng_cost_cpu(enum ng_cost cost, uint64_t n)
{
	return (uint64_t)((double)n * costs[cost].tenths / 10);
}

uint64_t ng_cost(enum ng_cost cost, uint64_t n, unsigned threads)
{
	double waits = (double)costs[cost].alone / 100 * (threads - 1);

	return (uint64_t)((double)ng_cost_cpu(cost, n) * (1 + waits));
}

uint64_t ng_cost_merge(uint64_t left_rows, uint64_t right_rows, unsigned threads)
{
	uint64_t guest =
		ng_segment_merge_reads_left(left_rows, right_rows) ? left_rows : right_rows;

	return ng_cost(NG_COST_INSERT, guest, threads) +
	       ng_cost(NG_COST_INTERLEAVE, left_rows + right_rows, threads) +
	       ng_cost(NG_COST_ENCODE, left_rows + right_rows, threads);
}
