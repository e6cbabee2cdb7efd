package plugin

import (
	"encoding/binary"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/wasm/abi"
)

// TestWantsOutOfBounds: an instance that requests a range of no file, or after the end of one, is ended; a
// range of no bytes at the end is valid.
func TestWantsOutOfBounds(t *testing.T) {
	for _, c := range []struct {
		name   string
		number uint32
		off    uint64
		n      uint32
		lies   bool
	}{
		{"within", 0, 0, 3, false},
		{"the end", 0, 3, 0, false},
		{"behind the end", 0, 4, 0, true},
		{"far behind the end", 0, 1 << 63, 0, true},
		{"the file after the last", 1, 0, 0, true},
		{"no such file", 1 << 31, 0, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWild(t)
			want := make([]byte, abi.WantSize)
			le := binary.LittleEndian
			le.PutUint32(want[abi.WantFile:], c.number)
			le.PutUint64(want[abi.WantOffset:], c.off)
			le.PutUint32(want[abi.WantLength:], c.n)
			le.PutUint32(want[abi.WantPtr:], w.buffer(make([]byte, 8)))
			q := question{
				view:   &view{listing: &listing{files: []*file{{name: "f", whole: []byte("abc")}}}},
				member: &member{instance: w.instance},
				at:     w.buffer(want), n: abi.WantSize, count: 1,
			}
			err := q.supply()
			require.Equal(t, c.lies, w.dead)
			if c.lies {
				require.ErrorIs(t, err, errLies)
			} else {
				require.NoError(t, err)
			}
		})
	}
}

// hangingFS makes reads wait.
type hangingFS struct {
	fsabstraction.ReadFS
	arrived, held chan struct{} // held is nil while reads need not wait
}

type hangingFile struct {
	fsabstraction.File
	fs *hangingFS
}

func (h *hangingFS) Open(name string) (fsabstraction.File, error) {
	f, err := h.ReadFS.Open(name)
	return hangingFile{f, h}, err
}

func (f hangingFile) ReadAt(p []byte, off int64) (int, error) {
	if f.fs.held != nil {
		f.fs.arrived <- struct{}{}
		<-f.fs.held
	}
	return f.File.ReadAt(p, off)
}

// TestInstancesBeingMadeCount: instances being made count, so that the limit is not exceeded.
func TestInstancesBeingMadeCount(t *testing.T) {
	fs := &hangingFS{ReadFS: memoryFS{made(t)}, arrived: make(chan struct{}, 1000)}
	r, err := loaded(t).OpenReader(t.Context(), "store", ReaderOptions{FS: fs})
	require.NoError(t, err)
	defer r.Close()
	v, release, err := r.acquire()
	require.NoError(t, err)
	defer release()
	first, err := v.lock(t.Context())
	require.NoError(t, err)
	held := true
	defer func() {
		if held {
			v.unlock(first)
		}
	}()

	fs.held = make(chan struct{})
	let := sync.OnceFunc(func() { close(fs.held) })
	defer let()
	locked := make(chan *member)
	lock := func() {
		m, err := v.lock(t.Context())
		if err != nil {
			t.Error(err)
		}
		locked <- m
	}
	most := loaded(t).options.Instances
	for range most - 1 {
		go lock()
		<-fs.arrived
	}
	go lock()
	for turned := false; !turned && len(fs.arrived) == 0; {
		v.mu.Lock()
		turned = v.freed != nil // it waits for an existing one
		v.mu.Unlock()
	}
	require.Empty(t, fs.arrived, "one more is being made")
	let()
	held = false
	v.unlock(first)
	for range most {
		v.unlock(<-locked)
	}
	require.Len(t, v.members, most)
}
