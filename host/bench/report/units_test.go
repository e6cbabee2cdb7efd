package report

import "testing"

func TestUnitsKeepThreeDigits(t *testing.T) {
	for _, c := range []struct {
		unit Unit
		v    float64
		want string
	}{
		{Nanoseconds, 0, "0 ns"},
		{Nanoseconds, 999, "999 ns"},
		{Nanoseconds, 1000, "1.00 µs"},
		{Nanoseconds, 45_678, "45.7 µs"},
		{Nanoseconds, 999_999, "1.00 ms"},
		{Nanoseconds, 5_123_456, "5.12 ms"},
		{Nanoseconds, 4_370_000_000, "4.37 s"},
		{Bytes, 12, "12 B"},
		{Bytes, 123_456, "123 kB"},
		{Bytes, 123_456_789, "123 MB"},
		{Bytes, 1_234_567_890, "1.23 GB"},
		{PerSecond, 1234567, "1,234,567/s"},
		{BytesPerSec, 12.34e9, "12.3 GB/s"},
		{Times, 1.04, "1.04 ×"},
		{Count, 28000, "28,000"},
		{Mean, 1.999, "2.00"},
	} {
		if got := c.unit.Format(c.v); got != c.want {
			t.Errorf("%v of unit %d is %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}} {
		if got := Median(c.values); got != c.want {
			t.Errorf("of %v it is %v", c.values, got)
		}
	}
}
