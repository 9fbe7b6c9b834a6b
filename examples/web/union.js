// SPDX-License-Identifier: Apache-2.0
// Several indexes as one: what ask.js gives of an index, of all of them together. Occurrences and documents
// come one index after another, by chance each in proportion; they say which index they are of.

import {rank} from './ask.js'

const sum = numbers => numbers.reduce((a, b) => a + b, 0)

// Element number `at` of lists of so many elements, mixed in proportion: its list, and its number there.
function mixed(sizes, at) {
	const all = sum(sizes)
	// None of these comes later than the one that is asked for.
	const from = sizes.map(size => Math.max(0, Math.floor(at * size / all) - Math.ceil(sizes.length / 2) - 1))
	for (let done = sum(from); ; done++) {
		let first = -1
		for (let i = 0; i < sizes.length; i++)
			if (from[i] < sizes[i] && (first < 0 || (from[i] + 0.5) / sizes[i] < (from[first] + 0.5) / sizes[first]))
				first = i
		if (done === at)
			return [first, from[first]]
		from[first]++
	}
}

function behind(sizes, at) {
	let i = 0
	for (; at >= sizes[i]; i++)
		at -= sizes[i]
	return [i, at]
}

// How many of the first `most` are of each list.
function shares(sizes, most, random) {
	if (sum(sizes) <= most)
		return sizes
	let left = most
	if (!random)
		return sizes.map(size => {
			const here = Math.min(size, left)
			left -= here
			return here
		})
	const [list, at] = mixed(sizes, most)
	const key = (at + 0.5) / sizes[list]
	return sizes.map((size, i) => i === list ? at : Math.min(size, i < list ? Math.floor(key * size + 0.5) : Math.ceil(key * size - 0.5)))
}

// Rows of the same name are one; their shares are of all.
function merged(lists) {
	const rows = new Map()
	for (const row of lists.flat()) {
		const one = rows.get(row.shown)
		rows.set(row.shown, {...row, count: row.count + (one?.count ?? 0)})
	}
	const all = sum([...rows.values()].map(({count}) => count))
	const list = [...rows.values()].map(row => ({...row, share: row.count / all})).sort(rank)
	list.cut = lists.some(({cut}) => cut)
	return list
}

export class Union {
	// parts: names, and the index of each.
	constructor(parts) {
		this.parts = [...parts]
	}

	#each(ask) {
		return Promise.all(this.parts.map(([, index]) => ask(index)))
	}

	#owned(one, i) {
		const [from, index] = this.parts[i]
		return {...one, from, index}
	}

	async stats(signal) {
		const all = await this.#each(index => index.stats(signal))
		return {documents: sum(all.map(({documents}) => documents)), text_bytes: sum(all.map(({text_bytes}) => text_bytes))}
	}

	async count(question, signal) {
		return sum(await this.#each(index => index.count(question, signal)))
	}

	async df(question, signal) {
		return sum(await this.#each(index => index.df(question, signal)))
	}

	async long(question, signal) {
		const all = await this.#each(index => index.long(question, signal))
		return {count: sum(all.map(({count}) => count)), documents: all.flatMap(({documents}, i) => documents.map(one => this.#owned(one, i)))}
	}

	async trace(text, least, signal) {
		const all = await this.#each(index => index.trace(text, least, signal))
		const stretches = []
		// Of those that lie in one another only the longest; the same of several indexes is one.
		for (const one of all.flatMap(found => found.stretches).sort((a, b) => a.begin - b.begin || b.end - a.end)) {
			const last = stretches.at(-1)
			if (last?.begin === one.begin && last.end === one.end)
				last.count += one.count
			else if (!last || one.end > last.end)
				stretches.push({...one})
		}
		return {stretches, cut: all.some(({cut}) => cut)}
	}

	async grep(question, most, signal) {
		const all = await this.#each(index => index.grep(question, most, signal))
		const list = all.flatMap((lines, i) => lines.map(one => this.#owned(one, i)))
		return Object.assign(list.slice(0, most), {cut: list.length > most || all.some(({cut}) => cut)})
	}

	async match(question, number, random, signal) {
		const sizes = await this.#each(index => index.count(question, signal))
		const [i, at] = (random ? mixed : behind)(sizes, number)
		return this.#owned(await this.parts[i][1].match(question, at, random, signal), i)
	}

	async list(question, most, random, signal) {
		const wanted = shares(await this.#each(index => index.count(question, signal)), most, random)
		const lists = await Promise.all(this.parts.map(([, index], i) => wanted[i] ? index.list(question, wanted[i], random, signal) : []))
		return lists.flatMap((list, i) => list.map(one => this.#owned(one, i)))
	}

	async next(question, signal) {
		return merged(await this.#each(index => index.next(question, signal)))
	}

	async words(question, signal) {
		return merged(await this.#each(index => index.words(question, signal)))
	}

	// Those that all of them have.
	async fields(signal) {
		const [first, ...others] = await this.#each(index => index.fields(signal))
		return first.filter(field => others.every(fields => fields.includes(field)))
	}

	// A field of `all` values in an index, or more, isn't shown; so these are all that there are.
	async facet(field, question, most, signal, all = 1000) {
		const values = new Map()
		for (const row of (await this.#each(index => index.facet(field, question, all, signal))).flat()) {
			const one = values.get(row.value) ?? {count: 0, documents: 0}
			values.set(row.value, {value: row.value, count: row.count + one.count, documents: row.documents + one.documents})
		}
		return [...values.values()].sort(rank).slice(0, most)
	}

	// Documents are numbered from those of the first index on.
	async part(id, lo, hi, signal) {
		const sizes = (await this.#each(index => index.stats(signal))).map(({documents}) => documents)
		const [i, at] = behind(sizes, id)
		return this.parts[i][1].part(at, lo, hi, signal)
	}
}
