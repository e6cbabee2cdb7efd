package event

import (
	"errors"

	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
)

// ErrMetaJSON: the JSON of metadata is an object of strings in which no key occurs twice.
var ErrMetaJSON = errors.New("event: metadata is an object of strings with unique keys")

// AppendMetaJSON appends the metadata as a JSON object of strings, sorted by key, in the
// spelling of package payload.
func AppendMetaJSON(dst []byte, m Meta) []byte {
	if m.Len() == 0 {
		return append(dst, "{}"...)
	}
	dst, _ = payload.AppendJSON(dst, []byte(m.encoded)) // a map of strings is a payload
	return dst
}

// ParseMeta parses what [AppendMetaJSON] appends, or any JSON object of strings. It does
// not check limits: see [Meta.Check]. The error is [ErrMetaJSON], or a [*payload.Error]
// for text that is not JSON.
func ParseMeta(text []byte) (Meta, error) {
	b, err := payload.ParseJSON(nil, text)
	if err != nil {
		return Meta{}, err
	}
	r := msgpack.NewReader(b)
	n := r.Map()
	entries := make(map[string]string)
	for range n {
		key, value := r.Str(), r.Str()
		entries[string(key)] = string(value)
	}
	if r.End() != nil || len(entries) != n {
		return Meta{}, ErrMetaJSON
	}
	return NewMeta(entries), nil
}

// MarshalJSON returns what [AppendMetaJSON] appends.
func (m Meta) MarshalJSON() ([]byte, error) { return AppendMetaJSON(nil, m), nil }

// UnmarshalJSON is [ParseMeta]; null leaves m unchanged.
func (m *Meta) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		return nil
	}
	parsed, err := ParseMeta(text)
	if err != nil {
		return err
	}
	*m = parsed
	return nil
}
