package directory

import (
	"errors"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// maxMissing bounds the names that [LacksSegment] looks at.
const maxMissing = 256

// LacksSegment reports whether a segment is there that a listing lacks; ids are those
// of the listed segments, rising. A system may leave out of a listing a file that is
// made while the directory is read, and list one that is made later still. It looks
// at the names between the listed ones, so only a store that seems to have lost
// something should be asked. The error is a [source.ReadError].
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
