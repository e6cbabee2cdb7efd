package payload

import (
	"math"
	"strconv"
	"strings"
)

// The bits that plain "NaN" stands for.
const (
	nan32 = 0x7fc00000
	nan64 = 0x7ff8000000000000
)

// appendFloatText appends a finite float so that it cannot be taken for an integer: the fewest digits that read
// back as the same float of that size, positional from 1e-4 up to 1e16 as Python prints it.
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

// specialName returns what a float that JSON has no number for is called, or "" for a finite one.
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

// specialBits32 is the inverse of specialName for float 32.
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

// specialBits64 is the inverse of specialName for float 64.
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
