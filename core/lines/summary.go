package lines

import (
	"bytes"
	"strconv"

	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/core/query"
	"github.com/thawlog/thaw/core/store"
)

// AppendName appends an entity or a scope with its extent as one object and a newline: events,
// first_seq, first_wall_ms, last_seq, last_wall_ms and name.
func AppendName(dst []byte, s *query.NameSummary) []byte {
	dst = appendLastOf(appendFirstOf(dst, &s.Extent), &s.Extent)
	return append(payload.AppendString(append(dst, `,"name":`...), s.Name), '}', '\n')
}

// AppendKindSummary appends a kind with its extent as one object and a newline: events,
// first_seq, first_wall_ms, kind, last_seq and last_wall_ms.
func AppendKindSummary(dst []byte, s *query.KindSummary) []byte {
	return AppendNamedKindSummary(dst, s, "")
}

// AppendNamedKindSummary is AppendKindSummary with one more key, kind_name, unless the name
// is empty.
func AppendNamedKindSummary(dst []byte, s *query.KindSummary, name string) []byte {
	dst = appendNamedKind(appendFirstOf(dst, &s.Extent), s.Kind, name)
	return append(appendLastOf(dst, &s.Extent), '}', '\n')
}

func appendFirstOf(dst []byte, x *query.Extent) []byte {
	dst = appendNumber(dst, `{"events":`, x.Events)
	dst = appendNumber(dst, `,"first_seq":`, x.FirstSequence)
	return appendNumber(dst, `,"first_wall_ms":`, x.FirstWallMS)
}

func appendLastOf(dst []byte, x *query.Extent) []byte {
	return appendNumber(appendNumber(dst, `,"last_seq":`, x.LastSequence), `,"last_wall_ms":`, x.LastWallMS)
}

// AppendLink appends a link of a graph: its event's line with two more keys, cut and
// distance.
func AppendLink(dst []byte, s Shape, l *store.Link) []byte {
	return AppendNamedLink(dst, s, l, "")
}

// AppendNamedLink is AppendLink with one more key, kind_name, unless the name is empty.
func AppendNamedLink(dst []byte, s Shape, l *store.Link, name string) []byte {
	at := len(dst)
	dst = AppendNamedEvent(dst, s, &l.Full, name)
	// The keys before entity have neither text nor this key in their values.
	at += bytes.Index(dst[at:], []byte(`"entity":`))
	var b [80]byte
	keys := appendNumber(b[:0], `"cut":`, l.Cut)
	keys = append(strconv.AppendInt(append(keys, `,"distance":`...), int64(l.Distance), 10), ',')
	dst = append(dst, keys...) // room
	copy(dst[at+len(keys):], dst[at:len(dst)-len(keys)])
	copy(dst[at:], keys)
	return dst
}
