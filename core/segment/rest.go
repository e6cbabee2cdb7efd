package segment

import (
	"math"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// Rest describes the bytes after the last frame of a segment.
type Rest struct {
	Offset, Length uint64
	// Footer reports whether the bytes look like a footer. It may still be
	// damaged.
	Footer bool
	// ID is the event id of a frame cut short, valid when Named is true.
	ID    event.ID
	Named bool
}

// Rest describes the bytes from the walk's Offset to the end. Call it after
// Next returned false, then check Err.
func (w *Walker) Rest() Rest {
	r := Rest{Offset: w.off, Length: w.end - min(w.off, w.end)}
	if r.Length == 0 || w.err != nil {
		return r
	}
	if r.Length >= sidx.MinSize {
		// A footer with a damaged trailer that points elsewhere is still no
		// frame, so ignore where it points.
		var magic bool
		var first []byte
		if _, magic, w.err = w.readTrailer(); w.err != nil {
			return r
		}
		if first, w.err = w.win.Bytes(w.off, 1); w.err != nil {
			return r
		}
		r.Footer = magic && beginsFooter(first[0])
	}
	if !r.Footer {
		r.ID, r.Named, w.err = w.peek(w.off)
	}
	return r
}

// beginsFooter reports whether b is the head of a MessagePack array. No frame
// starts with one: its length would be above the bound.
func beginsFooter(b byte) bool { return b&0xf0 == 0x90 || b == 0xdc || b == 0xdd }

// Footer decodes the footer that starts at offset at. The error is a
// [damage.Refusal] of reason footer, or the source's own.
func Footer(src source.Source, at uint64) (*sidx.Footer, error) {
	return footer(src, at, func(n uint64) ([]byte, error) {
		raw := make([]byte, n)
		return raw, source.Read(src, raw, at)
	})
}

// FooterInto is [Footer] with a buffer, which it grows when needed. The footer
// is valid until the buffer is used again.
func FooterInto(buffer *[]byte, src source.Source, at uint64) (*sidx.Footer, error) {
	return footer(src, at, func(size uint64) ([]byte, error) {
		if n := size; uint64(cap(*buffer)) < n {
			if *buffer != nil {
				n += n / 8 // the next one may be a little larger
			}
			*buffer = make([]byte, n)
		}
		raw := (*buffer)[:size]
		return raw, source.Read(src, raw, at)
	})
}

func footer(src source.Source, at uint64, read func(n uint64) ([]byte, error)) (*sidx.Footer, error) {
	size := uint64(max(src.Size(), 0))
	if at > size {
		return nil, source.ErrShort
	}
	if size-at > math.MaxInt { // on a 32-bit system
		return nil, damage.Refuse(damage.Footer, int64(at), nil)
	}
	// The trailer bounds the size before the rest is read: at most two names
	// for each entry.
	var trailer [sidx.TrailerSize]byte
	if size-at < sidx.MinSize {
		return nil, damage.Refuse(damage.Footer, int64(at), nil)
	}
	if err := source.Read(src, trailer[:], size-sidx.TrailerSize); err != nil {
		return nil, err
	}
	if t, ok := sidx.DecodeTrailer(trailer[:]); !ok || size-at > sidx.MaxSize(t.Entries) {
		return nil, damage.Refuse(damage.Footer, int64(at), nil)
	}
	raw, err := read(size - at)
	if err != nil {
		return nil, err
	}
	return sidx.Decode(raw, at)
}

// FooterOffset returns the offset of the footer according to the segment's
// trailer. ok is false without a trailer, or when it points outside the file.
func FooterOffset(src source.Source) (at uint64, ok bool, err error) {
	size := uint64(max(src.Size(), 0))
	if size < sidx.MinSize {
		return 0, false, nil
	}
	var b [sidx.TrailerSize]byte
	if err := source.Read(src, b[:], size-sidx.TrailerSize); err != nil {
		return 0, false, err
	}
	t, ok := sidx.DecodeTrailer(b[:])
	if !ok || t.TableOffset > size-sidx.MinSize {
		return 0, false, nil
	}
	return t.TableOffset, true, nil
}

// FooterBegins reports whether the segment's trailer points to the offset at,
// and no frame starts there. The error is the source's.
func FooterBegins(src source.Source, at uint64) (bool, error) {
	says, ok, err := FooterOffset(src)
	if err != nil || !ok || says != at {
		return false, err
	}
	var b [1]byte
	err = source.Read(src, b[:], at)
	return err == nil && beginsFooter(b[0]), err
}
