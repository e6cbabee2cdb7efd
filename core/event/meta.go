package event

import (
	"errors"
	"iter"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/thawlog/thaw/core/msgpack"
)

// Limits of an event's metadata.
const (
	// MaxMetaEntries is the largest number of entries.
	MaxMetaEntries = 32
	// MaxMetaKey is the longest key, in bytes. The shortest has one.
	MaxMetaKey = 128
	// MaxMetaValue is the longest value, in bytes. It may be empty.
	MaxMetaValue = 4096
)

// Keys of metadata that have one meaning in all tools. An application may use any others.
const (
	// MetaActor is who acted: a user, a service.
	MetaActor = "actor"
	// MetaRequest is the request that was served.
	MetaRequest = "request"
	// MetaTrace is the trace of which the request is a part.
	MetaTrace = "trace"
)

// Errors of metadata; a [MetaError] has the key.
var (
	ErrMetaEntries = errors.New("event: metadata has more than 32 entries")
	ErrMetaKey     = errors.New("event: a key of metadata has 1 to 128 bytes")
	ErrMetaValue   = errors.New("event: a value of metadata is longer than 4096 bytes")
	ErrMetaUTF8    = errors.New("event: metadata is not valid UTF-8")
	// ErrMetaOrder is only for encoded metadata: keys are unique and in the order of
	// their bytes, and a frame without metadata does not have the map.
	ErrMetaOrder = errors.New("event: metadata is empty, or its keys are not in order")
)

// MetaError reports an invalid entry of metadata.
type MetaError struct {
	// Key is the key of the entry, cut after 128 bytes.
	Key string
	// Err is one of the metadata errors of this package.
	Err error
}

// Error names the key and the reason.
func (e *MetaError) Error() string { return e.Err.Error() + ": " + strconv.Quote(e.Key) }

// Unwrap returns Err.
func (e *MetaError) Unwrap() error { return e.Err }

// Meta is the metadata of an event: what is known of it besides its payload, such as
// who acted, in which request, in which trace. It is a small map from text to text
// that never changes. The zero Meta is empty; with == two Metas are equal if they have
// the same entries.
//
// Texts that Get and All return share the memory of the whole Meta.
type Meta struct {
	// encoded is the MessagePack of a frame: a map of strings, sorted by key; "" for
	// an empty Meta.
	encoded string
}

// NewMeta returns the metadata with these entries. It does not fail: an append checks
// the limits, as [Meta.Check] does, and of entries beyond them NewMeta may keep less.
func NewMeta(entries map[string]string) Meta {
	if len(entries) == 0 {
		return Meta{}
	}
	var few [8]string
	keys := slices.AppendSeq(few[:0], maps.Keys(entries))
	slices.Sort(keys)
	keys = keys[:min(len(keys), MaxMetaEntries+1)]
	var space [256]byte
	b := msgpack.AppendMap(space[:0], len(keys))
	for _, key := range keys {
		b = msgpack.AppendStr(b, cut(key, MaxMetaKey))
		b = msgpack.AppendStr(b, cut(entries[key], MaxMetaValue))
	}
	return Meta{encoded: string(b)}
}

// cut keeps most bytes of s and one more, which tells Check that s was longer.
func cut(s string, most int) string { return s[:min(len(s), most+1)] }

// With returns m with one entry added, or its value replaced.
func (m Meta) With(key, value string) Meta {
	entries := maps.Collect(m.All())
	entries[key] = value
	return NewMeta(entries)
}

// Len returns the number of entries.
func (m Meta) Len() int {
	if m.encoded == "" {
		return 0
	}
	n, _ := metaHead(m.encoded)
	return n
}

// Get returns the value of a key, "" without one. It does not allocate.
func (m Meta) Get(key string) string {
	for k, value := range m.All() {
		if k == key {
			return value
		}
	}
	return ""
}

