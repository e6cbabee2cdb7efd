package cli

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// times is the range of own times of events from since up to until (exclusive). The zero
// times contains every time.
type times struct{ since, until moment }

// given reports whether there is a bound.
func (t *times) given() bool { return t.since.given || t.until.given }

// has reports whether t contains an event's own time, in µs.
func (t *times) has(us int64) bool {
	return (!t.since.given || us >= t.since.us) && (!t.until.given || us < t.until.us)
}

// skips reports whether an event with this wall_ms is certainly too early, so that its frame
// need not be read. wall_ms is the event's own time in ms, rounded down, or its entity's last
// wall_ms if that is later. So it is never below the own time, in batpak's stores and in
// thaw's. It can be far above it, so it does not decide the upper bound.
func (t *times) skips(wallMS uint64) bool {
	return t.since.given && t.since.us > 0 && wallMS < uint64(t.since.us)/1000
}

func (t *times) check() error {
	if t.since.given && t.until.given && t.since.us >= t.until.us {
		return errors.New("--until is not later than --since, so no event can match")
	}
	return nil
}

// relative reports whether a bound depends on when the command started.
func (t *times) relative() bool { return t.since.relative || t.until.relative }

// moment is the value of --since and --until, in µs since 1970.
type moment struct {
	us       int64
	given    bool
	relative bool // to the start of the command
	text     string
}

func (m *moment) Type() string   { return "TIME" }
func (m *moment) String() string { return m.text }

func (m *moment) Set(s string) error {
	us, relative, err := parseMoment(s, time.Now())
	if err != nil {
		return err
	}
	*m = moment{us: us, given: true, relative: relative, text: s}
	return nil
}

// timeUnits lists the units of a number, in µs.
var timeUnits = []struct {
	suffix string
	us     int64
}{{"us", 1}, {"ms", 1000}, {"s", 1_000_000}}

// leastSince1970 is the least number of µs, from 1970, that is a time and not a duration.
const leastSince1970 = 365 * 24 * 3600 * 1_000_000

var errMoment = errors.New("a time is 2026-05-01, 2026-05-01T12:00:00Z, 2026-05-01T14:00:00.5+02:00, " +
	"a number since 1970 with its unit: 1777636800s, 1777636800000ms, 1777636800000000us, " +
	"now, or a duration before now: 90s, 1h30m, 7d")

// parseMoment parses a day (its start in UTC), a time of RFC 3339, a number of s, ms or µs
// since 1970, now, or a duration before now; relative reports one of the last two. It refuses
// a number without a unit, since a wrong guess would give a wrong result. A single number of
// s, ms or µs is a duration if it is shorter than a year: as a time it would be in 1970. It
// rounds fractions of a µs up, which does not change which times are before it.
func parseMoment(s string, now time.Time) (us int64, relative bool, err error) {
	if s == "now" {
		return now.UnixMicro(), true, nil
	}
	for _, u := range timeUnits {
		digits, ok := strings.CutSuffix(s, u.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil {
			break // it may be a duration such as 1m30s
		}
		if n > math.MaxInt64/u.us || n < math.MinInt64/u.us {
			return 0, false, errMoment
		}
		if us := n * u.us; us >= leastSince1970 || us <= -leastSince1970 {
			return us, false, nil
		}
		break
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Add(time.Microsecond - 1).UnixMicro(), false, nil
		}
	}
	if ago, ok := parseAgo(s); ok {
		return now.Add(-ago).UnixMicro(), true, nil
	}
	return 0, false, errMoment
}

// parseAgo parses a duration as time.ParseDuration does, perhaps after a whole number of days.
func parseAgo(s string) (ago time.Duration, ok bool) {
	const day = 24 * time.Hour
	if digits, rest, found := strings.Cut(s, "d"); found {
		n, err := strconv.ParseUint(digits, 10, 64)
		if err != nil || n > uint64(math.MaxInt64/day) {
			return 0, false
		}
		if ago, s = time.Duration(n)*day, rest; s == "" {
			return ago, true
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > math.MaxInt64-ago || s == "0" {
		return 0, false
	}
	return ago + d, true
}
