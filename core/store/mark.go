package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// loadMark reads synced.thaw. Without it the end of the newest segment is
// judged by its frames alone, so trouble with it is only told.
func (s *Snapshot) loadMark() error {
	e, ok := s.listing.other[synced.FileName]
	if !ok || s.options.skips(synced.FileName) {
		return nil
	}
	m, err := ReadMark(s.files, e)
	var stop stopError
	switch {
	case errors.As(err, &stop):
		return err
	case errors.Is(err, ErrGone):
	case err != nil:
		s.report.Rejected = append(s.report.Rejected, refusal(e.Name, err))
	default:
		s.mark = &m
	}
	return nil
}

// ReadMark reads the synced.thaw that e lists. The error is a [damage.Refusal] or
// one of the files.
func ReadMark(files Files, e Entry) (synced.Mark, error) {
	if !e.Regular {
		return synced.Mark{}, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := files.Open(e.Name)
	if err != nil {
		return synced.Mark{}, err
	}
	raw := make([]byte, min(max(src.Size(), 0), synced.Size))
	if err := source.Read(src, raw, 0); err != nil {
		return synced.Mark{}, err
	}
	return synced.Decode(raw)
}
