-- SPDX-License-Identifier: Apache-2.0
-- POST of the lines of a file, each once: wrk ... -s api.lua ADDRESS -- FILE
local bodies

function init(args)
	bodies = io.lines(args[1])
	wrk.headers["Content-Type"] = "application/json"
end

function request()
	return wrk.format("POST", nil, nil, bodies())
end

function done(summary)
	local errors = summary.errors
	print(string.format("requests %d\nseconds %.3f\nfailed %d", summary.requests, summary.duration / 1e6,
		errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
