// SPDX-License-Identifier: Apache-2.0
// Asking the mount: the names of queries, and the answers as objects. Nothing here knows the page.

const encoder = new TextEncoder()
const KEPT_ANSWERS = 1000
const LONGEST = 4000 // characters of a query
const LONGEST_TEXT = 64 << 10 // bytes of one to trace
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
	404: 'That cannot be asked under these settings.',
	413: `That text is too long: ${LONGEST_TEXT >> 10} KiB can be traced at once.`,
	414: 'That is too long for a question.',
	422: 'That may be in too many places: it needs some text to look for.',
	429: 'Too many questions at once; ask again in a moment.',
	504: 'That takes too long to find out.',
}

const NO_EXPRESSION = 'That is no regular expression, or not yet.'

// What the server says instead of an answer.
export class Refusal extends Error {
	constructor(status, reason = REASONS[status]) {
		super(reason ?? `The server cannot answer that (${status}).`)
		this.status = status
	}
}

// An index, below a path of the server. Answers are kept, so asking again costs nothing.
export class Index {
	#kept = new Map()

	constructor(path) {
		this.path = path
	}

	// A question is {query, settings}, the latter as with/ takes them. The query stands behind the ?,
	// since browsers take . and .. out of a path, escaped or not.
	url(node, {query, settings}, rest = '', more = []) {
		if (query.length > LONGEST)
			throw new Refusal(414, `That is too long for a question: ${LONGEST.toLocaleString('en')} characters at most.`)
		if (!query.isWellFormed()) // half of a pair; it would become another character
			throw new Refusal(400)
		const all = [...settings, ...more]
		const under = all.length ? `/with/${all.join(',')}` : ''
		return `${this.path}${under}/${node}/${rest}${query && `?q=${encodeURIComponent(query)}`}`
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

	async count(question, signal) {
		try {
			return Number(await this.#keep(this.url('count', question), signal))
		} catch (error) {
			if (error.status !== 414 || question.query.length > LONGEST)
				throw error
			return (await this.long(question, signal)).count
		}
	}

	// In how many documents; of more occurrences that is more work.
	async df(question, signal) {
		return Number(await this.#keep(this.url('df', question), signal))
	}

	// A query that is too long for a name, as a text whose only stretch is all of it: how often it
	// occurs, and in what documents.
	async long({query, settings}, signal) {
		if (settings.length)
			throw new Refusal(414)
		const [stretch] = (await this.trace(query, [`min=${bytes(query)}`], signal)).stretches
		return stretch ?? {count: 0, documents: []}
	}

	// The stretches of a text that occur, {begin, end, text, count, documents}, and whether these are all.
	async trace(text, settings, signal) {
		if (bytes(text) > LONGEST_TEXT)
			throw new Refusal(413)
		const response = await this.#fetch(`${this.path}/with/${settings.join()}/trace`, {method: 'POST', body: text, signal})
		const lines = (await response.text()).split('\n').filter(line => line).map(line => JSON.parse(line))
		return {stretches: lines.filter(line => !line.cut), cut: lines.some(line => line.cut)}
	}

	// Lines of text that an expression matches, {place, offset, text}, and in `cut` whether there may be more.
	async grep(question, most, signal) {
		const answer = await this.#keep(this.url('grep', question) + `&n=${most}`, signal).catch(error => {
			throw error.status === 400 ? new Refusal(400, NO_EXPRESSION) : error
		})
		const list = answer.split('\n').filter(line => line && !line.startsWith('[cut here')).map(line => {
			const [, place, offset, text] = /^(.*?):(\d+):(.*)$/s.exec(line) ?? [, '', '0', line]
			return {place, offset: Number(offset), text}
		})
		list.cut = list.length === most || /(^|\n)\[cut here/.test(answer)
		return list
	}

	// Occurrence number: document, doc_len, offset, before, match_text, after, metadata.
	async match(question, number, random, signal) {
		const order = random ? ['order=random', 'seed=1'] : []
		return parse(await this.#keep(this.url('match', question, `/${number}.json`, order), signal))
	}

	// Up to most occurrences, the first or any: document, offset, before, match_text, after.
	async list(question, most, random, signal) {
		const more = ['context=80', ...(random ? ['order=random', 'seed=1'] : [])]
		const answer = await this.#keep(this.url('kwic', question, '', more) + `&n=${most}`, signal)
		return answer.split('\n').map(line => line.split('\t')).filter(fields => fields.length === 5)
			.map(([document, offset, ...texts]) => {
				const [before, match_text, after] = texts.map(plain)
				return {document: Number(document), offset: Number(offset), before, match_text, after}
			})
	}

	async metadata(id, signal) {
		return parse(await this.#keep(this.document(id, 'json'), signal))
	}

	// What follows, by falling count: {count, share, text}; text is null for what isn't a character.
	async next(question, signal) {
		return rows(await this.#keep(this.url('next', question), signal)).map(([count, share, text]) =>
			({count: Number(count), share: Number(share), shown: text, text: character(text)}))
	}

	// The same of words; of very many the rest is cut.
	async words(question, signal) {
		const answer = await this.#keep(this.url('nextword', question), signal)
		const list = rows(answer).map(([count, share, text]) =>
			({count: Number(count), share: Number(share), shown: text, text: text.startsWith('$') ? null : text}))
		list.cut = answer.includes('\n[cut here')
		return list
	}

	async fields(signal) {
		return rows(await this.#keep(`${this.path}/facet/`, signal)).map(([name]) => name).filter(decodable)
	}

	// By the values of a field, named as in fields(): {value, count, documents}; of all documents without a
	// query, and then in bytes. The value of those that have none is null.
	async facet(field, question, most, signal) {
		const name = encodeURIComponent(field).replace(/%25/g, '%').replace(/%3A/g, ':')
		const url = this.url(`facet/${name}`, question)
		return rows(await this.#keep(`${url}${question.query ? '&' : '?'}n=${most}`, signal)).map(([value, count, documents]) =>
			({value: value === '\\N' ? null : plain(value), count: Number(count), documents: Number(documents)}))
	}

	// Bytes [lo, hi) of a document, and how many it has.
	async part(id, lo, hi, signal) {
		const range = lo < hi ? {Range: `bytes=${lo}-${hi - 1}`} : {}
		const response = await this.#fetch(this.document(id, 'txt'), {signal, headers: range})
		const total = /\/(\d+)$/.exec(response.headers.get('Content-Range') ?? '')
		const part = new Uint8Array(await response.arrayBuffer())
		return {part, total: total ? Number(total[1]) : part.length}
	}
}

function parse(json) {
	try {
		return JSON.parse(json, whole)
	} catch {
		// Metadata may hold numbers that are Python's, and not JSON's: they are shown as text.
		return JSON.parse(json.replace(/"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)/g,
			token => token.startsWith('"') ? token : `"${token}"`), whole)
	}
}

// A whole number that is too large to be kept as one is shown as it stands there, where browsers tell it.
function whole(_, value, context) {
	return Number.isInteger(value) && !Number.isSafeInteger(value) && context?.source ? context.source : value
}

// By falling count.
export const rank = (a, b) => b.count - a.count

// Whether escapes are those of text.
export function decodable(text) {
	try {
		return decodeURIComponent(text) !== null
	} catch {
		return false
	}
}

// Fields of lines.
const rows = answer => answer.split('\n').filter(line => line && !line.startsWith('[cut here')).map(line => line.split('\t'))

// Text as it was before a line of the mount showed it.
function plain(shown) {
	return shown.replace(/\\(?:x([0-9a-f]{2})|(.))/gi, (_, hex, c) => hex ? String.fromCharCode(parseInt(hex, 16)) : {t: '\t', n: '\n'}[c] ?? c)
}

// A setting that only documents with a value have to do with. Nothing in it means anything but itself.
export function only(field, value) {
	const exact = text => encodeURIComponent(text).replace(/[*]/g, '%2A')
	const [, name, digits] = /^(.*?)(:\d+)?$/s.exec(field)
	return `where=${exact(decodeURIComponent(name))}:${exact(value)}${digits ? '*' : ''}`
}

function character(shown) {
	if (shown === '$END' || /^%../.test(shown))
		return null
	const plain = {'\\t': '\t', '\\n': '\n', '\\\\': '\\'}[shown]
	if (plain)
		return plain
	return shown.startsWith('\\x') ? String.fromCharCode(parseInt(shown.slice(2), 16)) : shown
}
