// How the answer of OP.timeline becomes bars, and how pixels become times again.

// bars returns { n, most, first, width, columns }: n columns of equal width in time, and of each
// that has events its parts from the bottom up. rank says which place a kind has in a column:
// 0 to 7, or undefined for those that share the last one.
export function bars(answer, rank, places) {
  const columns = answer.buckets.map((b) => {
    const parts = Array(places + 1).fill(0)
    for (const [kind, events] of Object.entries(b.kinds)) parts[rank(Number(kind)) ?? places] += Number(events)
    return { at: Number(b.at), events: Number(b.events), firstSeq: b.first_seq, endSeq: b.end_seq, kinds: b.kinds, parts }
  })
  return {
    n: columns.reduce((n, c) => Math.max(n, c.at + 1), 0), most: columns.reduce((n, c) => Math.max(n, c.events), 0),
    first: Number(answer.first_ms), width: Number(answer.width_ms), columns,
  }
}

// paths returns one SVG path for each place: rectangles of a picture of a width and height. A
// column with events has at least one pixel.
export function paths(b, width, height, places) {
  const all = Array(places + 1).fill('')
  const step = width / Math.max(1, b.n)
  const gap = step > 5 ? 1 : 0
  const px = (n) => Math.round(n * 100) / 100
  for (const c of b.columns) {
    const scale = Math.max(1, (c.events / b.most) * height) / c.events
    let y = height
    c.parts.forEach((events, place) => {
      if (events === 0) return
      const h = events * scale
      y -= h
      all[place] += `M${px(c.at * step)} ${px(y)}h${px(step - gap)}v${px(h)}h${px(gap - step)}z`
    })
  }
  return all
}

const MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000
const STEPS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 15000, 30000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
  HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY]

// ticks returns at most some so many places of the time axis: { ms, text }, in UTC.
export function ticks(first, end, most) {
  const span = end - first
  if (!(span > 0) || most < 1) return []
  const all = []
  const step = STEPS.find((s) => span / s <= most)
  if (step) {
    for (let ms = Math.ceil(first / step) * step; ms <= end; ms += step) all.push({ ms, text: tick(ms, step) })
    return all
  }
  // Months and years are not of one length.
  const months = [1, 3, 6, 12, 24, 60, 120, 240, 600, 1200, 6000, 12000].find((m) => span / (m * 30.4 * DAY) <= most) ?? 120000
  const from = new Date(first)
  let month = from.getUTCFullYear() * 12 + from.getUTCMonth()
  for (month = Math.ceil(month / months) * months; ; month += months) {
    const ms = Date.UTC(Math.floor(month / 12), month % 12)
    if (!(ms <= end)) return all
    if (ms >= first) all.push({ ms, text: iso(ms).slice(0, months >= 12 ? 4 : 7) })
  }
}

const iso = (ms) => {
  try {
    return new Date(ms).toISOString()
  } catch {
    return `${ms} ms` // later than a Date can be
  }
}

// tick is a time without what its neighbours share.
function tick(ms, step) {
  const text = iso(ms)
  if (step >= DAY || ms % DAY === 0) return text.slice(0, 10)
  if (step >= MINUTE) return text.slice(11, 16)
  return step >= 1000 ? text.slice(11, 19) : text.slice(11, 23)
}

// columnAt returns the column under a pixel.
export const columnAt = (b, width, x) => Math.max(0, Math.min(b.n - 1, Math.floor((x / Math.max(1, width)) * b.n)))

// brushed returns the patch of a route for the columns from a to z: their times, and, so that
// no other event is looked at, bounds of their sequences. It is null without an event.
export function brushed(b, a, z) {
  const [low, high] = a <= z ? [a, z] : [z, a]
  const inside = b.columns.filter((c) => c.at >= low && c.at <= high)
  if (inside.length === 0) return null
  const least = (x, y) => (y < x ? y : x), most = (x, y) => (y > x ? y : x)
  return {
    since: b.first + low * b.width, until: b.first + (high + 1) * b.width,
    from: inside.map((c) => c.firstSeq).reduce(least), to: inside.map((c) => c.endSeq).reduce(most),
  }
}

// wider returns the patch that shows four times as much time around what is shown now; all of it
// if that is more than there is (all is [first, end] in ms).
export function wider({ since, until }, all) {
  const open = { since: undefined, until: undefined, from: undefined, to: undefined }
  if (since === undefined && until === undefined) return open
  const low = Number(since ?? all[0]), high = Number(until ?? all[1])
  const more = Math.max(1, Math.round((high - low) * 1.5))
  const next = [low - more, high + more]
  if (next[0] <= all[0] && next[1] >= all[1]) return open
  return { ...open, since: Math.max(next[0], all[0]), until: Math.min(next[1], all[1]) }
}
