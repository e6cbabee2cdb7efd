package store

import (
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

const (
	// nameCache bounds the names an iteration keeps, so that events of a few
	// entities share their strings and many entities cost no memory.
	nameCache = 64
	// nameChunk is how many bytes of names are made one string: many, so that
	// events of many entities do not cost a string each, and not more, since an
	// event that is kept keeps the whole of it. A name that is longer is alone.
	nameChunk = 4096
	// namesAhead is how many records' names are looked up together.
	namesAhead = 512
)

// names are the strings that an iteration has met, and room for looking up more.
type names struct {
	cache [nameCache]cachedName
	// coordinates are those of the records that were looked up last.
	coordinates []event.Coordinate
	// wanted are the names that were not in the cache: the number in the high half,
	// twice the record's place in the low half, and one more for a scope.
	wanted []uint64
	chunk  []byte
	// cut says which of the wanted lie in chunk, and how.
	cut []cutName
}

type cachedName struct {
	number uint32
	name   string
}

// cutName is a name in the chunk that is being gathered, and the wanted from
// number first up to end that ask for it.
type cutName struct{ start, first, end int }

func (n *names) slot(number uint32) *cachedName { return &n.cache[number%nameCache] }

// known is a name, when it is in the cache.
func (n *names) known(number uint32) (string, bool) {
	s := n.slot(number)
	return s.name, s.number == number && s.name != ""
}

func (c *cursor) nameRoom() *names {
	if c.names == nil {
		c.names = new(names)
	}
	return c.names
}

// coordinate looks up the names of one record.
func (c *cursor) coordinate(r artifact.Raw) (at event.Coordinate, err error) {
	if at.Entity, err = c.name(r.Entity()); err != nil {
		return event.Coordinate{}, err
	}
	at.Scope, err = c.name(r.Scope())
	return at, err
}

func (c *cursor) name(number uint32) (string, error) {
	n := c.nameRoom()
	if s, ok := n.known(number); ok {
		return s, nil
	}
	b, err := c.Name(number)
	if err != nil {
		return "", err
	}
	*n.slot(number) = cachedName{number, string(b)}
	return n.slot(number).name, nil
}

// coordinates looks up the names of records, at most namesAhead of them, with one
// string for many. What it returns holds until the next call.
func (c *cursor) coordinates(records []artifact.Raw) ([]event.Coordinate, error) {
	n := c.nameRoom()
	n.coordinates = slices.Grow(n.coordinates[:0], len(records))[:len(records)]
	n.wanted = n.wanted[:0]
	var last [2]uint32 // the numbers of the record in front
	for i, r := range records {
		at := &n.coordinates[i]
		*at = event.Coordinate{}
		numbers := [2]uint32{r.Entity(), r.Scope()}
		for k, name := range [2]*string{&at.Entity, &at.Scope} {
			if s, ok := n.known(numbers[k]); ok {
				*name = s
			} else if numbers[k] != last[k] {
				n.wanted = append(n.wanted, uint64(numbers[k])<<32|uint64(2*i+k))
			}
		}
		last = numbers
	}
	if len(n.wanted) == 0 {
		return n.coordinates, nil
	}
	if err := c.lookUp(n); err != nil {
		return nil, err
	}
	for i := range n.coordinates {
		at := &n.coordinates[i]
		if at.Entity == "" { // then it is that of the record in front
			at.Entity = n.coordinates[i-1].Entity
		}
		if at.Scope == "" {
			at.Scope = n.coordinates[i-1].Scope
		}
	}
	return n.coordinates, nil
}

// lookUp reads the wanted names by rising number, since names that events of one
// time have are near each other, and gives them to the records.
func (c *cursor) lookUp(n *names) error {
	slices.Sort(n.wanted)
	n.chunk, n.cut = n.chunk[:0], n.cut[:0]
	for first := 0; first < len(n.wanted); {
		number := uint32(n.wanted[first] >> 32)
		end := first + 1
		for end < len(n.wanted) && uint32(n.wanted[end]>>32) == number {
			end++
		}
		next := number
		if end < len(n.wanted) {
			next = uint32(n.wanted[end] >> 32)
		}
		name, err := c.NameAhead(number, next)
		if err != nil {
			return err
		}
		if len(n.chunk) > 0 && len(n.chunk)+len(name) > nameChunk {
			n.share()
		}
		n.cut = append(n.cut, cutName{len(n.chunk), first, end})
		n.chunk = append(n.chunk, name...)
		first = end
	}
	n.share()
	return nil
}

// share makes one string of the chunk and gives its pieces to those who want them.
func (n *names) share() {
	all := string(n.chunk)
	for i, cut := range n.cut {
		end := len(all)
		if i+1 < len(n.cut) {
			end = n.cut[i+1].start
		}
		name := all[cut.start:end]
		for _, w := range n.wanted[cut.first:cut.end] {
			if at := &n.coordinates[uint32(w)/2]; w&1 == 0 {
				at.Entity = name
			} else {
				at.Scope = name
			}
		}
		number := uint32(n.wanted[cut.first] >> 32)
		*n.slot(number) = cachedName{number, name}
	}
	n.chunk, n.cut = n.chunk[:0], n.cut[:0]
}
