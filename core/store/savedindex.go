package store

import (
	"errors"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/index"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/source"
)

// savedIndex opens the index.thaw that belongs to the index.fbati in src, and makes a
// part that reads both. It returns nil when there is none, or one that was refused.
func (o *opening) savedIndex(src source.Source, h *artifact.Header) (*part, error) {
	e, ok := o.listing.Others[index.FileName]
	if !ok || o.noSavedIndex || o.options.buildsIndex() || o.options.skips(index.FileName) {
		return nil, nil
	}
	f, err := directory.ReadIndex(o.files, e)
	if err == nil && (f.Contained() || !f.Belongs(artifact.AppendHeader(nil, h), src.Size())) {
		err = damage.Refuse(damage.Stale, -1, nil)
	}
	if err == nil && f.Segments() != directory.DigestSegments(o.listing.IDs(), artifact.Watermark{}, h.Watermark) {
		err = damage.Refuse(damage.Segments, -1, nil)
	}
	if errors.Is(err, damage.Stale) && !o.lastTry() && o.moved(artifact.FileName, index.FileName) {
		return nil, source.ErrGone // a writer replaces one after the other
	}
	if err != nil {
		return nil, o.rejectIndex(e.Name, err)
	}
	image, saved := f.Index(src, artifact.FileName)
	return &part{Part: query.Part{Image: image, Index: saved}}, nil
}

// vouched reports whether an index.thaw belongs to the index.fbati in src, so that thaw
// wrote or validated it.
func (o *opening) vouched(src source.Source) bool {
	e, ok := o.listing.Others[index.FileName]
	if !ok {
		return false
	}
	h, err := artifact.ReadHeader(src)
	if err != nil {
		return false
	}
	f, err := directory.ReadIndex(o.files, e)
	return err == nil && !f.Contained() && f.Belongs(artifact.AppendHeader(nil, &h), src.Size())
}

// moved reports whether any of these names leads to another file than at the listing.
func (s *Snapshot) moved(names ...string) bool {
	for _, name := range names {
		e, err := s.files.Look(name)
		if was, ok := s.listing.Others[name]; (err == nil) != ok || e != was {
			return true
		}
	}
	return false
}

// rejectIndex reports why an index.thaw or part file is refused. Instead it returns the
// error when that ends the open or the try.
func (o *opening) rejectIndex(name string, err error) error {
	var stop stopError
	switch {
	case errors.As(err, &stop), unread(err), errors.Is(err, source.ErrGone) && !o.lastTry():
		return err
	case errors.Is(err, source.ErrGone): // as if it had never been there
		return nil
	}
	o.report.Rejected = append(o.report.Rejected, refusal(name, err))
	return nil
}
