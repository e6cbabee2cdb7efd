package query

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
)

const (
	// nameCache is how many names a query keeps: events of a few entities share their
	// strings, and many entities cost no memory.
	nameCache = 64
	// nameChunk is how many bytes of names become one string: many, so that events of many
	// entities do not cost a string each, but not more, since an event that is kept keeps
	// all of it. A longer name is a string of its own.
	nameChunk = 4096
)

// names caches the strings that a query has met, with buffers for looking up more.
type names struct {
	cache [nameCache]cachedName
	// coordinates are the results of the last lookup.
	coordinates []event.Coordinate
	// chunk holds the names that are not a string yet, one after the other, and wanted
	// says for which records.
	chunk  []byte
	wanted []wantedName
	// announced is set when the names of the records looked up now need not be announced.
	announced bool
	numbers   []uint32 // to announce
	given     int      // how many scopes this query added to those of the part
}

// cachedName is a name. While name is empty, wanted is one more than the place in
// names.wanted of the first record that wants it.
type cachedName struct {
	name   string
	number uint32
	wanted uint32
}

// wantedName says which bytes of the chunk are the name of a record.
type wantedName struct {
	number     uint32
	start, end uint16 // a name is no longer than the chunk
	record     int32
	scope      bool
}

func (n *names) forget() {
	n.given = 0
	clear(n.cache[:])
	clear(n.coordinates[:cap(n.coordinates)])
}

// coordinate looks up the names of one record. A cursor with buffers for names keeps them;
// the part keeps scopes.
func (c *Cursor) coordinate(r artifact.Raw) (at event.Coordinate, err error) {
	if at.Entity, err = c.name(r.Entity()); err != nil {
		return event.Coordinate{}, err
	}
	if at.Scope = c.scopes.get(r.Scope()); at.Scope != "" {
		return at, nil
	}
	if at.Scope, err = c.name(r.Scope()); err == nil {
		c.scopes.put(r.Scope(), at.Scope)
	}
	return at, err
}

func (c *Cursor) name(number uint32) (string, error) {
	var none cachedName
	slot := &none
	if c.names != nil {
		slot = &c.names.cache[number%nameCache]
	}
	if slot.number == number && slot.name != "" {
		return slot.name, nil
	}
	b, err := c.Name(number)
	if err != nil {
		return "", err
	}
	*slot = cachedName{name: string(b), number: number}
	return slot.name, nil
}

// coordinates looks up the names of records, and makes one string of many. The result is
// valid until the next call. The cursor must have buffers for names.
func (c *Cursor) coordinates(records []artifact.Raw) ([]event.Coordinate, error) {
	n := c.names
	n.coordinates = slices.Grow(n.coordinates[:0], len(records))[:len(records)]
	n.wanted = slices.Grow(n.wanted, 2*len(records))
	n.chunk = slices.Grow(n.chunk, 64)
	defer n.share(c.scopes) // after an error too, so that every cached name gets its string
	n.announced = !c.Announces()
	for i := range records {
		at := &n.coordinates[i]
		if err := c.want(n, &at.Entity, records[i:], int32(i), false); err != nil {
			return nil, err
		}
		if err := c.want(n, &at.Scope, records[i:], int32(i), true); err != nil {
			return nil, err
		}
	}
	return n.coordinates, nil
}

// nameOf reads a name. At the first one that was not read yet it announces those of all
// records that follow.
func (c *Cursor) nameOf(n *names, number uint32, records []artifact.Raw) ([]byte, error) {
	if n.announced {
		return c.NameOfMany(number)
	}
	b, err := c.NameAtHand(number)
	if err != source.ErrAbsent {
		return b, err
	}
	n.announced = true
	n.numbers = n.numbers[:0]
	for _, r := range records {
		n.numbers = append(n.numbers, r.Entity())
		if c.scopes.get(r.Scope()) == "" {
			n.numbers = append(n.numbers, r.Scope())
		}
	}
	c.AnnounceNames(n.numbers)
	return c.NameOfMany(number)
}

// want sets name, that of the first of some records, now or at the next share. record is the
// place of its coordinate.
func (c *Cursor) want(n *names, name *string, records []artifact.Raw, record int32, scope bool) error {
	number := records[0].Entity()
	if scope {
		number = records[0].Scope()
	}
	slot := &n.cache[number%nameCache]
	if slot.number == number && slot.name != "" {
		*name = slot.name
		return nil
	}
	if scope {
		if *name = c.scopes.get(number); *name != "" {
			*slot = cachedName{name: *name, number: number}
			return nil
		}
	}
	w := wantedName{number: number, record: record, scope: scope}
	if slot.number == number && slot.wanted > 0 {
		first := &n.wanted[slot.wanted-1]
		w.start, w.end = first.start, first.end
	} else {
		b, err := c.nameOf(n, number, records)
		if err != nil {
			return err
		}
		if len(n.chunk) > 0 && len(n.chunk)+len(b) > nameChunk {
			n.share(c.scopes)
		}
		w.start = uint16(len(n.chunk))
		n.chunk = append(n.chunk, b...)
		w.end = uint16(len(n.chunk))
		*slot = cachedName{number: number, wanted: uint32(len(n.wanted)) + 1}
	}
	n.wanted = append(n.wanted, w)
	return nil
}

// share makes one string of the chunk and sets the names that are wanted of it.
func (n *names) share(scopes *scopeNames) {
	if len(n.wanted) == 0 {
		return
	}
	all := string(n.chunk)
	for _, w := range n.wanted {
		name := all[w.start:w.end]
		if at := &n.coordinates[w.record]; w.scope {
			at.Scope = name
			if n.given < scopesPerQuery {
				n.given++
				scopes.put(w.number, name)
			}
		} else {
			at.Entity = name
		}
		if slot := &n.cache[w.number%nameCache]; slot.number == w.number {
			*slot = cachedName{name: name, number: w.number}
		}
	}
	n.chunk, n.wanted = n.chunk[:0], n.wanted[:0]
}
