package scratchstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/msgpack"
	"github.com/thawlog/thaw/core/payload"
	"github.com/thawlog/thaw/host"
)

// InputError reports what is wrong with the JSON of an append.
type InputError struct {
	// Item is the number of the event in a batch, from 0; -1 for the whole.
	Item int
	// Key is the key of the event, "" for none.
	Key string
	Err error
}

// Error names the event, the key and the reason.
func (e *InputError) Error() string {
	text := "scratch: "
	if e.Item >= 0 {
		text += fmt.Sprintf("item %d: ", e.Item)
	}
	if e.Key != "" {
		text += e.Key + ": "
	}
	return text + e.Err.Error()
}

// Unwrap returns Err.
func (e *InputError) Unwrap() error { return e.Err }

var (
	errShape   = errors.New("an event is an object, and a batch an array of objects")
	errEmpty   = errors.New("a batch has at least one event")
	errMissing = errors.New("it is missing")
	errKey     = errors.New("an event has no such key")
	errText    = errors.New("a text is needed")
	errMeta    = errors.New("an object of texts is needed")
	errKind    = errors.New("a number such as 0x1001, or a name in names.thaw, is needed")
	errExpect  = errors.New(`"any", "none", or a clock is needed`)
	errID      = errors.New("an id is needed: 32 hexadecimal digits, with or without dashes")
	errCause   = errors.New("an id is needed, or the number of an earlier event of the batch")
	errFlags   = errors.New("a sum of 1, 2 and 8 is needed")
)

