#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// search.js MOUNT QUERY
const fs = require("fs");
const mount = process.argv[2];
// argv is text, in which bytes that aren't UTF-8 are lost.
const bytes = fs.readFileSync("/proc/self/cmdline", "latin1").split("\0").at(-2);
const query = bytes.replace(/[^A-Za-z0-9 ]/g, (c) => "%" + c.charCodeAt(0).toString(16).padStart(2, "0"));
const list = (dir) => fs.readdirSync(dir).flatMap((name) => name === "more" ? list(`${dir}/more`) : [name.slice(0, -4)]);

console.log(fs.readFileSync(`${mount}/count/${query}`, "utf8").trim(), "occurrences");
if (fs.existsSync(`${mount}/docs/${query}`)) {
	const docs = list(`${mount}/docs/${query}`).sort();
	console.log(docs.join("\n"));
	process.stdout.write(fs.readFileSync(`${mount}/doc/${docs[0]}.txt`));
	console.log("\n" + fs.readFileSync(`${mount}/doc/${docs[0]}.json`, "utf8").trim());
}
