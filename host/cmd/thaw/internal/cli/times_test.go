package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host"
)

// ownTimes are of 2020, 2010, 9999 and 2015: they fall, and wall_ms does not.
var ownTimes = []int64{1577836800000000, 1262304000000000, 253370764800000000, 1420070400000000}

// timedStore is a store of one entity with the events of ownTimes, each caused by the
// first one, in its conversation.
func timedStore(t *testing.T) (p place, first event.ID) {
	p = places(t)[1]
	first = event.ID{15: 1}
	var in strings.Builder
	for i, us := range ownTimes {
		cause := "null"
		if i > 0 {
			cause = `"` + first.String() + `"`
		}
		fmt.Fprintf(&in, `{"entity":"e","scope":"s","kind":"DATA","payload":%d,"timestamp_us":%d,"event_id":"%s","correlation_id":"%s","causation_id":%s}`+"\n",
			i, us, event.ID{15: byte(i + 1)}, first, cause)
	}
	var out, stderr bytes.Buffer
	code := Run(t.Context(), []string{"import", p.dir}, Env{Stdin: strings.NewReader(in.String()), Stdout: &out, Stderr: &stderr, FS: p.fs})
	require.Zero(t, code, stderr.String())
	return p, first
}

// TestOwnTimeIsPrinted: every command that prints events prints the own time of each
// beside wall_ms, which never falls.
func TestOwnTimeIsPrinted(t *testing.T) {
	p, first := timedStore(t)
	second := event.ID{15: 2}
	for _, c := range []struct {
		args []string
		from int // the first of ownTimes that is printed
		n    int
	}{
		{[]string{"dump", p.dir}, 0, 4},
		{[]string{"query", p.dir, "--entity", "e"}, 0, 4},
		{[]string{"stream", p.dir, "e"}, 0, 4},
		{[]string{"correlated", p.dir, first.String()}, 0, 4},
		{[]string{"effects", p.dir, first.String()}, 1, 3},
		{[]string{"ancestors", p.dir, second.String()}, 0, 1},
		{[]string{"get", p.dir, second.String()}, 1, 1},
	} {
		for _, payloads := range []bool{false, true} {
			args := slices.Clone(c.args)
			if payloads {
				if args[0] == "get" {
					continue
				}
				args = append(args, "--payloads")
			}
			got := run(p.fs, args...)
			require.Zero(t, got.code, got.stderr)
			n, wall := 0, int64(0)
			for _, us := range ownTimes[:c.from] {
				wall = max(wall, us/1000)
			}
			for line := range strings.Lines(got.stdout) {
				var e struct {
					Own  *int64 `json:"timestamp_us"`
					Wall *int64 `json:"wall_ms"`
				}
				require.NoError(t, json.Unmarshal([]byte(line), &e))
				want := ownTimes[c.from+n]
				require.NotNil(t, e.Own, line)
				require.Equal(t, want, *e.Own, args)
				wall = max(wall, want/1000)
				require.NotNil(t, e.Wall, line)
				require.Equal(t, wall, *e.Wall, args)
				n++
			}
			require.Equal(t, c.n, n, args)
		}
	}
}

// TestEventsAreReadOnce: a query that checks frames reads each event for its line.
func TestEventsAreReadOnce(t *testing.T) {
	p, _ := timedStore(t)
	r, err := host.OpenReader(t.Context(), p.dir, host.ReaderOptions{FS: p.fs, CheckFrames: true})
	require.NoError(t, err)
	closed := &printer{ctx: t.Context(), flags: &lineFlags{}, reader: r}
	var all []event.Event
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.NoError(t, err)
		all = append(all, e)
	}
	require.NoError(t, r.Close())
	for i, e := range all {
		full, err := closed.full(&e) // without the store
		require.NoError(t, err)
		require.Equal(t, ownTimes[i], full.TimestampUS)
	}
	closed.flags.payloads = true
	_, err = closed.full(&all[0])
	require.ErrorIs(t, err, host.ErrClosed)
}

