package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// overlookedAtMost bounds the names that are looked at for one open.
const overlookedAtMost = 256

// overlooked reports whether a segment that seems to be missing is there. A system
// may leave out of a listing what is made while it is read, and have in it what is
// made later still. Only a store that seems to have lost something is looked at.
// The error says that it could not be found out.
func (s *Snapshot) overlooked() (bool, error) {
	met := s.scan.Report()
	lacks := len(met.Gaps) > 0
	for _, d := range met.Damages {
		lacks = lacks || d.Reason == damage.SegmentMissing
	}
	if !lacks {
		return false, nil
	}
	looks := 0
	segments := s.listing.segments
	for i := 1; i < len(segments); i++ {
		if segments[i].id <= s.listing.first {
			continue
		}
		for id := segments[i-1].id + 1; id < segments[i].id && looks < overlookedAtMost; id++ {
			looks++
			if there, err := s.there(segment.Name(id)); there || err != nil {
				return there, err
			}
		}
	}
	return false, nil
}

// there reports whether a name leads to a file that could be a segment.
func (s *Snapshot) there(name string) (bool, error) {
	e, err := s.files.Look(name)
	if errors.Is(err, ErrGone) {
		return false, nil
	}
	return err == nil && e.Regular, source.Failed(name, -1, err)
}
