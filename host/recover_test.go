package host_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/spf13/afero"
	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction/aferofs"
	"github.com/thawlog/thaw/fsabstraction/crashfs"
	"github.com/thawlog/thaw/host"
)

// TestRecovered opens a store after an unclean stop: the first open reports a repair, the second
// does not.
func TestRecovered(t *testing.T) {
	const seg = "000001.fbat"
	for _, c := range []struct {
		name string
		// spoil changes the segment of three events, whose sync said so or did not.
		synced bool
		spoil  func(b []byte, at []host.Receipt) []byte
		events int
		check  func(t *testing.T, r *host.Recovered, b []byte, at []host.Receipt, files map[string][]byte)
	}{
		{"no footer", true, func(b []byte, _ []host.Receipt) []byte { return b }, 3,
			func(t *testing.T, r *host.Recovered, b []byte, _ []host.Receipt, _ map[string][]byte) {
				require.Equal(t, host.Recovered{File: seg, Kept: uint64(len(b))}, *r)
			}},
		{"torn end", false, func(b []byte, _ []host.Receipt) []byte { return b[:len(b)-5] }, 2,
			func(t *testing.T, r *host.Recovered, b []byte, at []host.Receipt, _ map[string][]byte) {
				kept := at[2].Position.Offset
				require.Equal(t, host.Recovered{File: seg, Kept: kept, Cut: uint64(len(b)) - kept}, *r)
			}},
		{"unsynced middle", false, func(b []byte, at []host.Receipt) []byte {
			b[at[1].Position.End()-1] ^= 1
			return b
		}, 1, func(t *testing.T, r *host.Recovered, b []byte, at []host.Receipt, files map[string][]byte) {
			kept := at[1].Position.Offset
			require.Equal(t, kept, r.Kept)
			require.Equal(t, uint64(len(b))-kept, r.Cut)
			require.Equal(t, fmt.Sprintf("%s.cut-%d", seg, kept), r.SetAside)
			require.Equal(t, b[kept:], files[r.SetAside])
		}},
		{"header alone", false, func(b []byte, at []host.Receipt) []byte { return b[:at[0].Position.Offset] }, 0,
			func(t *testing.T, r *host.Recovered, _ []byte, _ []host.Receipt, files map[string][]byte) {
				require.True(t, r.Removed)
				require.NotContains(t, files, seg)
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			mem := crashfs.New()
			o := host.Options{}
			if !c.synced {
				o.Durability = host.LoseUnsynced
			}
			at := appendSome(t, place{mem, storeDir}.openStore(t, o), "e", 3)
			mem = mem.Crash(crashfs.Cut{Survive: 100})
			p := place{mem, storeDir}
			b := c.spoil(p.read(t, seg), at)
			p.put(t, map[string][]byte{seg: b})
			s := p.openStore(t, host.Options{})
			r := s.Report().Recovered
			require.NotNil(t, r)
			c.check(t, r, b, at, mem.Files(storeDir))
			require.Empty(t, s.Report().Damages)
			require.Len(t, all(t, s), c.events)
			require.NoError(t, s.Close())
			s = p.openStore(t, host.Options{})
			require.Nil(t, s.Report().Recovered)
			require.Len(t, all(t, s), c.events)
		})
	}
}

// TestReadOnlyFileSystem: the open for writing fails and creates nothing.
func TestReadOnlyFileSystem(t *testing.T) {
	for _, before := range []string{"nothing", "a store", "a locked one"} {
		t.Run(before, func(t *testing.T) {
			mem := afero.NewMemMapFs()
			p := place{aferofs.New(mem), "/store"}
			if before != "nothing" {
				require.NoError(t, p.openStore(t, host.Options{}).Close())
			}
			if before == "a store" {
				p.remove(t, host.LockName)
			}
			_, err := host.Open(t.Context(), p.dir, host.Options{FS: aferofs.New(afero.NewReadOnlyFs(mem))})
			require.ErrorIs(t, err, os.ErrPermission)
			require.ErrorContains(t, err, "thaw: open "+p.dir)
			if before == "nothing" {
				_, err := mem.Stat(p.dir)
				require.ErrorIs(t, err, os.ErrNotExist)
				return
			}
			entries, err := p.fs.ReadDir(p.dir)
			require.NoError(t, err)
			require.Equal(t, before == "a locked one", len(entries) == 1)
		})
	}
}