// printedTimes are the own times that a command printed.
func printedTimes(t *testing.T, got result) (out []int64) {
	require.Zero(t, got.code, got.stderr)
	for line := range strings.Lines(got.stdout) {
		var e struct {
			Own int64 `json:"timestamp_us"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &e))
		out = append(out, e.Own)
	}
	return out
}

// TestQueryByTime: --since is included, --until is not, and both go by the events' own
// times; --limit and --count count what is left.
func TestQueryByTime(t *testing.T) {
	p, _ := timedStore(t)
	for _, c := range []struct {
		flags string
		want  []int // of ownTimes
	}{
		{"--since 2015-01-01", []int{0, 2, 3}},
		{"--until 2015-01-01", []int{1}},
		{"--since 2015-01-01 --until 2020-01-01", []int{3}},
		{"--since 2015-01-01T00:00:00Z --until 2020-01-01T00:00:00.000001Z", []int{0, 3}},
		{"--since 2015-01-01T02:00:00+02:00 --until 2016-01-01", []int{3}},
		{"--since 1420070400s --until 1420070400001ms", []int{3}},
		{"--since 1420070400000001us", []int{0, 2}},
		{"--since 2021-01-01", []int{2}},
		{"--until 2010-01-01", nil},
		{"--since -99999999s", []int{0, 1, 2, 3}},
		{"--since now", []int{2}},
		{"--until now", []int{0, 1, 3}},
		{"--since 1000d", []int{2}}, // this is written in 2026
		{"--since 20000d --until 1s", []int{0, 1, 3}},
		{"--since 2012-01-01 --limit 2", []int{0, 2}},
		{"--since 2012-01-01 --limit 1 --after 0", []int{2}},
		{"--until 2018-01-01 --limit 2 --entity e", []int{1, 3}},
		{"--until 2018-01-01 --kind 0xE000", nil},
	} {
		args := append([]string{"query", p.dir}, strings.Fields(c.flags)...)
		var want []int64
		for _, i := range c.want {
			want = append(want, ownTimes[i])
		}
		require.Equal(t, want, printedTimes(t, run(p.fs, args...)), c.flags)
		require.Equal(t, want, printedTimes(t, run(p.fs, append(args, "--payloads")...)), c.flags)
		require.Equal(t, result{0, fmt.Sprintln(len(want)), ""}, run(p.fs, append(args, "--count")...), c.flags)
	}
	for _, flags := range []string{
		"--since 2020-01-01 --until 2020-01-01", "--since 2020-01-01 --until 2019-01-01",
		"--since 1420070400", "--until yesterday", "--since 2020-13-01", "--since 99999999999999999999us", "--since 9223372036854775s",
	} {
		got := run(p.fs, append([]string{"query", p.dir}, strings.Fields(flags)...)...)
		require.Equal(t, 2, got.code, flags)
		require.Empty(t, got.stdout)
		require.Contains(t, got.stderr, "--", flags)
	}
	got := run(p.fs, "query", p.dir, "--since", "")
	require.Equal(t, 2, got.code)
}

// TestTimesSkipNothing: of what a store can have been written with, no event is
// skipped unread that is within the times.
func TestTimesSkipNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Int64Range(0, 1<<53*1000).Draw(t, "own time")
		since := rapid.OneOf(rapid.Int64(), rapid.Int64Range(us-2000, us+2000)).Draw(t, "since")
		w := times{since: moment{us: since, given: true}}
		wall := uint64(us/1000) + rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Range(0, 1<<53)).Draw(t, "entity ahead")
		if w.has(us) {
			require.False(t, w.skips(wall))
		}
		if wall == uint64(us/1000) && since > 0 && since-us >= 1000 {
			require.True(t, w.skips(wall))
		}
		require.False(t, w.skips(math.MaxUint64)) // a time before 1970, as batpak writes it
	})
}

// TestWallIsNeverBelowOwnTime: the rule by which events are skipped holds in the stores
// that batpak wrote.
func TestWallIsNeverBelowOwnTime(t *testing.T) {
	n := 0
	for _, name := range fixtureNames {
		r, err := host.OpenReader(t.Context(), fixtures+"/"+name+"/store", host.ReaderOptions{CheckFrames: true, ShowHidden: true})
		require.NoError(t, err)
		for e, err := range r.Query(context.Background(), host.Region{}, host.Page{}) {
			require.NoError(t, err)
			require.True(t, e.Timed)
			require.GreaterOrEqual(t, e.WallMS, uint64(e.TimestampUS/1000))
			n++
		}
		require.NoError(t, r.Close())
	}
	require.Greater(t, n, 300)
}

func TestMoments(t *testing.T) {
	for text, want := range map[string]int64{
		"1970-01-01":                     0,
		"1969-12-31T23:59:59.999999Z":    -1,
		"2020-01-01T01:00:00+01:00":      1577836800000000,
		"2020-01-01T00:00:00.000000001Z": 1577836800000001, // no µs is between
		"2020-01-01T00:00:00.000001Z":    1577836800000001,
		"1577836800s":                    1577836800000000,
		"-40000000000ms":                 -40000000000000,
		"31536000s":                      31536000000000, // of a year or more: a time
		"31536000000000us":               31536000000000,
		"9223372036854775807us":          math.MaxInt64,
		"9999-12-31T23:59:59.999999999Z": 253402300800000000,
		"0001-01-01":                     -62135596800000000,
	} {
		var m moment
		require.NoError(t, m.Set(text), text)
		require.Equal(t, want, m.us, text)
		require.Equal(t, text, m.String())
	}
	for _, text := range []string{"", "s", "us", "12", "0x1s", "2020-01-01 00:00:00", "2020-01-01T00:00:00", "2020-1-1", "Now", "9223372036854776ms",
		"h", "d", "-1h", "-1s", "-1d", "1.5d", "1d-1h", "1d2d", "1h1d", "0", "1d0", "106752d", "106751d24h", "9999999h", "1w", "+1d"} {
		require.ErrorIs(t, new(moment).Set(text), errMoment, text)
	}
}

// TestMomentsAgo: now and durations count from the start of the command. A number of seconds
// that is shorter than a year is a duration.
func TestMomentsAgo(t *testing.T) {
	now := time.Date(2026, 5, 10, 12, 0, 0, 5000, time.UTC)
	for text, want := range map[string]time.Duration{
		"now": 0, "0s": 0, "1h": time.Hour, "30m": 30 * time.Minute, "90s": 90 * time.Second, "1500ms": 1500 * time.Millisecond,
		"7us": 7 * time.Microsecond, "1.5s": 1500 * time.Millisecond, "1h30m": 90 * time.Minute, "7d": 7 * 24 * time.Hour,
		"1d12h": 36 * time.Hour, "31535999s": 31535999 * time.Second, "400d": 400 * 24 * time.Hour, "0d": 0,
	} {
		us, relative, err := parseMoment(text, now)
		require.NoError(t, err, text)
		require.True(t, relative, text)
		require.Equal(t, now.Add(-want).UnixMicro(), us, text)
	}
	for _, text := range []string{"2026-05-01", "2026-05-01T12:00:00Z", "1777636800s"} {
		_, relative, err := parseMoment(text, now)
		require.NoError(t, err, text)
		require.False(t, relative, text)
	}
}

// TestHelpSaysBothTimes: the help of each command that prints events says what its
// times are.
func TestHelpSaysBothTimes(t *testing.T) {
	for _, name := range []string{"dump", "query", "get", "stream", "ancestors", "effects", "correlated"} {
		require.Contains(t, run(nil, name, "--help").stdout, aboutTimes[2:], name)
	}
}
