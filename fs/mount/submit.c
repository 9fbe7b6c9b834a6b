/* SPDX-License-Identifier: Apache-2.0 */
#include "mount/submit.h"

#include "mount/mount.h"

void ng_request_submit(fuse_req_t req, const struct ng_request *request)
{
	struct ng_mount *mount = fuse_req_userdata(req);
	struct ng_call *call = ng_call_new(mount->calls, req, mount, request->data,
					   request->data ? request->size : 0);

	if (!call)
		return;
	call->answer = request->answer;
	call->node = request->node;
	call->offset = request->offset;
	call->size = request->size;
	call->job.lane = request->lane;
	call->job.key = request->key;
	call->has_effect = request->has_effect;
	ng_call_submit(call);
}
