package query

import (
	"bytes"
	"slices"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
)

// NamedList is the posting list of a name.
type NamedList struct {
	Name string
	List index.List
}

// KindList is the posting list of a kind.
type KindList struct {
	Kind event.Kind
	List index.List
}

// fewScopes is how many scopes are looked up and sorted for each call; with more, all names
// are gone through.
const fewScopes = 1024

// Entities returns the lists of the entities whose name has a prefix and is above after, in
// order of names, n at most. more is set when there are n. It goes through the names of the
// range: those of entities, and of scopes that lie between.
func (c *Cursor) Entities(prefix, after string, n int) (lists []NamedList, more bool, err error) {
	return c.orderedLists(prefix, after, n, (*index.Reader).Entity)
}

// Scopes is Entities for scopes. A part with few scopes costs a few searches for each, however
// many names there are.
func (c *Cursor) Scopes(prefix, after string, n int) (lists []NamedList, more bool, err error) {
	numbers, few, err := c.ScopeNumbers(fewScopes)
	if err != nil || !few {
		if err == nil {
			lists, more, err = c.orderedLists(prefix, after, n, (*index.Reader).Scope)
		}
		return lists, more, err
	}
	for _, number := range numbers {
		name, err := c.Name(number)
		if err != nil {
			return nil, false, err
		}
		if string(name) <= after || !bytes.HasPrefix(name, []byte(prefix)) {
			continue
		}
		named := NamedList{Name: string(name)}
		if named.List, err = c.Scope(number); err != nil {
			return nil, false, err
		}
		lists = append(lists, named)
	}
	slices.SortFunc(lists, func(a, b NamedList) int { return strings.Compare(a.Name, b.Name) })
	if len(lists) > n {
		lists = lists[:n]
	}
	return lists, len(lists) == n, nil
}

// orderedLists goes through the sorted names.
func (c *Cursor) orderedLists(prefix, after string, n int, of func(*index.Reader, uint32) (index.List, error)) (lists []NamedList, more bool, err error) {
	at, end, err := c.NamesWithPrefix([]byte(prefix))
	if err != nil {
		return nil, false, err
	}
	if after >= prefix {
		next, err := c.NamesAfter([]byte(after))
		if err != nil {
			return nil, false, err
		}
		at = max(at, next)
	}
	var numbers []uint32 // read ahead
	for ; at < end && len(lists) < n; at++ {
		if len(numbers) == 0 {
			if numbers, err = c.orderedNames(numbers, at, min(end, at+uint32(n-len(lists)), at+announced)); err != nil {
				return nil, false, err
			}
			c.AnnounceEntities(numbers)
			c.AnnounceNames(numbers)
		}
		number := numbers[0]
		numbers = numbers[1:]
		l, err := of(&c.Reader, number)
		if err != nil {
			return nil, false, err
		}
		if l.Len() == 0 {
			continue
		}
		name, err := c.NameOfMany(number)
		if err != nil {
			return nil, false, err
		}
		if string(name) <= after || !bytes.HasPrefix(name, []byte(prefix)) {
			return nil, false, index.ErrTable // the names are sorted
		}
		after = string(name)
		lists = append(lists, NamedList{Name: after, List: l})
	}
	return lists, len(lists) == n, nil
}

// orderedNames returns the numbers of the sorted names from place at up to end.
func (c *Cursor) orderedNames(numbers []uint32, at, end uint32) ([]uint32, error) {
	for ; at < end; at++ {
		number, err := c.OrderedName(at)
		if err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}

// KindLists returns the lists of all kinds present, by rising kind.
func (c *Cursor) KindLists() (lists []KindList, err error) {
	err = c.EachKind(0, 0xFFFF, func(k event.Kind, l index.List) {
		lists = append(lists, KindList{Kind: k, List: l})
	})
	return lists, err
}
