package directory

import (
	"errors"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// maxMissing bounds the names that [LacksSegment] looks at.
const maxMissing = 256

// LacksSegment reports whether a listing lacks a segment that exists; ids are the ids of
// the listed segments, rising. A directory read may miss a file created meanwhile, and
// list one created later. LacksSegment looks at names between the listed ones, so call it
// only for a store that seems to have lost something. The error is a [source.ReadError].
func LacksSegment(files Files, ids []uint64) (bool, error) {
	looks := 0
	for i := 1; i < len(ids); i++ {
		for id := ids[i-1] + 1; id < ids[i] && looks < maxMissing; id++ {
			looks++
			name := segment.Name(id)
			e, err := files.Look(name)
			if errors.Is(err, source.ErrGone) || err == nil && !e.Regular {
				continue
			}
			return err == nil, source.Failed(name, -1, err)
		}
	}
	return false, nil
}
