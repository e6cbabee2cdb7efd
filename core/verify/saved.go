package verify

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/pages"
	"github.com/thawlog/thaw/core/source"
)

// ErrSaved is the cause when saved lookups are not those that the records make,
// and no question that a query asks shows the difference.
var ErrSaved = errors.New("verify: the lookups are not those that the records make")

// saved checks the file of lookups over the records of s: every page, and then
// every byte. Lookups follow from records, names and the seeds in the file's header,
// so they are made once more, one section after the other, and compared.
func (r *run) saved(s *snapshot) error {
	name := s.file
	if name == artifact.FileName {
		name = index.FileName
		if _, ok := r.dir.byName[name]; !ok { // the next open makes them
			return nil
		}
	}
	f, err := r.readLookups(name)
	if err != nil {
		r.refused(name, err)
		return nil
	}
	if !s.contained() && (f.Contained() || !f.Belongs(s.head, s.raw.Size())) {
		r.findings.note(Note{Topic: Stale, File: name})
		return nil
	}
	var ids []uint64
	for _, e := range r.dir.segments {
		ids = append(ids, e.id)
	}
	if f.Segments() != directory.DigestSegments(ids, s.from, s.watermark) {
		r.findings.note(Note{Topic: Stale, File: name, Detail: "the segments are others than it was made over"})
	}
	_, tables := f.Tables(s.raw, artifact.FileName)
	if err := tables.CheckAll(r.stop); err != nil {
		if r.stopped != nil {
			return r.stopped
		}
		var why *damage.Refusal
		errors.As(err, &why)
		r.refused(why.File, err)
		return nil
	}
	at, ok, err := r.asMade(s, f)
	if err != nil || ok {
		return err
	}
	return r.lies(s, name, at, tables)
}

func (r *run) readLookups(name string) (*index.File, error) {
	if !r.dir.byName[name].Regular {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := r.dir.Open(name)
	if err != nil {
		return nil, err
	}
	return index.ReadFile(name, src)
}

// asMade compares f with the lookups that the records of s make, and returns the offset
// of the first difference.
func (r *run) asMade(s *snapshot, f *index.File) (at uint64, same bool, err error) {
	var sums *pages.Sums
	if !s.contained() {
		if sums, err = sumsOf(s.raw); err != nil {
			return 0, false, err
		}
	}
	at, differs, err := f.Differs(index.Input{
		Image: *s.image, Names: s.names, Bounds: s.bounds(r.dir.segmentSize), Seed: f.Seed(),
		Each: func(uint64, []byte) error { return r.stop() },
	}, index.Saved{
		Head: [artifact.HeaderSize]byte(s.head), Size: uint64(s.raw.Size()), Sums: sums, Contained: s.contained(),
		Segments: f.Segments(), From: s.from,
	})
	return at, !differs, err
}

func sumsOf(src source.Source) (*pages.Sums, error) {
	sums := new(pages.Sums)
	win := source.NewWindow(src, snapshotBlock)
	for off := uint64(0); off < win.Size(); {
		b, err := win.Bytes(off, min(snapshotBlock, win.Size()-off))
		if err != nil {
			return nil, err
		}
		sums.Add(b)
		off += uint64(len(b))
	}
	return sums, nil
}

// lies tells which events saved lookups hide, and that they are wrong even where
// they hide none.
func (r *run) lies(s *snapshot, name string, at uint64, t *index.Tables) error {
	found := newFindings()
	if err := proveLookups(found, name, s.image, t, s.bounds(r.dir.segmentSize).SegmentSize, r.stop); err != nil {
		return err
	}
	for _, d := range found.damages {
		d.Offset = at
		r.findings.damage(d)
	}
	if len(found.damages) == 0 {
		r.findings.damage(&damage.Damage{File: name, Offset: at, Reason: damage.Lookups, Err: ErrSaved})
	}
	return nil
}
