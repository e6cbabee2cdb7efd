package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
)

// lookups checks the files of lookups over the snapshots.
func (r *run) lookups() error {
	r.truth.places, r.truth.now, r.duplicates = places{n: r.truth.len()}, nil, duplicates{} // done with
	for _, s := range r.snapshots {
		if s.image == nil {
			continue
		}
		if err := r.saved(s); err != nil {
			return err
		}
	}
	return nil
}

// saved checks the file of lookups over the records of s: every page, and then
// every byte. Lookups follow from records, names and the seeds in the file's header,
// so they are made once more, one section after the other, and compared.
func (r *run) saved(s *snapshot) error {
	name := s.file
	if name == artifact.FileName {
		name = index.FileName
		if _, ok := r.dir.listing.Others[name]; !ok { // the next open makes them
			return nil
		}
	}
	f, err := directory.ReadIndex(r.dir, r.dir.listing.Others[name])
	if err != nil {
		r.refused(name, err)
		return nil
	}
	if !s.contained() && (f.Contained() || !f.Belongs(s.head, s.raw.Size())) {
		r.findings.note(Note{Topic: Stale, File: name})
		return nil
	}
	if f.Segments() != directory.DigestSegments(r.dir.listing.IDs(), s.from, s.watermark) {
		r.findings.note(Note{Topic: Stale, File: name, Detail: "the segments are others than it was made over"})
	}
	_, tables := f.Index(s.raw, artifact.FileName)
	if err := tables.CheckAll(r.stop); err != nil {
		if r.stopped != nil {
			return r.stopped
		}
		var why *damage.Refusal
		errors.As(err, &why)
		r.refused(why.File, err)
		return nil
	}
	why, err := f.Compare(index.Input{
		Image: *s.image, Names: s.names, Bounds: s.bounds(r.dir.listing.Size), Seed: f.Seed(),
		Each: func(uint64, []byte) error { return r.stop() },
	}, index.Saved{Contained: s.contained(), Segments: f.Segments(), From: s.from})
	if why != nil {
		r.findings.damage(at(name, why.Offset, damage.Lookups, why, nil))
	}
	return err
}
