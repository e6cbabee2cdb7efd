package compact

import (
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/source"
)

// Segments of at most wholeSegment bytes are read whole, in one read. Run needs each segment
// twice, to plan and to copy; up to keptSegments bytes of these it reads only once.
const (
	wholeSegment = 1 << 20
	keptSegments = 32 << 20
)

// load returns the content of a segment of a size. If stays is false, it is valid until the next
// call.
func (r *run) load(id, size uint64, src source.Source) (content source.Source, stays bool, err error) {
	if _, ok := src.(source.Memory); ok || size > wholeSegment {
		return src, true, nil
	}
	var b []byte
	if stays = size <= r.keep; stays {
		r.keep -= size
		b = make([]byte, size)
	} else {
		if uint64(cap(r.buffer)) < size {
			r.buffer = make([]byte, wholeSegment)
		}
		b = r.buffer[:size]
	}
	if err := source.Read(src, b, 0); err != nil {
		return nil, false, source.Named(segment.Name(id), err)
	}
	return source.Bytes(b), stays, nil
}
