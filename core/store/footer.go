package store

import (
	"maps"
	"slices"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/index"
)

// footer returns the footer of the newest segment, whose frames end at offset at, and
// the number of its events.
func (s *Snapshot) footer(id, at uint64) (footer []byte, events int, err error) {
	err = s.repairing(func() (err error) {
		footer, events, err = s.makeFooter(id, at)
		return err
	})
	return footer, events, err
}

func (s *Snapshot) makeFooter(id, at uint64) (footer []byte, events int, err error) {
	d := artifact.NewDraft()
	for _, p := range s.parts {
		p = p.now()
		if err := addSegment(d, p, id, p.Image.Count); err != nil {
			return nil, 0, err
		}
	}
	return commit.AppendFooter(nil, d.Run(0, d.Savepoint()), at), d.Len(), nil
}

// addSegment adds those of the first n records of a part that lie in a segment, of which none
// may follow in it but in the newest. They are the last of the n, since records are in the
// order of positions.
func addSegment(d *artifact.Draft, p *part, id uint64, n uint32) error {
	r := p.Reader()
	first, err := firstIn(r, n, id)
	if err != nil {
		return err
	}
	numbers, err := addNames(d, r, first, n)
	if err != nil {
		return err
	}
	for i := first; i < n; i++ {
		raw, err := r.Record(i)
		if err != nil {
			return err
		}
		if err := d.AddRaw(raw, numbers[raw.Entity()], numbers[raw.Scope()]); err != nil {
			return err
		}
	}
	return nil
}

// addNames adds the names of the records from number first up to n to d. It returns their
// numbers in d by those in the part. The names are read in the order in which they lie: a
// segment has some 100,000 of them.
func addNames(d *artifact.Draft, r *index.Reader, first, n uint32) (map[uint32]uint32, error) {
	numbers := map[uint32]uint32{}
	for i := first; i < n; i++ {
		raw, err := r.Record(i)
		if err != nil {
			return nil, err
		}
		numbers[raw.Entity()], numbers[raw.Scope()] = 0, 0
	}
	for _, of := range slices.Sorted(maps.Keys(numbers)) {
		name, err := r.NameOfMany(of)
		if err != nil {
			return nil, err
		}
		if numbers[of], err = d.Intern(name); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// firstIn returns the number of the first of n records that lies in segment id or a later one,
// and n when there is none.
func firstIn(r *index.Reader, n uint32, id uint64) (uint32, error) {
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
