package index

import (
	"cmp"
	"encoding/binary"
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/scratch"
	"github.com/thawlog/thaw/core/source"
)

// Stream is a [Builder] that writes the index to a file as it builds it, with bounded
// memory: besides what names take, it needs about the bytes of memory that it is given,
// for any number of records. It puts up to 54 bytes a record into scratch space. The file
// is the one that [Index.Save] writes. It is for one goroutine.
type Stream struct {
	b      *Builder
	space  scratch.Space
	memory int

	entities, scopes, kinds []byte // counts, and then ends
	entity, scope, kind     column
	ids                     idSlots
	correlated, caused      linkSort
	lastClock               []uint32
}

// BuildBytes is about how many bytes of memory a [Builder] takes for each record, besides
// names.
const BuildBytes = 144

// NewStream returns a Stream over in.Image.Count records that uses about memory bytes.
// Close it in the end.
func NewStream(in Input, space scratch.Space, memory int) *Stream {
	validate := in
	validate.ValidateOnly = true
	b := NewBuilder(validate)
	memory = max(memory, 1<<10)
	links := memory / 4 / linkMemory
	block := min(columnBlock, memory/16) &^ 3
	s := &Stream{
		b: b, space: space, memory: memory,
		entities: make([]byte, 4*int(b.strings)), scopes: make([]byte, 4*int(b.strings)), kinds: make([]byte, 4<<16),
		entity: column{space: space, block: block, wide: true}, scope: column{space: space, block: block, wide: true},
		kind:       column{space: space, block: block},
		ids:        newIDSlots(b.n, b.seed, space),
		correlated: linkSort{space: space, most: links}, caused: linkSort{space: space, most: links},
		lastClock: make([]uint32, b.strings),
	}
	s.ids.tags = in.Tags
	return s
}

// linkMemory is the size of a link in memory, 24 bytes, with what smaller buffers leave to the
// garbage collector.
const linkMemory = 32

// Add is [Builder.Add].
func (s *Stream) Add(off uint64, block []byte) error {
	for ; len(block) > 0; block = block[artifact.RecordSize:] {
		r, i := artifact.Raw(block[:artifact.RecordSize]), s.b.taken
		if err := s.b.Add(off, r); err != nil {
			return err
		}
		off += artifact.RecordSize
		e, sc, k := r.Entity(), r.Scope(), uint32(r.Kind())
		s.b.follows(i, r, s.lastClock, addU32(s.entities, e, 1) > 1)
		addU32(s.scopes, sc, 1)
		addU32(s.kinds, k, 1)
		s.entity.add(e)
		s.scope.add(sc)
		s.kind.add(k)
		s.ids.add(i, r)
		if !r.CorrelatesSelf() {
			hi, lo := r.CorrelationHalves()
			s.correlated.add(hi, lo, i)
		}
		if hi, lo := r.CausationHalves(); hi|lo != 0 {
			s.caused.add(hi, lo, i)
		}
	}
	return nil
}

// Close frees the scratch space.
func (s *Stream) Close() error {
	return errors.Join(s.entity.close(), s.scope.close(), s.kind.close(), s.ids.hashes.close(), s.correlated.close(), s.caused.close())
}

// Save writes the index file, as [Index.Save] does. All records must have been added.
// stop, which may be nil, is called now and then; its error ends the work.
func (s *Stream) Save(in Saved, write func(off int64, b []byte) error, stop func() error) (err error) {
	b := s.b
	if b.in.Bounds.NextSequence > artifact.MaxAllocator {
		return damage.Refuse(damage.Allocator, -1, nil)
	}
	s.lastClock = nil
	s.ids.stop = stop
	s.correlated.rest()
	s.caused.rest()
	table, err := s.tableOfIDs()
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, table.close()) }()
	var named Index
	b.names(&named)
	kinds := kindsSection(s.kinds)
	records := 4 * uint64(b.n)
	l := lengths{
		secEntityEnds: uint64(len(s.entities)), secEntityList: records,
		secScopeEnds: uint64(len(s.scopes)), secScopeList: records,
		secKinds: uint64(len(kinds)), secKindList: records,
		secIDSlots: table.size(), secIDOrder: 4 * table.order.count,
		secCorrelations: 4 * s.correlated.count, secCausations: 4 * s.caused.count,
		secSegments: uint64(len(b.segments)),
	}
	for _, section := range []int{secNames, secNameOrder, secNameSlots} {
		l[section] = uint64(named.section[section].Size())
	}
	f := newFileWriter(in, l, write)
	for _, step := range []func() error{
		func() error { return f.sections(&named, secNames, secNameOrder, secNameSlots) },
		func() error { named = Index{}; return nil },
		func() error { return putEnds(f, secEntityEnds, s.entities) },
		func() error { return s.list(f, secEntityList, s.entities, &s.entity, stop) },
		func() error { return putEnds(f, secScopeEnds, s.scopes) },
		func() error { return s.list(f, secScopeList, s.scopes, &s.scope, stop) },
		func() error { return f.section(secKinds, kinds) },
		func() error { return s.list(f, secKindList, s.kinds, &s.kind, stop) },
		func() error { return table.copy(f) },
		func() error { return s.links(f, secIDOrder, &table.order, stop) },
		func() error { return s.links(f, secCorrelations, &s.correlated, stop) },
		func() error { return s.links(f, secCausations, &s.caused, stop) },
		func() error { return f.section(secSegments, b.segments) },
	} {
		if err := step(); err != nil {
			return err
		}
		if stop != nil {
			if err := stop(); err != nil {
				return err
			}
		}
	}
	return f.end(&header{
		flags: b.flags, first: b.first, last: b.validator.sequence, nameSeed: b.in.Seed, idSeed: s.ids.seed,
	})
}

