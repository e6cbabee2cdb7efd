package project

import (
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// union returns a region that has every event of the projections' regions, and few others.
func union(projections []Projection) host.Region {
	all := projections[0].Region()
	for _, p := range projections[1:] {
		all = both(all, p.Region())
	}
	return all
}

func both(a, b host.Region) host.Region {
	if a == b {
		return a
	}
	out := host.Region{Kinds: bothKinds(a.Kinds, b.Kinds)}
	if a.Entity == b.Entity {
		out.Entity = a.Entity
	}
	if a.Scope == b.Scope {
		out.Scope = a.Scope
	}
	if a.Clocks == b.Clocks {
		out.Clocks = a.Clocks
	}
	if a.Since.Equal(b.Since) {
		out.Since = a.Since
	}
	if a.Until.Equal(b.Until) {
		out.Until = a.Until
	}
	if out.Entity == "" {
		out.EntityPrefix = commonPrefix(prefix(a), prefix(b))
	} else if a.EntityPrefix == b.EntityPrefix {
		out.EntityPrefix = a.EntityPrefix
	}
	return out
}

// prefix returns what the names of all entities of a region begin with.
func prefix(r host.Region) string {
	if r.Entity != "" {
		return r.Entity
	}
	return r.EntityPrefix
}

func commonPrefix(a, b string) string {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// mostKinds bounds the kinds that are listed one by one.
const mostKinds = 1 << 10

func bothKinds(a, b event.Kinds) event.Kinds {
	if a == b {
		return a
	}
	if a.All() || b.All() {
		return event.Kinds{}
	}
	var kinds []event.Kind
	for _, set := range []event.Kinds{a, b} {
		for first, last := range set.Runs() {
			if len(kinds)+int(last-first) >= mostKinds {
				return event.Kinds{}
			}
			for k := int(first); k <= int(last); k++ {
				kinds = append(kinds, event.Kind(k))
			}
		}
	}
	return event.AnyOf(kinds...)
}