// All iterates over the entries in the order of their keys' bytes. It does not allocate.
func (m Meta) All() iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		if m.encoded == "" {
			return
		}
		n, at := metaHead(m.encoded)
		for range n {
			var key, value string
			key, at = metaText(m.encoded, at)
			value, at = metaText(m.encoded, at)
			if !yield(key, value) {
				return
			}
		}
	}
}

// metaHead returns the number of entries and where they begin.
func metaHead(s string) (n, at int) {
	if s[0] != 0xde {
		return int(s[0] & 0x0f), 1
	}
	return int(s[1])<<8 | int(s[2]), 3
}

// metaText returns the text at an offset and the offset after it. A Meta has no text
// that needs a longer head.
func metaText(s string, at int) (text string, next int) {
	n := int(s[at] & 0x1f)
	switch s[at] {
	case 0xd9:
		n, at = int(s[at+1]), at+1
	case 0xda:
		n, at = int(s[at+1])<<8|int(s[at+2]), at+2
	}
	at++
	return s[at : at+n], at + n
}

// Check returns nil if an event can have this metadata: at most 32 entries, keys of 1
// to 128 bytes, values of at most 4096, all UTF-8. The error is a [*MetaError].
func (m Meta) Check() error {
	n := m.Len()
	for key, value := range m.All() {
		err := checkEntry(len(key), len(value), utf8.ValidString(key) && utf8.ValidString(value))
		if err == nil && n > MaxMetaEntries {
			err = ErrMetaEntries
		}
		if err != nil {
			return &MetaError{Key: key[:min(len(key), MaxMetaKey)], Err: err}
		}
	}
	return nil
}

// checkEntry checks an entry by the bytes of its key and its value, and whether both
// are UTF-8.
func checkEntry(key, value int, valid bool) error {
	switch {
	case key == 0 || key > MaxMetaKey:
		return ErrMetaKey
	case value > MaxMetaValue:
		return ErrMetaValue
	case !valid:
		return ErrMetaUTF8
	}
	return nil
}

// Size returns the number of bytes that [AppendMeta] appends.
func (m Meta) Size() int { return len(m.encoded) }

// AppendMeta appends the metadata as it is in a frame: a MessagePack map of strings,
// sorted by key. It appends nothing for an empty Meta.
func AppendMeta(dst []byte, m Meta) []byte { return append(dst, m.encoded...) }

// DecodeMeta is the inverse of [AppendMeta]. It copies b. An error is one of package
// msgpack's or of those of metadata.
func DecodeMeta(b []byte) (Meta, error) {
	if len(b) == 0 {
		return Meta{}, nil
	}
	r := msgpack.NewReader(b)
	m := ReadMeta(r, Meta{})
	if err := r.End(); err != nil {
		return Meta{}, err
	}
	return m, nil
}

// ReadMeta reads metadata that is not empty from r. If last has the same entries it
// returns last, without an allocation.
func ReadMeta(r *msgpack.Reader, last Meta) Meta {
	at := r.Offset()
	SkipMeta(r)
	raw := r.Since(at)
	if string(raw) == last.encoded {
		return last
	}
	return Meta{encoded: string(raw)}
}

// SkipMeta checks metadata as [ReadMeta] does and does not keep it.
func SkipMeta(r *msgpack.Reader) {
	n := r.Map()
	switch {
	case r.Err() != nil:
		return
	case n == 0:
		r.Fail(ErrMetaOrder)
	case n > MaxMetaEntries:
		r.Fail(ErrMetaEntries)
	}
	var before []byte
	for range n {
		key := r.Str()
		value := r.Str()
		if r.Err() != nil {
			return
		}
		if err := checkEntry(len(key), len(value), utf8.Valid(key) && utf8.Valid(value)); err != nil {
			r.Fail(err)
			return
		}
		if string(before) >= string(key) {
			r.Fail(ErrMetaOrder)
			return
		}
		before = key
	}
}

// String returns the entries as key="value", separated by spaces.
func (m Meta) String() string {
	var b []byte
	for key, value := range m.All() {
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(append(b, key...), '=')
		b = strconv.AppendQuote(b, value)
	}
	return string(b)
}
