// SPDX-License-Identifier: Apache-2.0
// Asking the mount: the names of queries, and the answers as objects. Nothing here knows the page.

const encoder = new TextEncoder()
const KEPT_ANSWERS = 1000
const TRIES = 5
const PAUSE_MS = 150

// Length in UTF-8.
export const bytes = text => encoder.encode(text).length

// The name of a query in the mount: escapes for what a file's name cannot hold, and in what might be one
// of the names that are absent there since programs look for them, such as .gitignore.
export function spell(query) {
	const needed = /^[\w.-]{1,40}$/.test(query) ? /[.-]/g : /[%/\0]/g
	return query.replace(needed, c => '%' + c.charCodeAt(0).toString(16).padStart(2, '0'))
}

const REASONS = {
	400: 'That is no text, and cannot be asked for.',
	414: 'That is too long for a question.',
	429: 'Too many questions at once; ask again in a moment.',
	504: 'That takes too long to find out.',
}

// What the server says instead of an answer.
export class Refusal extends Error {
	constructor(status) {
		super(REASONS[status] ?? `The server cannot answer that (${status}).`)
	}
}

// An index, below a path of the server. Answers are kept, so asking again costs nothing.
export class Index {
	#kept = new Map()

	constructor(path) {
		this.path = path
	}

	// The query stands behind the ?, since browsers take . and .. out of a path, escaped or not.
	url(node, query, rest = '') {
		if (!query.isWellFormed()) // half of a pair; it would become another character
			throw new Refusal(400)
		return `${this.path}/${node}/${rest}?q=${encodeURIComponent(query)}`
	}

	document(id, suffix) {
		return `${this.path}/doc/${id}.${suffix}`
	}

	async #fetch(url, options) {
		for (let tries = 1; ; tries++) {
			const response = await fetch(url, options)
			if (response.ok)
				return response
			if (response.status !== 429 || tries === TRIES)
				throw new Refusal(response.status)
			await new Promise(wake => setTimeout(wake, PAUSE_MS * tries))
			options.signal?.throwIfAborted()
		}
	}

	async #keep(url, signal) {
		const kept = this.#kept.get(url)
		if (kept !== undefined)
			return kept
		const answer = await (await this.#fetch(url, {signal})).text()
		if (this.#kept.size >= KEPT_ANSWERS)
			this.#kept.delete(this.#kept.keys().next().value)
		this.#kept.set(url, answer)
		return answer
	}

	async stats(signal) {
		return JSON.parse(await this.#keep(`${this.path}/stats`, signal))
	}

	async count(query, signal) {
		return Number(await this.#keep(this.url('count', query), signal))
	}

	// Occurrence number: document, doc_len, offset, before, match_text, after, metadata.
	async match(query, number, signal) {
		return parse(await this.#keep(this.url('match', query, `/${number}.json`), signal))
	}

	// What follows, by falling count: {count, share, text}; text is null for what isn't a character.
	async next(query, signal) {
		const lines = (await this.#keep(this.url('next', query), signal)).split('\n')
		return lines.filter(line => line).map(line => {
			const [count, share, text] = line.split('\t')
			return {count: Number(count), share: Number(share), shown: text, text: character(text)}
		})
	}

	// Bytes [lo, hi) of a document.
	async part(id, lo, hi, signal) {
		const range = lo < hi ? {Range: `bytes=${lo}-${hi - 1}`} : {}
		const response = await this.#fetch(this.document(id, 'txt'), {signal, headers: range})
		return new Uint8Array(await response.arrayBuffer())
	}
}

function parse(json) {
	try {
		return JSON.parse(json)
	} catch {
		// Metadata may hold numbers that are Python's, and not JSON's: they are shown as text.
		return JSON.parse(json.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g,
			token => token.startsWith('"') ? token : `"${token}"`))
	}
}

function character(shown) {
	if (shown === '$END' || /^%../.test(shown))
		return null
	const plain = {'\\t': '\t', '\\n': '\n', '\\\\': '\\'}[shown]
	if (plain)
		return plain
	return shown.startsWith('\\x') ? String.fromCharCode(parseInt(shown.slice(2), 16)) : shown
}
