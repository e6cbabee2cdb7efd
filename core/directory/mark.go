package directory

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/source"
	"github.com/thawlog/thaw/core/synced"
)

// ReadMark reads the synced.thaw of an entry. The error is a [damage.Refusal],
// [source.ErrGone], [source.ErrShort] or a [source.ReadError]. An empty file is gone: a writer
// has made it and not yet written it.
func ReadMark(files Files, e Entry) (synced.Mark, error) {
	if !e.Regular {
		return synced.Mark{}, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := Open(files, e.Name)
	if err != nil {
		return synced.Mark{}, err
	}
	raw := make([]byte, min(max(src.Size(), 0), synced.Size))
	if len(raw) == 0 {
		return synced.Mark{}, source.Named(e.Name, source.ErrGone)
	}
	if err := source.Read(src, raw, 0); err != nil {
		return synced.Mark{}, source.Named(e.Name, err)
	}
	return synced.Decode(raw)
}
