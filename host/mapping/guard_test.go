package mapping

import (
	"errors"
	"io"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// addressed looks like the runtime's error for a fault.
type addressed struct{ addr uintptr }

func (addressed) Error() string   { return "fault" }
func (addressed) RuntimeError()   {}
func (a addressed) Addr() uintptr { return a.addr }

// plainAddr has an address but is not a runtime error.
type plainAddr struct{}

func (plainAddr) Error() string { return "not a fault" }
func (plainAddr) Addr() uintptr { return 1 << 20 }

func TestOnlyFaultsAreConverted(t *testing.T) {
	p := make([]byte, 64)
	start := uintptr(unsafe.Pointer(&p[0]))
	outOfRange := func() (r any) {
		defer func() { r = recover() }()
		after := len(p)
		return p[after]
	}()
	for _, test := range []struct {
		name      string
		value     any
		converted bool
	}{
		{"fault", addressed{1 << 20}, true},
		{"fault right before the buffer", addressed{start - 1}, true},
		{"fault right after the buffer", addressed{start + 64}, true},
		{"fault at the buffer's start", addressed{start}, false},
		{"fault at the buffer's end", addressed{start + 63}, false},
		{"runtime error without address", outOfRange, false},
		{"address without runtime error", plainAddr{}, false},
		{"error", errors.New("any"), false},
		{"text", "any", false},
	} {
		for _, before := range []bool{false, true} {
			t.Run(test.name, func(t *testing.T) {
				s := newSource("the path", fake{size: 1000, readAt: func([]byte, int64) (int, error) { panic(test.value) }})
				defer debug.SetPanicOnFault(debug.SetPanicOnFault(before))
				read := func() (n int, err error) { return s.ReadAt(p, 17) }
				if test.converted {
					n, err := read()
					var fault *FaultError
					require.ErrorAs(t, err, &fault)
					require.Equal(t, FaultError{Path: "the path", Offset: 17, Length: 64, Err: test.value.(error)}, *fault)
					require.ErrorIs(t, err, test.value.(error))
					require.Zero(t, n)
				} else {
					require.PanicsWithValue(t, test.value, func() { read() })
				}
				require.Equal(t, before, debug.SetPanicOnFault(before), "the goroutine's setting was not put back")
				require.NoError(t, s.Close(), "the lock is still held")
			})
		}
	}
}

func TestGuardIsSetDuringTheRead(t *testing.T) {
	var during bool
	s := newSource("f", fake{size: 10, readAt: func(p []byte, _ int64) (int, error) {
		during = debug.SetPanicOnFault(true)
		return len(p), nil
	}})
	_, err := s.ReadAt(make([]byte, 10), 0)
	require.NoError(t, err)
	require.True(t, during)
	require.False(t, debug.SetPanicOnFault(false))
}

// Where x/exp/mmap reads the file, a truncated file gives a short read.
func TestShortReadIsAFault(t *testing.T) {
	own := errors.New("input/output error")
	for _, test := range []struct {
		name  string
		n     int
		err   error
		fault bool
		want  error
	}{
		{"end of file", 3, io.EOF, true, io.ErrUnexpectedEOF},
		{"no reason", 3, nil, true, io.ErrUnexpectedEOF},
		{"the system's error", 3, own, false, own},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSource("f", fake{size: 10, readAt: func([]byte, int64) (int, error) { return test.n, test.err }})
			_, err := s.ReadAt(make([]byte, 10), 0)
			require.ErrorIs(t, err, test.want)
			var fault *FaultError
			require.Equal(t, test.fault, errors.As(err, &fault))
			require.NotEqual(t, io.EOF, err)
		})
	}
}
