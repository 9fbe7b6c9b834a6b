/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/submit.h"

#include "mount/mount.h"

void ng_submit(fuse_req_t req, const struct ng_submission *asked)
{
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call =
		ng_call_new(mount->calls, req, mount, asked->data, asked->data ? asked->size : 0);

	if (!call)
		return;
	call->answer = asked->answer;
	call->node = asked->node;
	call->offset = asked->offset;
	call->size = asked->size;
	call->job.lane = asked->lane;
	call->job.key = asked->key;
	call->has_effect = asked->has_effect;
	ng_call_submit(call);
}
