package cli

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// times are the own times of events from since up to until, which is not among them.
// The zero times are all.
type times struct{ since, until moment }

// given reports whether there is a bound.
func (t *times) given() bool { return t.since.given || t.until.given }

// has reports whether an event's own time, in µs, is among them.
func (t *times) has(us int64) bool {
	return (!t.since.given || us >= t.since.us) && (!t.until.given || us < t.until.us)
}

// skips reports whether an event with this wall_ms is too early, whatever its own
// time is, so that its frame need not be read. wall_ms is the event's own time in ms,
// rounded down, or its entity's last wall_ms where that is later: so it is never below
// the own time, in batpak's stores and in thaw's. It can be far above it, so that it
// says nothing about the upper bound.
func (t *times) skips(wallMS uint64) bool {
	return t.since.given && t.since.us > 0 && wallMS < uint64(t.since.us)/1000
}

func (t *times) check() error {
	if t.since.given && t.until.given && t.since.us >= t.until.us {
		return errors.New("--until is not later than --since, so no event can be between them")
	}
	return nil
}

// moment is the value of --since and --until, in µs since 1970.
type moment struct {
	us    int64
	given bool
	text  string
}

func (m *moment) Type() string   { return "TIME" }
func (m *moment) String() string { return m.text }

// timeUnits are what a number can be in, in µs.
var timeUnits = []struct {
	suffix string
	us     int64
}{{"us", 1}, {"ms", 1000}, {"s", 1_000_000}}

var errMoment = errors.New("a time is 2026-05-01, 2026-05-01T12:00:00Z, 2026-05-01T14:00:00.5+02:00, " +
	"or a number since 1970 with its unit: 1777636800s, 1777636800000ms, 1777636800000000us")

func (m *moment) Set(s string) error {
	us, err := parseMoment(s)
	if err != nil {
		return err
	}
	m.us, m.given, m.text = us, true, s
	return nil
}

// parseMoment reads a day (its begin in UTC), a time of RFC 3339, or a number of s, ms
// or µs since 1970. A number without a unit is refused, since a guess that is wrong
// would be an answer that is wrong. What is finer than 1 µs is rounded up, which
// changes neither which times are before it nor which are not.
func parseMoment(s string) (int64, error) {
	for _, u := range timeUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > math.MaxInt64/u.us || n < math.MinInt64/u.us {
			return 0, errMoment
		}
		return n * u.us, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Add(time.Microsecond - 1).UnixMicro(), nil
		}
	}
	return 0, errMoment
}
