package cli

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/commit"
	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/msgpack"
	wire "github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/host/payload"
)

// lineError is the error of a line of an import.
type lineError struct {
	line   int    // from 1
	column int    // in bytes, from 1; 0 for the whole line
	key    string // "" if the error is not about a key
	err    error
}

func (e *lineError) Error() string {
	s := "line " + strconv.Itoa(e.line)
	if e.column > 0 {
		s += ", column " + strconv.Itoa(e.column)
	}
	if e.key != "" {
		s += ", " + e.key
	}
	return s + ": " + bare(e.err)
}

func (e *lineError) Unwrap() error { return e.err }

// parsedLine is the state of parsing an import line, key by key.
type parsedLine struct {
	item  host.Item
	names naming // of the store's kinds
	seen  map[string]bool
	parse []byte // scratch
}

// parseLine parses one line. It copies the strings and the payload. The error is a
// *lineError without the line number.
func parseLine(text []byte, names naming) (host.Item, error) {
	l := parsedLine{names: names, seen: make(map[string]bool, 8)}
	if err := l.read(&objectScanner{text: text}); err != nil {
		return host.Item{}, err
	}
	for _, key := range []string{keyEntity, keyScope, keyKind} {
		if !l.seen[key] {
			return host.Item{}, &lineError{key: key, err: errors.New("the key is missing")}
		}
	}
	switch {
	case !l.seen[keyPayload] && !l.seen[keyPayloadRaw]:
		return host.Item{}, &lineError{key: keyPayload, err: errors.New("the key is missing")}
	case l.seen[keyPayload] && l.seen[keyPayloadRaw]:
		return host.Item{}, &lineError{key: keyPayloadRaw, err: errors.New("the line already has a payload")}
	}
	return l.item, nil
}

func (l *parsedLine) read(s *objectScanner) error {
	for {
		key, value, more, err := s.next()
		if err != nil || !more {
			return err
		}
		name, err := l.text(key)
		if err != nil {
			return err
		}
		switch err := l.set(name, value); {
		case l.seen[name]:
			return &lineError{column: key.at + 1, key: name, err: errors.New("the key occurs twice")}
		case err == errUnknownKey:
			return &lineError{column: key.at + 1, err: unknownKey(name)}
		case err != nil:
			var in *lineError
			if !errors.As(err, &in) {
				in = &lineError{column: value.at + 1, err: err}
			}
			in.key = name
			return in
		}
		l.seen[name] = true
	}
}

// errUnknownKey is the error of a key that export does not write.
var errUnknownKey = errors.New("unknown key")

// dumpKeys lists the keys that thaw dump and the other commands that print events write,
// but thaw export does not.
var dumpKeys = []string{
	"clock", "content_hash", "event_hash", "kind_name", "length", "offset", "payload_size", "prev_hash", "segment", "seq", "wall_ms",
}

func unknownKey(name string) error {
	s := "unknown key " + strconv.Quote(clip(name))
	if slices.Contains(dumpKeys, name) {
		s += "; dump prints it for reading, and thaw export prints what import takes"
	}
	return errors.New(s)
}

// set sets the field of the item for a key.
func (l *parsedLine) set(key string, v part) error {
	switch key {
	case keyEntity:
		return l.name(v, &l.item.At.Entity)
	case keyScope:
		return l.name(v, &l.item.At.Scope)
	case keyKind:
		return l.kind(v)
	case keyPayload:
		return l.payload(v)
	case keyPayloadRaw:
		return l.payloadRaw(v)
	case keyRedacted:
		return errors.New("the payload was redacted in the store that the event comes from, so there is nothing to import")
	case keyEventID:
		return l.id(v, host.WithKey)
	case keyCorrelation:
		return l.id(v, host.Correlated)
	case keyCausation:
		if v.isNull() { // as thaw dump prints it
			return nil
		}
		return l.id(v, host.CausedBy)
	case keyTimestamp:
		n, err := l.integer(v, commit.MaxWallMS*1000-1)
		l.option(host.WithTime(time.UnixMicro(int64(n))))
		if err == errNoInteger {
			err = fmt.Errorf("expected microseconds since 1970, a whole number from 0 to %d", int64(commit.MaxWallMS*1000-1))
		}
		return err
	case keyFlags:
		n, err := l.integer(v, math.MaxUint8)
		l.option(host.WithFlags(uint8(n)))
		return wholeNumber(err, math.MaxUint8)
	case keyMeta:
		return l.meta(v)
	}
	return errUnknownKey
}

