// SPDX-License-Identifier: Apache-2.0
// A query that occurs nowhere: what of it does, or under which settings it would.

import {$, element, isolated, line, number, replaceItems} from './dom.js'
import {FOLDS} from './state.js'

const PIECES = 3
const LEAST_BYTES = 2 // of a piece
const NAMES = {'case=fold': 'any case', 'space=fold': 'any spacing', 'form=fold': 'any form'}

const isFilter = setting => !FOLDS.includes(setting)

// Other settings that may find it, {label, settings}: one fold more, or, where none is enough, all of them; without
// whole words; without filters.
function looser(settings) {
	const folds = Object.keys(NAMES).filter(fold => !settings.includes(fold))
	const others = folds.map(fold => ({label: NAMES[fold], settings: [...settings, fold]}))
	if (folds.length > 1)
		others.push({label: folds.map(fold => NAMES[fold]).join(', '), settings: [...settings, ...folds], isAllOf: folds.length})
	if (settings.includes('word=yes'))
		others.push({label: 'parts of words', settings: settings.filter(setting => setting !== 'word=yes')})
	if (settings.some(isFilter))
		others.push({label: 'all documents', settings: settings.filter(setting => !isFilter(setting))})
	return others
}

// Parts of it that occur somewhere, the longest ones, in their order: of whole words, if there are.
async function pieces(index, {query, settings}, signal) {
	const folds = settings.filter(setting => !isFilter(setting) && setting !== 'word=yes')
	for (const words of [['word=yes'], []]) {
		const {stretches} = await index.trace(query, [`min=${LEAST_BYTES}`, ...folds, ...words], signal)
		const kept = []
		for (const one of stretches.map(trimmed).filter(isTelling).sort((a, b) => (b.end - b.begin) - (a.end - a.begin)))
			if (kept.length < PIECES && kept.every(({begin, end}) => one.end <= begin || end <= one.begin))
				kept.push(one)
		if (kept.length)
			return [...new Set(kept.sort((a, b) => a.begin - b.begin).map(({text}) => text))]
	}
	return []
}

// A stretch without white space around it, of which others have the same, and without halves of characters.
function trimmed({begin, end, text}) {
	return {begin: begin + text.length - text.trimStart().length, end: end - (text.length - text.trimEnd().length), text: text.replaceAll('\ufffd', '').trim()}
}

// A single letter of English is anywhere; a sign of other scripts may be a word.
const isTelling = ({text}) => text.length > 1 || text > '\x7f'

// Show them; change(what) is called by a click, with what is asked then.
export async function showInsteadOf(index, question, change, signal) {
	const {query, settings} = question
	const parts = await pieces(index, question, signal).catch(() => null)
	const others = [
		...looser(settings).map(other => ({...other, query})),
		...(parts ?? []).map(part => ({label: isolated(line(part)), settings, query: part})),
	]
	// One that can't be told is left out.
	const counts = await Promise.all(others.map(other => index.count(other, signal).catch(() => 0)))
	signal.throwIfAborted()
	const found = others.map((other, i) => ({...other, count: counts[i]}))
		.filter(({count, isAllOf}) => count && !(isAllOf && counts.slice(0, isAllOf).some(count => count)))
	replaceItems($('others'), found.map(({label, query, settings, count}) => {
		const button = element('button', {type: 'button', className: typeof label === 'string' ? '' : 'piece'}, label, element('small', {textContent: ` ${number(count)}`}))
		button.addEventListener('click', () => change({query, folds: settings.filter(setting => !isFilter(setting)), only: settings.filter(isFilter)}))
		return element('li', {}, button)
	}))
	$('hint').textContent = found.length ? 'Try' : 'No part of it of two letters or more occurs here.'
	$('instead').hidden = !found.length && parts?.length !== 0
}
