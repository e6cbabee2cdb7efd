package verify

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKnown: topics lists every constant of note.go and nothing else.
func TestKnown(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "note.go", nil, 0)
	require.NoError(t, err)
	var want []Topic
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			want = append(want, Topic(name))
		}
		return true
	})
	require.Equal(t, want, topics)
	for _, topic := range want {
		require.True(t, topic.Known())
	}
	require.False(t, Topic("").Known())
	require.False(t, Topic("hearsay").Known())
}
