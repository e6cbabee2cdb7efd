package abi

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// someRecord is someEvent as a record.
func someRecord() (e event.Event, r artifact.Raw) {
	e = someEvent().Event
	e.TimestampUS, e.Timed = 0, false
	return e, artifact.AppendRecord(nil, &event.Record{Facts: e.Facts, Entity: 7, Scope: 9})
}

// TestRecords: decoding returns the events in their order, with the names of their numbers,
// across answers and resets.
func TestRecords(t *testing.T) {
	e, r := someRecord()
	row := someEvent().Event
	b := AppendNewName(AppendNewName(nil, []byte(e.Entity)), []byte(e.Scope))
	b = AppendRecord(b, r, 1, 2)
	b = AppendRow(b, &row)
	b = AppendRecord(b, r, 2, 1)
	second := AppendRecord(nil, r, 1, 1)
	second = AppendRecord(AppendNewName(AppendReset(second), []byte("other")), r, 1, 1)

	swapped, twice, other := e, e, e
	swapped.Entity, swapped.Scope = e.Scope, e.Entity
	twice.Scope = e.Entity
	other.Coordinate = event.At("other", "other")
	var d Records
	var got []event.Event
	for _, b := range [][]byte{b, second} {
		for len(b) > 0 {
			var one event.Event
			var err error
			b, err = d.Next(b, &one)
			require.NoError(t, err)
			got = append(got, one)
		}
	}
	require.Equal(t, []event.Event{e, row, swapped, twice, other}, got)
}

// TestMalformedRecords: whatever is not as a guest writes it is refused.
func TestMalformedRecords(t *testing.T) {
	e, r := someRecord()
	name := AppendNewName(nil, []byte("a"))
	record := AppendRecord(nil, r, 1, 1)
	with := func(b []byte, change func(b []byte)) []byte {
		b = append([]byte{}, b...)
		change(b)
		return b
	}
	le := binary.LittleEndian
	long := AppendNewName(nil, make([]byte, event.MaxName+1))
	for what, b := range map[string][]byte{
		"nothing":               nil,
		"a name only":           name,
		"a number not sent":     record,
		"the number 0":          append(append([]byte{}, name...), AppendRecord(nil, r, 0, 1)...),
		"an entity not sent":    append(append([]byte{}, name...), AppendRecord(nil, r, 2, 1)...),
		"a scope not sent":      append(append([]byte{}, name...), AppendRecord(nil, r, 1, 2)...),
		"forgotten":             append(AppendReset(append([]byte{}, name...)), record...),
		"no name":               append(AppendNewName(nil, nil), record...),
		"a long name":           append(long, record...),
		"a long reset":          append(append(with(AppendReset(nil), func(b []byte) { le.PutUint32(b, 9) }), 0), record...),
		"a short record":        append(append([]byte{}, name...), with(record, func(b []byte) { le.PutUint32(b, 100) })...),
		"too long a length":     append(append([]byte{}, name...), with(record, func(b []byte) { le.PutUint32(b, 1000) })...),
		"too short a length":    append(append([]byte{}, name...), with(record, func(b []byte) { le.PutUint32(b, 7) })...),
		"an unknown sort":       append(append([]byte{}, name...), with(record, func(b []byte) { le.PutUint16(b[4:], 7) })...),
		"something beside sort": append(append([]byte{}, name...), with(record, func(b []byte) { b[6] = 1 })...),
	} {
		var d Records
		var got event.Event
		_, err := d.Next(b, &got)
		require.ErrorIs(t, err, ErrWire, what)
	}
	var d Records
	whole := append(append([]byte{}, name...), record...)
	for cut := range len(whole) {
		d = Records{}
		_, err := d.Next(whole[:cut], new(event.Event))
		require.ErrorIs(t, err, ErrWire)
	}
	d = Records{}
	var got event.Event
	_, err := d.Next(whole, &got)
	require.NoError(t, err)
	e.Coordinate = event.At("a", "a")
	require.Equal(t, e, got)
	d.names = make([]string, MaxNames)
	_, err = d.Next(whole, &got)
	require.ErrorIs(t, err, ErrWire, "a name too many")

	for _, op := range []uint32{OpCount, OpGet, OpCorrelated, OpGraph, OpOpen} {
		_, err := DecodeRequest(AppendRequest(nil, &Request{Op: op, Format: FormatRecords, ID: event.ID{1}}))
		require.ErrorIs(t, err, ErrRequest)
	}
	q, err := DecodeRequest(AppendRequest(nil, &Request{Op: OpQuery, Format: FormatRecords}))
	require.NoError(t, err)
	require.EqualValues(t, FormatRecords, q.Format)
}

// FuzzRecords: decoding returns an event or an error for any bytes, and always ends.
func FuzzRecords(f *testing.F) {
	_, r := someRecord()
	row := someEvent().Event
	b := AppendNewName(AppendReset(nil), []byte("a"))
	f.Add(AppendRow(AppendRecord(b, r, 1, 1), &row))
	f.Add(AppendRecord(nil, r, 1, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		var d Records
		for len(b) > 0 {
			rest, err := d.Next(b, new(event.Event))
			if err != nil {
				return
			}
			require.Less(t, len(rest), len(b))
			b = rest
		}
	})
}
