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
	first := n
	for ; first > 0; first-- {
		raw, err := r.Record(first - 1)
		if err != nil {
			return err
		}
		if raw.Position().Segment != id {
			break
		}
	}
	for i := first; i < n; i++ {
		raw, err := r.Record(i)
		if err != nil {
			return err
		}
		rec := raw.Decode()
		if rec.Entity, err = internName(d, r, rec.Entity); err != nil {
			return err
		}
		if rec.Scope, err = internName(d, r, rec.Scope); err != nil {
			return err
		}
		if err := d.Add(&rec); err != nil {
			return err
		}
	}
	return nil
}

// internName returns the number in d of the name with a number in a part.
func internName(d *artifact.Draft, r *index.Reader, number uint32) (uint32, error) {
	name, err := r.Name(number)
	if err != nil {
		return 0, err
	}
	return d.Intern(name)
}
