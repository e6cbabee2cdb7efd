package payload

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/payload"
)

// timestampExt is MessagePack's ext type for an instant.
const timestampExt = -1

// time sets v to the instant x, in UTC: a timestamp has no zone, and the reading machine's zone would make one value
// into two.
func (d *decoder) time(v reflect.Value, x payload.Value) error {
	var t time.Time
	var err error
	switch {
	case x.Kind == payload.KindExt && x.Type == timestampExt:
		t, err = timestamp(x.Body)
	case x.Kind == payload.KindStr:
		t, err = rfc3339(string(x.Body))
	default:
		err = mismatch(x, v.Type())
	}
	if err != nil {
		return err
	}
	d.at = x.End
	v.Set(reflect.ValueOf(t.UTC()))
	return nil
}

// timestamp decodes the body of a timestamp: 4 bytes of seconds, 8 of nanoseconds (30 bits) and seconds (34), or 12
// of nanoseconds (4 bytes) and seconds, big-endian, since 1970.
func timestamp(b []byte) (time.Time, error) {
	var seconds, nanos uint64
	switch len(b) {
	case 4:
		seconds = uint64(binary.BigEndian.Uint32(b))
	case 8:
		n := binary.BigEndian.Uint64(b)
		seconds, nanos = n&(1<<34-1), n>>34
	case 12:
		seconds, nanos = binary.BigEndian.Uint64(b[4:]), uint64(binary.BigEndian.Uint32(b))
	default:
		return time.Time{}, fmt.Errorf("a timestamp has 4, 8 or 12 bytes, not %d", len(b))
	}
	t := time.Unix(int64(seconds), int64(nanos)).UTC()
	if seconds>>34 == 0 && nanos < 1e9 { // within the years 1970 to 2514
		return t, nil
	}
	negative := int64(seconds) < 0
	if t.Unix() != int64(seconds) || // a second or more of nanoseconds
		t.Before(time.Unix(0, 0)) != negative || t.Year() < 1970 != negative { // too far: time.Time and its year wrap around
		return time.Time{}, fmt.Errorf("%w: %d s and %d ns do not fit time.Time", ErrRange, int64(seconds), nanos)
	}
	return t, nil
}

// rfc3339 parses a time in the format of JSON.
func rfc3339(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, err
	}
	fraction := s[strings.IndexAny(s, ".,")+1:] // time.Parse accepts both
	digits := len(fraction) - len(strings.TrimLeft(fraction, "0123456789"))
	if digits > 9 && strings.Trim(fraction[9:digits], "0") != "" { // which time.Parse drops
		return time.Time{}, fmt.Errorf("%w: %s does not fit time.Time", ErrInexact, clip(s))
	}
	return t, nil
}
