package index

import (
	"bytes"
	"cmp"
	"errors"
	"slices"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// Lies of an index, by the way that does not lead to a record.
var (
	errNamesLie        = errors.New("the names do not lead to their strings")
	errNameOrderLie    = errors.New("the sorted names are not all names in order")
	errEntityListLie   = errors.New("an entity's list is not its records in order")
	errScopeListLie    = errors.New("a scope's list is not its records in order")
	errKindListLie     = errors.New("a kind's list is not its records in order")
	errIDsLie          = errors.New("an event id does not lead to its records in order")
	errCorrelationsLie = errors.New("a correlation's list is not its records in order")
	errCausationsLie   = errors.New("a causation's list is not its records in order")
	errSequencesLie    = errors.New("a sequence does not lead to its record")
	errSegmentsLie     = errors.New("the segments are not those that the records lie in")
	errFlagsLie        = errors.New("a promise about all records is broken")
)

// Prove proves that an index hides nothing of its image: every list of every
// entity, scope, kind, correlation and causation holds exactly its records, in
// order; every id, name and sequence leads to its record; and the flags are
// true. sizes, when set, has the segments' lengths. Prove returns the lies. It
// finds the answers by sorting, which is not how an index is built.
func Prove(t require.TestingT, img *Image, tables *Index, sizes func(id uint64) (uint64, bool)) []error {
	recs := make(records, uint64(img.Count)*artifact.RecordSize)
	require.NoError(t, source.Read(img.Records, recs, img.RecordsAt))
	raw := make([]byte, img.NamesSize)
	require.NoError(t, source.Read(img.Names, raw, img.NamesAt))
	table, err := strtab.Decode(raw)
	require.NoError(t, err)
	fast := *img
	fast.Records, fast.RecordsAt = source.Bytes(recs), 0
	p := &prover{Reader: NewReader(&fast, tables), recs: recs, table: table, tables: tables}
	for _, step := range []func(){
		p.names, p.nameOrder,
		p.entities, p.scopes, p.kinds, p.sequences,
		p.ids, p.correlations, p.causations,
		func() { p.segments(sizes) },
	} {
		step()
	}
	return p.lies
}

// prover compares the answers of an index with the records.
type prover struct {
	*Reader
	lies   []error
	recs   records
	table  *strtab.Table
	tables *Index
}

// records holds the records of an image.
type records []byte

func (r records) len() int { return len(r) / artifact.RecordSize }

func (r records) at(i int) artifact.Raw {
	return artifact.Raw(r[i*artifact.RecordSize : (i+1)*artifact.RecordSize])
}

func (p *prover) lie(why error) { p.lies = append(p.lies, why) }

// list compares one list with the low halves of want.
func (p *prover) list(why error, l List, err error, want []uint64) {
	if err != nil {
		l = List{}
	}
	for i, w := range want {
		if i >= l.Len() {
			p.lie(why)
			return
		}
		if got, err := p.Item(l, i); err != nil || got != uint32(w) {
			p.lie(why)
			return
		}
	}
	if err != nil || l.Len() > len(want) {
		p.lie(why)
	}
}

// keyed sorts the records by a number below 2^32.
func (p *prover) keyed(key func(artifact.Raw) uint32) []uint64 {
	keys := make([]uint64, p.recs.len())
	for i := range keys {
		keys[i] = uint64(key(p.recs.at(i)))<<32 | uint64(i)
	}
	slices.Sort(keys)
	return keys
}

// runOf returns how many of the first keys are key.
func runOf(keys []uint64, key uint32) int {
	n := 0
	for n < len(keys) && uint32(keys[n]>>32) == key {
		n++
	}
	return n
}

func (p *prover) entities() { p.named(errEntityListLie, artifact.Raw.Entity, p.Entity) }
func (p *prover) scopes()   { p.named(errScopeListLie, artifact.Raw.Scope, p.Scope) }

// named compares the list of every string, including those without records.
func (p *prover) named(why error, key func(artifact.Raw) uint32, list func(uint32) (List, error)) {
	keys := p.keyed(key)
	for number := range uint32(p.table.Len()) {
		n := runOf(keys, number)
		l, err := list(number)
		p.list(why, l, err, keys[:n])
		keys = keys[n:]
	}
}

// kinds compares the list of every kind present, and asks for all kinds at once
// to check that there are no others.
func (p *prover) kinds() {
	keys := p.keyed(func(r artifact.Raw) uint32 { return uint32(r.Kind()) })
	kinds := 0
	for rest := keys; len(rest) > 0; kinds++ {
		kind := uint32(rest[0] >> 32)
		n := runOf(rest, kind)
		lists, err := p.Kinds(event.Kind(kind), event.Kind(kind))
		if err != nil || len(lists) != 1 {
			p.lie(errKindListLie)
		} else {
			p.list(errKindListLie, lists[0], nil, rest[:n])
		}
		rest = rest[n:]
	}
	all, err := p.Kinds(0, ^event.Kind(0))
	if err != nil || len(all) != kinds {
		p.lie(errKindListLie)
	}
}

// names looks up every string by its number, and every name by its bytes.
func (p *prover) names() {
	if p.Names() != uint32(p.table.Len()) || p.tables.Records() != uint32(p.recs.len()) {
		p.lie(errNamesLie)
	}
	for number := range uint32(p.table.Len()) {
		want := p.table.At(number)
		got, err := p.Name(number)
		ok := err == nil && bytes.Equal(got, want)
		if ok && number > 0 {
			var found uint32
			found, ok, err = p.FindName(want)
			ok = ok && err == nil && found == number
		}
		if !ok {
			p.lie(errNamesLie)
		}
	}
}

// nameOrder asks for all names in order, and for those that start with each.
func (p *prover) nameOrder() {
	sorted := p.table.Sorted()
	lo, hi, err := p.NamesWithPrefix(nil)
	if err != nil || lo != 0 || hi != uint32(len(sorted)) {
		p.lie(errNameOrderLie)
	}
	for place, number := range sorted {
		got, err := p.OrderedName(uint32(place))
		if err != nil || got != number {
			p.lie(errNameOrderLie)
			return
		}
	}
	for place, number := range sorted {
		prefix := p.table.At(number)
		end, _ := slices.BinarySearchFunc(sorted[place:], prefix, func(n uint32, prefix []byte) int {
			if bytes.HasPrefix(p.table.At(n), prefix) {
				return -1
			}
			return 1
		})
		lo, hi, err := p.NamesWithPrefix(prefix)
		if err != nil || lo != uint32(place) || hi != uint32(place+end) {
			p.lie(errNameOrderLie)
		}
	}
}

// sequences looks up every sequence and the next one, and checks the flag of
// clocks.
func (p *prover) sequences() {
	clocks := make([]uint32, p.table.Len()) // per entity, the last clock plus 1
	for i := range p.recs.len() {
		r := p.recs.at(i)
		n, err := p.After(r.Sequence())
		if err != nil || n != uint32(i) {
			p.lie(errSequencesLie)
		} else if n, err = p.After(r.Sequence() + 1); err != nil || n != uint32(i)+1 {
			p.lie(errSequencesLie)
		}
		e := r.Entity()
		if r.Clock() < clocks[e] && p.EntityClocksRise() {
			p.lie(errFlagsLie)
		}
		clocks[e] = r.Clock() + 1
	}
}

// idKey is a record under an id.
type idKey struct {
	id     event.ID
	record uint32
}

// byID sorts the records for which keep is true by one of their ids.
func (r records) byID(id func(artifact.Raw) event.ID, keep func(artifact.Raw) bool) []idKey {
	n := r.len()
	if keep != nil {
		n = 0
	}
	keys := make([]idKey, 0, n)
	for i := range r.len() {
		if rec := r.at(i); keep == nil || keep(rec) {
			keys = append(keys, idKey{id(rec), uint32(i)})
		}
	}
	slices.SortFunc(keys, func(a, b idKey) int {
		return cmp.Or(bytes.Compare(a.id[:], b.id[:]), cmp.Compare(a.record, b.record))
	})
	return keys
}

// groups calls f with the records of each id, as low halves.
func groups(keys []idKey, f func(id event.ID, want []uint64)) {
	var want []uint64
	for i := 0; i < len(keys); {
		want = want[:0]
		id := keys[i].id
		for ; i < len(keys) && keys[i].id == id; i++ {
			want = append(want, uint64(keys[i].record))
		}
		f(id, want)
	}
}

// ids looks up every event id: it must find all records with it, in order.
func (p *prover) ids() {
	groups(p.recs.byID(artifact.Raw.ID, nil), func(id event.ID, want []uint64) {
		if len(want) > 1 && p.tables.UniqueIDs() {
			p.lie(errFlagsLie)
		}
		first, ok, err := p.FindID(id, func(artifact.Raw) bool { return true })
		if err != nil || !ok || uint64(first) != want[0] {
			p.lie(errIDsLie)
			return
		}
		if len(want) == 1 {
			return
		}
		met := 0
		_, ok, err = p.FindID(id, func(r artifact.Raw) bool {
			if met < len(want) && r.Sequence() == p.recs.at(int(want[met])).Sequence() {
				met++
			}
			return false
		})
		if err != nil || ok || met != len(want) {
			p.lie(errIDsLie)
		}
	})
}

func (p *prover) correlations() {
	p.linked(errCorrelationsLie, artifact.Raw.Correlation, p.Correlated,
		func(r artifact.Raw) bool { return r.Correlation() != r.ID() })
}

func (p *prover) causations() {
	p.linked(errCausationsLie, artifact.Raw.Causation, p.Caused,
		func(r artifact.Raw) bool { return !r.Causation().IsZero() })
}

// linked asks for every id that records link to, and for ids that they do not.
func (p *prover) linked(why error, id func(artifact.Raw) event.ID, ask func(event.ID) (List, error),
	keep func(artifact.Raw) bool) {
	keys := p.recs.byID(id, keep)
	groups(keys, func(id event.ID, want []uint64) {
		l, err := ask(id)
		p.list(why, l, err, want)
	})
	// The lowest and the highest id bound the whole list.
	var lowest, highest event.ID
	for i := range highest {
		highest[i] = 0xff
	}
	for _, id := range []event.ID{lowest, highest} {
		if _, found := slices.BinarySearchFunc(keys, id, func(k idKey, id event.ID) int { return bytes.Compare(k.id[:], id[:]) }); found {
			continue
		}
		if l, err := ask(id); err != nil || l.Len() > 0 {
			p.lie(why)
		}
	}
}

// segments compares the section of segments with the segments of the records.
func (p *prover) segments(sizes func(uint64) (uint64, bool)) {
	got, err := p.Segments()
	if err != nil {
		p.lie(errSegmentsLie)
		return
	}
	k := 0
	for i := 0; i < p.recs.len(); k++ {
		want := Segment{ID: p.recs.at(i).Position().Segment, First: uint32(i)}
		for ; i < p.recs.len() && p.recs.at(i).Position().Segment == want.ID; i++ {
			want.Records++
		}
		ok := k < len(got)
		if ok {
			want.Length = got[k].Length
			if sizes != nil {
				want.Length, _ = sizes(want.ID)
			}
			ok = got[k] == want
		}
		if !ok {
			p.lie(errSegmentsLie)
		}
	}
	if k < len(got) {
		p.lie(errSegmentsLie)
	}
}
