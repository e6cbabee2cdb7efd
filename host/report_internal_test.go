package host

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
)

// set gives every field below v another value than zero and than the others', and
// returns how many values it has given.
func set(t *testing.T, v reflect.Value, n uint64) uint64 {
	n++
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.String:
		switch v.Interface().(type) {
		case Way:
			v.SetString(string(FromCheckpoint))
		case IndexOrigin:
			v.SetString(string(IndexBuilt))
		case Reason:
			v.SetString(string(damage.PayloadHash))
		case Topic:
			v.SetString(string(verify.ChainFork))
		default:
			v.SetString(time.Duration(n).String())
		}
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(n)
	case reflect.Array:
		for i := range v.Len() {
			n = set(t, v.Index(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		n = set(t, v.Index(0), n)
		n = set(t, v.Index(1), n)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		n = set(t, v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			n = set(t, v.Field(i), n)
		}
	case reflect.Interface:
		v.Set(reflect.ValueOf(errors.New(time.Duration(n).String())))
	default:
		t.Fatalf("a field of type %s", v.Type())
	}
	return n
}

// requireWhole requires that no field of a structure is zero.
func requireWhole(t *testing.T, v reflect.Value) {
	for i := range v.NumField() {
		require.False(t, v.Field(i).IsZero(), v.Type().Field(i).Name)
	}
}

// A field that the core adds to a report, and that host's has not, fails here.
func TestReportLosesNothing(t *testing.T) {
	var from store.Report
	set(t, reflect.ValueOf(&from).Elem(), 0)
	r := reportOf(from, time.Second, &Recovered{File: "a"})
	requireWhole(t, reflect.ValueOf(r))
	require.Equal(t, from, r.core())

	line, err := json.Marshal(r)
	require.NoError(t, err)
	var again Report
	require.NoError(t, json.Unmarshal(line, &again))
	back, err := json.Marshal(again)
	require.NoError(t, err)
	require.JSONEq(t, string(line), string(back))
	r.Recovered, r.Damages, r.Rejected = nil, nil, nil // whose errors come back as text
	again.Damages, again.Rejected = nil, nil
	require.Equal(t, r, again)
	require.Error(t, again.UnmarshalJSON([]byte("{}")))
	require.Equal(t, r, again, "as it was")
}

func TestFindingsLoseNothing(t *testing.T) {
	var from verify.Result
	set(t, reflect.ValueOf(&from).Elem(), 0)
	f := findingsOf(&from)
	requireWhole(t, reflect.ValueOf(*f))
	require.Equal(t, &from, f.core())
	require.Equal(t, from.Damages[0], f.Err())
	require.False(t, f.Sound())
	require.Equal(t, from.Notes[0].String(), f.Notes[0].String())

	line, err := json.Marshal(f)
	require.NoError(t, err)
	again := new(Findings)
	require.NoError(t, json.Unmarshal(line, again))
	require.Equal(t, f.Notes, again.Notes)
	require.Error(t, again.UnmarshalJSON(nil))
	require.NoError(t, new(Findings).Err())
}

// Receipts of a batch keep their order.
func TestConvert(t *testing.T) {
	require.Nil(t, convert(nil, func(int) string { return "" }))
	require.Equal(t, []string{"1ns", "2ns"}, convert([]time.Duration{1, 2}, time.Duration.String))
	require.Equal(t, []string{}, convert([]int{}, func(int) string { return "" }))
}
