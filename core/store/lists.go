package store

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
)

// Entities returns the entities whose name has a prefix and that have visible events, in order
// of names (of their bytes). It reads no events: of each entity its list's length and two
// records in each part, and with hidden ranges a few searches for each that its events meet.
// The first error ends the iteration.
func (s *Snapshot) Entities(prefix string, page query.NamePage) iter.Seq2[query.NameSummary, error] {
	return s.listNames((*query.Cursor).Entities, prefix, page)
}

// Scopes is Entities for scopes.
func (s *Snapshot) Scopes(prefix string, page query.NamePage) iter.Seq2[query.NameSummary, error] {
	return s.listNames((*query.Cursor).Scopes, prefix, page)
}

// Kinds returns the kinds that have visible events, by rising kind. Its cost is that of
// Entities for as many names. The first error ends the iteration.
func (s *Snapshot) Kinds() iter.Seq2[query.KindSummary, error] {
	return func(yield func(query.KindSummary, error) bool) {
		cursors := s.cursors()
		var all map[event.Kind]query.Extent
		err := cursors.repairing(func() (err error) {
			all, err = cursors.kinds()
			return err
		})
		if err != nil {
			yield(query.KindSummary{}, err)
			return
		}
		for _, k := range slices.Sorted(maps.Keys(all)) {
			if x := all[k]; x.Events > 0 && !yield(query.KindSummary{Kind: k, Extent: x}, nil) {
				return
			}
		}
	}
}

// kinds returns the extents of all kinds.
func (cs *cursors) kinds() (map[event.Kind]query.Extent, error) {
	all := map[event.Kind]query.Extent{}
	for _, c := range cs.list {
		var some []index.List
		lists, err := c.KindLists()
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			some = append(some, l.List)
		}
		c.AnnounceExtents(some)
		for _, l := range lists {
			x, err := c.Extent(l.List)
			if err != nil {
				return nil, err
			}
			sum := all[l.Kind]
			sum.Append(x)
			all[l.Kind] = sum
		}
	}
	return all, nil
}

// The first and the largest number of names that are looked up together.
const (
	firstNames = 16
	mostNames  = 1024
)

// nameFinder returns the lists of a part's next names: see [query.Cursor.Entities].
type nameFinder func(c *query.Cursor, prefix, after string, n int) ([]query.NamedList, bool, error)

// listNames merges the names of all parts.
func (s *Snapshot) listNames(find nameFinder, prefix string, page query.NamePage) iter.Seq2[query.NameSummary, error] {
	return func(yield func(query.NameSummary, error) bool) {
		cursors := s.cursors()
		page := page // the iterator may be used again
		for n := firstNames; ; n = min(4*n, mostNames) {
			want := n
			if page.Limit > 0 {
				want = min(n, page.Limit)
			}
			var names []query.NameSummary
			next := ""
			err := cursors.repairing(func() (err error) {
				names, next, err = cursors.names(find, prefix, page.After, want)
				return err
			})
			if err != nil {
				yield(query.NameSummary{}, err)
				return
			}
			for _, name := range names {
				page.Limit--
				if !yield(name, nil) || page.Limit == 0 {
					return
				}
			}
			if next == "" {
				return
			}
			page.After = next
		}
	}
}

// names returns some names after one, n at most, with their extents. next is the name after
// which to go on, "" when no names are left.
func (cs *cursors) names(find nameFinder, prefix, after string, n int) (names []query.NameSummary, next string, err error) {
	type found struct {
		query.NamedList
		part int
	}
	var all []found
	var some []index.List
	// The names up to next are complete: a part that has more than it gave has them above.
	for i, c := range cs.list {
		some = some[:0]
		lists, more, err := find(c, prefix, after, n)
		if err != nil {
			return nil, "", err
		}
		for _, l := range lists {
			all = append(all, found{NamedList: l, part: i})
			some = append(some, l.List)
		}
		c.AnnounceExtents(some)
		if last := len(lists) - 1; more && (next == "" || lists[last].Name < next) {
			next = lists[last].Name
		}
	}
	slices.SortFunc(all, func(a, b found) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.part, b.part))
	})
	for len(all) > 0 && (next == "" || all[0].Name <= next) {
		sum := query.NameSummary{Name: all[0].Name}
		for ; len(all) > 0 && all[0].Name == sum.Name; all = all[1:] {
			x, err := cs.list[all[0].part].Extent(all[0].List)
			if err != nil {
				return nil, "", err
			}
			sum.Append(x)
		}
		if sum.Events == 0 {
			continue // all are hidden
		}
		if names = append(names, sum); len(names) == n {
			return names, sum.Name, nil
		}
	}
	return names, next, nil
}
