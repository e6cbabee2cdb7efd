package lines

import (
	"errors"
	"strconv"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/store"
)

// Cause is an error's text without the event it is about, which is told apart; ""
// for nil.
func Cause(err error) string {
	var of *store.EventError
	if errors.As(err, &of) {
		err = of.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// AppendDamage appends a damage as an object without a newline: file, offset, length,
// reason, detail, events (event_id and seq, null when it has none), unnamed (touched
// events that are not in the list), first_seq and end_seq (exclusive) of what may be
// lost: both are null when nothing is in doubt, end_seq alone when nobody knows where
// it ends.
func AppendDamage(dst []byte, d *damage.Damage) []byte {
	dst = AppendText(append(dst, `{"file":`...), d.File)
	dst = AppendNumber(dst, `,"offset":`, d.Offset)
	dst = AppendNumber(dst, `,"length":`, d.Length)
	dst = AppendText(append(dst, `,"reason":`...), string(d.Reason))
	dst = AppendText(append(dst, `,"detail":`...), Cause(d.Err))
	dst = appendList(append(dst, `,"events":`...), d.Events, appendTouched)
	dst = AppendNumber(dst, `,"unnamed":`, d.Unnamed)
	return append(appendSpan(dst, `,"first_seq":`, `,"end_seq":`, d.FirstSequence, d.EndSequence), '}')
}

// AppendRefusal appends a refusal as an object without a newline: file, reason, offset
// (null when the trouble has no place), detail.
func AppendRefusal(dst []byte, r *damage.Refusal) []byte {
	dst = AppendText(append(dst, `{"file":`...), r.File)
	dst = AppendText(append(dst, `,"reason":`...), string(r.Reason))
	dst = append(dst, `,"offset":`...)
	if r.Offset >= 0 {
		dst = strconv.AppendInt(dst, r.Offset, 10)
	} else {
		dst = append(dst, null...)
	}
	return append(AppendText(append(dst, `,"detail":`...), Cause(r.Err)), '}')
}

const null = "null"

func appendTouched(dst []byte, t *damage.Touched) []byte {
	dst = AppendID(dst, `{"event_id":"`, &t.ID)
	if t.Numbered {
		return append(AppendNumber(dst, `,"seq":`, t.Sequence), '}')
	}
	return append(dst, `,"seq":null}`...)
}

// appendSpan appends two keys, of which both are null when there is nothing between
// them, and the second one when the end is not known.
func appendSpan(dst []byte, firstKey, endKey string, first, end uint64) []byte {
	if end <= first {
		return append(append(append(append(dst, firstKey...), null...), endKey...), null...)
	}
	dst = AppendNumber(dst, firstKey, first)
	if end == damage.UnknownEnd {
		return append(append(dst, endKey...), null...)
	}
	return AppendNumber(dst, endKey, end)
}

// appendList appends an array of what f appends for each item.
func appendList[T any](dst []byte, items []T, f func([]byte, *T) []byte) []byte {
	dst = append(dst, '[')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f(dst, &items[i])
	}
	return append(dst, ']')
}

// appendPointers is appendList for pointers.
func appendPointers[T any](dst []byte, items []*T, f func([]byte, *T) []byte) []byte {
	return appendList(dst, items, func(dst []byte, item **T) []byte { return f(dst, *item) })
}