// Append appends the event or the batch in a JSON text. It returns the event as JSON, or an
// array of the events. An error is of the text, an [*InputError], or of package host.
func (s *Store) Append(ctx context.Context, text []byte) ([]byte, error) {
	items, batch, err := s.items(text)
	if err != nil {
		return nil, err
	}
	receipts, err := s.store.AppendBatch(ctx, items)
	if err != nil {
		var item *host.ItemError
		if !batch && errors.As(err, &item) {
			err = item.Err
		}
		return nil, err
	}
	var out []byte
	for i, r := range receipts {
		e, err := s.store.Get(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		line := lines.AppendEvent(nil, lines.Full, &e)
		out = append(out, line[:len(line)-1]...) // without the newline
	}
	if batch {
		out = append(append([]byte{'['}, out...), ']')
	}
	return out, nil
}

// items reads the events of a text.
func (s *Store) items(text []byte) (items []host.Item, batch bool, err error) {
	b, err := payload.ParseJSON(nil, text)
	if err != nil {
		return nil, false, &InputError{Item: -1, Err: err}
	}
	p := parser{}
	if p.names, err = host.ReadKindNames(s.fs, dir); err != nil {
		return nil, false, err
	}
	p.r.Reset(b)
	n, batch := 1, false
	if isArray(b) {
		n, batch = p.r.Array(), true
	}
	if n == 0 {
		return nil, false, &InputError{Item: -1, Err: errEmpty}
	}
	for i := range n {
		p.at = i
		item, err := p.item()
		if err != nil {
			if in := (*InputError)(nil); errors.As(err, &in) && !batch {
				in.Item = -1
			}
			return nil, false, err
		}
		items = append(items, item)
	}
	return items, batch, nil
}

// The first bytes of values in canonical MessagePack.
func isArray(b []byte) bool { return len(b) > 0 && (b[0]>>4 == 0x9 || b[0] == 0xdc || b[0] == 0xdd) }
func isMap(b []byte) bool   { return len(b) > 0 && (b[0]>>4 == 0x8 || b[0] == 0xde || b[0] == 0xdf) }

// parser reads events from MessagePack that ParseJSON made, so it is well formed.
type parser struct {
	r     msgpack.Reader
	names map[event.Kind]string
	at    int // number of the event
}

func (p *parser) item() (host.Item, error) {
	raw := p.r.Skip()
	if !isMap(raw) {
		return host.Item{}, &InputError{Item: p.at, Err: errShape}
	}
	item := host.Item{Payload: host.Raw(msgpack.AppendNil(nil))}
	var r msgpack.Reader
	r.Reset(raw)
	missing := map[string]bool{"entity": true, "scope": true, "kind": true}
	for range r.Map() {
		key := string(r.Str())
		if r.Err() != nil { // the key of a $map need not be a text
			return host.Item{}, &InputError{Item: p.at, Err: errShape}
		}
		delete(missing, key)
		if err := p.field(&item, key, r.Skip()); err != nil {
			return host.Item{}, &InputError{Item: p.at, Key: key, Err: err}
		}
	}
	for _, key := range []string{"entity", "scope", "kind"} {
		if missing[key] {
			return host.Item{}, &InputError{Item: p.at, Key: key, Err: errMissing}
		}
	}
	return item, nil
}

// field reads one field of an event.
func (p *parser) field(item *host.Item, key string, value []byte) (err error) {
	add := func(o host.AppendOption) { item.Options = append(item.Options, o) }
	switch key {
	case "entity":
		item.At.Entity, err = textOf(value)
	case "scope":
		item.At.Scope, err = textOf(value)
	case "kind":
		item.Kind, err = p.kind(value)
	case "payload":
		item.Payload = host.Raw(value)
	case "cause":
		if n, ok := numberOf(value); ok {
			if n >= uint64(p.at) {
				return errCause
			}
			add(host.CausedByItem(int(n)))
			return nil
		}
		id, err := idOf(value)
		if err != nil {
			return errCause
		}
		add(host.CausedBy(id))
	case "correlation", "key":
		id, err := idOf(value)
		if err != nil {
			return err
		}
		if key == "key" {
			add(host.WithKey(id))
		} else {
			add(host.Correlated(id))
		}
	case "expect":
		expected, err := expectedOf(value)
		if err != nil {
			return err
		}
		add(host.Expect(expected))
	case "meta":
		meta, err := metaOf(value)
		if err != nil {
			return err
		}
		add(host.WithMeta(meta))
	case "flags":
		n, ok := numberOf(value)
		if !ok || n > 0xFF {
			return errFlags
		}
		add(host.WithFlags(uint8(n)))
	default:
		return errKey
	}
	return err
}

func textOf(value []byte) (string, error) {
	text, ok := payload.Text(value)
	if !ok {
		return "", errText
	}
	return string(text), nil
}

func numberOf(value []byte) (uint64, bool) {
	var r msgpack.Reader
	r.Reset(value)
	n := r.Uint(1<<64 - 1)
	return n, r.End() == nil
}

func idOf(value []byte) (event.ID, error) {
	text, err := textOf(value)
	if err != nil {
		return event.ID{}, errID
	}
	id, err := event.ParseID(text)
	if err != nil {
		return event.ID{}, errID
	}
	return id, nil
}

// kind returns the kind of a number or a name.
func (p *parser) kind(value []byte) (event.Kind, error) {
	if n, ok := numberOf(value); ok {
		if n > 0xFFFF {
			return 0, errKind
		}
		return event.Kind(n), nil
	}
	text, err := textOf(value)
	if err != nil {
		return 0, errKind
	}
	if k, err := event.ParseKind(text); err == nil {
		return k, nil
	}
	found := 0
	var kind event.Kind
	for k, name := range p.names {
		if name == text {
			found++
			kind = k
		}
	}
	switch {
	case found == 0:
		return 0, errKind
	case found > 1:
		return 0, fmt.Errorf("%s is the name of several kinds; give the number of one", text)
	}
	return kind, nil
}

func expectedOf(value []byte) (host.Expected, error) {
	if n, ok := numberOf(value); ok && n <= 0xFFFFFFFF {
		return host.AtClock(uint32(n)), nil
	}
	switch text, _ := payload.Text(value); string(text) {
	case "any":
		return host.AnyState, nil
	case "none":
		return host.NoEvents, nil
	}
	return host.AnyState, errExpect
}

func metaOf(value []byte) (event.Meta, error) {
	if !isMap(value) {
		return event.Meta{}, errMeta
	}
	var r msgpack.Reader
	r.Reset(value)
	entries := map[string]string{}
	for range r.Map() {
		key, value := r.Skip(), r.Skip()
		k, ok := payload.Text(key)
		v, fits := payload.Text(value)
		if _, twice := entries[string(k)]; !ok || !fits || twice { // a $map may have a key twice
			return event.Meta{}, errMeta
		}
		entries[string(k)] = string(v)
	}
	return event.NewMeta(entries), nil
}
