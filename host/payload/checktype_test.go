package payload

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

type (
	checkBase struct{ N int }
	checkTree struct {
		Left, Right *checkTree
		Kids        []checkTree
		ByName      map[string]*checkTree
	}
	checkGood struct {
		checkTree
		*CheckOpen
		At     time.Time
		JSON   json.RawMessage
		Any    any
		Failed error
		Bytes  [3]byte
		Skip   chan int `msgpack:"-"`
		//lint:ignore U1000 a field that no encoder sees
		hidden func()
	}
	CheckOpen struct{ M int }
	// checkLost can be written, and not read again.
	checkLost struct {
		*checkBase
	}
	checkEncodes int
	checkDecodes int
	checkText    string
	checkTwice   struct {
		A int `msgpack:"x"`
		B int `msgpack:"x"`
	}
)

func (checkEncodes) MarshalText() ([]byte, error)  { return []byte("text"), nil }
func (checkText) MarshalText() ([]byte, error)     { return []byte("text"), nil }
func (*checkDecodes) UnmarshalText(_ []byte) error { return nil }

// TestCheckType finds types whose zero value can be encoded and others cannot, or cannot be
// decoded again.
func TestCheckType(t *testing.T) {
	for _, v := range []any{1, "", checkGood{}, checkTree{}, map[[2]byte]any{}, []error{}, checkText(""), big.Int{}, netip.Addr{}, time.Second} {
		require.NoError(t, CheckType(reflect.TypeOf(v)), "%T", v)
	}
	for _, v := range []any{
		struct{ X []chan int }{}, struct{ X map[string]func() }{}, struct{ X *complex64 }{}, map[*func()]int(nil),
		struct{ X fmt.Stringer }{}, struct {
			X chan int `msgpack:",omitempty"`
		}{}, []checkTwice{}, checkLost{}, struct{ In *checkLost }{}, []uintptr{},
		[]checkEncodes{}, map[checkDecodes]int{}, checkDecodes(1), checkEncodes(1),
	} {
		_, err := Marshal(v)
		require.NoError(t, err, "%T", v)
		require.ErrorIs(t, CheckType(reflect.TypeOf(v)), ErrType, "%T", v)
	}
	lost, err := Marshal(checkLost{&checkBase{1}})
	require.NoError(t, err)
	require.Error(t, Unmarshal(lost, &checkLost{}))
}
