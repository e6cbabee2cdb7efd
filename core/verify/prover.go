package verify

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/strtab"
)

// prover compares what tables answer with what the records say. What should be
// answered is found by sorting, which is not how the tables are made.
type prover struct {
	*index.Reader
	findings *findings
	file     string
	at       uint64 // of the first record in the file
	recs     records
	table    *strtab.Table
	tables   *index.Tables
	first    []uint32 // per name, its first record; made when needed
}

func newProver(f *findings, file string, img *index.Image, t *index.Tables) (*prover, error) {
	recs, err := inMemory(img)
	if err != nil {
		return nil, err
	}
	raw := make([]byte, img.NamesSize)
	if err := source.Read(img.Names, raw, img.NamesAt); err != nil {
		return nil, err
	}
	table, err := strtab.Decode(raw, true)
	if err != nil {
		return nil, err
	}
	fast := *img
	fast.Records, fast.RecordsAt = source.Bytes(recs), 0
	return &prover{
		Reader: index.NewReader(&fast, t), findings: f,
		file: file, at: img.RecordsAt, recs: recs, table: table, tables: t,
	}, nil
}

// lie tells that a table is wrong about a record; a number behind the last one
// is about no record.
func (p *prover) lie(why error, record int) {
	if record >= p.recs.len() {
		p.findings.damage(at(p.file, p.at+uint64(len(p.recs)), damage.Lookups, why, nil))
		return
	}
	r := p.recs.at(record)
	t := damage.Touched{ID: r.ID(), Sequence: r.Sequence(), Numbered: true}
	p.findings.damage(at(p.file, p.at+uint64(record)*artifact.RecordSize, damage.Lookups, why, &t))
}

// list compares one list with the records it should hold, which are the low
// halves of want.
func (p *prover) list(why error, l index.List, err error, want []uint64) {
	if err != nil {
		l = index.List{}
	}
	for i, w := range want {
		if i >= l.Len() {
			p.lie(why, int(uint32(w)))
			return
		}
		if got, err := p.Item(l, i); err != nil || got != uint32(w) {
			p.lie(why, int(uint32(w)))
			return
		}
	}
	if err != nil || l.Len() > len(want) {
		p.lie(why, p.recs.len())
	}
}

// keyed sorts the records by a number below 2^32 that each has.
func (p *prover) keyed(key func(artifact.Raw) uint32) []uint64 {
	keys := make([]uint64, p.recs.len())
	for i := range keys {
		keys[i] = uint64(key(p.recs.at(i)))<<32 | uint64(i)
	}
	slices.Sort(keys)
	return keys
}

// runOf is the number of keys in front that are those of key.
func runOf(keys []uint64, key uint32) int {
	n := 0
	for n < len(keys) && uint32(keys[n]>>32) == key {
		n++
	}
	return n
}

func (p *prover) entities() { p.named(ErrEntityList, artifact.Raw.Entity, p.Entity) }
func (p *prover) scopes()   { p.named(ErrScopeList, artifact.Raw.Scope, p.Scope) }

// named compares the list of every string, those without a record included.
func (p *prover) named(why error, key func(artifact.Raw) uint32, list func(uint32) (index.List, error)) {
	keys := p.keyed(key)
	for number := range uint32(p.table.Len()) {
		n := runOf(keys, number)
		l, err := list(number)
		p.list(why, l, err, keys[:n])
		keys = keys[n:]
	}
}

// kinds compares the list of every kind that is there, and asks for all kinds
// at once to see that there are no others.
func (p *prover) kinds() {
	keys := p.keyed(func(r artifact.Raw) uint32 { return uint32(r.Kind()) })
	kinds := 0
	for rest := keys; len(rest) > 0; kinds++ {
		kind := uint32(rest[0] >> 32)
		n := runOf(rest, kind)
		lists, err := p.Kinds(event.Kind(kind), event.Kind(kind))
		if err != nil || len(lists) != 1 {
			p.lie(ErrKindList, int(uint32(rest[0])))
		} else {
			p.list(ErrKindList, lists[0], nil, rest[:n])
		}
		rest = rest[n:]
	}
	all, err := p.Kinds(0, ^event.Kind(0))
	if err != nil || len(all) != kinds {
		p.lie(ErrKindList, p.recs.len())
	}
}

// names asks for every string by its number, and for every name by its bytes.
func (p *prover) names() {
	if p.Names() != uint32(p.table.Len()) || p.tables.Records() != uint32(p.recs.len()) {
		p.lie(ErrNames, p.recs.len())
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
			p.nameLie(ErrNames, number)
		}
	}
}

