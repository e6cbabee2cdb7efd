package report

import (
	"slices"
	"strconv"
	"time"
)

// Unit is the unit of a row's numbers. It also decides which of two is better.
type Unit int

const (
	Nanoseconds Unit = iota // a duration; less is better
	Bytes                   // less is better
	PerSecond               // events per second; more is better
	BytesPerSec             // more is better
	Count                   // neither is better
	Times                   // neither is better
	Mean                    // of counts; neither is better
)

// moreIsBetter reports whether the larger of two numbers is better.
func (u Unit) moreIsBetter() bool { return u == PerSecond || u == BytesPerSec }

// compares reports whether one of two numbers is better at all.
func (u Unit) compares() bool { return u < Count }

// Format formats a number of the unit with about three significant digits.
func (u Unit) Format(v float64) string {
	switch u {
	case Nanoseconds:
		return duration(v)
	case Bytes:
		return size(v)
	case PerSecond:
		return Grouped(int64(v)) + "/s"
	case BytesPerSec:
		return significant(v/1e9) + " GB/s"
	case Times:
		return significant(v) + " ×"
	case Mean:
		return significant(v)
	default:
		return Grouped(int64(v))
	}
}

func duration(ns float64) string {
	switch {
	case ns >= 999.5*float64(time.Millisecond):
		return significant(ns/1e9) + " s"
	case ns >= 999.5*float64(time.Microsecond):
		return significant(ns/1e6) + " ms"
	case ns >= 999.5:
		return significant(ns/1e3) + " µs"
	default:
		return strconv.FormatFloat(ns, 'f', 0, 64) + " ns"
	}
}

// size formats bytes in decimal units: a MB is 1,000,000 bytes.
func size(n float64) string {
	switch {
	case n >= 999.5e6:
		return significant(n/1e9) + " GB"
	case n >= 999.5e3:
		return significant(n/1e6) + " MB"
	case n >= 999.5:
		return significant(n/1e3) + " kB"
	default:
		return strconv.FormatFloat(n, 'f', 0, 64) + " B"
	}
}

// significant formats three significant digits, and all digits before the point if there
// are more.
func significant(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return Grouped(int64(v + 0.5))
	}
}

// Grouped formats 1234567 as 1,234,567.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Median returns the middle of some numbers; of an even number of them, the mean of the two
// in the middle; of none, 0.
func Median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
}
