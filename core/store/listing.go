package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/directory"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// list lists the directory and reads synced.thaw. A damaged synced.thaw is only
// reported: the frames show where the newest segment ends. One that could not be read
// is an error, since it may hold the only trace of a loss.
//
// A writer may begin a segment between the listing and the reading. The directory is
// then listed again, so that the segment does not seem to be missing. Segments are
// looked at afterwards, so they are no shorter than synced.thaw says.
func list(files directory.Files, o *Options) (l *directory.Listing, m *synced.Mark, why *damage.Refusal, err error) {
	if l, err = directory.List(files); err != nil {
		return nil, nil, nil, err
	}
	e, ok := l.Others[synced.FileName]
	if !ok || o.skips(synced.FileName) {
		return l, nil, nil, nil
	}
	mark, err := directory.ReadMark(files, e)
	switch {
	case errors.Is(err, source.ErrRead):
		return nil, nil, nil, err
	case errors.Is(err, source.ErrGone):
		return l, nil, nil, nil
	case err != nil:
		return l, nil, refusal(e.Name, err), nil
	}
	if !l.Has(mark.Segment) {
		l, err = directory.List(files)
	}
	return l, &mark, nil, err
}
