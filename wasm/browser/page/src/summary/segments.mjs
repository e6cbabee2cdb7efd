// The segments of a store as a map: how large each is, and where in it damage was found.

// segmentsOf returns the segments among a store's files, in their order, with the damages in
// each: { name, size, damages }. Damages of other files, and of segments that are not there,
// come back as others.
export function segmentsOf(files, damages) {
  const segments = files.filter((f) => f.name.endsWith('.fbat')).map((f) => ({ name: f.name, size: Number(f.size), damages: [] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const byName = new Map(segments.map((s) => [s.name, s]))
  const others = []
  for (const d of damages) (byName.get(d.file)?.damages ?? others).push(d)
  return { segments, others }
}

// damagesOf returns the damages of a report and of findings, each once, by file, offset and reason.
export function damagesOf(report, findings) {
  const all = new Map()
  for (const d of [...(findings?.damages ?? []), ...(report?.damages ?? [])]) {
    const key = `${d.file}\n${d.offset}\n${d.reason}`
    if (!all.has(key)) all.set(key, d)
  }
  return [...all.values()].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : Number(a.offset) - Number(b.offset)))
}

// widths returns the parts of a map: each segment's share of the largest, at least some, so
// that every one can be seen and hit.
export function widths(segments, least = 0.06) {
  const most = segments.reduce((n, s) => Math.max(n, s.size), 1)
  return segments.map((s) => Math.max(least, s.size / most))
}

const GAP = 4 // px, between the parts of a map

// widest returns how wide the largest segment of a map is, in px: all of them fill one line, or
// lines of equal ones where there are too many for that.
export function widest(shares, width) {
  width -= 1 // widths are rounded, and what is too wide by a hair begins a new line
  const inOne = (width - GAP * (shares.length - 1)) / shares.reduce((a, b) => a + b, 0)
  if (inOne >= 60) return inOne
  return Math.max(0, (width + GAP) / Math.max(1, Math.floor((width + GAP) / 64)) - GAP)
}

// markAt returns where in its segment a damage lies: [left, width] as shares.
export function markAt(segment, damage) {
  if (!(segment.size > 0)) return [0, 1]
  const left = Math.min(1, Math.max(0, Number(damage.offset ?? 0) / segment.size))
  return [left, Math.min(1 - left, Math.max(0, Number(damage.length ?? 0) / segment.size))]
}

// around returns the patch of a route that shows the events around a damage, or null: the
// sequences that it names, or is before, with some neighbours.
export function around(damage, neighbours = 20) {
  const seqs = [damage.first_seq, damage.at_seq, damage.end_seq, ...(damage.events ?? []).map((e) => e.seq)].filter((n) => n !== null && n !== undefined).map(BigInt)
  if (seqs.length === 0) return null
  const low = seqs.reduce((a, b) => (b < a ? b : a)), high = seqs.reduce((a, b) => (b > a ? b : a))
  const n = BigInt(neighbours)
  const safe = (x) => (x <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(x) : x)
  return { from: safe(low > n ? low - n : 0n), to: safe(high + n) }
}
