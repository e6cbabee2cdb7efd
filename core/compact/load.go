package compact

import (
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Segments of at most wholeSegment bytes are read whole, in one read. Run needs some of each segment
// to plan, and all of it to copy; up to keptSegments bytes are read only once.
const (
	wholeSegment = 1 << 20
	keptSegments = 32 << 20
)

// keepable returns the content of a segment of a size to plan with. If stays is set, the copy can
// use it too.
func (r *run) keepable(id, size uint64, src source.Source) (content source.Source, stays bool, err error) {
	if !readWhole(size, src) {
		return src, true, nil
	}
	if size > r.keep {
		return src, false, nil // parts of it will do
	}
	r.keep -= size
	content, err = whole(id, make([]byte, size), src)
	return content, true, err
}

// load returns the content of a segment of a size to copy. It is valid until the next call.
func (c *copier) load(id, size uint64, src source.Source) (source.Source, error) {
	if !readWhole(size, src) {
		return src, nil
	}
	if uint64(cap(c.buffer)) < size {
		c.buffer = make([]byte, wholeSegment)
	}
	return whole(id, c.buffer[:size], src)
}

func readWhole(size uint64, src source.Source) bool {
	_, memory := src.(source.Memory)
	return !memory && size <= wholeSegment
}

// whole reads a segment into b.
func whole(id uint64, b []byte, src source.Source) (source.Source, error) {
	if err := source.Read(src, b, 0); err != nil {
		return nil, source.Named(segment.Name(id), err)
	}
	return source.Bytes(b), nil
}
