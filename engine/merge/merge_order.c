/* SPDX-License-Identifier: Apache-2.0 */
#include "merge/merge_order.h"

/* What merging costs, in tens of nanoseconds: a step for each row of the smaller side, and to write
 * each row of both. */
#define STEP_COST  45u
#define WRITE_COST 8u

struct ng_merge_order {
	uint64_t rows[NG_MERGE_ORDER_MAX + 1]; /* of the segments before each */
	uint64_t cost[NG_MERGE_ORDER_MAX][NG_MERGE_ORDER_MAX + 1];
	/* Where segments [i, j) are cut for the last merge. */
	uint8_t cut[NG_MERGE_ORDER_MAX][NG_MERGE_ORDER_MAX + 1];
};

int ng_merge_order_new(struct ng_merge_order **ret_order)
{
	struct ng_merge_order *order = malloc(sizeof(*order));

	if (!order)
		return -ENOMEM;
	*ret_order = order;
	return 0;
}

static uint64_t pair_cost(uint64_t left_rows, uint64_t right_rows)
{
	return STEP_COST * ng_min(left_rows, right_rows) + WRITE_COST * (left_rows + right_rows);
}

/* The least cost for every stretch of them, from the shortest to all. */
void ng_merge_order_make(struct ng_merge_order *order, const uint64_t *rows, unsigned n)
{
	order->rows[0] = 0;
	for (unsigned i = 0; i < n; i++) {
		order->rows[i + 1] = order->rows[i] + rows[i];
		order->cost[i][i + 1] = 0;
	}
	for (unsigned len = 2; len <= n; len++) {
		for (unsigned i = 0; i + len <= n; i++) {
			unsigned j = i + len;

			order->cost[i][j] = UINT64_MAX;
			for (unsigned k = i + 1; k < j; k++) {
				uint64_t cost = order->cost[i][k] + order->cost[k][j] +
						pair_cost(order->rows[k] - order->rows[i],
							  order->rows[j] - order->rows[k]);

				if (cost >= order->cost[i][j])
					continue;
				order->cost[i][j] = cost;
				order->cut[i][j] = (uint8_t)k;
			}
		}
	}
}

unsigned ng_merge_order_cut(const struct ng_merge_order *order, unsigned i, unsigned j)
{
	return order->cut[i][j];
}
