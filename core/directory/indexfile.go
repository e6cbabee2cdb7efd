package directory

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/index"
)

// ReadIndex reads the index.thaw or part file of an entry. The error is a
// [damage.Refusal], [source.ErrGone] or a [source.ReadError].
func ReadIndex(files Files, e Entry) (*index.File, error) {
	if !e.Regular {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := Open(files, e.Name)
	if err != nil {
		return nil, err
	}
	return index.ReadFile(e.Name, src)
}
