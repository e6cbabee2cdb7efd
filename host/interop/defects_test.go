package interop_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host/interop"
)

func requireDump(t *testing.T, receipts []interop.Receipt, dump []interop.Line, o interop.WriteOptions) {
	require.Len(t, dump, len(receipts))
	for i, r := range receipts {
		require.Empty(t, dump[i].PayloadError)
		requireFacts(t, r.Facts, dump[i].Facts)
	}
}
