// The address of a view: everything that is looked at lies in the page's hash, so that a
// view is a link. #/events?prefix=order%3A&kind=0x1001,0x1002&event=...

export const VIEWS = ['summary', 'events', 'lists', 'event', 'graph', 'fold', 'take', 'scratch']

// NUMBERS are the keys whose values are whole numbers: times in ms, sequences.
const NUMBERS = ['since', 'until', 'from', 'to']

const whole = (text) => {
  if (!/^-?\d{1,20}$/.test(text)) return undefined
  const n = Number(text)
  return Number.isSafeInteger(n) ? n : BigInt(text)
}

const kindOf = (text) => {
  const n = /^0x[0-9a-f]{1,4}$/i.test(text) ? Number(text) : NaN
  return Number.isInteger(n) ? n : undefined
}

// parse returns the route of a hash. What cannot be read is left out: a link may be old, or
// typed by hand. Keys that are not known here belong to a view, and stay texts.
export function parse(hash) {
  const [path, query = ''] = hash.replace(/^#?\/?/, '').split('?', 2)
  const route = { view: VIEWS.includes(path) ? path : 'summary', kinds: [] }
  for (const [key, value] of new URLSearchParams(query)) {
    if (value === '' || key === 'view' || key === 'kinds' || key === '__proto__') continue
    if (key === 'kind') {
      route.kinds = [...new Set(value.split(',').map(kindOf).filter((k) => k !== undefined))]
    } else if (NUMBERS.includes(key)) {
      const n = whole(value)
      if (n !== undefined) route[key] = n
    } else {
      route[key] = value
    }
  }
  return route
}

const kept = (value) => value !== undefined && value !== null && value !== '' && value !== false

// format returns the hash of a route.
export function format(route) {
  const query = new URLSearchParams()
  for (const [key, value] of Object.entries(route)) {
    if (key === 'view' || !kept(value)) continue
    if (key === 'kinds') {
      if (value.length > 0) query.set('kind', value.map((k) => `0x${k.toString(16).toUpperCase().padStart(4, '0')}`).join(','))
    } else {
      query.set(key, String(value))
    }
  }
  const text = query.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/')
  return `#/${route.view}${text ? `?${text}` : ''}`
}

// merge returns the route that a patch makes of another. A value that is undefined, null or
// '' removes its key.
export function merge(route, patch) {
  const next = { ...route, ...patch }
  for (const key of Object.keys(next)) if (!kept(next[key])) delete next[key]
  return { view: 'summary', kinds: [], ...next }
}

// FILTERS are the keys that narrow the events.
export const FILTERS = ['entity', 'prefix', 'scope', 'kinds', 'since', 'until', 'from', 'to']

// noFilters is a patch that removes all of them.
export const noFilters = Object.fromEntries(FILTERS.map((key) => [key, key === 'kinds' ? [] : undefined]))

// filtered reports whether a route has a filter.
export const filtered = (route) => FILTERS.some((key) => (key === 'kinds' ? route.kinds.length > 0 : route[key] !== undefined))

// regionOf returns the keys of a question about the events of a route. Times are those of the
// index, so that no frame is read.
export function regionOf(route) {
  const region = {}
  for (const key of ['entity', 'prefix', 'scope', 'from', 'to']) if (kept(route[key])) region[key] = route[key]
  if (route.kinds.length > 0) region.anyOf = [...route.kinds]
  for (const key of ['since', 'until']) if (route[key] !== undefined) region[key] = BigInt(route[key]) * 1000n
  if ('since' in region || 'until' in region) region.wall = true
  return region
}
