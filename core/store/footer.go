package store

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/strtab"
)

// footer returns the footer of the newest segment, whose frames end at offset at, and
// the number of its events.
func (s *Snapshot) footer(id, at uint64) (footer []byte, events int, err error) {
	err = s.repairing(func() (err error) {
		var all []footerPart
		for _, p := range s.parts {
			p = p.now()
			all = append(all, footerPart{r: p.Reader(), end: p.Image.Count})
		}
		if s.Spilled() {
			all = append(all, footerPart{r: s.spilled.reader(), end: s.spilled.count})
		}
		footer, events, err = makeFooter(id, at, all)
		return err
	})
	return footer, events, err
}

// partsTo returns the records up to and with one.
func (s *Snapshot) partsTo(last recordAt) (all []footerPart) {
	for i := range last.part + 1 {
		p := s.parts[i].now()
		all = append(all, footerPart{r: p.Reader(), end: p.Image.Count})
	}
	all[last.part].end = last.record + 1
	return all
}

// makeFooter makes the footer of a segment up to offset at. parts have the records before that, of
// which the last are in the segment, since records are in the order of positions.
func makeFooter(id, at uint64, parts []footerPart) (footer []byte, events int, err error) {
	var names footerNames
	for i := range parts {
		p := &parts[i]
		if p.first, err = firstIn(p.r, p.end, id); err != nil {
			return nil, 0, err
		}
		if err = names.add(p); err != nil {
			return nil, 0, err
		}
		events += int(p.end - p.first)
	}
	footer = make([]byte, 0, strtab.TableSize(names.list)+events*sidx.EntrySize+sidx.TrailerSize)
	footer = strtab.AppendTable(footer, names.list)
	for i := range parts {
		p := &parts[i]
		for k := p.first; k < p.end; k++ {
			raw, err := p.r.Record(k)
			if err != nil {
				return nil, 0, err
			}
			of := p.names[k-p.first]
			footer = raw.AppendEntry(footer, p.numbers[of[0]], p.numbers[of[1]])
		}
	}
	return sidx.AppendTrailer(footer, sidx.Trailer{TableOffset: at, Entries: uint32(events)}), events, nil
}

// footerRecords are records in the order of positions, and their names; see [index.Reader].
type footerRecords interface {
	Record(i uint32) (artifact.Raw, error)
	Single(i uint32) (artifact.Raw, error)
	NameOfMany(i uint32) ([]byte, error)
	Names() uint32
}

// footerPart is the records that a footer lists: those from number first up to end.
type footerPart struct {
	r          footerRecords
	first, end uint32
	// names has the entity and the scope of each record, which are numbered by their first use in
	// the part, and numbers has by such a number that in the footer.
	names   [][2]uint32
	numbers []uint32
}

// footerNames are the names of a footer, in the order of their first use.
type footerNames struct {
	list    [][]byte
	numbers map[string]uint32 // of all in list, once a second part adds names
}

// add adds the names of a part. They are read in the order in which they lie, since a segment has
// up to some 100,000 of them.
func (f *footerNames) add(p *footerPart) error {
	used, err := p.number()
	if err != nil {
		return err
	}
	names := make([][]byte, len(used))
	p.numbers = make([]uint32, len(used))
	for i := range p.numbers {
		p.numbers[i] = uint32(i)
	}
	sorted := slices.Clone(p.numbers)
	slices.SortFunc(sorted, func(a, b uint32) int { return cmp.Compare(used[a], used[b]) })
	for _, i := range sorted {
		name, err := p.r.NameOfMany(used[i])
		if err != nil {
			return err
		}
		names[i] = bytes.Clone(name)
	}
	if len(f.list) == 0 { // as nearly always: most segments are in one part
		f.list = names
		return nil
	}
	if f.numbers == nil {
		f.numbers = make(map[string]uint32, len(f.list))
		for i, name := range f.list {
			f.numbers[string(name)] = uint32(i)
		}
	}
	for i, name := range names {
		number, ok := f.numbers[string(name)]
		if !ok {
			number = uint32(len(f.list))
			f.numbers[string(name)], f.list = number, append(f.list, name)
		}
		p.numbers[i] = number
	}
	return nil
}

// number sets p.names, and returns the part's number of each name that it uses, in the order of
// first use.
func (p *footerPart) number() (used []uint32, err error) {
	most := min(p.end-p.first, p.r.Names())
	numbers := make(map[uint32]uint32, most)
	used, p.names = make([]uint32, 0, most), make([][2]uint32, 0, p.end-p.first)
	var last, lastNumbers [2]uint32 // neighbours often have the same
	for i := p.first; i < p.end; i++ {
		raw, err := p.r.Record(i)
		if err != nil {
			return nil, err
		}
		for k, of := range [...]uint32{raw.Entity(), raw.Scope()} {
			if of == last[k] && i > p.first {
				continue
			}
			number, ok := numbers[of]
			if !ok {
				number = uint32(len(used))
				numbers[of], used = number, append(used, of)
			}
			last[k], lastNumbers[k] = of, number
		}
		p.names = append(p.names, lastNumbers)
	}
	return used, nil
}

// firstIn returns the number of the first of n records that lies in segment id or a later one,
// and n when there is none.
func firstIn(r footerRecords, n uint32, id uint64) (uint32, error) {
	low, high := uint32(0), n
	for low < high {
		i := low + (high-low)/2
		raw, err := r.Single(i)
		if err != nil {
			return 0, err
		}
		if raw.Position().Segment >= id {
			high = i
		} else {
			low = i + 1
		}
	}
	return low, nil
}
