package segment

import "github.com/thawlog/thaw/core/event"

func HeaderSize(head []byte) (int, error) { return headerSize(head) }

func PeekID(raw []byte) (id event.ID, ok bool) { return peekID(raw) }

func (b *Body) Decode(raw []byte) error { return b.decode(raw, false) }

func FindBody(b []byte) int { return findBody(b) }

func (b *Body) DecodeAs(raw []byte, bare bool) error { return b.decode(raw, bare) }

// ErrHeaderSize is the cause of a header that claims too much.
var ErrHeaderSize = errHeaderSize
