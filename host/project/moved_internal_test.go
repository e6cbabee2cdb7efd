package project

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/host"
)

// TestRunsAreForgotten: a run that has ended gets no more notices and is not kept in memory.
func TestRunsAreForgotten(t *testing.T) {
	p, same := SQL(nil, "a", host.Region{}, nil), SQL(nil, "a", host.Region{}, nil)
	first, second := make(chan struct{}, 1), make(chan struct{}, 1)
	p.listen(first)
	same.listen(second)
	for range 2 { // the second time they have not looked yet
		SQL(nil, "a", host.Region{}, nil).tell()
	}
	SQL(nil, "b", host.Region{}, nil).tell()
	require.Equal(t, []int{1, 1}, []int{len(first), len(second)})
	<-second
	p.unlisten(first)
	p.tell()
	require.Len(t, second, 1)
	same.unlisten(second)
	require.Empty(t, runs.of)
}
