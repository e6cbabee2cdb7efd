package store

import (
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
	numbers := map[uint32]uint32{} // by number in the part: the name's number in d
	number := func(of uint32) (uint32, error) {
		if n, ok := numbers[of]; ok {
			return n, nil
		}
		name, err := r.Name(of)
		if err != nil {
			return 0, err
		}
		n, err := d.Intern(name)
		numbers[of] = n
		return n, err
	}
	for i := first; i < n; i++ {
		raw, err := r.Record(i)
		if err != nil {
			return err
		}
		entity, err := number(raw.Entity())
		if err != nil {
			return err
		}
		scope, err := number(raw.Scope())
		if err != nil {
			return err
		}
		if err := d.AddRaw(raw, entity, scope); err != nil {
			return err
		}
	}
	return nil
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
