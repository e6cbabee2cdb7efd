// JSON without rounding. JSON.parse turns an integer above 2^53 into another one.

// suspect finds texts that may have such an integer: 16 digits where a number can stand.
const suspect = /(?:^|[:,[\s])-?\d{16}/
const token = /"(?:[^"\\]+|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

const MARK = { text: 's', big: 'n' }

// parse is JSON.parse, but integers that a Number cannot hold are BigInts.
export function parse(text) {
  if (!suspect.test(text)) return JSON.parse(text)
  JSON.parse(text) // what is no JSON must not become JSON by the marks
  // Every string gets a mark, so that the strings that stand for integers are no others.
  const marked = text.replace(token, (t) => (t[0] === '"' ? `"${MARK.text}${t.slice(1)}` : large(t) ? `"${MARK.big}${t}"` : t))
  return JSON.parse(marked, unmark)
}

const large = (t) => /^-?\d+$/.test(t) && !Number.isSafeInteger(Number(t))

function unmark(_, v) {
  if (typeof v === 'string') return v[0] === MARK.big ? BigInt(v.slice(1)) : v.slice(1)
  if (typeof v !== 'object' || v === null || Array.isArray(v)) return v
  return Object.fromEntries(Object.entries(v).map(([key, value]) => [key.slice(1), value]))
}

// lines parses lines of JSON, each ended by a newline.
export function lines(text) {
  return text.split('\n').slice(0, -1).map((line) => parse(line))
}
