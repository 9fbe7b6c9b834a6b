// SPDX-License-Identifier: Apache-2.0
// The empty page explains itself, with words of this corpus.

import {$, element, isolated, number, replaceItems} from './dom.js'

const LOOKED_BYTES = 3000
const PLACES = [0.2, 0.5, 0.8] // of the documents, where words are taken from

// Words and a phrase of some documents, which occur at least there.
async function samples(index, signal) {
	const {documents} = await index.stats(signal)
	const texts = await Promise.all(PLACES.map(async place => {
		const {part} = await index.part(Math.floor(documents * place), 0, LOOKED_BYTES, signal)
		return new TextDecoder().decode(part)
	}))
	return texts.flatMap((text, i) => {
		const words = [...new Intl.Segmenter(undefined, {granularity: 'word'}).segment(text)].filter(({isWordLike, segment}) =>
			isWordLike && !segment.includes('\ufffd'))
		const long = words.filter(({segment}) => segment.length > 5)[8] ?? words[0]
		if (!long)
			return []
		const end = words[words.indexOf(long) + 2] ?? long
		const phrase = text.slice(long.index, end.index + end.segment.length)
		return [i % 2 || phrase.includes('\n') ? long.segment : phrase]
	})
}

// Say what the mode is for. choose(query) is called by a click.
export async function showStart(index, mode, choose, signal) {
	const {documents} = await index.stats(signal)
	signal.throwIfAborted()
	for (const part of document.querySelectorAll('#start [data-mode]'))
		part.hidden = part.dataset.mode !== (documents ? mode : 'none')
	if (mode === 'text' && documents)
		await showExamples(index, choose, signal)
}

async function showExamples(index, choose, signal) {
	const queries = [...new Set(await samples(index, signal))]
	const counts = await Promise.all(queries.map(query => index.count({query, settings: []}, signal)))
	signal.throwIfAborted()
	replaceItems($('examples'), queries.map((query, i) => {
		const button = element('button', {type: 'button'}, isolated(query), element('small', {textContent: ` ${number(counts[i])}`}))
		button.addEventListener('click', () => choose(query))
		return element('li', {}, button)
	}))
}
