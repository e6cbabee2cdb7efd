package store

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// look lists the directory and reads synced.thaw. Without that the end of the
// newest segment is judged by its frames alone, so what is wrong with it is only
// reported. One that could not be read is an error: it may hold the only trace of a
// loss.
//
// A writer may begin a segment between the listing and the reading. So that it does
// not seem to be missing, the directory is then listed again. Segments are looked at
// later, and so are not shorter than they were known to be.
func look(files Files, o *Options) (l *listing, m *synced.Mark, why *damage.Refusal, err error) {
	if l, err = list(files); err != nil {
		return nil, nil, nil, err
	}
	e, ok := l.other[synced.FileName]
	if !ok || o.skips(synced.FileName) {
		return l, nil, nil, nil
	}
	mark, err := ReadMark(files, e)
	switch {
	case errors.Is(err, ErrRead):
		return nil, nil, nil, err
	case errors.Is(err, ErrGone):
		return l, nil, nil, nil
	case err != nil:
		return l, nil, refusal(e.Name, err), nil
	}
	if _, ok := l.search(mark.Segment); !ok {
		l, err = list(files)
	}
	return l, &mark, nil, err
}

// ReadMark reads the synced.thaw that e lists. The error is a [damage.Refusal],
// [ErrGone], [source.ErrShort] or a [source.ReadError].
func ReadMark(files Files, e Entry) (synced.Mark, error) {
	if !e.Regular {
		return synced.Mark{}, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := openFile(files, e.Name)
	if err != nil {
		return synced.Mark{}, err
	}
	raw := make([]byte, min(max(src.Size(), 0), synced.Size))
	if err := source.Read(src, raw, 0); err != nil {
		return synced.Mark{}, source.Named(e.Name, err)
	}
	return synced.Decode(raw)
}
