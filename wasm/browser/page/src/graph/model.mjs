// The graph of events as nodes and edges. It knows nothing of pictures.

const bySeq = (a, b) => (a.seq < b.seq ? -1 : a.seq > b.seq ? 1 : 0) // Numbers and BigInts

// Graph holds events, each once, by sequence, with the edges among them.
export class Graph {
  // rows are events as the client decodes them; distance is there in answers of OP.graph.
  constructor(rows) {
    this.byID = new Map()
    for (const row of rows) {
      // An event in a circle of causes is returned in both directions.
      if (!this.byID.has(row.id)) this.byID.set(row.id, row)
    }
    this.nodes = [...this.byID.values()].sort(bySeq)
    this.effects = new Map() // id → its effects, by sequence
    this.inLane = new Map() // entity → its events, by sequence
    this.edges = []
    this.elsewhere = new Set() // ids of events whose cause is not in the graph
    for (const node of this.nodes) {
      listIn(this.inLane, node.entity).push(node)
      if (!node.causation) continue
      if (!this.byID.has(node.causation)) {
        this.elsewhere.add(node.id)
        continue
      }
      listIn(this.effects, node.causation).push(node)
      this.edges.push({ from: node.causation, to: node.id })
    }
  }

  node(id) { return this.byID.get(id) ?? null }
  cause(id) { return this.byID.get(this.byID.get(id)?.causation) ?? null }
  effectsOf(id) { return this.effects.get(id) ?? [] }

  // sibling returns the next effect (by 1) of the same cause, or the one before (by −1). Those
  // without a cause in the graph are each other's siblings.
  sibling(id, by) {
    const node = this.byID.get(id)
    if (!node) return null
    const all = this.cause(id) ? this.effectsOf(node.causation) : this.nodes.filter((n) => !this.byID.has(n.causation))
    return all[all.indexOf(node) + by] ?? null
  }

  // neighbour returns the next event of the same entity, or the one before.
  neighbour(id, by) {
    const node = this.byID.get(id)
    if (!node) return null
    const lane = this.inLane.get(node.entity)
    return lane[lane.indexOf(node) + by] ?? null
  }

  // related returns the ids of all causes and effects of an event, with its own.
  related(id) {
    const all = new Set()
    for (let at = this.byID.get(id); at && !all.has(at.id); at = this.cause(at.id)) all.add(at.id)
    const left = [id], seen = new Set(left)
    while (left.length > 0) {
      const at = left.pop()
      all.add(at)
      for (const effect of this.effectsOf(at)) {
        if (seen.has(effect.id)) continue
        seen.add(effect.id)
        left.push(effect.id)
      }
    }
    return all
  }

  // kinds returns the kinds in the graph with their counts, the most frequent first.
  kinds() {
    const counts = new Map()
    for (const { kind } of this.nodes) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    return [...counts].map(([kind, events]) => ({ kind, events })).sort((a, b) => b.events - a.events || a.kind - b.kind)
  }
}

function listIn(map, key) {
  if (!map.has(key)) map.set(key, [])
  return map.get(key)
}
