package commit

import "github.com/thawlog/thaw/core/artifact"

// links leads from a record of a draft to the one before it with the same entity, or the
// same scope. Like idSet it looks at records when they are asked for, so a session without
// conditions costs nothing. It takes 8 bytes for each record and each name.
type links struct {
	draft    *artifact.Draft
	entities chain
	scopes   chain
}

// chain links the records with the same name. Numbers of records are kept plus one; 0 is
// none.
type chain struct {
	last     []uint32 // by number of the name
	previous []uint32 // by number of the record
}

// latest returns the last record with a name, or -1.
func (c *chain) latest(name uint32) int {
	if int(name) >= len(c.last) {
		return -1
	}
	return int(c.last[name]) - 1
}

// before returns the record before i with the same name, or -1.
func (c *chain) before(i int) int { return int(c.previous[i]) - 1 }

func (c *chain) add(name uint32) {
	for int(name) >= len(c.last) {
		c.last = append(c.last, 0)
	}
	c.previous = append(c.previous, c.last[name])
	c.last[name] = uint32(len(c.previous))
}

// drop removes the last record, which has the given name.
func (c *chain) drop(name uint32) {
	end := len(c.previous) - 1
	c.last[name] = c.previous[end]
	c.previous = c.previous[:end]
}

// extend adds the draft's new records.
func (k *links) extend() {
	for i := len(k.entities.previous); i < k.draft.Len(); i++ {
		r := k.draft.At(i)
		k.entities.add(r.Entity())
		k.scopes.add(r.Scope())
	}
}

// truncate removes the records from number n on, which must still be in the draft.
func (k *links) truncate(n int) {
	for i := len(k.entities.previous) - 1; i >= n; i-- {
		r := k.draft.At(i)
		k.entities.drop(r.Entity())
		k.scopes.drop(r.Scope())
	}
}
