package react_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/event"
	"github.com/thawlog/thaw/host/react"
)

// TestErrorTexts: an error names the package once, the kind with its name, and tries if there
// were several.
func TestErrorTexts(t *testing.T) {
	const start = "react: shipping: event 3 (00000000000000000000000000000007) of kind 0x1001"
	for text, e := range map[string]react.EventError{
		`, entity "order:1": no`:                                        {Tries: 1, Err: errors.New("no")},
		`, entity "order:1", after 2 tries: no`:                         {Tries: 2, Err: errors.New("no")},
		` (paid), entity "order:1": the chain of reactions is too long`: {KindName: "paid", Err: react.ErrDepth},
		` (paid), entity "order:1": the handler panicked: 7`:            {KindName: "paid", Tries: 1, Err: &react.PanicError{Value: 7}},
	} {
		e.Name, e.ID, e.Sequence, e.Kind, e.At = "shipping", event.ID{15: 7}, 3, 0x1001, event.At("order:1", "shop")
		require.EqualError(t, &e, start+text)
	}
}
