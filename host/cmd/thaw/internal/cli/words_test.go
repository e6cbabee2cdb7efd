package cli

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/damage"
)

func TestEveryReasonHasWords(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../../../../../core/damage/reason.go", nil, 0)
	require.NoError(t, err)
	n := 0
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		name, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		require.NotEmpty(t, meanings[damage.Reason(name)], name)
		n++
		return true
	})
	require.Equal(t, len(meanings), n)
}

func TestDamageText(t *testing.T) {
	d := &damage.Damage{File: "000001.fbat", Offset: 5, Length: 1, Reason: damage.Frame, FirstSequence: 3, EndSequence: 5}
	require.Equal(t, "000001.fbat is damaged at byte 5, 1 byte: frame (bytes in the middle are not an event); sequences 3 to 4 may be lost",
		damageText(d))
	d.EndSequence = damage.UnknownEnd
	require.Contains(t, damageText(d), "; events from sequence 3 on may be lost")
	d.EndSequence = 4
	require.Contains(t, damageText(d), "; sequence 3 may be lost")
	for range damage.MaxTouched + 2 {
		d.Touch(damage.Touched{Sequence: 9, Numbered: true})
	}
	require.Equal(t, namedAtMost, strings.Count(damageText(d), "(seq 9)"))
	require.Contains(t, damageText(d), "; and 997 events more")
}

func TestToldAtMost(t *testing.T) {
	var stderr strings.Builder
	a := &app{env: Env{Stderr: &stderr}}
	for range listedAtMost + 3 {
		a.listDamage(&damage.Damage{})
	}
	require.Equal(t, 1, a.finish(context.Background(), nil))
	require.Equal(t, listedAtMost+1, strings.Count(stderr.String(), "\n"))
	require.Contains(t, stderr.String(), "thaw: 3 more damages are not listed")
}
