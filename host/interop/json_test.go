package interop_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// same reports whether two JSON texts mean the same: keys in any order, integers
// digit by digit, and floats, which Rust and Go spell differently, by value.
func same(t testing.TB, a, b []byte) bool {
	return bytes.Equal(a, b) || reflect.DeepEqual(normal(t, a), normal(t, b))
}

// normal decodes JSON with its integers kept as text.
func normal(t testing.TB, text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(t, d.Decode(&v), "%s", text)
	return floats(t, v)
}

func floats(t testing.TB, v any) any {
	switch v := v.(type) {
	case json.Number:
		if strings.ContainsAny(v.String(), ".eE") {
			f, err := strconv.ParseFloat(v.String(), 64)
			require.NoError(t, err)
			return f
		}
	case []any:
		for i := range v {
			v[i] = floats(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(t, v[k])
		}
	}
	return v
}
