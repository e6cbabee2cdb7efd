package payload

import (
	"encoding/base64"
	"math"
	"strconv"
	"unicode/utf8"
)

// The keys that make an object of one pair a spelling. The package comment has the table.
const (
	keyBin   = "$bin"
	keyExt   = "$ext"
	keyF32   = "$f32"
	keyFloat = "$float"
	keyMap   = "$map"
	keyStr   = "$str"

	// KeyRaw is the key under which a printed event has payload bytes that are
	// not MessagePack. AppendJSON never writes it and ParseJSON refuses it.
	KeyRaw = "$raw"
)

// isSpelling reports whether a map whose only key is k would be read as a
// spelling.
func isSpelling(k []byte) bool {
	switch string(k) {
	case keyBin, keyExt, keyF32, keyFloat, keyMap, keyStr, KeyRaw:
		return true
	}
	return false
}

// AppendJSON checks b and appends its value to dst as JSON: one line, no
// spaces, no newline at the end, map keys in stored order. The package comment
// describes the form of each type. The text is at most about eight times as
// long as b. On error, which is that of Check, it returns dst unchanged.
func AppendJSON(dst, b []byte) ([]byte, error) {
	if err := Check(b); err != nil {
		return dst, err
	}
	forms := mapForms{b: b}
	forms.scan(0)
	w := jsonWriter{b: b, plain: forms.plain}
	return w.value(dst), nil
}

// jsonWriter writes a checked value. Recursion is bounded by MaxDepth.
type jsonWriter struct {
	b     []byte
	at    int
	plain []bool // of the maps still to write
}

func (w *jsonWriter) value(dst []byte) []byte {
	at := w.at
	h, _ := headAt(w.b, at)
	w.at += h.span()
	body := w.b[at+h.size : w.at]
	switch h.kind {
	case KindNil:
		return append(dst, "null"...)
	case KindFalse:
		return append(dst, "false"...)
	case KindTrue:
		return append(dst, "true"...)
	case KindInt:
		return strconv.AppendInt(dst, h.bodyInt(w.b, at), 10)
	case KindUint:
		return strconv.AppendUint(dst, h.bodyUint(w.b, at), 10)
	case KindFloat32:
		return appendFloat32JSON(dst, uint32(h.bodyUint(w.b, at)))
	case KindFloat64:
		return appendFloat64JSON(dst, h.bodyUint(w.b, at))
	case KindStr:
		if utf8.Valid(body) {
			return AppendString(dst, body)
		}
		return append(appendBase64(open(dst, keyStr), body), '}')
	case KindBin:
		return append(appendBase64(open(dst, keyBin), body), '}')
	case KindExt:
		dst = strconv.AppendInt(append(open(dst, keyExt), '['), int64(h.extType(w.b, at)), 10)
		return append(appendBase64(append(dst, ','), body), ']', '}')
	case KindArray:
		return w.array(dst, h.n)
	}
	plain := w.plain[0]
	w.plain = w.plain[1:]
	if plain {
		return w.object(dst, h.n)
	}
	return w.pairs(dst, h.n)
}

func (w *jsonWriter) array(dst []byte, n int) []byte {
	dst = append(dst, '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = w.value(dst)
	}
	return append(dst, ']')
}

func (w *jsonWriter) object(dst []byte, n int) []byte {
	dst = append(dst, '{')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(w.value(dst), ':')
		dst = w.value(dst)
	}
	return append(dst, '}')
}

func (w *jsonWriter) pairs(dst []byte, n int) []byte {
	dst = append(open(dst, keyMap), '[')
	for i := range n {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(w.value(append(dst, '[')), ',')
		dst = append(w.value(dst), ']')
	}
	return append(dst, ']', '}')
}

func appendFloat32JSON(dst []byte, bits uint32) []byte {
	f := float64(math.Float32frombits(bits))
	dst = open(dst, keyF32)
	if name := specialName(f, uint64(bits), nan32, 32); name != "" {
		dst = append(append(append(dst, '"'), name...), '"')
	} else {
		dst = appendFloatText(dst, f, 32)
	}
	return append(dst, '}')
}

func appendFloat64JSON(dst []byte, bits uint64) []byte {
	f := math.Float64frombits(bits)
	if name := specialName(f, bits, nan64, 64); name != "" {
		return append(append(append(open(dst, keyFloat), '"'), name...), '"', '}')
	}
	return appendFloatText(dst, f, 64)
}

// open begins a spelling: {"$bin":
func open(dst []byte, key string) []byte {
	return append(append(append(dst, '{', '"'), key...), '"', ':')
}

func appendBase64(dst, body []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), body), '"')
}
