// Package figures is how the benchmarks print numbers and what they take from several runs.
package figures

import (
	"os"
	"strconv"
	"strings"
	"time"
)

// LoadAverage is the 1-minute load average: a busy machine explains odd figures.
func LoadAverage() float64 {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), " ")
	load, err := strconv.ParseFloat(first, 64)
	if err != nil {
		return 0
	}
	return load
}

// Ratio is base over n, 0 where n is 0 and nothing can be said.
func Ratio(base, n int64) float64 {
	if n == 0 {
		return 0
	}
	return float64(base) / float64(n)
}

// Middle is the median of sorted values; of an even number, the mean of the two in the middle. There must be one.
func Middle[N int64 | uint64 | float64](sorted []N) N {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Duration prints three significant digits.
func Duration(ns int64) string {
	d := time.Duration(ns)
	switch {
	case d >= time.Second:
		return Significant(d.Seconds()) + " s"
	case d >= time.Millisecond:
		return Significant(float64(d)/1e6) + " ms"
	case d >= time.Microsecond:
		return Significant(float64(d)/1e3) + " µs"
	default:
		return strconv.FormatInt(ns, 10) + " ns"
	}
}

// Significant prints three significant digits, all of them before the point when there are more.
func Significant(v float64) string {
	switch {
	case v < 9.995:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 99.95:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
}

// Size prints megabytes of 1,000,000 bytes; 0 is a dash.
func Size(n int64) string {
	if n == 0 {
		return "-"
	}
	return Significant(float64(n)/1e6) + " MB"
}

// Times prints a ratio; 0 is a dash.
func Times(ratio float64) string {
	switch {
	case ratio == 0:
		return "-"
	case ratio < 99.95:
		return Significant(ratio) + "x"
	default:
		return Grouped(int64(ratio+0.5)) + "x"
	}
}

// Grouped writes 1234567 as 1,234,567.
func Grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
