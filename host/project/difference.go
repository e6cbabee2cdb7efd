package project

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two JSON values.
type Change struct {
	// Path says where, as a JSON pointer (RFC 6901): "/lines/0/cents", "" for the whole value.
	Path string
	// Before and After are the values, nil where there is none.
	Before, After json.RawMessage
}

// String returns the path and both values.
func (c Change) String() string {
	text := func(v json.RawMessage) string {
		if v == nil {
			return "nothing"
		}
		return string(v)
	}
	return c.Path + ": " + text(c.Before) + " -> " + text(c.After)
}

// differences compares objects and arrays element by element.
func differences(before, after json.RawMessage) ([]Change, error) {
	if bytes.Equal(before, after) {
		return nil, nil
	}
	b, err := decodeJSON(before)
	if err != nil {
		return nil, err
	}
	a, err := decodeJSON(after)
	if err != nil {
		return nil, err
	}
	var d differ
	d.compare("", b, a)
	return d.changes, d.err
}

func decodeJSON(text json.RawMessage) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber() // keeps every digit
	err = d.Decode(&v)
	return v, err
}

type differ struct {
	changes []Change
	err     error
}

var pointer = strings.NewReplacer("~", "~0", "/", "~1")

func (d *differ) compare(path string, before, after any) {
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok {
			break
		}
		keys := slices.Collect(maps.Keys(b))
		for k := range a {
			if _, both := b[k]; !both {
				keys = append(keys, k)
			}
		}
		slices.Sort(keys)
		for _, k := range keys {
			was, had := b[k]
			is, has := a[k]
			d.element(path+"/"+pointer.Replace(k), was, is, had, has)
		}
		return
	case []any:
		a, ok := after.([]any)
		if !ok {
			break
		}
		for i := range max(len(a), len(b)) {
			var was, is any
			if i < len(b) {
				was = b[i]
			}
			if i < len(a) {
				is = a[i]
			}
			d.element(path+"/"+strconv.Itoa(i), was, is, i < len(b), i < len(a))
		}
		return
	default:
		switch after.(type) {
		case map[string]any, []any:
		default:
			if before == after { // both are comparable
				return
			}
		}
	}
	d.add(path, before, after, true, true)
}

func (d *differ) element(path string, before, after any, had, has bool) {
	if had && has {
		d.compare(path, before, after)
		return
	}
	d.add(path, before, after, had, has)
}

func (d *differ) add(path string, before, after any, had, has bool) {
	c := Change{Path: path}
	if had {
		c.Before = d.encode(before)
	}
	if has {
		c.After = d.encode(after)
	}
	d.changes = append(d.changes, c)
}

func (d *differ) encode(v any) json.RawMessage {
	text, err := json.Marshal(v)
	if err != nil {
		d.err = err
	}
	return text
}
