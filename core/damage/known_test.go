package damage

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKnown: reasons has every constant of reason.go and nothing else.
func TestKnown(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	require.NoError(t, err)
	var want []Reason
	ast.Inspect(file, func(node ast.Node) bool {
		if spec, ok := node.(*ast.ValueSpec); ok {
			name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			want = append(want, Reason(name))
		}
		return true
	})
	require.Equal(t, want, reasons)
	for _, reason := range want {
		require.True(t, reason.Known())
	}
	require.False(t, Reason("").Known())
	require.False(t, Reason("hearsay").Known())
}
