package directory

import (
	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/lineage"
	"github.com/thawlog/thaw/core/source"
)

// ReadLineage reads the store.thaw of an entry. The error is a [damage.Refusal],
// [source.ErrGone], [source.ErrShort] or a [source.ReadError].
func ReadLineage(files Files, e Entry) (*lineage.Lineage, error) {
	if !e.Regular {
		return nil, damage.Refuse(damage.NotRegular, -1, nil)
	}
	src, err := Open(files, e.Name)
	if err != nil {
		return nil, err
	}
	if src.Size() > lineage.MaxSize {
		return nil, damage.Refuse(damage.Length, -1, nil)
	}
	raw := make([]byte, max(src.Size(), 0))
	if err := source.Read(src, raw, 0); err != nil {
		return nil, source.Named(e.Name, err)
	}
	return lineage.Decode(raw)
}