// putEnds writes the ends of lists with these counts.
func putEnds(f *fileWriter, section int, counts []byte) error {
	if err := f.begin(section); err != nil {
		return err
	}
	var buffer []byte
	end := uint32(0)
	for len(counts) > 0 {
		n := min(len(counts), columnBlock)
		for buffer = buffer[:0]; len(buffer) < n; counts = counts[4:] {
			end += binary.LittleEndian.Uint32(counts)
			buffer = binary.LittleEndian.AppendUint32(buffer, end)
		}
		if err := f.put(buffer); err != nil {
			return err
		}
	}
	return nil
}

// kindsSection builds the section of the kinds present.
func kindsSection(counts []byte) (kinds []byte) {
	end := uint32(0)
	for kind := range uint32(1 << 16) {
		if n := binary.LittleEndian.Uint32(counts[4*kind:]); n > 0 {
			end += n
			kinds = binary.LittleEndian.AppendUint32(kinds, kind)
			kinds = binary.LittleEndian.AppendUint32(kinds, end)
		}
	}
	return kinds
}

// list writes a flat list of records by counting sort, as fill does: as many places of the
// list at once as fit in memory. It uses up counts.
func (s *Stream) list(f *fileWriter, section int, counts []byte, of *column, stop func() error) error {
	if err := f.begin(section); err != nil {
		return err
	}
	toBeginnings(counts)
	piece := make([]byte, 4*min(uint64(s.b.n), uint64(s.memory)/16))
	for at, n := uint64(0), uint64(s.b.n); at < n; at += uint64(len(piece) / 4) {
		piece = piece[:4*min(uint64(len(piece)/4), n-at)]
		err := of.each(func(record, key uint32) {
			place := addU32(counts, key, 1) - 1
			if k := uint64(place) - at; k < uint64(len(piece)/4) { // and not before at
				binary.LittleEndian.PutUint32(piece[4*k:], record)
			}
		})
		if err != nil {
			return err
		}
		copy(counts[4:], counts) // each list ends where the next one begins
		clear(counts[:4])
		if err := f.put(piece); err != nil {
			return err
		}
		if stop != nil {
			if err := stop(); err != nil {
				return err
			}
		}
	}
	return of.close()
}

// links writes a list of records in the order of their links.
func (s *Stream) links(f *fileWriter, section int, l *linkSort, stop func() error) error {
	if err := f.begin(section); err != nil {
		return err
	}
	buffer := make([]byte, 0, columnBlock)
	put := func() error {
		if stop != nil {
			if err := stop(); err != nil {
				return err
			}
		}
		err := f.put(buffer)
		buffer = buffer[:0]
		return err
	}
	err := l.each(s.memory/4, func(record uint32) error {
		if buffer = binary.LittleEndian.AppendUint32(buffer, record); len(buffer) < columnBlock {
			return nil
		}
		return put()
	})
	return cmp.Or(err, put(), l.close())
}

// idTable is the hash table of ids in scratch space, or the sorted ids in its place.
type idTable struct {
	file  scratch.File // without the first slots
	head  []byte
	order linkSort
}

// tableOfIDs builds the hash table of ids, or the sorted list when they crowd under every
// seed. The file is written later: where it ends is then known.
func (s *Stream) tableOfIDs() (t *idTable, err error) {
	img := &s.b.in.Image
	t = &idTable{order: linkSort{space: s.space, most: s.memory / 2 / linkMemory}}
	for tries := 1; ; tries++ {
		if t.file, err = s.space.Create(); err != nil {
			return nil, err
		}
		ok, err := s.ids.stream(img, s.memory/2, func(at uint64, slots []byte) error {
			if at == 0 {
				t.head = append([]byte(nil), slots...)
				return nil
			}
			_, err := t.file.Write(slots)
			return err
		})
		if ok && err == nil {
			if s.ids.same {
				s.b.flags &^= flagUnique
			}
			return t, s.ids.hashes.close()
		}
		if err = cmp.Or(err, t.close()); err != nil {
			return nil, errors.Join(err, t.close())
		}
		if tries == maxSeeds {
			break
		}
		if err := s.ids.retry(img, nextSeed(s.ids.seed)); err != nil {
			return nil, err
		}
	}
	s.b.flags &^= flagUnique
	err = eachRecord(img, func(i uint32, r artifact.Raw) {
		hi, lo := r.IDHalves()
		t.order.add(hi, lo, i)
	})
	if err = cmp.Or(err, s.ids.hashes.close()); err != nil {
		return nil, errors.Join(err, t.close())
	}
	return t, nil
}

// size returns the size of the hash table.
func (t *idTable) size() uint64 {
	if t.file == nil {
		return 0
	}
	return uint64(len(t.head)) + uint64(t.file.Size())
}

// copy writes the hash table.
func (t *idTable) copy(f *fileWriter) error {
	if err := f.begin(secIDSlots); err != nil || t.file == nil {
		return err
	}
	if err := f.put(t.head); err != nil {
		return err
	}
	size := uint64(t.file.Size())
	buffer := make([]byte, min(columnBlock, size))
	for at := uint64(0); at < size; at += uint64(len(buffer)) {
		buffer = buffer[:min(uint64(len(buffer)), size-at)]
		if err := source.Read(t.file, buffer, at); err != nil {
			return err
		}
		if err := f.put(buffer); err != nil {
			return err
		}
	}
	return t.close()
}

func (t *idTable) close() error {
	file := t.file
	t.file = nil
	err := t.order.close()
	if file != nil {
		err = errors.Join(err, file.Close())
	}
	return err
}
