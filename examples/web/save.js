// SPDX-License-Identifier: Apache-2.0
// Occurrences as a file. One that isn't all of them says so in its name, and in its content where that can.

const HEAD = ['document', 'offset', 'left', 'match', 'right']
const fields = ({document: id, offset, before, match_text, after, from}) => [id, offset, before, match_text, after, ...(from === undefined ? [] : [from])]
// Of several indexes it is said which.
const head = list => list[0]?.from === undefined ? HEAD : [...HEAD, 'index']
const quoted = value => /[",\r\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value

const KINDS = {
	csv: ['text/csv', list => [head(list), ...list.map(fields)].map(row => row.map(quoted).join(',') + '\r\n').join('')],
	json: ['application/json', (list, about) => JSON.stringify({...about, occurrences: list.map(one =>
		Object.fromEntries(head(list).map((name, i) => [name, fields(one)[i]])))}, null, '\t')],
	txt: ['text/plain', (list, {count}) => list.map(({before, match_text, after}) =>
		`${before}[${match_text}]${after}`.replace(/[\n\r\t]+/g, ' ') + '\n').join('') +
		(list.length < count ? `(${list.length} of ${count})\n` : '')],
}

// about: {index, query, settings, count}.
export function save(kind, list, about) {
	const [type, write] = KINDS[kind]
	const link = document.createElement('a')
	link.href = URL.createObjectURL(new Blob([write(list, about)], {type}))
	link.download = `occurrences${list.length < about.count ? `-${list.length}-of-${about.count}` : ''}.${kind}`
	link.click()
	URL.revokeObjectURL(link.href)
}
