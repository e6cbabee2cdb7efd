package abi

import (
	"encoding/binary"

	"github.com/thawlog/thaw/core/artifact"
	"github.com/thawlog/thaw/core/event"
)

// An answer in FormatRecords is a sequence of rows, records, names and resets. Each begins as a
// row does, with its length as u32 and its sort as u16, and u16 0.
//
// A record is recordHead bytes and the event's record as an index file has it, but for the
// numbers of its names: they count the names of this question, from 1 and from the last
// reset. Records and rows are events; names and resets come before the first event that needs them.
const (
	sortName   = 4 // recordHead bytes, and a name
	sortRecord = 5
	sortReset  = 6 // recordHead bytes

	recordHead = 8
)

// MaxNames is the highest number of names between two resets.
const MaxNames = 1 << 16

func appendHead(dst []byte, n int, sort uint16) []byte {
	return binary.LittleEndian.AppendUint64(dst, uint64(uint32(n))|uint64(sort)<<32)
}

// AppendNewName appends the next name of a question.
func AppendNewName(dst, name []byte) []byte {
	return append(appendHead(dst, recordHead+len(name), sortName), name...)
}

// AppendReset forgets the names of a question.
func AppendReset(dst []byte) []byte { return appendHead(dst, recordHead, sortReset) }

// AppendRecord appends an event's record with the numbers of names that the question has
// sent.
func AppendRecord(dst []byte, r artifact.Raw, entity, scope uint32) []byte {
	dst = appendHead(dst, recordHead+artifact.RecordSize, sortRecord)
	at := len(dst)
	dst = append(dst, r...)
	artifact.Raw(dst[at:]).SetNames(entity, scope)
	return dst
}

// Records decodes the answers of one question in FormatRecords. The zero value is ready for
// the first.
type Records struct{ names []string }

// Next decodes the next event, at the beginning of b and after the names before it, and
// returns the bytes after it. The error is [ErrWire].
func (d *Records) Next(b []byte, e *event.Event) (rest []byte, err error) {
	le := binary.LittleEndian
	for {
		if len(b) < recordHead {
			return nil, ErrWire
		}
		length := le.Uint32(b)
		if length < recordHead || uint64(length) > uint64(len(b)) {
			return nil, ErrWire
		}
		body := b[recordHead:length]
		switch sort := le.Uint32(b[4:]); sort {
		case sortName:
			if len(body) == 0 || len(body) > event.MaxName || len(d.names) >= MaxNames {
				return nil, ErrWire
			}
			d.names = append(d.names, string(body))
		case sortReset:
			if len(body) > 0 {
				return nil, ErrWire
			}
			d.names = d.names[:0]
		case sortRecord:
			if len(body) != artifact.RecordSize {
				return nil, ErrWire
			}
			r := artifact.Raw(body)
			entity, scope := r.Entity()-1, r.Scope()-1 // 0 becomes the highest number
			if uint64(entity) >= uint64(len(d.names)) || uint64(scope) >= uint64(len(d.names)) {
				return nil, ErrWire
			}
			e.Entity, e.Scope = d.names[entity], d.names[scope]
			e.TimestampUS, e.Timed = 0, false
			r.DecodeFacts(&e.Facts)
			return b[length:], nil
		default:
			row, _, rest, err := DecodeRow(b)
			*e = row.Event
			return rest, err
		}
		b = b[length:]
	}
}
