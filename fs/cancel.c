#include "cancel.h"

ng_cancel *ng_cancels_get(struct ng_cancels *cancels)
{
	for (;;) {
		unsigned i = atomic_fetch_add(&cancels->next, 1) % NG_CANCELS;

		if (atomic_exchange(&cancels->slots[i].taken, true))
			continue;
		atomic_store(&cancels->slots[i].flag, false);
		return &cancels->slots[i].flag;
	}
}

void ng_cancels_put(struct ng_cancels *cancels, ng_cancel *cancel)
{
	size_t offset = (size_t)((char *)cancel - (char *)&cancels->slots[0].flag);

	atomic_store(&cancels->slots[offset / sizeof(cancels->slots[0])].taken, false);
}
