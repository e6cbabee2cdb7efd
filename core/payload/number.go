package payload

import (
	"math"
	"strconv"
	"strings"
)

// The bits of plain "NaN".
const (
	nan32 = 0x7fc00000
	nan64 = 0x7ff8000000000000
)

// appendFloatText appends a finite float in a form that differs from every
// integer's: the fewest digits that read back as the same float of that size,
// positional from 1e-4 up to 1e16 as Python prints it.
func appendFloatText(dst []byte, f float64, bitSize int) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, bitSize)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, bitSize)
	for _, c := range dst[from:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, '.', '0')
}

// parseFloat returns the float of the JSON number at this offset. A number that
// the float cannot keep is ErrInexact: see ParseJSON for the rule.
func parseFloat(text string, bitSize, offset int) (float64, error) {
	size := strconv.Itoa(bitSize)
	f, err := strconv.ParseFloat(text, bitSize)
	if err != nil {
		return 0, fail(ErrRange, offset, "too large for a float "+size+"; a string keeps its digits")
	}
	if !keeps(text, f, bitSize) {
		return 0, fail(ErrInexact, offset, "a float "+size+" makes it "+string(appendFloatText(nil, f, bitSize))+
			"; write that, or a string, which keeps its digits")
	}
	return f, nil
}

// mostDigits is above the number of significant digits in the exact decimal
// value of any float 64.
const mostDigits = 770

// keeps reports whether f, the float nearest to the number in text, is that
// number: f printed with the fewest digits that read back as f, or with as many
// digits as text has, equals it.
func keeps(text string, f float64, bitSize int) bool {
	digits, exp := decimal(text)
	if len(digits) == 0 || f == 0 {
		return len(digits) == 0 && f == 0
	}
	if len(digits) > mostDigits {
		return false
	}
	var room [mostDigits + 10]byte
	for _, precision := range [...]int{-1, len(digits) - 1} {
		printed, printedExp := decimal(string(strconv.AppendFloat(room[:0], f, 'e', precision, bitSize)))
		if printed == digits && printedExp == exp {
			return true
		}
	}
	return false
}

// decimal returns the significant digits of a number and the power of ten of
// the first one, without the sign. Zero has no digits. The power is undefined
// when the number is beyond the range of a float 64.
func decimal(text string) (digits string, exp int64) {
	text = strings.TrimPrefix(text, "-")
	if e := strings.IndexAny(text, "eE"); e >= 0 {
		exp, _ = strconv.ParseInt(text[e+1:], 10, 64)
		text = text[:e]
	}
	whole, fraction, _ := strings.Cut(text, ".")
	digits = strings.TrimLeft(whole+fraction, "0")
	exp += int64(len(whole) - 1 - (len(whole) + len(fraction) - len(digits)))
	return strings.TrimRight(digits, "0"), exp
}

// specialName returns the name of a float that JSON has no number for, or ""
// for a finite one.
func specialName(f float64, bits, canonicalNaN uint64, bitSize int) string {
	switch {
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	case !math.IsNaN(f):
		return ""
	case bits == canonicalNaN:
		return "NaN"
	}
	hex := strconv.FormatUint(bits, 16)
	return "NaN:" + strings.Repeat("0", bitSize/4-len(hex)) + hex
}

// specialBits32 returns the inverse of specialName for float 32.
func specialBits32(name string) (uint32, bool) {
	if bits, ok := nanBits(name, 32); ok {
		return uint32(bits), math.IsNaN(float64(math.Float32frombits(uint32(bits))))
	}
	switch name {
	case "NaN":
		return nan32, true
	case "Infinity":
		return math.Float32bits(float32(math.Inf(1))), true
	case "-Infinity":
		return math.Float32bits(float32(math.Inf(-1))), true
	}
	return 0, false
}

// specialBits64 returns the inverse of specialName for float 64.
func specialBits64(name string) (uint64, bool) {
	if bits, ok := nanBits(name, 64); ok {
		return bits, math.IsNaN(math.Float64frombits(bits))
	}
	switch name {
	case "NaN":
		return nan64, true
	case "Infinity":
		return math.Float64bits(math.Inf(1)), true
	case "-Infinity":
		return math.Float64bits(math.Inf(-1)), true
	}
	return 0, false
}

// nanBits reads the digits of "NaN:7ff8000000000001".
func nanBits(name string, bitSize int) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, "NaN:")
	if !ok || len(digits) != bitSize/4 || strings.ToLower(digits) != digits {
		return 0, false
	}
	bits, err := strconv.ParseUint(digits, 16, bitSize)
	return bits, err == nil
}