func (l *parsedLine) option(o host.AppendOption) { l.item.Options = append(l.item.Options, o) }

// value returns a part as MessagePack, valid until the next call.
func (l *parsedLine) value(v part) ([]byte, error) {
	b, err := payload.ParseJSON(l.parse[:0], v.text)
	if err != nil {
		return nil, jsonError(v, err)
	}
	l.parse = b
	return b, nil
}

func (l *parsedLine) text(v part) (string, error) {
	b, err := l.value(v)
	if err != nil {
		return "", err
	}
	r := msgpack.NewReader(b)
	s := string(r.Str())
	if r.Err() != nil {
		return "", &lineError{column: v.at + 1, err: errors.New("expected a string")}
	}
	return s, nil
}

func (l *parsedLine) name(v part, to *string) (err error) {
	if *to, err = l.text(v); err != nil {
		return err
	}
	return event.CheckName([]byte(*to))
}

// meta parses an object of strings.
func (l *parsedLine) meta(v part) error {
	m, err := event.ParseMeta(v.text)
	if err != nil {
		return jsonError(v, err)
	}
	l.option(host.WithMeta(m))
	return m.Check()
}

// kind parses a string, as export writes it, or a number.
func (l *parsedLine) kind(v part) error {
	if !v.isString() {
		n, err := l.integer(v, math.MaxUint16)
		l.item.Kind = event.Kind(n)
		return wholeNumber(err, math.MaxUint16)
	}
	s, err := l.text(v)
	if err != nil {
		return err
	}
	if l.item.Kind, err = l.names.kind(s); err == nil && meantKind(s) {
		l.option(host.AllowReservedKind())
	}
	return err
}

// meantKind reports whether a kind is written as export does, or by its name. Then a
// reserved kind is intended; a small number may be a mistake.
func meantKind(s string) bool {
	_, err := strconv.ParseUint(s, 10, 16)
	return err != nil
}

func (l *parsedLine) id(v part, option func(event.ID) host.AppendOption) error {
	s, err := l.text(v)
	if err != nil {
		return err
	}
	id, err := event.ParseID(s)
	if err != nil {
		return err
	}
	if id.IsZero() {
		return errors.New("the zero id means none; omit the key")
	}
	l.option(option(id))
	return nil
}

// errNoInteger is the error of a value that is not a whole number within its range.
var errNoInteger = errors.New("not a whole number within the range")

// wholeNumber adds the expected range to errNoInteger.
func wholeNumber(err error, most int) error {
	if err == errNoInteger {
		return fmt.Errorf("expected a whole number from 0 to %d", most)
	}
	return err
}

// integer parses a whole number from 0 to most in any JSON notation, such as 1.0e15. The
// error is errNoInteger for any other JSON value.
func (l *parsedLine) integer(v part, most uint64) (uint64, error) {
	b, err := l.value(v)
	switch {
	case errors.Is(err, payload.ErrRange), errors.Is(err, payload.ErrInexact):
		return 0, errNoInteger
	case err != nil:
		return 0, err
	}
	x, err := wire.ValueAt(b, 0)
	if err != nil {
		return 0, err
	}
	n := x.Bits
	if f := math.Float64frombits(x.Bits); x.Kind == wire.KindFloat64 && f >= 0 && f <= 1<<53 && f == math.Trunc(f) {
		n = uint64(f) // exact: up to 2^53 a whole float is the number in the text
	} else if x.Kind != wire.KindUint {
		return 0, errNoInteger
	}
	if n > most {
		return 0, errNoInteger
	}
	return n, nil
}

func (l *parsedLine) payload(v part) error {
	b, err := payload.ParseJSON(nil, v.text)
	if err != nil {
		return jsonError(v, err)
	}
	l.item.Payload = host.Raw(b)
	return nil
}

func (l *parsedLine) payloadRaw(v part) error {
	s, err := l.text(v)
	if err != nil {
		return err
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // the decoder ignores these
		return errors.New("not base64")
	}
	if err := payload.Check(b); err != nil {
		return fmt.Errorf("not one MessagePack value: %s", bare(err))
	}
	l.item.Payload = host.Raw(b)
	return nil
}

// jsonError converts an offset within a value to a column of its line.
func jsonError(v part, err error) error {
	var in *payload.Error
	if !errors.As(err, &in) {
		return err
	}
	cause := in.Err
	if in.Detail != "" {
		cause = fmt.Errorf("%w: %s", in.Err, in.Detail)
	}
	return &lineError{column: v.at + in.Offset + 1, err: cause}
}

// clip shortens input text for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
