package host

import (
	"errors"
	"fmt"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/fsabstraction"
)

// The rule for writing index.fbati at an orderly close: when the tail behind it
// is at least an eighth of what it covers, or longTail events. So a store that
// grows writes each record at most about nine times over its life up to 8 *
// longTail events, and the next open replays at most longTail events, some 0.2 s.
// A close with an empty tail writes nothing.
const (
	tailShare = 8
	longTail  = 100_000
)

// worthIndex reports whether a tail of so many events behind an artifact of so
// many records is worth a new artifact.
func worthIndex(tail, covered uint64) bool {
	return tail > 0 && (tail >= longTail || tail*tailShare >= covered)
}

// ErrDamaged is why a damaged store gets no new index: one that covered the damage
// would keep the next open from seeing it. [Rebuild] makes one when told to.
var ErrDamaged = errors.New("thaw: a damaged store gets no new index")

// writeIndex writes index.fbati for everything in the view, which is what lies in
// front of w, and makes it durable. A damaged store is refused unless accept says
// that its damage is known.
func writeIndex(fs fsabstraction.FS, dir string, v *view, w artifact.Watermark, accept bool) error {
	if r := v.snapshot.Report(); r.Damaged() != nil && !accept {
		return fmt.Errorf("%w: %w", ErrDamaged, r.Damaged())
	}
	if w.Segment == 0 { // without a segment there is nothing to cover
		return nil
	}
	err := replaceFile(fs, dir, artifact.FileName, func(f fsabstraction.WriteFile) error {
		return v.snapshot.WriteArtifact(w, func(off int64, b []byte) error {
			_, err := f.WriteAt(b, off)
			return err
		})
	})
	if err != nil {
		return err
	}
	return syncDir(fs, dir)
}
