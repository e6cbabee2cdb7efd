package host_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/fsabstraction/failfs"
	"github.com/thawlog/thaw/host"
)

var (
	positionA = host.Position{Store: event.ID{1, 2}, Sequence: 41}
	positionB = host.Position{Store: event.ID{1, 2}, Sequence: 1000}
)

func TestCheckpointFile(t *testing.T) {
	for _, where := range places {
		t.Run(where.name, func(t *testing.T) {
			p := where.make(t)
			c := host.CheckpointFile{FS: p.fs, Path: p.path("orders")}
			region := host.Region{EntityPrefix: "order:"}
			refused := func(r host.Region, why error) {
				t.Helper()
				got, err := c.Load(r)
				require.ErrorIs(t, err, why)
				var at *host.CheckpointError
				require.ErrorAs(t, err, &at)
				require.Equal(t, c.Path, at.Path)
				require.Zero(t, got)
			}
			refused(region, fs.ErrNotExist)
			for _, want := range []host.Position{positionB, positionA, {}} {
				require.NoError(t, c.Save(region, want))
				got, err := c.Load(region)
				require.NoError(t, err)
				require.Equal(t, want, got)
			}
			refused(host.Region{}, host.ErrOtherRegion)
			refused(host.Region{EntityPrefix: "order"}, host.ErrOtherRegion)
			_, err := c.Load(host.Region{})
			require.ErrorContains(t, err, `entity-prefix="order:"`)

			// Any other content is damage.
			whole := p.read(t, "orders")
			for i := range whole {
				for _, b := range [][]byte{whole[:i], append(bytes.Clone(whole[:i]), whole[i]^1), append(append(bytes.Clone(whole[:i]), whole[i]^0x20), whole[i+1:]...)} {
					p.put(t, map[string][]byte{"orders": b})
					refused(region, host.ErrCheckpoint)
				}
			}
			for _, b := range [][]byte{append(bytes.Clone(whole), '\n'), bytes.Repeat(whole, 2000), []byte("\n"), nil} {
				p.put(t, map[string][]byte{"orders": b})
				refused(region, host.ErrCheckpoint)
			}
			err = c.Save(host.Region{Entity: strings.Repeat("x", 70<<10)}, positionA)
			require.ErrorIs(t, err, host.ErrLimit)
			refused(region, host.ErrCheckpoint)
			_, err = host.CheckpointFile{FS: p.fs, Path: p.path("no/where")}.Load(region)
			require.ErrorIs(t, err, fs.ErrNotExist)
			require.Error(t, host.CheckpointFile{FS: p.fs, Path: p.path("no/where")}.Save(region, positionA))
		})
	}
}

// TestCheckpointRegions: every condition of a region has its own text, so that no checkpoint
// passes for that of another region.
func TestCheckpointRegions(t *testing.T) {
	at := time.Date(2026, 5, 1, 12, 0, 0, 1000, time.UTC)
	regions := []host.Region{
		{}, {Entity: "a"}, {EntityPrefix: "a"}, {Scope: "a"}, {Entity: `a" scope="a`}, {Entity: "a", Scope: "a"}, {Entity: "a\nb"}, {Entity: "\xff"}, {Entity: "ü"},
		{Kinds: event.Only(1)}, {Kinds: event.InCategory(1)}, {Kinds: event.AnyOf(1, 3)}, {Kinds: event.AnyOf(1, 2, 3)}, {Kinds: event.AnyOf()},
		{Clocks: host.ClocksBetween(0, 1)}, {Clocks: host.ClocksBetween(1, 1)}, {Clocks: host.ClocksBetween(0, 1<<32-1)},
		{Since: at}, {Until: at}, {Since: at.Add(time.Microsecond)}, {Since: at, Until: at},
	}
	set := map[int]bool{}
	for i, region := range regions {
		p := inMemory(t)
		c := host.CheckpointFile{FS: p.fs, Path: p.path("c")}
		require.NoError(t, c.Save(region, positionA))
		for j, other := range regions {
			got, err := c.Load(other)
			if i == j {
				require.NoError(t, err)
				require.Equal(t, positionA, got)
				continue
			}
			require.ErrorIs(t, err, host.ErrOtherRegion, "%+v and %+v", region, other)
		}
		v := reflect.ValueOf(region)
		for f := range v.NumField() {
			if !v.Field(f).IsZero() {
				set[f] = true
			}
		}
	}
	require.Len(t, set, reflect.TypeFor[host.Region]().NumField(), "a field of Region that no checkpoint has")
}

// TestCheckpointCrash cuts the power before each operation of a save, and makes each fail: the
// file has the old position or the new one, and the new one once Save has returned.
func TestCheckpointCrash(t *testing.T) {
	region := host.Region{Scope: "s"}
	for _, old := range []bool{false, true} {
		begin := func() (*crashfs.FS, host.CheckpointFile) {
			disk := crashfs.New()
			require.NoError(t, disk.MkdirAll("/c"))
			require.NoError(t, disk.SyncDir("/"))
			c := host.CheckpointFile{FS: disk, Path: "/c/orders"}
			if old {
				require.NoError(t, c.Save(region, positionA))
			}
			return disk, c
		}
		check := func(disk fsabstraction.FS, saved bool, what string) {
			got, err := host.CheckpointFile{FS: disk, Path: "/c/orders"}.Load(region)
			switch {
			case saved:
				require.NoError(t, err, what)
				require.Equal(t, positionB, got, what)
			case err != nil:
				require.False(t, old, "%s: %v", what, err)
				require.ErrorIs(t, err, fs.ErrNotExist, what)
			case got != positionB:
				require.True(t, old, what)
				require.Equal(t, positionA, got, what)
			}
		}
		cut := func(disk *crashfs.FS, saved bool, torn *crashfs.Torn) {
			for _, survive := range []int{0, 30, 50, 70, 100} {
				for seed := range uint64(4) {
					check(disk.Crash(crashfs.Cut{Seed: seed, Survive: survive, Torn: torn}), saved, fmt.Sprint(survive, seed, torn))
				}
			}
		}
		disk, c := begin()
		operations := 0
		disk.OnOp(func(op crashfs.Op) {
			operations++
			cut(disk, false, nil)
			if op.Kind == crashfs.WriteAt {
				for keep := range len(op.Data) {
					cut(disk, false, &crashfs.Torn{Op: op, Keep: keep, Rest: crashfs.Garbage})
				}
			}
		})
		require.NoError(t, c.Save(region, positionB))
		disk.OnOp(nil)
		cut(disk, true, nil)
		require.GreaterOrEqual(t, operations, 5)

		for _, rule := range []failfs.Rule{{}, {Forever: true}, {Applied: true}, {Short: 5}} {
			for nth := 1; ; nth++ {
				disk, c := begin()
				failing := failfs.New(disk)
				rule.Nth = nth
				fault := failing.Fail(rule)
				c.FS = failing
				err := c.Save(region, positionB)
				if fault.Fired() == 0 {
					require.NoError(t, err)
					break
				}
				check(disk, err == nil, fmt.Sprint(rule, err))
				cut(disk, err == nil, nil)
				fault.Remove()
				require.NoError(t, c.Save(region, positionB), "%+v: another save succeeds", rule)
				cut(disk, true, nil)
			}
		}
	}
}
