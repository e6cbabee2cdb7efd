package host

import (
	"bytes"
	"hash/crc32"
	"strconv"
	"strings"
	"time"
)

// A checkpoint file has four lines of text:
//
//	thaw checkpoint 1
//	position 01912345-6789-7abc-8def-0123456789ab@42
//	region entity-prefix="order:" kinds=0x1000-0x1FFF
//	crc32c 89ABCDEF
//
// The checksum is that of the bytes before its line. There is one spelling of everything,
// and a reader refuses any other.
const (
	checkpointHead = "thaw checkpoint 1\nposition "
	checkpointLine = "\nregion "
	checkpointSum  = "\ncrc32c "

	// maxCheckpoint bounds the bytes of a file: more than a region of names that entities can
	// have needs.
	maxCheckpoint = 64 << 10
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendCheckpoint appends the file's content. The error is a *LimitError.
func appendCheckpoint(dst []byte, region string, p Position) ([]byte, error) {
	at := len(dst)
	dst = append(append(dst, checkpointHead...), p.String()...)
	dst = append(append(dst, checkpointLine...), region...)
	sum := crc32.Checksum(dst[at:], castagnoli)
	dst = append(dst, checkpointSum...)
	for shift := 28; shift >= 0; shift -= 4 {
		dst = append(dst, "0123456789ABCDEF"[sum>>shift&15])
	}
	dst = append(dst, '\n')
	if n := len(dst) - at; n > maxCheckpoint {
		return dst[:at], &LimitError{What: "bytes of a checkpoint", Got: uint64(n), Max: maxCheckpoint}
	}
	return dst, nil
}

// decodeCheckpoint returns what appendCheckpoint was given; ok is false for any other text.
func decodeCheckpoint(text []byte) (region string, p Position, ok bool) {
	rest, ok := bytes.CutPrefix(text, []byte(checkpointHead))
	if !ok || len(text) > maxCheckpoint {
		return "", p, false
	}
	position, rest, ok := bytes.Cut(rest, []byte(checkpointLine))
	if !ok {
		return "", p, false
	}
	line, _, ok := bytes.Cut(rest, []byte("\n"))
	if !ok {
		return "", p, false
	}
	p, err := ParsePosition(string(position))
	if err != nil {
		return "", p, false
	}
	again, err := appendCheckpoint(nil, string(line), p)
	if err != nil || !bytes.Equal(again, text) {
		return "", Position{}, false
	}
	return string(line), p, true
}

// String returns the conditions that are set, and "all" for the zero Region. Each region has
// its own text, of printable ASCII on one line.
func (r Region) String() string {
	var conditions []string
	name := func(what, name string) {
		if name != "" {
			conditions = append(conditions, what+"="+strconv.QuoteToASCII(name))
		}
	}
	name("entity", r.Entity)
	name("entity-prefix", r.EntityPrefix)
	name("scope", r.Scope)
	if !r.Kinds.All() {
		var runs []string
		for first, last := range r.Kinds.Runs() {
			runs = append(runs, first.String()+"-"+last.String())
		}
		conditions = append(conditions, "kinds="+strings.Join(runs, ","))
	}
	if low, high, limited := r.Clocks.Bounds(); limited {
		conditions = append(conditions, "clocks="+strconv.FormatUint(uint64(low), 10)+"-"+strconv.FormatUint(uint64(high), 10))
	}
	for _, bound := range []struct {
		what string
		time time.Time
	}{{"since", r.Since}, {"until", r.Until}} {
		if !bound.time.IsZero() {
			conditions = append(conditions, bound.what+"="+bound.time.UTC().Format(time.RFC3339Nano))
		}
	}
	if len(conditions) == 0 {
		return "all"
	}
	return strings.Join(conditions, " ")
}
