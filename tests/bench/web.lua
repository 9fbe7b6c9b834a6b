-- SPDX-License-Identifier: Apache-2.0
-- The paths of a file, each once: wrk ... -s web.lua ADDRESS -- FILE
local paths

function init(args)
	paths = io.lines(args[1])
end

function request()
	return wrk.format("GET", paths())
end

function done(summary)
	local errors = summary.errors
	print(string.format("requests %d\nseconds %.3f\nfailed %d", summary.requests, summary.duration / 1e6,
		errors.status + errors.connect + errors.read + errors.write + errors.timeout))
end
