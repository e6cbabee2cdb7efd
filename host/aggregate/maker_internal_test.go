package aggregate

import (
	randv1 "math/rand"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestTypesOfOneName: the snapshots of two types have different names also if the types and
// their packages have the same.
func TestTypesOfOneName(t *testing.T) {
	one, two := reflect.TypeFor[randv1.Rand](), reflect.TypeFor[rand.Rand]()
	require.Equal(t, one.String(), two.String())
	a, b := newMaker(nil, one, ""), newMaker(nil, two, "")
	require.NotEqual(t, a.cacheName("order:1"), b.cacheName("order:1"))
}
