package replay

import (
	"errors"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/core/sidx"
	"github.com/thawlog/thaw/core/source"
)

// findFooter decodes the footer that the trailer points to.
func (s *Scan) findFooter(in input, from uint64) (*hints, error) {
	if in.unproven(uint64(max(in.source.Size(), 1)) - 1) {
		return nil, nil // it may be on disk in part
	}
	at, ok, err := segment.FooterOffset(in.source)
	if err != nil || !ok || at < from {
		return nil, err
	}
	var f *sidx.Footer
	if s.ahead != nil {
		f, err = s.ahead.Footer(in.source, at)
	} else {
		f, err = segment.FooterInto(&s.buffer, in.source, at)
	}
	var why *damage.Refusal
	if errors.As(err, &why) {
		return nil, nil // the walk stops before it and reports it
	}
	if err != nil {
		return nil, err
	}
	h, ok := newHints(f, at, from)
	if !ok {
		return nil, nil
	}
	return h, nil
}

// salvageFooter searches for a footer with a damaged trailer after the frames.
func (s *Scan) salvageFooter(in input, from uint64) (*hints, error) {
	if s.rest.Length == 0 || s.rest.Length > maxSalvage {
		return nil, nil
	}
	raw := make([]byte, s.rest.Length)
	if err := source.Read(in.source, raw, s.rest.Offset); err != nil {
		return nil, err
	}
	f, ok := sidx.Salvage(raw)
	if !ok {
		return nil, nil
	}
	h, ok := newHints(f, s.rest.Offset, from)
	if !ok {
		return nil, nil
	}
	h.doubt = true
	trailer := sidx.AppendTrailer(nil, sidx.Trailer{TableOffset: s.rest.Offset, Entries: uint32(f.Len())})
	left := raw[len(f.Names.Raw())+f.Len()*sidx.EntrySize:]
	h.cut = len(left) < len(trailer) && string(left) == string(trailer[:len(left)])
	return h, nil
}

// maxSalvage bounds the bytes that are read as a damaged footer: the footer of
// a segment of 256 MiB is smaller.
const maxSalvage = 256 << 20
