package plugin

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero/api"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// older is thaw_start of a module that was built before format 5: it refuses that.
type older struct {
	api.Function
	memory   api.Memory
	asked    map[uint32]int // questions by format
	refusals int            // all questions are refused as long as this is positive
}

func (f *older) CallWithStack(ctx context.Context, stack []uint64) error {
	request, _ := f.memory.Read(uint32(stack[1]), uint32(stack[2]))
	format := binary.LittleEndian.Uint32(request[4:])
	f.asked[format]++
	if format != abi.FormatRecords && f.refusals == 0 {
		return f.Function.CallWithStack(ctx, stack)
	}
	f.refusals = max(f.refusals-1, 0)
	refused := int32(abi.ErrRequest)
	stack[0] = uint64(uint32(refused))
	return nil
}

// TestOlderModule: a module that does not know format 5 is asked for rows, after one refusal.
func TestOlderModule(t *testing.T) {
	skipShort(t)
	dir := copyStore(t, "rotated")
	r, err := loaded(t).OpenReader(t.Context(), dir, ReaderOptions{})
	require.NoError(t, err)
	defer r.Close()
	want := all(t, r)
	require.NotEmpty(t, want)
	require.False(t, r.onlyRows.Load())

	i := r.current.members[0].instance
	f := &older{Function: i.start.f, memory: i.memory(), asked: map[uint32]int{}, refusals: 2}
	i.start.f = f
	defer func() { i.start.f = f.Function }()
	for _, err := range r.Query(t.Context(), host.Region{}, host.Page{}) {
		require.ErrorIs(t, err, abi.ErrRequest)
	}
	require.Equal(t, map[uint32]int{abi.FormatRecords: 1, abi.FormatRows: 1}, f.asked)
	require.False(t, r.onlyRows.Load(), "it refused rows too")

	clear(f.asked)
	for range 3 {
		require.Equal(t, want, all(t, r))
	}
	require.Equal(t, map[uint32]int{abi.FormatRecords: 1, abi.FormatRows: 3}, f.asked)
	for e, err := range r.Query(t.Context(), host.Region{}, host.Page{Limit: 1}) {
		require.NoError(t, err)
		require.Equal(t, want[0], e)
	}
	require.Equal(t, 4, f.asked[abi.FormatRows])
}

// TestMemoryTexts: both texts with which the Go runtime says that memory cannot grow.
func TestMemoryTexts(t *testing.T) {
	why := errors.New("exit")
	for text, is := range map[string]bool{
		"fatal error: runtime: out of memory\n":               true,
		"runtime: cannot allocate memory\nfatal error: ...\n": true,
		"fatal error: all goroutines are asleep\n":            false,
		"": false,
	} {
		s := new(said)
		_, err := s.Write([]byte(text))
		require.NoError(t, err)
		err = s.cause(why, 64<<20)
		require.Equal(t, is, errors.Is(err, ErrMemory), text)
		require.ErrorIs(t, err, why)
	}
	require.Equal(t, why, (*said)(nil).cause(why, 0))
}