// nameLie tells that a name cannot be found, at its first record.
func (p *prover) nameLie(why error, number uint32) {
	if p.first == nil {
		p.first = make([]uint32, p.table.Len())
		for i := range p.first {
			p.first[i] = uint32(p.recs.len())
		}
		for i := p.recs.len() - 1; i >= 0; i-- {
			r := p.recs.at(i)
			p.first[r.Entity()], p.first[r.Scope()] = uint32(i), uint32(i)
		}
	}
	p.lie(why, int(p.first[number]))
}

// nameOrder asks for all names in order, and for those that begin with each.
func (p *prover) nameOrder() {
	sorted := p.table.Sorted()
	lo, hi, err := p.NamesWithPrefix(nil)
	if err != nil || lo != 0 || hi != uint32(len(sorted)) {
		p.lie(ErrNameOrder, p.recs.len())
	}
	for place, number := range sorted {
		got, err := p.OrderedName(uint32(place))
		if err != nil || got != number {
			p.nameLie(ErrNameOrder, number)
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
			p.nameLie(ErrNameOrder, number)
		}
	}
}

// sequences asks for every sequence and for the one behind it, and looks
// whether clocks rise where the tables say so.
func (p *prover) sequences() {
	clocks := make([]uint32, p.table.Len()) // per entity, the last clock plus 1
	for i := range p.recs.len() {
		r := p.recs.at(i)
		n, err := p.After(r.Sequence())
		if err != nil || n != uint32(i) {
			p.lie(ErrSequences, i)
		} else if n, err = p.After(r.Sequence() + 1); err != nil || n != uint32(i)+1 {
			p.lie(ErrSequences, i)
		}
		e := r.Entity()
		if r.Clock() < clocks[e] && p.EntityClocksRise() {
			p.lie(ErrFlags, i)
		}
		clocks[e] = r.Clock() + 1
	}
}

// idKey files a record under an id.
type idKey struct {
	id     event.ID
	record uint32
}

// byID sorts the records that keep admits by one of their ids.
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

// groups gives f the records of each id, as low halves.
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

// ids asks for every event id: all records that have it come, in order.
func (p *prover) ids() {
	groups(p.recs.byID(artifact.Raw.ID, nil), func(id event.ID, want []uint64) {
		if len(want) > 1 && p.tables.UniqueIDs() {
			p.lie(ErrFlags, int(want[1]))
		}
		first, ok, err := p.FindID(id, func(artifact.Raw) bool { return true })
		if err != nil || !ok || uint64(first) != want[0] {
			p.lie(ErrIDs, int(want[0]))
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
			p.lie(ErrIDs, int(want[min(met, len(want)-1)]))
		}
	})
}

func (p *prover) correlations() {
	p.linked(ErrCorrelations, artifact.Raw.Correlation, p.Correlated,
		func(r artifact.Raw) bool { return r.Correlation() != r.ID() })
}

func (p *prover) causations() {
	p.linked(ErrCausations, artifact.Raw.Causation, p.Caused,
		func(r artifact.Raw) bool { return !r.Causation().IsZero() })
}

// linked asks for every id that records link to, and for those they do not.
func (p *prover) linked(why error, id func(artifact.Raw) event.ID, ask func(event.ID) (index.List, error),
	keep func(artifact.Raw) bool) {
	keys := p.recs.byID(id, keep)
	groups(keys, func(id event.ID, want []uint64) {
		l, err := ask(id)
		p.list(why, l, err, want)
	})
	// The first and last id there can be bound the whole table: nothing else in it.
	var lowest, highest event.ID
	for i := range highest {
		highest[i] = 0xff
	}
	for _, id := range []event.ID{lowest, highest} {
		if _, found := slices.BinarySearchFunc(keys, id, func(k idKey, id event.ID) int { return bytes.Compare(k.id[:], id[:]) }); found {
			continue
		}
		if l, err := ask(id); err != nil || l.Len() > 0 {
			p.lie(why, p.recs.len())
		}
	}
}

// segments compares the segments that the tables name with those that the
// records lie in.
func (p *prover) segments(sizes func(uint64) (uint64, bool)) {
	got, err := p.Segments()
	if err != nil {
		p.lie(ErrSegments, p.recs.len())
		return
	}
	k := 0
	for i := 0; i < p.recs.len(); k++ {
		want := index.Segment{ID: p.recs.at(i).Position().Segment, First: uint32(i)}
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
			p.lie(ErrSegments, int(want.First))
		}
	}
	if k < len(got) {
		p.lie(ErrSegments, p.recs.len())
	}
}
