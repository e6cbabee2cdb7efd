package metamorphic

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestMetamorphic runs scripts of random operations, each in several configurations. It
// requires the answers of a model from all of them.
func TestMetamorphic(t *testing.T) {
	Run(t, Options{Seeds: 300, Package: "./host/metamorphic", Test: "TestMetamorphic"})
}
